"""`fit`: synthetic traces with noise, the coverage of the error bars, and what it refuses."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.model.names import System
from nacjax.studies.search.bounds import plain_bounds

CELLS = 16
TRUE = {"phonon_energy": 0.68, "inelastic_rate": 2e-3, "zeta0": 6.0, "phonon_lifetime": 4.0}
OVER = {
    "phonon_energy": (0.6, 0.72),  # up to the lowest σ: beyond there is a second answer
    "inelastic_rate": (1e-4, 1e-1, "log"),
    "zeta0": (1.0, 20.0),
    "phonon_lifetime": (1.0, 20.0),
}
TIMES = np.concatenate([np.linspace(0.1, 2.0, 15), np.linspace(2.5, 15.0, 15)])
NOISE = 0.01
OPTIONS = {"over": OVER, "cells": CELLS, "rungs": 2, "steps": 40, "starts": 1}


def metal_of(phonon_energy, inelastic_rate, phonon_lifetime):
    return nj.Metal(
        nj.FlatTopDOS(),
        1 / 3,
        0.02,
        phonon_energy,
        inelastic_rate=inelastic_rate,
        phonon_lifetime=phonon_lifetime,
    )


@pytest.fixture(scope="module")
def exact():
    zeta0, rest = TRUE["zeta0"], {name: TRUE[name] for name in list(TRUE) if name != "zeta0"}
    pulse = nj.ExponentialPulse(zeta0, 0.3)
    return np.asarray(nj.evolve(metal_of(**rest), pulse, TIMES, cells=CELLS, rungs=2, budget=False).sigma)


@pytest.fixture(scope="module")
def guess():
    return metal_of(0.7, 5e-3, 8.0), nj.ExponentialPulse(10.0, 0.3)


@pytest.fixture(scope="module")
def traces(exact):
    """50 draws of the noise."""
    noise = np.random.default_rng(1).normal(scale=NOISE, size=(50, TIMES.size))
    return xr.DataArray(exact + noise, {"time": TIMES}, ("trace", "time"))


@pytest.mark.slow
def test_error_bars_cover_the_truth(traces, exact, guess):
    """Intervals of one and two deviations hold the truth as often as they should, over 50 draws."""
    found = nj.fit(traces, *guess, noise=NOISE, **OPTIONS)
    converged = int((found.reason == "Converged.").sum())
    assert converged >= 45  # a few circle within the noise of the integrator
    pull = (found.best - np.array(list(TRUE.values()))) / found.error
    one, two = float((abs(pull) < 1).mean()), float((abs(pull) < 2).mean())
    print("within one and two deviations", one, two, "mean pull", pull.mean("trace").values)
    assert 0.58 < one < 0.78 and 0.90 < two < 0.99  # 200 pulls: 0.683 ± 0.033, 0.954 ± 0.015
    assert float(found.reduced.mean()) == pytest.approx(1.0, abs=0.12)
    np.testing.assert_allclose(found.model, np.tile(exact, (50, 1)), atol=4 * NOISE)
    first = found.of(0)
    assert first.best.dims == ("quantity",) and f"{converged} converged" in repr(found) and "±" in repr(first)

    unknown = nj.fit(traces, *guess, **OPTIONS)  # the noise from the residuals
    assert float(unknown.reduced.mean() ** 0.5) == pytest.approx(NOISE, rel=0.1)
    ratio = float((unknown.error / found.error).mean())
    assert ratio == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
def test_two_answers_are_reported(traces, guess):
    """σ(t) at ω_p = 0.68 is nearly that at 0.76, past the lowest σ, with a little less Γ_in and a little more pump."""
    wide = {**OPTIONS, "over": {**OVER, "phonon_energy": (0.6, 0.8)}, "starts": 4}
    found = nj.fit(traces[:10], *guess, noise=NOISE, **wide)
    twofold = found.reason.str.contains("another start fits as well")
    assert twofold.any() and "with more than one answer" in repr(found)
    energy = found.by_start.sel(quantity="phonon_energy").where(
        found.by_start_chi_squared < found.chi_squared + 4
    )
    assert bool(((energy.max("start") > 0.74) & (energy.min("start") < 0.7))[twofold].any())
    narrow = nj.fit(traces[:10], *guess, noise=NOISE, **{**OPTIONS, "starts": 4})
    assert not narrow.reason.str.contains("another").any()


STEADY = np.linspace(0.2, 6.0, 12)
LAMP = {"cells": CELLS, "rungs": 2, "starts": 1, "times": STEADY, "noise": 0.003}


@pytest.fixture(scope="module")
def lamp():
    """A clamped metal of ζ = 5, without phonons that could decay, and its σ(t)."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.53, inelastic_rate=1e-2, phonon_lifetime=5.0)
    return metal, np.asarray(nj.evolve(metal, nj.Clamped(5.0), STEADY, cells=CELLS, rungs=2).sigma)


