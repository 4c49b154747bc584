"""Figures of results: what is on the axes, not how it looks."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from nacjax.figures import plot_fluence, plot_map, plot_sigma, plot_steady
from nacjax.figures.pulse import draw_fields, smooth_threshold
from nacjax.figures.style import mark_top, subscripts
from nacjax.studies.commensurate import Landmark, commensurate, dips, minima


@pytest.fixture
def dataset():
    omega = np.linspace(0.2, 0.8, 61)
    sigma = np.cos(6 * omega)[:, None] / np.array([1.0, 2.0])
    about = {"long_name": "phonon energy", "symbol": "ω_p", "units": "W"}
    return xr.Dataset(
        {"sigma": (("phonon_energy", "zeta"), sigma, {"long_name": "conductivity σ/σ_0", "units": "1"})},
        {"phonon_energy": ("phonon_energy", omega, about), "zeta": ("zeta", [1.0, 20.0], {"symbol": "ζ"})},
        {"landmarks": json.dumps([["μ − bottom", 0.5], ["top − μ", 0.5]])},
    )


def words(ax):
    """What the legend says."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


def top_labels(ax):
    """Labels over the frame."""
    (top,) = ax.child_axes
    return [text.get_text() for text in top.get_xticklabels()]


def test_plot_sigma(dataset, tmp_path):
    axes = plot_sigma(dataset)
    assert words(axes) == ["ζ = 1", "ζ = 20"]
    assert axes.get_xlabel() == r"phonon energy $\mathrm{ω_{p}}$ (W)"
    assert axes.get_ylabel() == r"conductivity σ/$\mathrm{σ_{0}}$"
    assert top_labels(axes) == ["0.25", "0.5"] and "band edge" in axes.child_axes[0].get_xlabel()
    axes.get_figure().savefig(tmp_path / "sigma.png")


def test_plot_sigma_on_given_axes_with_one_or_many_axes(dataset):
    _, axes = plt.subplots()
    assert plot_sigma(dataset.isel(zeta=0), axes) is axes and axes.get_legend() is None
    many = dataset.expand_dims(filling=[0.4, 0.5])
    assert len(plot_sigma(many).get_lines()) >= 3
    warm = dataset.rename(zeta="temperature")
    warm["temperature"].attrs.update(symbol="T", units="W")
    assert words(plot_sigma(warm)) == ["T = 1 W", "T = 20 W"]
    with pytest.raises(ValueError, match="phonon_energy"):
        plot_sigma(dataset.drop_vars("sigma"))


def test_labels_that_would_meet_stand_on_two_rows():
    _, axes = plt.subplots()
    mark_top(axes, [0.1, 0.3, 0.31], ["0.1", "0.3", "0.31"], "places")
    assert top_labels(axes) == ["0.1", "0.3", "0.31\n"]
    assert len(axes.get_lines()) == 3


def test_plot_steady_names_both_kinds_of_line(dataset):
    axes = plot_steady(dataset.assign(plateau=dataset["sigma"] - 0.2))
    assert words(axes) == ["ζ = 1", "ζ = 20", "steady state", "plateau before it"]
    with pytest.raises(ValueError, match="plateau"):
        plot_steady(dataset)


def test_map_shows_both_signs_at_full_depth(dataset):
    axes = plot_map(dataset, "phonon_energy", "zeta")
    norm = axes.collections[0].norm
    assert (
        norm(float(dataset["sigma"].min())) == 0
        and norm(0.0) == 0.5
        and norm(float(dataset["sigma"].max())) == 1
    )
    assert len(axes.collections) == 2  # map and the line σ = 0
    assert len(plot_map(abs(dataset) + 1, "phonon_energy", "zeta").collections) == 1
    with pytest.raises(ValueError, match="axes zeta and filling"):
        plot_map(dataset, "zeta", "filling")


