"""Every benchmark in turn, each in a process of its own, then the table: python benchmarks/run_all.py [--quick]"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = (
    "work_precision.py",
    "gradients.py",
    "growth.py",
    "pulses.py",
    "parts.py",
    "search.py",
    "sweeps.py",
    "table.py",
)

if __name__ == "__main__":
    failed = [s for s in SCRIPTS if subprocess.run([sys.executable, HERE / s, *sys.argv[1:]]).returncode]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)
