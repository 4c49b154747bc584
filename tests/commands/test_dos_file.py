"""Commands that take --dos: the filling the file counts, how it is read, and what was understood of it."""

from pathlib import Path

import pytest

from nacjax.commands.main import main, parse
from nacjax.commands.material import Material
from nacjax.commands.search import Search
from nacjax.commands.steady import Steady
from nacjax.commands.sweep import Sweep

CASES = Path(__file__).parents[1] / "readers" / "cases"
QUARTER = str(CASES / "DOSCAR_quarter")


@pytest.mark.parametrize("command", [Sweep, Steady, Search])
def test_the_filling_is_that_of_the_file(command, capsys):
    def metal(*words):
        options = parse(command.__name__.lower(), command, ["--dos", *words])
        return options.band.metal(options.reading, phonon_energy=0.5)

    assert float(metal(QUARTER).filling) == pytest.approx(0.25, abs=1e-3)
    said = capsys.readouterr().out
    assert "filling 0.25, as the file counts" in said and "unit        eV (VASP)" in said
    assert float(metal(QUARTER, "--filling", "0.4").filling) == 0.4
    assert float(metal(str(CASES / "hartree.OUT")).filling) == 0.5
    assert "filling 0.5, by default" in capsys.readouterr().out
    with pytest.raises(
        ValueError, match=r"transport = 'band' is not allowed: .*DOSCAR_quarter has no column"
    ):
        metal(QUARTER, "--transport", "band")


REFUSED = [
    (["sweep", "--unit", "Ha"], "unit is not allowed without dos"),
    (["material", "--columns", "energy", "dos"], "columns is not allowed without dos"),
    (["steady", "--dos", QUARTER, "--format", "espresso"], "DOSCAR_quarter, line 1: .* is not the header of dos.x"),
    (["search", "--dos", QUARTER, "--unit", "Ha"], "unit = 'Ha' is not allowed: .* has energies in eV"),
    (["material", "--dos", QUARTER, "--cell-volume", "60 angstrom^3", "--transport", "band"], "it needs velocities"),
    (["material", "--dos", str(CASES / "spin3.dat"), "--cell-volume", "60 angstrom^3", "--filling", "0.3"],
     "states-per-mode is needed: .*spin3.dat does not say"),
]  # fmt: skip


@pytest.mark.parametrize("words, message", REFUSED)
def test_refusals(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    with pytest.raises(ValueError, match=message):
        raise ValueError(capsys.readouterr().err)


def test_material_of_a_file_with_default_options(capsys):
    command = parse("material", Material, ["--dos", QUARTER, "--cell-volume", "60 angstrom^3"])
    metal = command.metal()
    assert float(metal.filling) == pytest.approx(0.25, abs=1e-3)
    assert float(metal.states_per_mode) == pytest.approx(2, rel=1e-3)
    assert command.laws(metal) == ("constant",)
    assert "has no velocities: the law 'band' is left out" in capsys.readouterr().out


def test_material_in_a_stated_unit(capsys):
    words = [
        "--dos",
        str(CASES / "hartree.OUT"),
        "--cell-volume",
        "60 angstrom^3",
        "--filling",
        "0.3",
        "--states-per-mode",
        "2",
    ]
    stated = parse("material", Material, [*words, "--unit", "Ha"]).metal()
    assert stated.scales.energy_ev == pytest.approx(3, rel=1e-4)
    assert "names no unit" not in capsys.readouterr().out
    parse("material", Material, [*words, "--phonon-energies", "10 meV", "--temperatures", "20 K"]).metal()
    assert "names no unit of energy: eV is taken; --unit states another" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name, parts",
    [
        (
            "abinit_like_DOS",
            ["format      abinit", "unit        Ha", "Fermi level -0.00367493 Ha (line 5)", "filling"],
        ),
        ("spin3.dat", ["DoS ↑ (DOS(spin up))", "↑ and ↓ added", "7.01364 states"]),
        ("ok_hr.dat", ["Wannier90 seed_hr.dat", "7 for 4 k points", "ok.win"]),
        ("own_tb.dat", ["Wannier90 seed_tb.dat", "lines 2 to 4"]),
        ("nonewline_hr.dat", ["note        the file does not end with a line break"]),
        ("no_newline.dat", ["note        the file does not end with a line break"]),
    ],
)
def test_info_shows_what_is_understood(name, parts, capsys):
    assert main(["info", str(CASES / name)]) == 0
    said = capsys.readouterr()
    assert all(part in said.out for part in parts) and not said.err


def test_info_with_options_and_of_a_file_that_is_none(capsys, tmp_path):
    assert main(["info", str(CASES / "hartree.OUT"), "--unit", "Ha", "--window", "-0.02", "0.05"]) == 0
    assert "-0.02 to 0.05 Ha" in capsys.readouterr().out
    assert main(["info", str(CASES / "hartree.OUT"), "--unit", "Hartree"]) == 0
    assert "2 states" in capsys.readouterr().out
    two = str(CASES / "qe_two_fermi.dos")
    assert main(["info", two]) == 2
    assert "say which by fermi_energy= (--fermi-energy)" in capsys.readouterr().err
    assert main(["info", two, "--fermi-energy", "8.9"]) == 0
    assert "8.9 eV (as stated)" in capsys.readouterr().out
    for words, said in (
        (["--unit", "kelvin"], "unit = 'kelvin' is not allowed: it must be one of"),
        (["--window", "-1"], "window = '-1' is not allowed: it must be two numbers"),
    ):
        assert main(["info", str(CASES / "hartree.OUT"), *words]) == 2 and said in capsys.readouterr().err
    (tmp_path / "letter.txt").write_text("Dear reader,\nthis is no table.\n")
    assert main(["info", str(tmp_path / "letter.txt")]) == 2
    assert "letter.txt" in capsys.readouterr().err


def test_a_result_keeps_what_was_understood_of_its_file(capsys, tmp_path):
    output = str(tmp_path / "a.nc")
    words = ["--plateau", "--points", "2", "--cells", "8", "--zeta", "5", "--output", output]
    assert main(["sweep", "--dos", str(CASES / "DOSCAR_quarter"), *words]) == 0
    told = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert main(["info", output]) == 0
    said = capsys.readouterr().out
    assert len(told) > 6 and all(line.strip() in said for line in told)
