"""The figures of the paper: names, claims, files; small and coarse."""

import matplotlib

matplotlib.use("agg")

import numpy as np
import pytest
import xarray as xr

from nacjax.commands.figures import Figures, save
from nacjax.commands.main import main
from nacjax.figures import DESCRIPTIONS, claims, registry, select, summary
from nacjax.figures.beyond import filling_map, pump_map, threshold_pump
from nacjax.figures.fig1 import compute as fig1
from nacjax.figures.fig3 import compute as fig3
from nacjax.figures.parts import Claim, Quality, grid, largest_rise

COARSE = Quality(cells=24, points=16, rtol=1e-2)


def quiet(text: str) -> None:
    """No progress lines."""


def test_select():
    assert select(["fig2"]) == ["fig2a", "fig2b", "fig2c", "fig2d", "fig2e"]
    assert select(["fig1a", "fig1a"]) == ["fig1a"] and select([]) == list(DESCRIPTIONS)
    with pytest.raises(ValueError, match="no figure 'fig2z'; did you mean 'fig2"):
        select(["fig2z"])


def test_command_complains_before_it_computes(tmp_path, capsys):
    assert main(["figures", "--list"]) == 0 and "fig3b" in capsys.readouterr().out
    assert main(["figures", "--only", "figg1a", "--out", str(tmp_path)]) == 2
    assert "did you mean 'fig1a'" in capsys.readouterr().err
    (tmp_path / "fig1a.nc").touch()
    assert main(["figures", "--only", "fig1a", "--out", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["figures", "--out", str(tmp_path / "fig1a.nc")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_panel_in_three_files_and_a_row_of_the_table(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(registry, "QUICK", COARSE)
    Figures(only=("fig1a",), out=tmp_path / "new", quick=True).run()
    out = capsys.readouterr().out
    assert {p.name for p in (tmp_path / "new").iterdir()} == {
        "fig1a.nc",
        "fig1a.png",
        "fig1a.pdf",
        "claims.md",
    }
    with xr.open_dataset(tmp_path / "new" / "fig1a.nc", engine="h5netcdf") as panel:
        assert panel["occupation"].attrs["long_name"] and "filling" in panel.attrs["configuration"]
        energy, f = panel["energy"], panel["occupation"]
        assert np.all(np.diff(energy) > 0) and 0 <= f.min() and f.max() <= 1
        assert float(f.interp(energy=-0.02)) > 0.6 > 0.4 > float(f.interp(energy=0.02))
    assert "**agrees**" in out and (tmp_path / "new" / "claims.md").read_text().count("\n") in (3, 4)


def test_maps_and_threshold_pump_agree(tmp_path):
    fillings, pumps, threshold = filling_map(COARSE), pump_map(COARSE), threshold_pump(COARSE)
    assert float(fillings["sigma"].interp(filling=0.5, phonon_energy=0.6)) < -0.2
    symmetric = fillings["sigma"] - fillings["sigma"][::-1].to_numpy()
    assert float(abs(symmetric).max()) < 0.02
    weakest = float(threshold["threshold"][0].interp(temperature=0.003))
    column = pumps["sigma"].interp(phonon_energy=0.53).interp(zeta=[0.7 * weakest, 1.4 * weakest])
    assert column[0] > 0 > column[1]
    assert float(threshold["threshold"][0, 20]) > weakest
    for name, panel in (("filling_map", fillings), ("pump_map", pumps), ("threshold_pump", threshold)):
        assert all(path.stat().st_size > 1000 for path in save(name, panel, tmp_path))


def test_a_claim_that_fails_is_said_to_differ():
    assert Claim.check("fig1a", "σ | f", "σ > 0", False).verdict == "differs"
    table = summary([Claim.check("fig1a", "σ | f", "σ > 0", np.bool_(True))])
    assert "σ \\| f" in table and "**agrees**" in table
    panels = fig1(["fig1a"], COARSE, quiet)
    flat = panels["fig1a"].assign(occupation=panels["fig1a"]["equilibrium"])
    assert claims(panels)[0].verdict == "agrees" and claims({"fig1a": flat})[0].verdict == "differs"


def test_parts():
    table = grid(zeta=[1, 2], phonon_energy=[0.3, 0.4, 0.5], filling=0.5)
    assert table["zeta"].tolist() == [1, 1, 1, 2, 2, 2] and set(table["filling"]) == {0.5}
    assert largest_rise(np.array([1.0, 0.2, 0.5, 0.4])) == pytest.approx(0.3)


@pytest.mark.slow
def test_fig3_coarse(tmp_path):
    panels = fig3(["fig3a", "fig3c"], COARSE, quiet)
    assert [claim.verdict for claim in claims(panels)] == ["agrees"] * 4
    for name, panel in panels.items():
        assert all(path.exists() for path in save(name, panel, tmp_path))
