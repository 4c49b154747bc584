"""The store of a sweep: killed, resumed, refused; on the same devices always the same bits in the end."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.solvers.ways import way_to
from nacjax.studies.sweep.batch import KERNELS
from nacjax.studies.sweep.store import Store

AXES = {"filling": np.linspace(0.3, 0.7, 11), "zeta": [1.0, 4.0]}
OPTIONS = {"plateau": True, "chunk": 5, "cells": 16, "progress": False}


def metal():
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)


def contents(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


class Stop(Exception):
    pass


def test_an_interrupted_sweep_goes_on_and_ends_with_the_same_bits(tmp_path):
    whole, broken = tmp_path / "whole.zarr", tmp_path / "broken.zarr"
    expected = nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=whole, **OPTIONS)

    def stop(progress):
        if progress.done >= 10:
            raise Stop

    with pytest.raises(Stop):
        nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=broken, callback=stop, **OPTIONS)
    assert Store(broken).done.sum() == 2
    stray = f"0.{'0' * 32}.partial"  # as a kill leaves them
    (broken / "journal" / "rows" / "c" / stray).write_text("half a wri")
    done = []
    resumed = nj.sweep(
        metal(), nj.Clamped(1.0), axes=AXES, store=broken, callback=lambda p: done.append(p.done),
        **{**OPTIONS, "chunk": None},
    )  # fmt: skip
    assert done[0] == 10 and done[-1] == 22 and len(done) == 4
    np.testing.assert_array_equal(resumed["sigma"], expected["sigma"])
    assert contents(broken) == contents(whole)
    reread = xr.open_zarr(broken, consolidated=False)
    np.testing.assert_array_equal(reread["sigma"], expected["sigma"])
    assert reread["filling"].attrs["long_name"] == "filling of the band"


def test_a_resumed_sweep_has_the_cells_it_began_with(tmp_path):
    """Points of five and three rungs share a ladder, with cells for three in all chunks."""
    run = {"times": 0.1, "accuracy": 1e-2, "progress": False, "chunk": 2}
    axes = {"phonon_energy": [0.21, 0.22, 0.35, 0.36]}

    def stop(progress):
        raise Stop

    before = KERNELS.compilations
    expected = nj.sweep(metal(), nj.Clamped(1.0), axes=axes, **run)
    for callback in (stop, None):
        with pytest.raises(Stop) if callback else contextlib.nullcontext():
            found = nj.sweep(
                metal(), nj.Clamped(1.0), axes=axes, store=tmp_path / "s.zarr", callback=callback, **run
            )
    np.testing.assert_array_equal(found["sigma"], expected["sigma"])
    assert KERNELS.compilations == before + 1  # one program for all


def stop_at(done):
    def callback(progress):
        if progress.done >= done:
            signal.raise_signal(signal.SIGINT)

    return callback


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path, interruptible):
    store = tmp_path / "run.zarr"
    run = {"axes": AXES, "store": store, **OPTIONS}
    with pytest.raises(
        KeyboardInterrupt, match=r"10 of 22 points are kept in store = '.*run.zarr'.*same call"
    ):
        nj.sweep(metal(), nj.Clamped(1.0), callback=stop_at(10), **run)
    done = []
    nj.sweep(metal(), nj.Clamped(1.0), callback=lambda p: done.append(p.done), **run)
    assert done == [10, 15, 20, 22]
    with pytest.raises(KeyboardInterrupt, match=r"no store; store='run.zarr'"):
        nj.sweep(metal(), nj.Clamped(1.0), callback=stop_at(5), **{**run, "store": None})


def test_ctrl_c_cancels_what_an_executor_has_not_begun(interruptible):
    class Queue(ThreadPoolExecutor):
        def submit(self, *call):
            sent.append(super().submit(*call))
            return sent[-1]

    sent, many = [], {"filling": np.linspace(0.3, 0.7, 400)}
    with Queue(1) as pool, pytest.raises(KeyboardInterrupt):
        nj.sweep(metal(), nj.Clamped(1.0), axes=many, executor=pool, callback=stop_at(5), **OPTIONS)
    assert len(sent) == 80 and any(future.cancelled() for future in sent)


@pytest.fixture
def full_disk(monkeypatch):
    """Every write to the zarr store fails after a number of them, as on a full disk."""
    from zarr.storage import LocalStore

    original, left = LocalStore.set, [10**6]

    async def write(self, *args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return await original(self, *args, **kwargs)

    monkeypatch.setattr(LocalStore, "set", write)
    return left


def test_a_full_disk_says_so_and_loses_nothing(tmp_path, full_disk):
    store = tmp_path / "run.zarr"
    run = {"axes": AXES, "store": store, **OPTIONS}

    def fill(progress):
        full_disk[0] = 0 if progress.done == 10 else full_disk[0]

    with pytest.raises(
        OSError, match=r"run.zarr': the disk is full. Free some space. 10 of 22 points"
    ) as caught:
        nj.sweep(metal(), nj.Clamped(1.0), callback=fill, **run)
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match=r"10 of 22 points are kept, and the same sweep"):  # still full
        nj.sweep(metal(), nj.Clamped(1.0), **run)
    with pytest.raises(OSError, match=r"new.zarr': the disk is full. Free some space.$"):
        nj.sweep(metal(), nj.Clamped(1.0), **{**run, "store": tmp_path / "new.zarr"})
    assert [path.name for path in tmp_path.iterdir()] == ["run.zarr"]
    full_disk[0] = 10**6
    done = []
    nj.sweep(metal(), nj.Clamped(1.0), callback=lambda p: done.append(p.done), **run)
    nj.sweep(metal(), nj.Clamped(1.0), **{**run, "store": tmp_path / "whole.zarr"})
    assert done[0] == 10 and contents(store) == contents(tmp_path / "whole.zarr")


def test_a_disk_that_is_full_at_the_very_end(tmp_path, full_disk):
    run = {"axes": AXES, "store": tmp_path / "run.zarr", **OPTIONS}

    def fill(progress):
        full_disk[0] = 0 if progress.done == progress.total else full_disk[0]

    with pytest.raises(OSError, match=r"disk is full. Free some space. 22 of 22 points are kept"):
        nj.sweep(metal(), nj.Clamped(1.0), callback=fill, **run)


def test_a_read_only_folder_says_so(tmp_path, monkeypatch):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):  # root may write anywhere

        def refuse(*_, **__):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr("zarr.open_group", refuse)
    with pytest.raises(
        PermissionError, match=r"run.zarr': its folder cannot be written. Make it writable, or give"
    ):
        nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=folder / "run.zarr", **OPTIONS)
    assert not any(folder.iterdir())


def test_another_configuration_is_refused_with_its_differences(tmp_path):
    store = tmp_path / "run.zarr"
    nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=store, **OPTIONS)
    before = contents(store)
    other = nj.Metal(nj.FlatTopDOS(), 0.5, 0.02, 0.53)
    with pytest.raises(ValueError, match=r"(?s)metal.temperature: 0.01 in the store, 0.02.*chunk: 5.*6"):
        nj.sweep(other, nj.Clamped(1.0), axes=AXES, store=store, **{**OPTIONS, "chunk": 6})
    with pytest.raises(ValueError, match=r"axes.metal.filling.values"):
        nj.sweep(metal(), nj.Clamped(1.0), axes={"filling": [0.3, 0.4]}, store=store, **OPTIONS)
    assert contents(store) == before


def test_a_path_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(ValueError, match="is no store"):
            nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=path, **OPTIONS)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_memory_is_near_the_estimate_of_a_chunk():
    """What a compiled batch allocates, between 1/1.5 and 1.5 times `AbstractWay.point_bytes`."""
    nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, **OPTIONS)
    plan = next(reversed(KERNELS.batches.values())).compile().memory_analysis()
    used = plan.temp_size_in_bytes + plan.argument_size_in_bytes + plan.output_size_in_bytes
    way = way_to(plateau=True, cells=OPTIONS["cells"])
    ratio = used / (OPTIONS["chunk"] * way.point_bytes(2, metal()))
    print("allocated / estimated:", ratio)
    assert 1 / 1.5 < ratio < 1.5


SCRIPT = """
import sys, time
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
import nacjax as nj
metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
axes = {"filling": np.linspace(0.3, 0.7, 60), "zeta": np.linspace(1.0, 20.0, 10)}
pause = lambda progress: time.sleep(0.02)
options = dict(plateau=True, chunk=10, cells=16, callback=pause)
nj.sweep(metal, nj.Clamped(1.0), axes=axes, store=sys.argv[1], **options)
print("end")
"""


@pytest.mark.integration
def test_sigkill_at_any_moment(tmp_path):
    def start(name):
        return subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path / name)], stdout=subprocess.PIPE)

    assert start("whole.zarr").wait() == 0
    rng, broken = np.random.default_rng(0), tmp_path / "broken.zarr"
    done = 0
    for _ in range(3):
        process = start("broken.zarr")
        while not broken.exists() or Store(broken).done.sum() <= done:
            time.sleep(0.05)
        time.sleep(rng.uniform(0.0, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = int(Store(broken).done.sum())
        assert done < now < 60
        done = now
    assert start("broken.zarr").wait() == 0
    assert contents(broken) == contents(tmp_path / "whole.zarr")


DEVICES = """
import jax, numpy as np
jax.config.update("jax_enable_x64", True)
import nacjax as nj
assert jax.local_device_count() == 8
metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
options = dict(axes={"filling": np.linspace(0.3, 0.7, 21)}, times=1.0, cells=16, chunk=16)
many = nj.sweep(metal, nj.Clamped(5.0), **options)
one = nj.sweep(metal, nj.Clamped(5.0), devices=jax.local_devices()[:1], **options)
print(many.attrs["device"], float(abs(many["sigma"] - one["sigma"]).max()))
np.testing.assert_allclose(many["sigma"], one["sigma"], rtol=0, atol=1e-12)
"""


@pytest.mark.integration
def test_eight_devices_give_what_one_gives():
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=8"}
    done = subprocess.run([sys.executable, "-c", DEVICES], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("8 × cpu")


PROCESS = """
import sys, jax, numpy as np
jax.config.update("jax_enable_x64", True)
jax.distributed.initialize(sys.argv[1], 2, int(sys.argv[2]))
import nacjax as nj
metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
axes = {"filling": np.linspace(0.3, 0.7, 11), "zeta": [1.0, 4.0]}
seen = []
found = nj.sweep(metal, nj.Clamped(1.0), axes=axes, store=sys.argv[3], plateau=True, chunk=5, cells=16,
                 callback=lambda progress: seen.append(progress.done))
