"""Processes of one sweep: what the others do when one fails, is killed or never comes."""

import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.studies.sweep import peers
from nacjax.studies.sweep.store import Store

PROCESS = """
import os, signal, sys, jax, numpy as np
jax.config.update("jax_enable_x64", True)
address, me, store, trouble = sys.argv[1:]
jax.distributed.initialize(address, 2, int(me))
import nacjax as nj

chunks = []  # what a store has comes first

def harm(progress):
    chunks.append(progress)
    if (me, trouble) in (("1", "kill"), ("0", "coordinator")):
        os.kill(os.getpid(), signal.SIGKILL)
    if me == "1" and trouble == "raise":
        raise ArithmeticError("mine")

metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
axes = {"filling": np.linspace(0.3, 0.7, 11), "zeta": [1.0, 4.0]}
found = nj.sweep(metal, nj.Clamped(1.0), axes=axes, store=store, plateau=True, chunk=3, cells=16, callback=harm)
print("done", int((found["outcome"] == 0).sum()), "of which now", chunks[-1].done - chunks[0].done)
"""


def started(store, trouble: str) -> list[subprocess.CompletedProcess]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-c", PROCESS, address]
    pair = [
        subprocess.Popen([*command, str(k), str(store), trouble], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
        for k in range(2)
    ]  # fmt: skip
    killed = {"kill": 1, "coordinator": 0}.get(trouble)
    pair[killed].wait(timeout=200) if killed is not None else None
    began = time.monotonic()
    said = [process.communicate(timeout=200) for process in pair]
    print(f"{trouble}: the rest ended after {time.monotonic() - began:.0f} s")
    assert killed is None or time.monotonic() - began < 60
    return [
        subprocess.CompletedProcess(command, p.returncode, *out) for p, out in zip(pair, said, strict=True)
    ]


def goes_on(store) -> None:
    """The next start computes what is missing, and that only."""
    missing = 22 - Store(store).counts()[0]
    ended = [process.stdout.split() for process in started(store, "none")]
    assert [words[:2] for words in ended] == [["done", "22"]] * 2
    assert sum(int(words[-1]) for words in ended) == missing < 22


@pytest.mark.integration
def test_the_first_process_is_killed(tmp_path):
    """JAX ends the others in C++ before Python can say anything: what it leaves behind says it."""
    store = tmp_path / "run.zarr"
    first, second = started(store, "coordinator")
    said = second.stderr.splitlines()[-1]
    assert first.returncode < 0 and second.returncode == 1 and second.stdout == ""
    assert said.startswith("nacjax: process 1 of 2 was ended from outside") and "goes on from there" in said
    goes_on(store)


@pytest.mark.integration
@pytest.mark.parametrize("trouble, sentence", [
    ("kill", r"RuntimeError: process 1 of 2 has given no sign of life for \d+ s. What was finished is in store"),
    ("raise", r"RuntimeError: process 1 of 2 ended with ArithmeticError: mine. What was finished is in store"),
])  # fmt: skip
def test_the_rest_ends_with_a_sentence_and_the_next_start_goes_on(tmp_path, trouble, sentence):
    import re

    store = tmp_path / "run.zarr"
    first, second = started(store, trouble)
    assert first.returncode == 1 and re.search(sentence, first.stderr), first.stderr
    assert "Terminating process" not in first.stderr and second.returncode != 0
    goes_on(store)
    assert [path.name for path in tmp_path.iterdir()] == ["run.zarr"]
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
    axes = {"filling": np.linspace(0.3, 0.7, 11), "zeta": [1.0, 4.0]}
    alone = nj.sweep(metal, nj.Clamped(1.0), axes=axes, plateau=True, chunk=3, cells=16, progress=False)
    np.testing.assert_array_equal(xr.open_zarr(store, consolidated=False)["sigma"], alone["sigma"])


@pytest.fixture
def watch(tmp_path, monkeypatch):
    """The watch of process 0 of 2, with a clock that stands still."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(peers.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(peers.Watch, "leave_early", lambda self: None)
    folder = tmp_path / "run.zarr.processes"
    folder.mkdir()
    (folder / "1").write_text("failed: ValueError: of an earlier start")
    watch = peers.Watch(SimpleNamespace(path=tmp_path / "run.zarr"), 0, 2)
    watch.clock, watch.other = clock, folder / "1"
    yield watch
    watch.hush()


def test_what_an_earlier_start_left_does_not_count(watch):
    assert watch.look() == ""
    watch.clock.now += peers.ABSENT - 1
    assert watch.look() == ""
    watch.clock.now += 2
    assert "process 1 of 2 has given no sign of life for 46 s" in watch.look()


def test_silence_and_failure_are_seen(watch):
    watch.other.write_text("alive 1 1")
    watch.clock.now += peers.SILENT - 1
    assert watch.look() == ""  # heard just now
    watch.clock.now += peers.SILENT + 1
    assert "no sign of life for 21 s" in watch.look()
    watch.other.write_text("failed: ValueError: mine")
    watch.trouble = watch.look()
    with pytest.raises(RuntimeError, match=r"ended with ValueError: mine\. What was finished is in store"):
        watch.check()


def test_the_last_one_takes_the_files_away(watch):
    watch.end("done")
    assert watch.folder.exists()
    watch.other.write_text("done")
    watch.end("done")
    assert not watch.folder.exists()
