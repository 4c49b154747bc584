"""The fluence at which σ turns negative, on the plateau, and why there is none."""

import jax
import pytest

import nacjax as nj

SURFACE = {"penetration_depth": "100 nm"}


def metal(filling=0.5):
    scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    return nj.Metal(nj.FlatTopDOS(), filling, temperature="60 K", phonon_energy="330 meV", scales=scales)


def test_sigma_vanishes_there():
    here = metal()
    found = nj.threshold_fluence(here, **SURFACE, cells=16)
    assert found.reason == "σ turns negative there." and "mJ/cm²" in str(found)
    assert abs(float(nj.plateau(here, found.zeta0, cells=16).sigma)) < 1e-8
    back = nj.zeta0_from_fluence(here, (float(found.fluence), "mJ/cm^2"), **SURFACE)
    assert float(back) == pytest.approx(float(found.zeta0), rel=1e-8)
    mirror = nj.threshold_fluence(here, **SURFACE, cells=16, reflectivity=0.5)
    assert float(mirror.fluence) == pytest.approx(2 * float(found.fluence), rel=1e-9)


def test_none_has_a_reason():
    found = nj.threshold_fluence(metal(0.02), **SURFACE, cells=16)
    assert jax.numpy.isnan(found.fluence) and "does not turn negative: σ/σ_0 ≥ 0." in found.reason


def test_refuses():
    with pytest.raises(ValueError, match="pump and times go together"):
        nj.threshold_fluence(metal(), nj.ExponentialPulse(1.0, 0.3), **SURFACE)
    with pytest.raises(ValueError, match="cell_volume is needed"):
        nj.threshold_fluence(nj.trial(), **SURFACE)