assert bool((found["outcome"] == 0).all())
print(len(seen))
"""


@pytest.mark.integration
def test_two_processes_share_a_store(tmp_path):
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    store = tmp_path / "shared.zarr"
    command = [sys.executable, "-c", PROCESS, address]
    pair = [subprocess.Popen([*command, str(k), str(store)], stdout=subprocess.PIPE) for k in range(2)]
    counts = [int(process.communicate(timeout=120)[0]) for process in pair]
    assert counts == [3, 2]
    nj.sweep(metal(), nj.Clamped(1.0), axes=AXES, store=tmp_path / "alone.zarr", **OPTIONS)
    assert contents(store) == contents(tmp_path / "alone.zarr")


@pytest.mark.integration
def test_a_dask_worker_dies_and_nothing_is_lost(tmp_path):
    distributed = pytest.importorskip("distributed")
    axes = {"filling": np.linspace(0.3, 0.7, 120)}
    expected = nj.sweep(metal(), nj.Clamped(1.0), axes=axes, **OPTIONS)
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        killed = []

        def kill_one(progress):
            if progress.done >= 30 and not killed:
                killed.append(client.run(os.getpid))
                os.kill(next(iter(killed[0].values())), signal.SIGKILL)

        found = nj.sweep(
            metal(), nj.Clamped(1.0), axes=axes, executor=client.get_executor(), callback=kill_one,
            store=tmp_path / "run.zarr", **OPTIONS,
        )  # fmt: skip
    assert killed
    np.testing.assert_array_equal(found["sigma"], expected["sigma"])
