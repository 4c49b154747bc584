"""A sweep of absurd size is refused before it takes any memory."""

import resource

import numpy as np
import pytest

import nacjax as nj
from nacjax.studies.sweep import room

OPTIONS = {"plateau": True, "cells": 16, "progress": False}


def swept(axes, **changed):
    return nj.sweep(
        nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53), nj.Clamped(1.0), axes=axes, **{**OPTIONS, **changed}
    )


def test_more_points_than_memory(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many = {"filling": np.linspace(0.3, 0.7, 10**5), "zeta": np.linspace(1, 20, 10**5)}
    with pytest.raises(
        ValueError, match=r"axes: 10000000000 points \(100000 filling × 100000 zeta\) would take"
    ):
        swept(many, store=tmp_path / "run.zarr")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert not any(tmp_path.iterdir())


def test_a_batch_larger_than_memory(monkeypatch):
    monkeypatch.setattr(room, "available_memory", lambda: 2**20)
    with pytest.raises(
        ValueError, match=r"chunk: a batch of 1000 points with 2 rungs would take.*smaller chunk="
    ):
        swept({"filling": np.linspace(0.3, 0.7, 1000)}, chunk=1000, cells=128)


def test_a_container_may_have_less_than_the_machine(tmp_path):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert room.container_memory(tmp_path) == np.inf
    (tmp_path / "memory.max").write_text("5000\n")
    assert room.container_memory(tmp_path) == 4000
    assert 0 < room.available_memory() < 2**60
