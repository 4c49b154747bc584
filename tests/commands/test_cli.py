"""The command line, in this process where that is possible."""

import json
import subprocess
import sys

import pytest
import xarray as xr

from nacjax.commands.main import main

SMALL = ["--plateau", "--points", "9", "--phonon-range", "0.51", "0.7", "--zeta", "5", "--cells", "16"]
K3C60 = ["--material", "k3c60"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sweep_writes_files_and_never_overwrites_silently(tmp_path, capsys):
    assert main(["sweep", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "μ − bottom = 0.5000 W" in out and "compiled in" in out and "ran 9 points" in out
    with xr.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as result:
        assert result["sigma"].shape == (9, 1) and result["phonon_energy"].attrs["units"] == "W"
        assert json.loads(result.attrs["configuration"])["mesh"]["cells"] == 16
    assert (tmp_path / "sweep.png").stat().st_size > 5000
    before = (tmp_path / "sweep.nc").read_bytes()

    assert main(["sweep", *SMALL]) == 0
    assert (tmp_path / "sweep-2.nc").exists() and (tmp_path / "sweep-2.png").exists()
    assert main(["sweep", *SMALL, "--output", "sweep.nc"]) == 2
    assert "sweep.nc exists" in capsys.readouterr().err
    assert (tmp_path / "sweep.nc").read_bytes() == before
    assert main(["sweep", *SMALL, "--output", "sweep.nc", "--force"]) == 0

    assert main(["info", "sweep.nc"]) == 0
    assert "9 phonon_energy × 1 zeta" in capsys.readouterr().out


def test_toml_gives_the_options_and_the_command_line_wins(tmp_path, capsys):
    text = "points = 9\nphonon-range = [0.51, 0.7]\nzeta = [5]\nplateau = true\ncells = 16\nfilling = 0.3\n"
    (tmp_path / "study.toml").write_text(text)
    assert main(["sweep", "study.toml", "--filling", "0.4"]) == 0
    with xr.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as result:
        assert json.loads(result.attrs["configuration"])["metal"]["filling"] == 0.4


def test_store_and_resume(capsys):
    assert main(["sweep", *SMALL, "--store", "run.zarr", "--chunk", "4"]) == 0
    assert main(["sweep", *SMALL, "--store", "run.zarr", "--chunk", "4"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main(["sweep", *SMALL, "--store", "run.zarr", "--chunk", "4", "--resume"]) == 0
    assert main(["info", "run.zarr"]) == 0
    assert "9 of 9 points done (3 of 3 chunks), 0 failed" in capsys.readouterr().out


def test_steady_shows_the_plateau_and_what_becomes_of_it(tmp_path, capsys):
    assert (
        main(["steady", "--points", "3", "--phonon-range", "0.52", "0.6", "--zeta", "20", "--cells", "32"])
        == 0
    )
    out = capsys.readouterr().out
    assert "3 of 3 points < 0" in out and "nowhere < 0" in out and "10/Γ_eph" in out
    with xr.open_dataset(tmp_path / "steady.nc", engine="h5netcdf") as result:
        assert float(result["plateau"].max()) < -0.3 and float(result["sigma"].min()) > 0.3
    assert (tmp_path / "steady.png").stat().st_size > 5000


def test_dry_run_and_more_axes(tmp_path, capsys):
    assert main(["sweep", *SMALL, "--vary", "temperature=0.003:0.03:10", "filling=0.4,0.5", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert (
        "180 points: 9 phonon_energy × 1 zeta × 10 temperature × 2 filling" in out and "1 compilations" in out
    )
    assert not list(tmp_path.iterdir())


def test_every_filling_has_its_own_chemical_potential_and_curve(tmp_path, capsys):
    from nacjax.figures import plot_sigma

    assert main(["sweep", *SMALL, "--vary", "filling=0.3,0.5"]) == 0
    out = capsys.readouterr().out
    assert "at filling = 0.5: μ − bottom = 0.5000 W" in out
    assert "at filling = 0.3: μ − bottom = 0.3" in out
    with xr.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as result:
        legend = plot_sigma(result).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["ζ = 5, ν = 0.3", "ζ = 5, ν = 0.5"]


def test_k3c60_takes_units(capsys):
    words = [
        *K3C60,
        "--temperature",
        "200 K",
        "--phonon-range",
        "125 meV",
        "450 meV",
        "--plateau",
        "--dry-run",
    ]
    assert main(["sweep", *words, "--vary", "inelastic_rate=0.1 meV/ps,1 meV/ps"]) == 0
    assert main(["sweep", *words, "--vary", "phonon_lifetime=1:5:3 ps"]) == 0
    assert "3 phonon_lifetime" in capsys.readouterr().out


BAD = [
    (["swep"], "no command 'swep'; did you mean 'sweep'?"),
    (["sweep", "--filling", "1.4"], "filling = 1.4 is not allowed: it must be between 0 and 1"),
    (["sweep", "--temperature", "-1"], "temperature = -1.0 is not allowed"),
    (["sweep", "--phonon-range", "0.5", "1.5"], "below 1"),
    (["sweep", "--phonon-range", "0.5", "0.2"], "phonon-range = 0.5 0.2"),
    (["sweep", "--points", "1"], "points = 1"),
    (["sweep", "--zeta", "-3"], "zeta = -3.0"),
    (["sweep", "--inelastic-rate", "-3"], "inelastic_rate = -3.0"),
    (["sweep", "--cells", "2"], "cells = 2"),
    (["sweep", "--rtol", "0"], "rtol = 0.0"),
    (["sweep", "--vary", "temprature=1,2"], "did you mean 'temperature'?"),
    (["sweep", "--vary", "temperature=a"], "vary = 'temperature=a'"),
    (["sweep", "--dos", "none.txt"], "none.txt: there is no such file"),
    (["sweep", "--output", "nowhere/x.nc"], "there is no folder 'nowhere'"),
    (["sweep", "--output", "fig.png"], "the figure goes beside it as .png; give --output fig.nc"),
    (["sweep", "--output", "fig.PDF"], "the figure goes beside it as .png; give --output fig.nc"),
    (["sweep", "--plateau", "--inelastic-rate", "0.1"], "inelastic-rate does nothing with --plateau"),
    (["search", "--inelastic-rate", "0.1"], "inelastic-rate does nothing without --time"),
    (["search", "--over", "zeta=1:5", "--zeta", "3"], "zeta does nothing under --over zeta="),
    (
        ["search", "--objective", "threshold_pump", "--zeta", "3"],
        "zeta does nothing with --objective threshold_pump",
    ),
    (
        ["search", "--landscape", "9", "--over", "filling=0.3:0.5", "phonon_energy=0.3:0.7", "zeta=1:5"],
        "landscape does nothing over more than two quantities",
    ),
    (["sweep", "--exponent", "4", "--material", "semi-ellipse"], "exponent does nothing with semi-ellipse"),
    (["sweep", "--plateau", "--time", "3"], "time does nothing with --plateau"),
    (["sweep", "--plateau", "--rtol", "1e-2"], "rtol does nothing with --plateau"),
    (["sweep", "--resume"], "resume does nothing without --store"),
    (["sweep", "--zeta", "3", "--vary", "zeta=1,2"], "zeta does nothing under --vary zeta="),
    (["sweep", "--vary", "filling=0.4,0.5", "--vary", "temperature=0.01,0.02"], "vary is given twice"),
    (["sweep", "--vary", "filling=0.4,0.5", "filling=0.3"], "'filling' is given twice"),
    (
        ["sweep", *K3C60, "--temperature", "0.0173"],
        "temperature = 0.0173 is not clear: 0.0173 could be '0.0173 K'",
    ),
    (["sweep", *K3C60, "--phonon-range", "0.2", "0.8"], "phonon_energy = 0.8 is not clear"),
    (["sweep", *K3C60, "--vary", "temperature=100:300:3"], "100 could be '100 K'"),
    (["sweep", *K3C60, "--time", "3"], "times = 3.0 is not clear"),
    (["sweep", *K3C60, "--electron-electron", "0.1"], "rate = 0.1 is not clear"),
    (["evolve", *K3C60, "--until", "3"], "until = 3.0 is not clear"),
    (["search", *K3C60, "--over", "temperature=100:300"], "100 could be '100 K'"),
    (["search", *K3C60, "--duration", "3"], "duration does nothing with a clamped pump"),
    (["sweep", "none.toml"], "none.toml: there is no such file"),
    (["steady", "--inelastic-rate", "0"], "inelastic_rate = 0 is not allowed with steady=True"),
    (["steady", "--phonon-range", "0.5", "0.2"], "phonon-range = 0.5 0.2"),
    (["info", "none.nc"], "none.nc: there is no such file"),
]


@pytest.mark.parametrize("words, message", BAD)
def test_bad_input_is_a_line_and_status_2(words, message, capsys, tmp_path):
    assert main(words) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words, message",
    [
        (["--material", "tin"], "material = 'tin' is not allowed: it must be one of flat-top,"),
        (["--points", "x"], "points = 'x' is not allowed: it must be a whole number"),
        (["--filling", "half"], "filling = 'half' is not allowed: it must be a number"),
        (["--fillling", "0.5"], "there is no option '--fillling'; did you mean '--filling'? known: "),
        (["study.tml"], "'study.tml' is not understood: options begin with --"),
    ],
)
def test_what_the_parser_refuses(words, message, capsys):
    assert main(["sweep", *words]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_bad_toml(tmp_path, capsys):
    for text, message in [
        ("filing = 0.3", "'filling'?"),
        ('output = "a\\u0000b.nc"', "'a\\x00b.nc' is not allowed: it holds a null character"),
        ("filling = ", "a.toml"),
        ("[zeta]\na=1", "is a table"),
    ]:
        (tmp_path / "a.toml").write_text(text)
        assert main(["sweep", "a.toml"]) == 2
        assert message in capsys.readouterr().err


def test_help_names_units(capsys):
    assert main(["--help"]) == 0 and "sweep" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["sweep", "--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert stopped.value.code == 0
    for words in ("(W)", "(1/Γ_eph)", "(W Γ_eph)", "(no unit)"):
        assert words in shown


def test_info_about_the_installation(capsys):
    assert main(["info"]) == 0
    assert "jax" in capsys.readouterr().out


@pytest.mark.slow
def test_python_m_nacjax_computes_fig_2a(tmp_path):
    command = [sys.executable, "-m", "nacjax", "sweep", "--points", "40", "--cells", "48"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with xr.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as result:
        sigma = result["sigma"].sel(zeta=20)
        quarter = sigma.sel(phonon_energy=slice(0.22, 0.32)).idxmin()
        half = sigma.sel(phonon_energy=slice(0.45, 0.56)).idxmin()
        assert 0.25 <= quarter <= 0.27 and 0.51 <= half <= 0.56
        assert float(sigma.min()) < -0.3
        # saturation: between ζ = 5 and 20 little happens
        assert float(abs(result["sigma"].sel(zeta=5) - sigma).max()) < 0.2


@pytest.mark.slow
def test_k3c60(tmp_path, capsys):
    options = [
        "--material",
        "k3c60",
        "--plateau",
        "--points",
        "40",
        "--phonon-range",
        "125 meV",
        "450 meV",
        "--zeta",
        "20",
    ]
    assert main(["sweep", *options, "--cells", "48"]) == 0
    out = capsys.readouterr().out
    assert "DoS minimum − μ" in out and "meV" in out
    with xr.open_dataset(tmp_path / "sweep.nc", engine="h5netcdf") as result:
        at = float(result["sigma"].sel(phonon_energy=0.34, method="nearest").squeeze())
        assert at == pytest.approx(-0.47, abs=0.06)


def test_a_width_gives_the_band_units(capsys):
    words = ["sweep", "--width", "0.6 eV", "--temperature", "20 K", "--phonon-range", "300 meV", "450 meV"]
    assert main([*words, "--plateau", "--dry-run", "--no-cache"]) == 0
    assert main([*words[:3], "--phonon-range", "0.3", "0.4", "--dry-run", "--no-cache"]) == 2
    assert "'0.4 meV'" in capsys.readouterr().err
    assert main([*words[:2], "-1 eV", "--dry-run", "--no-cache"]) == 2
    assert "width" in capsys.readouterr().err
    assert main([*words, *K3C60, "--dry-run", "--no-cache"]) == 2
    assert "width does nothing with k3c60" in capsys.readouterr().err


@pytest.mark.slow
def test_evolve_draws_both_runs_where_one_needs_more_cells(tmp_path):
    """At this temperature the run without a field is computed again, twice as finely, the other one is not."""
    assert main(["evolve", "--temperature", "1e-3", "--accuracy", "1e-4", "--thresholds", "0"]) == 0
    with xr.open_dataset(tmp_path / "evolve.nc", engine="h5netcdf") as result:
        assert result["occupation"].shape == result["occupation_tuned"].shape
