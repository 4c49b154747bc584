"""The figures of the paper: names, claims, files; small and coarse."""

import numpy as np
import pytest
import xarray as xr

from nacjax.commands.figures import Figures, save
from nacjax.commands.main import main
from nacjax.figures import DESCRIPTIONS, claims, draw, registry, select, summary
from nacjax.figures.claim import Claim, similar
from nacjax.figures.parts import grid, largest_rise


def verdicts(*names_and_panels):
    """Verdicts of the claims about panels."""
    return [claim.verdict for claim in claims(dict(names_and_panels))]


def test_select():
    assert select(["fig2"]) == ["fig2a", "fig2b", "fig2c", "fig2d", "fig2e"]
    assert select(["fig1a", "fig1a"]) == ["fig1a"] and select([]) == list(DESCRIPTIONS)
    with pytest.raises(ValueError, match="no figure 'fig2z'; did you mean 'fig2"):
        select(["fig2z"])


def test_every_figure_is_computed_once():
    together = [figure for group in registry.TOGETHER for figure in group]
    assert sorted(f.__name__ for f in together) == sorted(f.__name__ for f in registry.FIGURES)


def test_command_complains_before_it_computes(tmp_path, capsys):
    assert main(["figures", "--list"]) == 0 and "fig3b" in capsys.readouterr().out
    assert main(["figures", "--only", "figg1a", "--out", str(tmp_path)]) == 2
    assert "did you mean 'fig1a'" in capsys.readouterr().err
    (tmp_path / "fig1a.nc").touch()
    assert main(["figures", "--only", "fig1a", "--out", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["figures", "--out", str(tmp_path / "fig1a.nc")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_panel_in_three_files_and_a_row_of_the_table(coarse, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(registry, "QUICK", coarse)
    Figures(only=("fig1a",), out=tmp_path / "new", quick=True).run()
    out, table = capsys.readouterr().out, (tmp_path / "new" / "claims.md").read_text()
    names = {p.name for p in (tmp_path / "new").iterdir()}
    assert names == {"fig1a.nc", "fig1a.png", "fig1a.pdf", "claims.md"}
    with xr.open_dataset(tmp_path / "new" / "fig1a.nc", engine="h5netcdf") as panel:
        assert panel["occupation"].attrs["long_name"] and "filling" in panel.attrs["configuration"]
        energy, f = panel["energy"], panel["occupation"]
        assert np.all(np.diff(energy) > 0) and 0 <= f.min() and f.max() <= 1
        assert float(f.interp(energy=-0.02)) > 0.6 > 0.4 > float(f.interp(energy=0.02))
    assert "**agrees**" in out and table.count("| fig1a |") == 1 and "factor of √10" in table


def test_maps_and_threshold_pump_agree(computed):
    fillings, pumps, threshold = (computed(name) for name in ("filling_map", "pump_map", "threshold_pump"))
    assert float(fillings["sigma"].interp(filling=0.5, phonon_energy=0.6)) < -0.2
    symmetric = fillings["sigma"] - fillings["sigma"][::-1].to_numpy()
    assert float(abs(symmetric).max()) < 0.02
    weakest = float(threshold["threshold"][0].interp(temperature=0.003))
    column = pumps["sigma"].interp(phonon_energy=0.53).interp(zeta=[0.7 * weakest, 1.4 * weakest])
    assert column[0] > 0 > column[1]
    assert float(threshold["threshold"][0, 20]) > weakest


@pytest.mark.parametrize(
    "name", ["fig1a", "fig1c", "fig2e", "filling_map", "pump_map", "threshold_pump", "transport"]
)
def test_a_panel_draws_and_explains_its_lines(name, computed, tmp_path):
    assert all(path.stat().st_size > 1000 for path in save(name, computed(name), tmp_path))
    ax = draw(name, computed(name))
    assert ax.get_xlabel() and ax.get_ylabel()
    dotted = [line for line in ax.get_lines() if line.get_linestyle() == ":"]
    legend = ax.get_legend()
    explained = legend is not None and any(":" in line.get_linestyle() for line in legend.get_lines())
    assert not dotted or explained or ax.child_axes, "dotted lines without a word"


def test_claims_are_judged_as_a_referee_would():
    def verdict(holds, **options):
        return Claim.check("fig1a", "σ | f", "σ > 0", holds, **options).verdict

    assert verdict(np.bool_(True)) == "agrees" and verdict(False) == "differs"
    assert verdict(False, sign=True) == "agrees in sign only" and verdict(True, sign=True) == "agrees"
    assert similar(3.0, 1.0) and similar(1.0, 3.0) and not similar(3.5, 1.0)
    assert "σ \\| f" in summary([Claim("fig1a", "σ | f", "σ > 0", "agrees")])


def test_a_distribution_without_inversion_differs(computed):
    panel = computed("fig1a")
    assert verdicts(("fig1a", panel)) == ["agrees"]
    assert verdicts(("fig1a", panel.assign(occupation=panel["equilibrium"]))) == ["differs"]


def test_transport_laws_agree_in_sign_only(computed):
    panel = computed("transport")
    assert verdicts(("transport", panel)) == ["agrees in sign only"]
    same = panel.assign(impurity=panel["constant"], hard_sphere=panel["constant"])
    assert verdicts(("transport", same)) == ["agrees"]
    assert verdicts(("transport", panel.assign(impurity=abs(panel["constant"])))) == ["differs"]


def curve(omega, *dips):
    """σ over ω_p and ζ with dips (place, depth), deeper for stronger pumps."""
    sigma = 0.3 - sum(depth * np.exp(-(((omega - place) / 0.03) ** 2)) for place, depth in dips)
    return xr.Dataset(
        {"sigma": (("phonon_energy", "zeta"), sigma[:, None] * np.array([0.9, 0.98, 1.0]))},
        {"phonon_energy": omega, "zeta": [1.0, 5.0, 20.0]},
        {"landmarks": '[["μ − bottom", 0.352], ["top − μ", 0.648]]'},
    )


@pytest.mark.parametrize(
    "place, verdict", [(0.68, "agrees"), (0.665, "differs"), (0.73, "agrees in sign only")]
)
def test_a_minimum_must_lie_slightly_above(place, verdict):
    panel = curve(np.linspace(0.2, 0.9, 701), (0.36, 0.5), (place, 0.6))
    first, second, _ = claims({"fig2b": panel})
    assert (first.verdict, second.verdict) == ("agrees", verdict)


def test_field_of_the_instability_beside_that_of_the_steady_state(computed):
    steady = computed("fig2e")
    times = np.array([0.3, 1.0, 5.0, 10.0])
    data = {
        "threshold_field": ("threshold_time", [4.0, 3.0, 0.1, np.nan]),
        "omega_e": ("threshold_time", [0.1, 0.05, 0.001, np.nan]),
    }
    about = {"anomalous": 9.0, "held": 5.0, "held_from": 0.3, "held_until": 6.0, "strongest": 5.0}
    about |= {"held_less_inelastic": 6.0, "anomalous_after": 0.0}
    panel = xr.Dataset(data, {"threshold_time": times}, about)
    assert verdicts(("fig2e", steady), ("fig3b", panel)) == ["agrees"] * 6
    strong = panel.assign_attrs(strongest=18.0)
    assert claims({"fig2e": steady, "fig3b": strong})[-1].verdict == "differs"
    brief = panel.assign_attrs(held=0.8, held_until=1.0)
    assert verdicts(("fig3b", brief)) == ["agrees in sign only", "agrees", "differs", "agrees"]


def test_parts():
    table = grid(zeta=[1, 2], phonon_energy=[0.3, 0.4, 0.5], filling=0.5)
    assert table["zeta"].tolist() == [1, 1, 1, 2, 2, 2] and set(table["filling"]) == {0.5}
    assert largest_rise(np.array([1.0, 0.2, 0.5, 0.4])) == pytest.approx(0.3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in DESCRIPTIONS if name[:4] in ("fig2", "fig3") or name in ("entropy", "lifetime")]
)
def test_every_other_panel(name, computed, tmp_path):
    panel = computed(name)
    assert all(path.exists() for path in save(name, panel, tmp_path))
    assert all(claim.computed and "nan" not in claim.computed for claim in claims({name: panel}))
