"""Sweeps in other processes: how they are started, and what is said when they die."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import nacjax as nj

AXES = {"filling": np.linspace(0.3, 0.7, 9)}
OPTIONS = {"plateau": True, "chunk": 4, "cells": 16, "progress": False}


def swept(executor, **changed):
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
    return nj.sweep(metal, nj.Clamped(1.0), axes=AXES, executor=executor, **{**OPTIONS, **changed})


def fatal(state):
    """Kills the worker that takes it apart."""
    if multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    return state.sigma


def pool(method: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method))


def test_forked_workers_are_refused():
    with (
        pool("fork") as executor,
        pytest.raises(ValueError, match=r"forks, which hangs.*get_context\('spawn'\)"),
    ):
        swept(executor)


@pytest.mark.integration
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_workers_give_the_same_bits(method):
    with pool(method) as executor:
        np.testing.assert_array_equal(swept(executor)["sigma"], swept(None)["sigma"])


@pytest.mark.integration
def test_a_pool_whose_workers_die_ends_with_a_sentence(tmp_path):
    with (
        pool("spawn") as executor,
        pytest.raises(RuntimeError, match=r"executor: a chunk could not be computed"),
    ):
        swept(executor, observe=fatal, store=tmp_path / "run.zarr")


@pytest.mark.integration
def test_dask_workers_that_always_die_end_with_a_sentence():
    distributed = pytest.importorskip("distributed")
    start = time.perf_counter()
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        pytest.raises(RuntimeError, match=r"executor: a chunk could not be computed \(KilledWorker"),
    ):
        swept(client.get_executor(), observe=fatal)
    print("ended after", time.perf_counter() - start)


WORKER = """
import pickle, sys
import numpy as np
from nacjax.studies.sweep.remote import work
import jax
assert jax.local_device_count() == 2
blob, chunk, values = pickle.load(open(sys.argv[1], "rb"))
pickle.dump(work(blob, True, chunk, values), open(sys.argv[2], "wb"))
"""


@pytest.mark.integration
def test_a_worker_with_more_devices_than_the_driver(tmp_path):
    import pickle

    class Elsewhere:
        def submit(self, work, blob, x64, chunk, values):
            from concurrent.futures import Future

            files = tmp_path / "task", tmp_path / "answer"
            files[0].write_bytes(pickle.dumps((blob, chunk, values)))
            environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
            subprocess.run([sys.executable, "-c", WORKER, *files], env=environment, check=True)
            future = Future()
            future.set_result(pickle.loads(files[1].read_bytes()))
            return future

    found = swept(Elsewhere(), chunk=3)["sigma"][:3]
    np.testing.assert_allclose(found, swept(None, chunk=3)["sigma"][:3], rtol=0, atol=1e-13)
