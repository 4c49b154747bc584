"""Models and results show themselves: words and a figure, without a new program where a model is shown."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.solvers.verdict import of_run, of_state, sign_of
from nacjax.studies.sweep import accessor  # noqa: F401  gives datasets their .nacjax
from nacjax.studies.sweep.outcomes import UNSURE

PUMPS = [
    nj.Clamped(20.0),
    nj.Kick(3.0),
    nj.ExponentialPulse(10.0, 0.3),
    nj.GaussianPulse(10.0, 0.3, 1.0),
    nj.PulseTrain.repeat(nj.SquarePulse(10.0, 0.3), [0.0, 2.0]),
    nj.SampledPulse([0.0, 1.0, 2.0], [1.0, 2.0, 0.0]),
]


@pytest.mark.parametrize("pump", PUMPS, ids=lambda pump: type(pump).__name__)
def test_a_pump_shows_the_phonons_it_brings(pump):
    zeta = pump.plot().get_lines()[0].get_ydata()
    brought = pump.strength if pump.scaled_by else 2.5 if isinstance(pump, nj.SampledPulse) else 20.0
    assert zeta[-1] == pytest.approx(float(brought), rel=0.03) and np.all(np.diff(zeta) >= 0)


def test_a_pump_shows_what_is_asked_for():
    axes = nj.plot(nj.ExponentialPulse(10.0, 0.3), until=0.3)
    assert axes.get_xlim() == (0, 0.3)
    assert axes.get_lines()[0].get_ydata()[-1] == pytest.approx(10 * (1 - np.exp(-1)), rel=0.01)


def test_models_in_words(metal):
    assert repr(nj.ExponentialPulse(10.0, 0.3)) == "ExponentialPulse(zeta0=10, duration=0.3, delay=0)"
    assert str(nj.ElectronElectron(0.1)).splitlines()[1] == "  rate = 0.1  electron-electron rate (rate)"
    assert repr(metal).startswith("Metal(dos=FlatTopDOS(width=1, exponent=8), filling=0.5, temperature=0.003")
    assert (
        str(nj.ExponentialPulse(10.0, 0.3))
        .splitlines()[0]
        .endswith("decays exponentially, the one of Fig. 3.")
    )


def test_the_metal_shows_band_occupation_and_steps(metal):
    axes = metal.plot()
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["D/D$_F$", "f$_T$ at t = 0", "μ − jω$_p$"]
    assert axes.get_lines()[2].get_xdata()[0] == pytest.approx(0.0, abs=1e-4)  # μ of half filling
    plt.close("all")
    page = metal._repr_html_()
    assert "<pre>Metal" in page and "data:image/png;base64" in page and len(page) < 60_000
    assert plt.get_fignums() == []


def test_what_has_no_figure_says_why():
    assert (
        "<img" not in nj.SelfTunedField()._repr_html_()
        and "holds σ at zero" in nj.SelfTunedField()._repr_html_()
    )
    for thing, why in (
        (nj.SelfTunedField(), "follows σ"),
        (nj.ElectronElectron(1.0), "metal is needed"),
        (3, "int"),
    ):
        with pytest.raises(ValueError, match=why):
            nj.plot(thing)
    assert nj.ConstantField(2.0).plot().get_lines()[0].get_ydata()[0] == pytest.approx(2.0)


def fake(sigma, times):
    field = SimpleNamespace(holds=True)
    return SimpleNamespace(
        sigma=np.array(sigma), times=np.array(times), field=np.zeros(len(times)), metal=SimpleNamespace(scales=None),
        kinetics=SimpleNamespace(field=field), stats={"num_accepted_steps": 30}, result="It ended well.", ok=True,
    )  # fmt: skip


def test_a_run_in_three_lines():
    times = np.arange(1.0, 7.0)
    assert of_run(fake([1.0, -1.0, -2.0, -1.0, 1.0, 3.0], times)).splitlines() == [
        "σ/σ_0 = 3.0000 at t = 6: positive; lowest -2.0000 at 3",
        "σ < 0 from t ≈ 1.5 to 4.5",
        "30 steps. It ended well.",
    ]
    run = fake([1.0, 0.5, 0.0, 0.0, 0.002, -1.0], times)
    run.field[2:4] = 5.0
    assert "σ held at 0 from t = 3 to 4; σ < 0 from t ≈ 5.002 to 6, the last saved time" in of_run(run)
    assert "σ < 0 at 1 of 2 saved times" in of_run(fake([1.0, -1.0], [1.0, 2.0]))
    assert "not known at any time" in of_run(fake([np.nan, np.nan], [1.0, 2.0]))
    assert "σ < 0 at none" in of_run(fake([1.0, np.nan], [1.0, 2.0]))


def test_a_sign_is_as_sure_as_its_error():
    assert sign_of(-0.3) == "negative" and "open" in sign_of(-0.003) and sign_of(np.nan) == "not known"
    assert sign_of(-0.3, 0.01) == "negative, 30 errors from zero"
    assert "within the error" in sign_of(0.02, 0.01)
    ladder = SimpleNamespace(states=np.ones(3))
    state = SimpleNamespace(
        sigma=-0.3, sigma_error=0.01, occupation=np.array([1.0, 0.2, 0.7]), ladder=ladder, result="x"
    )
    assert (
        of_state(state, "here", "more").splitlines()[0]
        == "σ/σ_0 = -0.3000 ± 0.01 here: negative, 30 errors from zero"
    )
    assert "rises with energy by up to 0.5; more" in of_state(state, "here", "more")


@pytest.fixture
def swept():
    omega, temperature = np.linspace(0.2, 0.8, 21), np.linspace(0.003, 0.03, 10)
    sigma = np.cos(6 * omega)[:, None] * (1 - 10 * temperature)
    about = {"long_name": "phonon energy", "symbol": "ω_p", "units": "W"}
    return xr.Dataset(
        {"sigma": (("phonon_energy", "temperature"), sigma, {"units": "1"}),
         "outcome": (("phonon_energy", "temperature"), np.zeros(sigma.shape, int))},
        {"phonon_energy": ("phonon_energy", omega, about), "temperature": temperature},
    )  # fmt: skip


def test_a_sweep_in_three_lines_and_its_figures(swept):
    lines = str(swept.nacjax).splitlines()
    assert lines[0].startswith("σ/σ_0: lowest -0.9693 at") and "phonon_energy = 0.53 W" in lines[0]
    assert (
        lines[1].startswith("σ < 0 at 180 of 210 points, phonon_energy 0.29 to 0.77")
        or "phonon_energy 0.29" in lines[1]
    )
    assert lines[2] == "all 210 points were computed"
    assert len(swept.nacjax.plot().collections) == 2  # a map and its contour
    assert len(swept.isel(temperature=[0, 1]).nacjax.plot().get_legend().get_texts()) == 2
    assert swept.isel(phonon_energy=3).nacjax.plot().get_xlabel() == "temperature"
    assert len(nj.plot(swept, x="temperature").get_lines()) == 22
    assert "<img" in swept.nacjax._repr_html_()
    for options, why in (({"x": "zeta"}, "x = 'zeta'"), ({"variable": "n"}, "variable = 'n'")):
        with pytest.raises(ValueError, match=why):
            swept.nacjax.plot(**options)
    failed = swept.assign(outcome=swept["outcome"] + 1, reason=swept["outcome"].astype(str))
    assert "210 of 210 points failed: 0" in str(failed.nacjax)
    doubtful = swept.assign(outcome=swept["outcome"] + UNSURE)
    assert "all 210 points were computed, 210 of them less surely than was asked for" in str(doubtful.nacjax)


def test_studies_show_what_they_found():
    quantity, time = {"quantity": ["a", "b"]}, {"time": [1.0, 2.0, 3.0]}
    one = xr.DataArray(2.0)
    bars = xr.DataArray([0.5, -1.0], quantity, ("quantity",))
    found = nj.Sensitivity(one, bars, bars, one, bars, "forward")
    assert [bar.get_width() for bar in found.plot().patches] == [1.0, -2.0]
    many = xr.DataArray(np.ones((2, 3)), {**quantity, **time}, ("quantity", "time"))
    line = xr.DataArray([1.0, 2.0, 3.0], time, ("time",))
    assert len(nj.Sensitivity(line, many, many, line, many, "forward").plot().get_lines()) == 3
    bars, one, trace = (array.expand_dims("trace") for array in (bars, one, line))
    fit = nj.Fit(bars, bars, bars, one, one, 1.1 * trace, trace, bars, bars, one)
    data, model = fit.plot().get_lines()[1:]
    np.testing.assert_allclose(model.get_ydata(), 1.1 * data.get_ydata())
    events = nj.Events(np.array([0.5, np.nan]), 2.0, 0.3, 1.0, 1.3, np.array(True), np.array(False))  # pyright: ignore
    assert [(bar.get_x(), bar.get_width()) for bar in events.plot().patches] == [
        (0.5, 2.0),
        (1.0, pytest.approx(0.3)),
    ]
