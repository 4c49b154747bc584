"""What a step costs a GPU, by counting: compiled for one where there is none."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax_cuda12_plugin") is None, reason="needs the extra gpu-count")
def test_a_step_of_fig2a_stays_one_graph_of_few_kernels(tmp_path):
    """4096 points, double precision, 128 cells, two rungs."""
    command = [sys.executable, "gpu_count.py", "--quick", "--out", str(tmp_path)]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(BENCHMARKS.parent)}
    done = subprocess.run(command, cwd=BENCHMARKS, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    (row,) = json.loads((tmp_path / "gpu_count-quick.json").read_text())["programs"]
    assert row["step"]["stops"] == 1 and row["custom_calls"] == 0
    assert row["step"]["kernels"] <= 120  # eight stages
    assert row["step"]["kB_per_point"] <= 700
    assert row["points_per_s"] >= 3.1e5
