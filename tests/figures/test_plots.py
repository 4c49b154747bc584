"""Figures: what is on the axes, not how it looks."""

import matplotlib

matplotlib.use("agg")

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from nacjax.figures.draw import plot_sigma, subscripts
from nacjax.studies.commensurate import Landmark, commensurate, dips, minima


@pytest.fixture
def dataset():
    omega = np.linspace(0.2, 0.8, 61)
    sigma = np.cos(6 * omega)[:, None] / np.array([1.0, 2.0])
    return xr.Dataset(
        {"sigma": (("phonon_energy", "zeta"), sigma, {"long_name": "conductivity σ/σ_0", "units": "1"})},
        {
            "phonon_energy": (
                "phonon_energy",
                omega,
                {"long_name": "phonon energy", "symbol": "ω_p", "units": "W"},
            ),
            "zeta": ("zeta", [1.0, 20.0], {"symbol": "ζ"}),
        },
        {"landmarks": json.dumps([["μ − bottom", 0.5], ["top − μ", 0.5]])},
    )


def test_plot_sigma(dataset, tmp_path):
    axes = plot_sigma(dataset)
    legend = axes.get_legend()
    assert legend is not None and [t.get_text() for t in legend.get_texts()] == ["ζ = 1", "ζ = 20"]
    assert axes.get_xlabel() == r"phonon energy $\mathrm{ω_{p}}$ (W)"
    assert axes.get_ylabel() == r"conductivity σ/$\mathrm{σ_{0}}$"
    assert {text.get_text() for text in axes.texts} == {"0.25", "0.5"}
    axes.get_figure().savefig(tmp_path / "sigma.png")
    plt.close("all")


def test_plot_sigma_on_given_axes_with_one_or_many_axes(dataset):
    _, axes = plt.subplots()
    assert plot_sigma(dataset.isel(zeta=0), axes) is axes and axes.get_legend() is None
    many = dataset.expand_dims(filling=[0.4, 0.5])
    assert len(plot_sigma(many).get_lines()) >= 3
    plt.close("all")
    with pytest.raises(ValueError, match="phonon_energy"):
        plot_sigma(dataset.drop_vars("sigma"))


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


def test_pulse_without_threshold_fields():
    from nacjax.figures.draw_pulse import draw_field

    _, axes = plt.subplots()
    draw_field(axes, xr.Dataset({"field_tuned": ("time", [0.0, 2.0])}, {"time": [0.0, 1.0]}))
    assert [line.get_label() for line in axes.get_lines()] == ["self-tuned field"]
    plt.close("all")
