"""What a first call costs: whole processes from an empty compilation cache and from a full one, medians of 3.

Writes results/start.json and the table of README.md. The machine should have nothing else to do.

    python benchmarks/start.py
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import insert

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
TIMES = 3
SESSION = """
import time
start = time.perf_counter()
import nacjax as nj, jax, numpy as np
jax.config.update("jax_enable_x64", True)
x = np.array([0.5, 0.003, 0.53, 1e-3, 20.0])

def sigma(x):
    metal = nj.Metal(nj.FlatTopDOS(), filling=x[0], temperature=x[1], phonon_energy=x[2], inelastic_rate=x[3])
    return nj.evolve(metal, nj.Clamped(x[4]), [10.0], rungs=2).sigma[0]

gradient = jax.grad(sigma)

def timed(function, times=1):
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        jax.block_until_ready(function(x))
        spent.append(time.perf_counter() - began)
    return min(spent)

imported = time.perf_counter() - start
first, first_gradient = timed(sigma), timed(gradient)
jitted = jax.jit(sigma), jax.jit(gradient)
ratios = timed(gradient, 20) / timed(sigma, 20), timed(jitted[1], 20) / timed(jitted[0], 20)
print(imported, first, first_gradient, *ratios)
"""
"""A Python session: seconds of its imports, its first run and its first gradient, and what a gradient costs in runs."""


def seconds(command: list[str], folder: str) -> float:
    """Wall time of a process that keeps what it compiles in `folder`."""
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        subprocess.run(
            command, cwd=place, env=os.environ | {"XDG_CACHE_HOME": folder}, check=True, capture_output=True
        )
        return time.perf_counter() - start


def measure() -> dict[str, list[float]]:
    """Seconds by what was started, of each repetition."""
    found: dict[str, list[float]] = {}
    command = str(Path(sys.executable).with_name("nacjax"))
    for _ in range(TIMES):
        found.setdefault("`nacjax --help`", []).append(seconds([command, "--help"], os.devnull))
        for name in ("sweep", "evolve"):
            with tempfile.TemporaryDirectory() as folder:
                for start in ("empty cache", "second start"):
                    key = f"`nacjax {name}`, {start}"
                    found.setdefault(key, []).append(seconds([command, name], folder))
        said = subprocess.run(
            [sys.executable, "-c", SESSION], check=True, capture_output=True, text=True
        ).stdout
        names = (
            "imports",
            "first `nj.evolve`",
            "first `jax.grad` of it, five numbers",
            "the gradient again, in runs",
            "both under `jax.jit`, in runs",
        )
        for name, value in zip(names, said.split()[-5:], strict=True):
            found.setdefault(name, []).append(float(value))
    return found


def rows(found: dict[str, list[float]]) -> list[str]:
    """The table."""
    lines = ["| what | median of 3, s | all |", "|---|---|---|"]
    for name, values in found.items():
        lines.append(
            f"| {name} | {statistics.median(values):.2g} | {', '.join(f'{v:.2g}' for v in values)} |"
        )
    return lines


def main() -> None:
    """Measure, write the JSON and the table."""
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    found = measure()
    print("\n".join(rows(found)))
    (HERE / "results" / "start.json").write_text(json.dumps(found, indent=1))
    insert(PAGE, Path(__file__).name, "\n".join(rows(found)) + "\n")


if __name__ == "__main__":
    main()
