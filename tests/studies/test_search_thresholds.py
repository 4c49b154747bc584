"""`search` for thresholds, which do not exist everywhere."""

import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.studies.search.objectives import NAMED, Objective

OVER = {"phonon_energy": (0.2, 0.95), "filling": (0.1, 0.9)}
CELLS = 32


def find(over, **options):
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
    return nj.search(metal, nj.Clamped(20.0), over=over, plateau=True, cells=CELLS, **options)


def test_starts_without_a_threshold_go_to_where_there_is_one(monkeypatch):
    """σ stands for a threshold that exists where σ < 0: starts elsewhere are led there, or told why not."""

    def threshold(way, system, rungs):
        sigma = way.solve(system, rungs)[1].sigma
        return jnp.where(sigma < 0, sigma, jnp.nan), jnp.maximum(sigma, 0.0)

    monkeypatch.setitem(NAMED, "threshold", Objective("threshold", threshold, whole=True))
    anywhere = {"σ": (lambda state: state.sigma, None, 10.0)}  # a constraint, and so spread starts
    found = find(OVER, objective="threshold", constraints=anywhere)
    values = found.paths["objective"].values
    moved = np.isnan(values[:, 0]) & np.isfinite(values).any(axis=1)
    assert moved.any() and found.value < -0.36
    assert not found.paths["reason"].str.contains("not finite at the start").any()
    stayed = found.paths["reason"].values[np.isnan(values).all(axis=1)]
    assert all("there is no threshold" in reason or "met a better start" in reason for reason in stayed)
    nowhere = {"phonon_energy": (0.42, 0.45), "filling": (0.49, 0.51)}
    with pytest.raises(ValueError, match=r"σ is not negative .* there is no threshold"):
        find(nowhere, objective="threshold", rungs=5)


@pytest.mark.slow
def test_threshold_pump_is_where_sigma_vanishes():
    found = find({"phonon_energy": (0.45, 0.9)}, objective="threshold_pump")
    best = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, found.best["phonon_energy"])
    for factor, sign in ((0.99, 1), (1.01, -1)):
        assert sign * float(nj.plateau(best, factor * found.value, cells=CELLS, rungs=3).sigma) > 0
    assert abs(float(found.gradient[0])) < 0.05