@pytest.mark.slow
def test_one_trace_is_one_fit_in_whatever_form(lamp):
    """The case fit_one_trace, and other forms of one trace."""
    metal, sigma = lamp
    named = xr.DataArray(sigma, {"time": STEADY}, ("time",))
    found = [
        nj.fit(data, metal, nj.Clamped(4.0), over={"zeta": (1, 20)}, **LAMP)
        for data in (sigma, sigma[None], sigma.tolist(), [sigma.tolist()], named, [named, named])
    ]
    assert [fit.best.sizes["trace"] for fit in found] == [1, 1, 1, 1, 1, 2]
    for fit in found:
        np.testing.assert_allclose(fit.best, 5.0, atol=0.05)
        assert (fit.reason == "Converged.").all() and (fit.error < 0.1).all()
    assert repr(found[0]) == repr(found[0].of(0)) == repr(found[0].of(0).of(0)) == repr(found[5].of(1))
    with pytest.raises(ValueError, match="data of 2 traces over different times"):
        nj.fit([named, named[:-1]], metal, nj.Clamped(4.0), over={"zeta": (1, 20)}, noise=0.003)


@pytest.mark.slow
def test_a_bound_and_an_idle_quantity_have_no_error_bar(lamp):
    """The case fit_at_bound, and a quantity that σ does not depend on."""
    metal, sigma = lamp
    over = {"zeta": (8, 20), "inelastic_rate": (1e-3, 0.1, "log")}
    found = nj.fit(sigma, metal, nj.Clamped(9.0), over=over, **LAMP).of(0)
    assert float(found.best[0]) == pytest.approx(8.0) and np.isnan(found.error[0]) and found.error[1] > 0
    assert "zeta ended at a bound" in found.reason.item() and "Converged" not in found.reason.item()
    over = {"zeta": (1, 20), "phonon_lifetime": (1, 20)}  # nothing decays while ζ is held
    found = nj.fit(sigma, metal, nj.Clamped(9.0), over=over, **{**LAMP, "noise": None}).of(0)
    assert float(found.best[0]) == pytest.approx(5.0, abs=0.05) and found.error[0] < 0.1
    assert np.isnan(found.error[1]) and "do not fix phonon_lifetime" in found.reason.item()
    assert "without an error" in repr(found)


def test_units_of_times_and_bounds(lamp):
    """A trace with labelled times, and bounds in every form."""
    metal, sigma = lamp
    metal = dataclasses.replace(metal, scales=nj.Scales(0.5, time_fs=1000.0))
    trace = xr.DataArray(sigma, {"time": ("time", STEADY, {"units": "ps"})}, ("time",))
    options = {key: value for key, value in LAMP.items() if key != "times"}
    found = nj.fit(trace, metal, nj.Clamped(4.0), over={"zeta": (1, 20)}, **options)
    np.testing.assert_allclose(found.best, 5.0, atol=0.05)
    np.testing.assert_allclose(found.model["time"], STEADY, rtol=1e-12)
    system = System(metal, nj.Clamped(4.0), nj.NoField())
    for given in [
        ("100 meV", "200 meV"),
        ((100, 200), "meV"),
        ((100, "meV"), ("0.2 eV")),
        ((100, 200), "meV", "log"),
        (((100, 200), "meV"), "log"),
    ]:
        low, high, *log = plain_bounds({"phonon_energy": given}, system)["phonon_energy"]
        assert (low, high) == pytest.approx((0.2, 0.4)) and log == (["log"] if "log" in given else [])


BAD = [
    ({"over": {"zeta": (1, 2)}}, "'zeta'; did you mean 'zeta0'"),
    ({"data": np.ones(3)}, r"data of shape \(3,\)"),
    ({"data": np.full(TIMES.size, np.nan)}, "not finite"),
    ({"noise": 0.0}, r"noise = 0\.0"),
    ({"times": None}, "times is needed"),
    ({"times": [1.0, 2.0, 3.0], "data": np.ones(3)}, "3 times cannot fix 4 quantities"),
    ({"starts": 0}, "starts = 0"),
]


@pytest.mark.parametrize("change, message", BAD)
def test_refuses(change, message, guess):
    arguments = {"data": np.ones(TIMES.size), "times": TIMES, **OPTIONS, **change}
    with pytest.raises(ValueError, match=message):
        nj.fit(arguments.pop("data"), *guess, **arguments)