def test_plot_fluence_reads_the_sign():
    lowest = np.linspace(-0.4, 0.4, 5)[:, None, None, None] * np.ones((1, 2, 2, 1))
    result = xr.Dataset(
        {
            "lowest": (
                ("fluence", "phonon_energy", "temperature", "transport"),
                lowest,
                {"long_name": "lowest σ/σ_0"},
            ),
            "negative_cut": (("fluence", "phonon_energy", "temperature", "transport"), lowest < -0.3),
        },
        {
            "fluence": ("fluence", [0.4, 1, 2, 4, 8.0], {"units": "mJ/cm²"}),
            "phonon_energy": ("phonon_energy", [41.0, 170.0], {"units": "meV"}),
            "temperature": ("temperature", [100.0, 300.0], {"units": "K"}),
            "transport": ["constant"],
        },
    )
    figure = plot_fluence(result)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "41 meV", "170 meV", "100 K", "300 K", "σ < 0 at the last time still", "too close to zero to be decided",
    ]  # fmt: skip
    assert figure.axes[0].get_yscale() == "asinh"


def test_subscripts():
    assert subscripts("ω_p and Γ_eph") == r"$\mathrm{ω_{p}}$ and $\mathrm{Γ_{eph}}$"


def test_minima_and_commensurate_energies():
    omega = np.linspace(0.0, 1.0, 41)
    (place,) = minima(omega, (omega - 0.511) ** 2)
    assert place.phonon_energy == pytest.approx(0.511) and place.sigma == pytest.approx(0, abs=1e-12)
    marks = commensurate([Landmark("a", 0.6), Landmark("b", 0.3)], 0.2, 0.8)
    assert [(m.name, m.distance) for m in marks] == [
        ("(a)/3", pytest.approx(0.2)),
        ("(a)/2 = b", 0.3),
        ("a", 0.6),
    ]
    with_gap = np.where(omega > 0.9, np.nan, (omega - 0.5) ** 2)
    assert len(minima(omega, with_gap)) == 1


def test_dips_agree_with_scipy():
    from scipy.signal import find_peaks

    rng = np.random.default_rng(3)
    for _ in range(20):
        values = np.convolve(rng.normal(size=80), np.ones(5) / 5, mode="valid")
        assert dips(values, 0.3) == find_peaks(-values, prominence=0.3)[0].tolist()


@pytest.fixture
def pulsed():
    time = np.linspace(0, 10, 101)
    known = np.arange(1.0, 11.0)
    strength = np.where(known < 8.5, 9 - known, np.nan)
    names = {"threshold_field": strength, "omega_e": 0.1 * strength}
    return xr.Dataset(
        {name: ("threshold_time", values) for name, values in names.items()}
        | {"field_tuned": ("time", np.where((time > 0.35) & (time < 1.05), 20.0, 0.0))},
        {"time": time, "threshold_time": known},
        {"crossings": np.array([0.4, 9.0, np.nan])},
    )


def test_threshold_field_is_smooth_from_and_to_zero(pulsed):
    times, field, response = smooth_threshold(pulsed)
    assert np.isnan(field[times < 0.4]).all() and np.isnan(field[times > 9.0]).all()
    known = np.isfinite(field)
    assert times[known][0] == 0.4 and times[known][-1] == 9.0 and known.sum() > 300
    assert field[known][0] == 0 == field[known][-1] and field[known].max() <= 8
    np.testing.assert_allclose(np.interp(5.0, times[known], field[known]), 4.0, atol=0.01)
    np.testing.assert_allclose(response[known], 0.1 * field[known], atol=1e-12)


def test_both_fields_can_be_read(pulsed):
    _, axes = plt.subplots()
    draw_fields(axes, pulsed)
    early, late = axes.child_axes
    assert early.get_xlim() == pytest.approx((0, 1.3 * 1.1)) and late.get_xlim() == pytest.approx(
        (1.3 * 1.1, 10)
    )
    assert words(axes) == [r"threshold field $\mathcal{E}$*", "self-tuned field"]


def test_pulse_without_threshold_fields():
    _, axes = plt.subplots()
    draw_fields(axes, xr.Dataset({"field_tuned": ("time", [0.0, 2.0])}, {"time": [0.0, 1.0]}))
    assert words(axes) == ["self-tuned field"] and len(axes.child_axes) == 1
