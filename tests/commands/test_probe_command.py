"""`nacjax probe`: what it refuses, a small study in files and on again from its store, observations as data."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nacjax.commands.main import main
from nacjax.commands.probe import Probe
from nacjax.studies.probe.observations import OBSERVATIONS, longest
from nacjax.studies.probe.reading import _last_zero

SMALL = """
durations = ["1 ps", "100 ps"]
temperatures = ["100 K"]
phonon-energies = ["170 meV"]
electron-electron = ["0 / ps"]
fluence = [0.4, 50.0]
fluences = 16
transport = ["constant", "band"]
frequencies = ["2 meV", "30 meV"]
points = 12
cells = 12
rtol = 1e-2
"""


@pytest.mark.parametrize(
    "options, message",
    [
        (["--resume"], "resume does nothing without --store"),
        (["--durations"], r"durations = \[\] is not allowed"),
        (["--durations", "1 ps", "1 ps"], "durations = .* different"),
        (["--frequencies", "0 meV"], "frequencies = .*positive values"),
        (["--frequencies", "2 nm^2"], "frequencies = '2 nm\\^2' is not allowed: it must be an energy"),
        (["--transport-time", "0 fs"], "transport_time = '0 fs' is not allowed"),
        (["--fluence", "5", "1"], "fluence = .* 0 < low < high"),
        (["--penetration-depth", "-5 nm"], "penetration_depth = '-5 nm' is not allowed"),
        (["--electron-electron", "1 ps"], "electron_electron = '1 ps' is not allowed|rate"),
    ],
)
def test_refusals(options, message, capsys):
    assert main(["probe", *options]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said) and said.count("\n") == 1


def test_the_shipped_study_is_that_without_options():
    options = tomllib.loads((Path(__file__).parents[2] / "notebooks" / "probe.toml").read_text())
    default = Probe()
    for name, value in options.items():
        known = getattr(default, name.replace("-", "_"))
        assert (list(known) if isinstance(known, tuple) else known) == value
    study = default.study()
    assert study.step < 1 / 3 and len(study.points()) < 2500
    np.testing.assert_allclose(study.grid[[0, study.fluences - 1]], (50.0, 0.1))
    # a layer s below the surface is pumped as the surface at the next fluence
    assert study.widths[1] == pytest.approx(study.penetration_depth * np.log(study.grid[0] / study.grid[1]))


def test_last_zero():
    times = np.array([1.0, 10.0, 100.0])
    found = _last_zero(times, np.array([[1, -1, 1], [1, 1, 1], [1, -1, -1], [-1, 1, 1]], float))
    np.testing.assert_allclose(found, [10**1.5, 0.0, 100.0, 10**0.5])


@pytest.mark.parametrize("entry", OBSERVATIONS, ids=lambda entry: entry.name)
def test_an_observation_is_judged_by_its_number(entry):
    assert entry.judge(float("nan"))[0] == "cannot say" and entry.judge(float("nan"))[1]
    assert re.search(r"arXiv:\d{4}\.\d{5}|doi:10", entry.source)
    if entry.high > entry.low:
        inside = entry.low + 1 if np.isfinite(entry.low) else entry.high - 1
        outside = entry.high + 1 if np.isfinite(entry.high) else entry.low - 1
        assert entry.judge(inside)[0] == "fits" and entry.judge(outside)[0] == "contradicts"


def test_a_lifetime_that_the_last_time_cuts_off_is_not_judged_by_it():
    def study(until, cut):
        cases = ("phonon_energy", "electron_electron", "duration")
        values = {"until": until, "after": np.array(until) - np.array([1.0, 10.0]), "cut": cut}
        data = {name: (cases, np.reshape(x, (1, 1, 2))) for name, x in values.items()}
        return xr.Dataset(
            data, {"phonon_energy": [170.0], "electron_electron": [0.0], "duration": [1.0, 10.0]}
        )

    assert longest(study([5.0, 40.0], [False, False])) == 30.0
    assert longest(study([5.0, 1e4], [False, True])) == np.inf
    assert np.isnan(longest(study([5.0, 40.0], [False, True])))


@pytest.mark.slow
def test_a_small_study_and_the_same_from_its_store(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("study.toml").write_text(SMALL)
    assert main(["probe", "study.toml", "--store", "p.zarr"]) == 0
    said = capsys.readouterr().out
    assert "S/cm" in said and "assumed" in said and "E*, 170 meV" in said
    assert all(entry.source in said for entry in OBSERVATIONS) and "**cannot say**" in said
    with xr.open_dataset("probe.nc", engine="h5netcdf") as result:
        result = result.load()
    assert Path("probe.png").stat().st_size > 10_000 and result.attrs["failed"] == 0
    lowest = result["lowest"].sel(transport="constant").sel(duration=1.0, method="nearest").squeeze()
    assert float(lowest[0]) < 0 < float(lowest[-1])  # fluences fall
    assert np.all(result["until"].where(result["lowest"] >= 0, 0) == 0)
    assert set(result["verdict"].to_numpy().ravel()) <= {"fits", "contradicts", "cannot say"}
    assert float(result["threshold_field"].max()) > 0
    assert main(["probe", "study.toml", "--store", "p.zarr", "--output", "again.nc"]) == 2
    assert main(["probe", "study.toml", "--store", "p.zarr", "--output", "again.nc", "--resume"]) == 0
    with xr.open_dataset("again.nc", engine="h5netcdf") as again:
        for name in ("lowest", "layered", "read_real", "threshold_field"):
            np.testing.assert_array_equal(again[name], result[name])
