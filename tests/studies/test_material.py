"""The study of a real metal from one TOML file, and the transport laws side by side."""

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nacjax as nj
from nacjax.commands.main import main
from nacjax.figures import plot_transport
from nacjax.studies import fluence
from nacjax.studies.fluence import time_below_zero, verdict

STUDY = """
phonon-energies = ["170 meV"]
temperatures = ["300 K"]
fluences = ["0.4 mJ/cm^2", "8 mJ/cm^2"]
points = 8
cells = 24
rtol = 1e-2
"""


def test_k3c60_from_a_file(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(STUDY)
    output = tmp_path / "k3c60.nc"
    assert main(["material", str(tmp_path / "study.toml"), "--output", str(output)]) == 0
    said = capsys.readouterr().out
    assert "transfer integrals of Nomura" in said
    # at 8 mJ/cm² the sign depends on the transport law: for that of the band σ is hardly negative
    assert "transport constant: σ < 0 at 1 of 2 points; lowest σ/σ_0 = -0.35" in said
    assert "transport band: σ < 0 at 1 of 2 points; lowest σ/σ_0 = -0.01" in said
    assert output.with_suffix(".png").stat().st_size > 10_000
    with xr.open_dataset(output) as result:
        np.testing.assert_allclose(result["fluence"], [0.4, 8], rtol=1e-9)
        np.testing.assert_allclose(result["phonon_energy"], [170], rtol=1e-9)
        assert result["phonon_energy"].attrs["units"] == "meV" and result["temperature"].attrs["units"] == "K"
        np.testing.assert_allclose(result["zeta0"], [[0.4 * 2.65, 8 * 2.65]], rtol=1e-3)
        lowest = result["lowest"].sel(transport="constant").squeeze()
        assert float(lowest[1]) == pytest.approx(-0.33, abs=0.05) and float(lowest[0]) > 0.5
        assert verdict(result)[0].startswith("transport constant: σ < 0")


def test_the_shipped_study_is_the_one_that_is_asked_for():
    import tomllib

    study = tomllib.loads((Path(__file__).parents[2] / "notebooks" / "k3c60.toml").read_text())
    assert study["phonon-energies"] == ["41 meV", "71 meV", "117 meV", "170 meV"]
    assert study["temperatures"] == ["100 K", "300 K"]
    assert (study["fluences"][0], study["fluences"][-1]) == ("0.4 mJ/cm^2", "50 mJ/cm^2")


@pytest.mark.parametrize(
    "options, message",
    [
        (["--fluences", "3 mJ"], "fluences = '3 mJ' is not allowed: it must be an energy per area"),
        (["--fluences", "1 mJ/cm^2", "-1 mJ/cm^2"], r"fluences = '-1 mJ/cm\^2' .*must be positive"),
        (
            ["--temperatures", "100"],
            "temperatures = '100' .*a temperature or an energy, .*a number without unit",
        ),
        (["--temperatures"], r"temperatures = \[\] .*at least one"),
        (["--phonon-energies", "41 K"], r"phonon_energies = '41 K' .*an energy, such as.*\[temperature\]"),
        (["--phonon-energies", "600 meV"], "band width = 1.2.* below 1"),
        (["--until", "0 ps"], "until = '0 ps' is not allowed: it must be positive"),
        (["--time-unit", "-1 ps"], "time_unit = '-1 ps' is not allowed"),
        (["--material", "k3c61"], "there is no option '--material'"),
        (["--window", "0", "1"], "window is not allowed without dos"),
        (["--dos", "nowhere.txt"], "nowhere.txt: there is no such file"),
        (["study.toml"], "study.toml: 'phonon-energie' is no option; did you mean 'phonon_energies'"),
        (["--transport", "drude"], "transport = 'drude' is not allowed: it must be one of constant, band"),
        (["--until", "5 nm"], "until = '5 nm' is not allowed: it must be a time"),
        (["--temperatures", "100 K", "100 K"], "temperatures = .* different values"),
        (["--dos", "band.txt"], "cell-volume is needed"),
        (["--dos", "band.txt", "--cell-volume", "100 angstrom^3"], "filling is needed"),
    ],
)
def test_refusals(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    Path("band.txt").write_text("0 0\n0.5 1\n1 0\n")
    Path("study.toml").write_text('phonon-energie = ["41 meV"]\n')
    assert main(["material", *options]) == 2
    err = capsys.readouterr().err
    assert re.search(message, err) and err.count("\n") == 1


def test_a_metal_from_a_file(tmp_path):
    from nacjax.commands.material import Material

    (tmp_path / "band.txt").write_text("0 0\n0.25 1\n0.75 1\n1.0 0\n")
    command = Material(
        dos=tmp_path / "band.txt", filling=0.4, cell_volume="100 angstrom^3", states_per_mode=2.0
    )
    metal = command.metal()
    assert float(metal.temperature) == pytest.approx(8.617333e-5 * 100, rel=1e-6)
    assert float(metal.phonon_energy) == pytest.approx(0.041) and float(metal.filling) == 0.4
    assert "band.txt (table): a band of 0.75 states" in str(metal)


def test_one_run_serves_all_laws():
    """σ of a law from a run under another one, in one sweep, and by the metal's own."""
    axes = {"phonon_energy": [0.52, 0.55]}
    laws = nj.transport_laws("constant", "hard_sphere")
    together = nj.sweep(nj.trial(), nj.Clamped(20.0), axes=axes, plateau=True, cells=24, observe=laws)
    for law in ("hard_sphere",):
        alone = nj.sweep(nj.trial(transport=law), nj.Clamped(20.0), axes=axes, plateau=True, cells=24)
        np.testing.assert_allclose(together[law], alone["sigma"], rtol=1e-12)
    assert abs(together["constant"] - together["hard_sphere"]).max() > 0.01
    axes = plot_transport(together)
    assert len(axes.lines) == 3 and axes.get_legend().get_texts()[0].get_text() == "⟨v²⟩τ constant"
    with pytest.raises(ValueError, match="transport = 'drude'"):
        nj.transport_laws("drude")


@pytest.mark.parametrize(
    "sigma, cut", [([1.0, -1.0, 1.0], False), ([1.0, 1.0, -1.0], True), ([-1.0, 1.0, 1.0], True)]
)
def test_times_that_the_saved_ones_cut_off(monkeypatch, sigma, cut):
    metal = nj.k3c60()
    axes = {"phonon_energy_zeta0": [0], "temperature": [float(metal.temperature)], "time": [1.0, 2.0, 3.0]}
    swept = xr.Dataset(
        {"constant": (tuple(axes), np.array([[sigma]])), "outcome": (tuple(axes)[:2], [[0]])}, axes
    )
    swept["phonon_energy"] = float(metal.phonon_energy)
    for name in ("phonon_energy", "temperature", "time"):
        swept[name].attrs["units"] = name
    monkeypatch.setattr(fluence, "sweep", lambda *_, **__: swept)
    given = {"phonon_energies": ["170 meV"], "temperatures": ["100 K"], "fluences": ["1 mJ/cm^2"]}
    times, laws = ["1 ps", "2 ps", "3 ps"], ("constant",)
    found = fluence.pumped(metal, nj.ExponentialPulse(1.0, 0.3), times=times, transports=laws, **given)
    assert bool(found["negative_cut"].all()) == cut == ("at least" in fluence.verdict(found)[0])


def test_time_below_zero():
    times = np.array([1.0, 2.0, 4.0])
    sigma = np.array([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0], [0.5, 0.5, 0.5]])
    np.testing.assert_allclose(time_below_zero(times, sigma), [2.5, 0.5, 0.0])
