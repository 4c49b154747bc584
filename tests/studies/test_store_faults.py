"""A store that was damaged, exchanged or given to another sweep: the right numbers, or a sentence."""

import functools
import json
import os
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.model.record import versions
from nacjax.studies.sweep import batch, outcomes, store
from nacjax.studies.sweep.store import Store

AXES = {"filling": [0.3, 0.4, 0.5, 0.6, 0.7], "zeta": [1.0, 4.0, 9.0]}
OPTIONS = {"plateau": True, "chunk": 4, "cells": 16, "progress": False}


def swept(path: Path, **changed) -> xr.Dataset:
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
    return nj.sweep(metal, nj.Clamped(1.0), **{"axes": AXES, "store": path, **OPTIONS, **changed})


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Path, np.ndarray]:
    path = tmp_path_factory.mktemp("store") / "whole.zarr"
    return path, swept(path)["sigma"].to_numpy()


@pytest.fixture
def copy(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole[0], tmp_path / "copy.zarr"))


def chunk(path: Path, number: int) -> Path:
    return path / "journal" / "rows" / "c" / str(number) / "0" / "0"


def flip(file: Path):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x41
    file.write_bytes(content)


def zero(file: Path):
    file.write_bytes(bytes(file.stat().st_size))


def cut(file: Path):
    file.write_bytes(file.read_bytes()[:17])


def swap(file: Path):
    other = file.parents[2] / "2" / "0" / "0"
    content = file.read_bytes()
    file.write_bytes(other.read_bytes())
    other.write_bytes(content)


def empty(file: Path):
    file.write_bytes(b"")


@pytest.mark.parametrize("harm", [flip, zero, cut, swap, empty, Path.unlink])
def test_a_damaged_chunk_is_computed_again(whole, copy, harm):
    harm(chunk(copy, 1))
    done = []
    again = swept(copy, callback=lambda progress: done.append(progress.done))
    np.testing.assert_array_equal(again["sigma"], whole[1])
    assert done[0] == (7 if harm is swap else 11)
    assert Store(copy).done.all()


def test_a_chunk_of_another_sweep_is_computed_again(whole, copy, tmp_path):
    swept(tmp_path / "other.zarr", axes={**AXES, "zeta": [2.0, 5.0, 8.0]})
    shutil.copy(chunk(tmp_path / "other.zarr", 0), chunk(copy, 0))
    np.testing.assert_array_equal(swept(copy)["sigma"], whole[1])


@pytest.mark.parametrize("name", ["sigma", "filling"])
def test_a_damaged_dataset_is_written_again(whole, copy, name):
    for file in (copy / name / "c").rglob("*"):
        if file.is_file():
            flip(file)
    with pytest.raises((ValueError, RuntimeError)):
        xr.open_zarr(copy, consolidated=False)[name].load()
    swept(copy)
    np.testing.assert_array_equal(xr.open_zarr(copy, consolidated=False)["sigma"], whole[1])


METADATA = [
    "zarr.json",
    "journal/zarr.json",
    "journal/points/zarr.json",
    "journal/rows/zarr.json",
    "journal/points/c/0/0",
]


@pytest.mark.parametrize("name", METADATA)
@pytest.mark.parametrize("harm", [Path.unlink, cut, zero, empty])
def test_damaged_metadata_is_a_sentence_with_the_path(copy, name, harm):
    harm(copy / name)
    with pytest.raises(ValueError, match=r"store = '.*copy.zarr'.*(damaged|no store)"):
        swept(copy)


@pytest.mark.parametrize("harm", [lambda m: m.update(shape=[4, 6, 2]), lambda m: m.update(data_type="float32"),
                                  lambda m: m["attributes"].update(columns={"outcome": [0, 1]}),
                                  lambda m: m["attributes"].clear()])  # fmt: skip
def test_wrong_metadata_is_a_sentence_with_the_path(copy, harm):
    file = copy / "journal" / "rows" / "zarr.json"
    metadata = json.loads(file.read_text())
    harm(metadata)
    file.write_text(json.dumps(metadata))
    with pytest.raises(ValueError, match=r"store = '.*copy.zarr' is damaged"):
        swept(copy)


def test_another_order_of_the_axes_is_another_sweep(copy):
    with pytest.raises(ValueError, match=r"(?s)holds another sweep.*order of the axes: \['metal.filling'"):
        swept(copy, axes=dict(reversed(AXES.items())))


def times(factor):
    return lambda state: factor * state.sigma


def scaled(factor, state):
    return factor * state.sigma


