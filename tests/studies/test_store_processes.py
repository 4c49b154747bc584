"""Stores that several processes use, and that lose one of them."""

import signal
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

pytestmark = pytest.mark.integration

SWEEP = """
import sys, time
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
import nacjax as nj
if len(sys.argv) > 2:  # to be caught while it makes the store
    import nacjax.studies.sweep.store as store
    create = store.create
    def slowly(*arguments):
        create(*arguments)
        print("making", flush=True)
        time.sleep(60)
    store.create = slowly
metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
axes = {"filling": np.linspace(0.3, 0.7, 30), "zeta": [1.0, 4.0]}
pause = lambda progress: time.sleep(0.02)
nj.sweep(metal, nj.Clamped(1.0), axes=axes, store=sys.argv[1], plateau=True, chunk=2, cells=16, callback=pause)
"""


def start(*arguments, **options) -> subprocess.Popen:
    command = [sys.executable, "-c", SWEEP, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_two_processes_that_know_nothing_of_each_other(tmp_path):
    pair = [start(tmp_path / "run.zarr") for _ in range(2)]
    for process in pair:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    assert [path.name for path in tmp_path.iterdir()] == ["run.zarr"]
    assert start(tmp_path / "alone.zarr").wait(timeout=200) == 0
    one, two = (xr.open_zarr(tmp_path / name, consolidated=False) for name in ("run.zarr", "alone.zarr"))
    np.testing.assert_array_equal(one["sigma"], two["sigma"])


def test_sigterm_while_a_store_is_made_leaves_nothing(tmp_path):
    process = start(tmp_path / "run.zarr", "slowly")
    assert process.stdout is not None and process.stdout.readline() == "making\n"
    assert any(tmp_path.iterdir())
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM and not any(tmp_path.iterdir())
