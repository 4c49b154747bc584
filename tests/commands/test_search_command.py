"""`nacjax search` and its figure."""

import json

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from nacjax import figures
from nacjax.commands.main import main
from nacjax.figures import plot_search

STUDY = 'over = ["phonon_energy=0.45:0.9", "filling=0.3:0.7"]\ncells = 24\nlandscape = 0\n'


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_a_study_file_gives_table_file_and_figure(tmp_path, capsys, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "plot_search", lambda *both: drawn.append(both[1]) or plot_search(*both))
    (tmp_path / "study.toml").write_text(STUDY)
    assert main(["search", "study.toml", "--seed", "3", "--landscape", "4"]) == 0
    (behind,) = drawn
    assert dict(behind.sizes) == {"phonon_energy": 4, "filling": 4}
    assert float(behind.sel(phonon_energy=0.6, filling=0.567, method="nearest")) < 0
    out = capsys.readouterr().out
    assert "minimum of conductivity σ/σ_0" in out and "Eq. (10) points" in out and "wrote search.nc" in out
    with xr.open_dataset(tmp_path / "search.nc", engine="h5netcdf") as result:
        about = json.loads(result.attrs["search"])
        assert about["best"]["filling"] == pytest.approx(0.5, abs=0.01) and about["value"] < -0.35
        assert "Eq. (10) points" in about["how"] and result["hessian"].shape == (2, 2)
        for names in (list(about["best"]), ["filling"], ["filling", "phonon_energy", "gradient_norm"]):
            about["best"] = {name: about["best"].get(name, 0.0) for name in names}
            again = result.assign_attrs(search=json.dumps(about))
            axes = plot_search(again)  # a plane, a curve, progress
            assert len(axes.get_lines()) >= 1
            plt.close("all")
    assert (tmp_path / "search.png").stat().st_size > 5000
    assert main(["search", "study.toml", "--output", "search.nc"]) == 2
    assert "search.nc exists" in capsys.readouterr().err


def test_the_landscape_lies_behind_the_paths():
    points = np.linspace(0.0, 1.0, 5)
    paths = np.array([[0.1, 0.4, np.nan], [0.9, 0.6, 0.5]])
    labels = {"long_name": "a", "units": "1"}
    about = {"best": {"a": 0.5, "b": 0.5}, "bounds": {"a": (0, 1), "b": (0, 1)}, "objective": "σ/σ_0"}
    about |= {"value": -1.0, "maximised": False}
    result = xr.Dataset(
        {"a": (("start", "step"), paths, labels), "b": (("start", "step"), paths, labels)},
        attrs={"search": json.dumps(about)},
    )
    landscape = xr.DataArray(np.add.outer(points, points) - 1, {"a": points, "b": points}, ("a", "b"))
    axes = plot_search(result, landscape)
    assert axes.get_xlim() == (0, 1) and len(axes.collections) >= 2  # mesh and the line σ = 0
    star = axes.get_lines()[-1]
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (0.5, 0.5)
    plt.close("all")


BAD = [
    (["--over", "filling"], "over = 'filling' is not allowed: it must be name=low:high"),
    (["--over", "filling=0.1:2"], "between 0 and 1"),
    (["--over", "filing=0.1:0.2"], "did you mean 'filling'?"),
    (["--over", "zeta=0:2:log"], "bounds above 0"),
    (["--objective", "nac_lifetime"], "needs times="),
    (["--seed", "two"], "seed = 'two' is not allowed: it must be a whole number"),
    (["--over", "filling=0.9:0.1"], "filling = (0.9, 0.1) is not allowed"),
    (["--landscape", "-2"], "landscape = -2 is not allowed: it must be 0 or more"),
    (["--seed", "-1"], "seed = -1 is not allowed"),
    (["--time", "5", "--rtol", "0"], "rtol = 0.0 is not allowed: it must be positive"),
    (["--objektive", "sigma"], "there is no option '--objektive'; did you mean '--objective'?"),
]


@pytest.mark.parametrize("words, message", BAD)
def test_bad_input_is_a_line_and_status_2(words, message, capsys, tmp_path):
    assert main(["search", *words]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_plateau_stands_for_a_run(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(STUDY + 'time = 1.5\npump = "gaussian"\n')
    words = ["search", "study.toml", "--over", "phonon-energy=0.5:0.8", "--cells", "12"]
    assert main(words) == 0
    assert "first on the plateau" in capsys.readouterr().out
    with xr.open_dataset(tmp_path / "search.nc", engine="h5netcdf") as result:
        found = plot_search(result).get_legend().get_texts()
        assert [text.get_text() for text in found] == [
            "by the plateau",
            "by the run",
            "optimum",
        ]
        assert int(np.isfinite(result["best"]).sum()) == 1  # the one that runs have polished
        plt.close("all")