@pytest.mark.parametrize("make", [times, lambda c: functools.partial(scaled, c), lambda c: jax.jit(times(c))])
def test_functions_are_known_by_what_they_do(tmp_path, make):
    path = tmp_path / "run.zarr"
    first = swept(path, observe={"mine": make(2.0)})
    np.testing.assert_array_equal(swept(path, observe={"mine": make(2.0)})["mine"], first["mine"])
    with pytest.raises(ValueError, match=r"(?s)another sweep.*observe.mine"):
        swept(path, observe={"mine": make(3.0)})


def test_what_a_function_depends_on_may_be_unknowable(tmp_path):
    generator = np.random.default_rng(0)

    def odd(state):
        return state.sigma * (generator is not None)

    swept(tmp_path / "run.zarr", observe=odd)
    with pytest.raises(ValueError, match=r"(?s)nothing tells.*observe.odd.*class Generator"):
        swept(tmp_path / "run.zarr", observe=odd)


@pytest.mark.parametrize("name", ["filling", "zeta", "outcome", "reason", "time"])
def test_names_of_axes_and_outcomes_are_refused_at_the_start(tmp_path, name):
    with pytest.raises(ValueError, match=f"observe: the name '{name}' is not allowed"):
        swept(tmp_path / "run.zarr", observe={name: times(1.0)})
    assert not any(tmp_path.iterdir())


def test_a_point_that_could_not_run_is_missing(whole, tmp_path, monkeypatch):
    def starved(self):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    with monkeypatch.context() as short:
        short.setattr(batch.Batch, "compile", starved)
        short.setattr(
            "nacjax.studies.sweep.sweep._computed",
            lambda study, points, chunks, devices, *_: (
                (piece, batch.run_chunk(study, piece, np.zeros((piece.size, 2)), devices)) for piece in chunks
            ),
        )
        failed = swept(tmp_path / "run.zarr")
    assert (failed["outcome"] == outcomes.NOT_RUN).all() and not Store(tmp_path / "run.zarr").done.any()
    found = swept(tmp_path / "run.zarr")
    np.testing.assert_array_equal(found["sigma"], whole[1])
    assert (xr.open_zarr(tmp_path / "run.zarr", consolidated=False)["outcome"] == 0).all()


def test_other_versions_are_said_or_refused(whole, copy, monkeypatch):
    def now(**changed):
        monkeypatch.setattr(store, "versions", lambda: {**versions(), **changed})

    now(jax="9.9.9")
    swept(copy)  # nothing is computed
    chunk(copy, 1).unlink()
    with pytest.warns(RuntimeWarning, match=r"begun with other versions \(jax .* → 9.9.9\)"):
        found = swept(copy)
    assert json.loads(found.attrs["versions"])["jax"].endswith(", 9.9.9")
    chunk(copy, 1).unlink()
    now(nacjax="9.9.9")
    with pytest.raises(ValueError, match=r"copy.zarr' was begun with other versions .*11 of 15 points"):
        swept(copy)


def test_a_store_on_read_only_media(whole, copy, monkeypatch):
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    np.testing.assert_array_equal(swept(copy)["sigma"], whole[1])
    chunk(copy, 1).unlink()
    with pytest.raises(PermissionError, match=r"copy.zarr': its folder cannot be written.*11 of 15 points"):
        swept(copy)


def test_paths_that_are_no_folders(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path, why in ((tmp_path / "file", "is a file"), (tmp_path / "link", "a link to what does not exist"),
                      (tmp_path / "file" / "run.zarr", "no folder can be made there")):  # fmt: skip
        with pytest.raises(ValueError, match=why):
            swept(path)
    with pytest.raises(OSError, match=r"store = '/proc/nacjax.zarr': .* cannot be"):
        swept(Path("/proc/nacjax.zarr"))
    assert (tmp_path / "file").read_text() == "mine"


def test_files_of_the_user_stay(copy):
    mine = [copy / "notes.partial", copy / "journal" / "notes.partial"]
    for file in mine:
        file.write_text("mine")
    swept(copy)
    assert all(file.read_text() == "mine" for file in mine)


def test_many_chunks_share_files(tmp_path, monkeypatch):
    monkeypatch.setattr("nacjax.studies.sweep.journal.MOST_FILES", 2)

    def stop(progress):
        if progress.done >= 12:
            raise KeyboardInterrupt

    path = tmp_path / "run.zarr"
    with pytest.raises(KeyboardInterrupt, match="12 of 15 points"):
        swept(path, callback=stop)
    done = []
    found = swept(path, callback=lambda progress: done.append(progress.done))
    assert done == [12, 15] and len(list((path / "journal" / "rows" / "c").glob("*/0/0"))) == 2
    np.testing.assert_array_equal(found["sigma"], swept(None)["sigma"])
