"""A process that has one core: XLA compiles otherwise there, and once did not find the custom calls of `evolve`."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # before XLA counts its threads
import nacjax as nj
run = nj.evolve(nj.trial(inelastic_rate=1e-3), nj.Clamped(20.0), [1.0, 10.0], field=nj.ConstantField(0.4))
print(float(run.sigma[-1]), run.ok)
"""


@pytest.mark.integration
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system knows no affinity")
def test_a_run_on_one_core():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_COMPIL", "EQX"))}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=kept, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.endswith("True\n")
