"""Small files of the kinds people have (tests/readers/cases): each gives the right value, or a sentence that helps."""

import gzip
import warnings
from pathlib import Path

import numpy as np
import pytest

from nacjax.readers import read_dos, read_wannier

CASES = Path(__file__).parent / "cases"
CELL = np.diag([3.1, 3.3, 6.2])
ROOT = (-1, 2, 3.52625)  # √(1 − x²) over a band of 3

READ = {
    # bottom, top, states, unit, Fermi level, electrons
    "decimal_comma.txt": (-1, 2, 3.527, None, None, None),
    "decimal_comma_meV.txt": (-100, 200, 705.3, None, None, None),
    "semicolon_decimal_comma.csv": (-1, 2, 3.527, None, None, None),
    "qe_tetra.dos": (6.21, 12.19, 2.0, "eV", 9.1, 0.942),
    "elk_like_TDOS.OUT": (-0.0293995, 0.0257245, 2.90314, "Ha", 0.0, 1.57257),
    "bom.csv": (*ROOT, None, None, None),
    "bom_header.csv": (*ROOT, None, None, None),
    "cr.dat": (*ROOT, None, None, None),
    "utf16.dat": (*ROOT, None, None, None),
    "table.dat.gz": (*ROOT, None, None, None),
    "header_eV.dat": (*ROOT, "eV", None, None),
    "no_newline.dat": (*ROOT, None, None, None),
    "tiny_negative.dat": (*ROOT, None, None, None),
    "trailing_comma.csv": (*ROOT, None, None, None),
    "pandas_index_header.csv": (2, 5, 3.52625, None, None, None),
    "pandas_index_positive.csv": (2, 5, 3.52625, None, None, None),
    "DOSCAR.lobster_like": (-0.8, 0.7, 2.6392, "eV", 0.0, 1.4296),
    "DOSCAR_quarter": (-1, 1.99, 2.0, "eV", -0.11082784, 0.5),
    "dos_idos.dat": (*ROOT, "eV", None, None),
    "optados_like.adaptive.dat": (-0.8, 0.7, 2.6392, "eV", None, None),
    "wien2k_like.dos1ev": (-0.8, 0.7, 2.6392, "eV", 0.0, 1.4296),
    "spin3.dat": (-1, 2, 7.0136, "eV", None, None),
    "abinit_like_DOS": (-0.029396, 0.025721, 2.639, "Ha", -0.00367493, 1.209),
    "hartree.OUT": (-0.0367493, 0.0734986, 2.0, None, None, None),
}
WARNED = {"no_newline.dat": "line break", "pandas_index_positive.csv": "counts the rows"}

REFUSED = {
    "qe_two_fermi.dos": r"two Fermi energies \(9.1 and 8.7\): say which by fermi_energy=",
    "qe_mp.dos": "line 36: negative density .* use tetrahedra or a Gaussian",
}
HAMILTONIANS = (
    "ok_hr.dat",
    "ok_hr.dat.gz",
    "n_fast_hr.dat",
    "comment_hr.dat",
    "perline5_hr.dat",
    "nonewline_hr.dat",
)


def test_no_case_is_left_out():
    known = {*READ, *REFUSED, *HAMILTONIANS, "own_tb.dat"}
    assert {path.name for path in CASES.iterdir() if path.suffix != ".win"} == known


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_right(name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dos = read_dos(CASES / name)
    bottom, top, states, unit, fermi, electrons = READ[name]
    source = dos.source
    assert (float(dos.bottom), float(dos.top)) == pytest.approx((bottom, top), abs=2e-5 * (top - bottom))
    assert source.states == pytest.approx(states, rel=2e-4)
    assert source.unit == unit and source.fermi_energy == (None if fermi is None else pytest.approx(fermi))
    assert source.electrons == (None if electrons is None else pytest.approx(electrons, rel=1e-3))
    assert dos.transport is None  # no third column of these is ⟨v²⟩D
    with pytest.raises(ValueError, match="no velocity column"):
        dos.velocity_squared(0.0)
    assert (name in WARNED) == bool(caught) and all(
        WARNED[name] in str(warning.message) for warning in caught
    )
    report = source.report()
    for word in ("format", "columns", "unit", "spin", "Fermi level", "band", "states", "electrons"):
        assert f"  {word}" in report or (word == "states" and word in report)
    assert all(note in report for note in source.notes)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name):
    with pytest.raises(ValueError, match=f"{name}.*{REFUSED[name]}"):
        read_dos(CASES / name)


def test_two_fermi_energies_with_one_given():
    dos = read_dos(CASES / "qe_two_fermi.dos", fermi_energy=8.9)
    assert dos.source.states == pytest.approx(2, rel=1e-3) and dos.source.fermi_energy == 8.9
    assert "↑ and ↓ added" in dos.source.report() and "8.9 eV (as stated)" in dos.source.report()


def test_steps_below_the_last_digit(tmp_path):
    """DeltaE = 0.0005: energies printed to 0.001 repeat; the grid is recovered."""
    energy = 5 + 0.0005 * np.arange(4001)
    density = np.sqrt(np.clip(1 - ((energy - 6) / 0.8) ** 2, 0, None))
    filled = 0.0005 * np.cumsum(density)
    rows = [f"{e:8.3f} {d:11.4E} {n:11.4E}" for e, d, n in zip(energy, density, filled, strict=True)]
    path = tmp_path / "fine.dos"
    path.write_text("\n".join(["#  E (eV)   dos(E)     Int dos(E) EFermi =    6.000 eV", *rows]) + "\n")
    dos = read_dos(path)
    assert dos.source.states == pytest.approx(0.4 * np.pi, rel=1e-3) and dos.source.filling == pytest.approx(
        0.5, abs=1e-3
    )


def test_hamiltonians_by_other_loops(tmp_path):
    """R fastest, and blank lines between the vectors, as scripts write them; a mixture is refused."""
    *head, text = (CASES / "ok_hr.dat").read_text().split("\n", 4)
    rows, path = text.splitlines(), tmp_path / "loops_hr.dat"
    expected = read_wannier(CASES / "ok_hr.dat", CELL).matrices
    fast = [rows[4 * vector + k] for k in (0, 2, 1, 3) for vector in range(7)]
    for lines in (fast, [line + "\n" * (k % 4 == 3) for k, line in enumerate(rows)]):
        path.write_text("\n".join([*head, *lines]) + "\n")
        np.testing.assert_array_equal(read_wannier(path, CELL).matrices, expected)
    path.write_text("\n".join([*head, *fast[:7], *fast[8:], fast[7]]) + "\n")
    with pytest.raises(ValueError, match="must stand together"):
        read_wannier(path, CELL)


@pytest.mark.parametrize("name", [*HAMILTONIANS, "own_tb.dat"])
@pytest.mark.filterwarnings("ignore:.*line break")
def test_hamiltonians_are_the_same(name):
    k = np.random.default_rng(3).normal(size=(4, 3))
    expected = np.linalg.eigvalsh(np.asarray(read_wannier(CASES / "ok_hr.dat", CELL).hamiltonian(k)))
    for cell in (CELL, CASES / "ok.win", *([None] if name == "own_tb.dat" else [])):
        bands = read_wannier(CASES / name, cell)
        np.testing.assert_allclose(np.linalg.eigvalsh(np.asarray(bands.hamiltonian(k))), expected, atol=1e-9)
        np.testing.assert_allclose(bands.lattice, CELL, atol=1e-9)
    assert "7 for 4 k points, 3 bonds kept" in bands.source and "orbitals    2" in bands.source


def test_cells_of_wannier90():
    for name in ("underscore.win", "trailing_text.win", "commas.win"):
        np.testing.assert_allclose(read_wannier(CASES / "ok_hr.dat", CASES / name).lattice, CELL)
    with pytest.raises(
        ValueError, match=r"other.win, line 1: 9 Wannier functions .* has 2: .*different calculations"
    ):
        read_wannier(CASES / "ok_hr.dat", CASES / "other.win")
    with pytest.raises(ValueError, match="cell is needed"):
        read_wannier(CASES / "ok_hr.dat")
    with pytest.raises(ValueError, match=r"cell = .*own_tb.dat has"):
        read_wannier(CASES / "own_tb.dat", 2 * CELL)


def test_mp_grid_of_another_calculation(tmp_path):
    win = (CASES / "ok.win").read_text()
    (tmp_path / "grid.win").write_text(win + "mp_grid : 2 2 1\n")
    assert read_wannier(CASES / "ok_hr.dat", tmp_path / "grid.win").lattice.shape == (3, 3)
    (tmp_path / "grid.win").write_text(win + "num_wann = 3\n")
    with pytest.raises(ValueError, match=r"grid.win, line 8: num_wann stands here a second time"):
        read_wannier(CASES / "ok_hr.dat", tmp_path / "grid.win")
    (tmp_path / "grid.win").write_text(win + "MP_GRID = 3,3,1\n")
    with pytest.raises(ValueError, match=r"grid.win, line 8: 9 k points \(mp_grid\), but .* has 4"):
        read_wannier(CASES / "ok_hr.dat", tmp_path / "grid.win")


E = np.linspace(-1, 2, 31)
D = np.sqrt(np.clip(1 - ((E - 0.5) / 1.5) ** 2, 0, None))


def columns(*values, separator=" "):
    return "".join(separator.join(f"{x:.4f}" for x in row) + "\n" for row in zip(*values, strict=True))


AIMS = "# The energy reference for this output is the average chemical potential, mu =  -5.123 eV\n"
HEADERS = [  # header, columns, then states of a band of 2.3411, unit, Fermi level, velocities
    (AIMS + "#    Energy (eV)      DOS(spin up)   DOS(spin down)\n", (E, D, D / 2), 1.5, "eV", 0.0, False),
    ("# E (eV)  dos(E)    pdos(E)\n", (E, D, 0.9 * D), 1, "eV", None, False),
    ("# E (eV)  dosup(E)   dosdw(E)  pdosup(E)  pdosdw(E)\n", (E, D, D / 2, D, D), 1.5, "eV", None, False),
    ("#Energy   TDOS-UP   TDOS-DOWN\n", (E, D, -D / 2), 1.5, None, None, False),
    ("# energy [Ry]  DOS [states/eV]\n", (E, D), 13.605693, "Ry", None, False),
    ("# energies in Hartree\n# E D\n", (E, D), 1, "Ha", None, False),
    ("# Fermi level (eV): 2.72114\n# Energy(Ha) DOS\n", (E, D), 1, "Ha", 0.1, False),
    ("# E-E_F (eV)  DOS\n", (E, D), 1, "eV", 0.0, False),
    ("# energy (eV), DOS (1/eV), v^2 DoS\n", (E, D, D * E**2), 1, "eV", None, True),
    ("# energy dos v2\n", (E, D, E**2), 1, None, None, False),
    ("# energy dos <v^2>D\n", (E, D, E**2), 1, None, None, True),
    ("# Energy s p d tot\n", (E, D / 4, D / 4, D / 2, D), 1, None, None, False),
    ("# energy  dos  occupation\n", (E, D, D > 0), 1, None, None, False),
    ("# E (eV) my dos(E), not Int dos(E), EFermi unknown\n", (E, D), 1, "eV", None, False),
    ("# DOSCAR converted\n", (E, D), 1, None, None, False),
    ("Energie\tDOS\n", (E, D), 1, None, None, False),
    ("", (E, 1.5 * D, D, D / 2), 1.5, None, None, False),
    ("# Energy (eV)\n# DOS (states/eV/cell)\n", (E, D), 1, "eV", None, False),
    ("# E (eV) dos\n", (E, D, np.insert(np.cumsum((D[1:] + D[:-1]) / 20), 0, 0)), 1, "eV", None, False),
    ("Unnamed: 0;energy;dos\n", (np.arange(31), E, D), 1, None, None, False),
]


@pytest.mark.parametrize("header, values, states, unit, fermi, velocities", HEADERS)
def test_headers(tmp_path, header, values, states, unit, fermi, velocities):
    path = tmp_path / "band.dat"
    path.write_text(header + columns(*values, separator=";" if ";" in header else " "))
    dos = read_dos(path)
    assert dos.source.states == pytest.approx(2.3411 * states, rel=1e-3)
    assert dos.source.unit == unit and (dos.transport is not None) == velocities
    assert dos.source.fermi_energy == (None if fermi is None else pytest.approx(fermi, rel=1e-5))


ASKED = [
    (columns(E, D, D / 2), "3 columns, and nothing says what the third is .*columns="),
    ("# E IDOS\n" + columns(E, np.cumsum(D)), "named E, IDOS: which are energy and total DoS"),
    ("# E dos_up\n" + columns(E, D), "which are energy and total DoS"),
    ("# energy  integrated DOS  DOS\n" + columns(E, D, np.cumsum(D)), "the integrated DoS falls"),
    (columns(E, D) + "\n" + columns(E, D / 2), "a second of 2 blocks begins here .*columns energy, up, down"),
    (columns(E, D) + columns(E, D / 2), "a second of 2 blocks begins here .*columns energy, up, down"),
    ("".join(f"{e:.2f},{d:.3f}\n".replace(".", ",") for e, d in zip(E, D, strict=True)), "decimal commas"),
    ("# energy (cm^-1) dos\n" + columns(E, D), "energies in 'cm\\^-1'"),
    ("# wavenumber (1/cm) dos\n" + columns(E, D), "energies in '1/cm'"),
    ("# eV or meV?\n" + columns(E, D), "energies in eV or meV.*give unit="),
    ("0 0.0E+999\n1 1\n2 0\n", "line 1: '0.0E\\+999' is too large"),
    ("0 0\n1 1E308\n2 0\n", "line 2: '1E308' is too large"),
    ("0 0\n1 " + 30_000 * "1" + "\n2 0\n", "line 2: longer than 20000 characters"),
    ("<?xml version='1.0'?>\n<a/>\n", "XML"),
]


@pytest.mark.parametrize("text, message", ASKED)
def test_what_a_file_leaves_open_is_asked(tmp_path, text, message):
    path = tmp_path / "band.dat"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"band.dat.*{message}"):
        read_dos(path)


def test_parts_of_the_dos_of_elk_and_another_unit_in_the_header_of_abinit(tmp_path):
    for name in ("IDOS.OUT", "PDOS_S01_A0001.OUT"):
        (tmp_path / name).write_text(columns(E, D))
        with pytest.raises(ValueError, match=f"{name}: by its name .*give TDOS.OUT, or format='table'"):
            read_dos(tmp_path / name)
        assert read_dos(tmp_path / name, format="table").source.unit is None
    (tmp_path / "x_DOS").write_text((CASES / "abinit_like_DOS").read_text().replace("Hartree", "eV"))
    with pytest.raises(ValueError, match="x_DOS, line 1: this header names eV, where ABINIT writes Hartree"):
        read_dos(tmp_path / "x_DOS")


def test_units_and_columns_that_are_stated(tmp_path):
    path = tmp_path / "band.dat"
    path.write_text(columns(E, D, D / 2))
    added = read_dos(path, columns=("energy", "up", "down"), unit="Hartree")
    assert added.source.states == pytest.approx(1.5 * 2.3411, rel=1e-3) and added.source.unit == "Ha"
    assert added.source.unit_ev == pytest.approx(27.2114, rel=1e-5)
    weighted = read_dos(path, columns=("energy", "dos", "v2dos"))
    assert float(weighted.velocity_squared(0.5)) == pytest.approx(0.5)
    assert read_dos(path, columns=("energy", "dos")).source.states == pytest.approx(2.3411, rel=1e-3)
    for given, message in [
        ({"columns": ("energy", "densty")}, "columns = 'densty' is not allowed"),
        ({"columns": ("energy", "skip", "skip")}, "it must name one energy and one dos"),
        ({"columns": ("energy", "up", "down", "skip")}, "has 3 columns"),
        ({"columns": ("energy", "dos"), "unit": "K"}, "unit = 'K' is not allowed"),
        ({"columns": ("energy", "dos"), "format": "vasp"}, "columns is not allowed with format = 'vasp'"),
    ]:
        with pytest.raises(ValueError, match=message):
            read_dos(path, **given)
    with pytest.raises(ValueError, match=r"unit = 'Ry' is not allowed: .*header_eV.dat has energies in eV"):
        read_dos(CASES / "header_eV.dat", unit="Ry")


def test_packed_files(tmp_path):
    bomb = tmp_path / "bomb.dat.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as file:
        for _ in range(257):
            file.write(bytes(2**20))
    with pytest.raises(ValueError, match=r"bomb.dat.gz: the file unpacks to more than 256 MiB"):
        read_dos(bomb)
    whole = (CASES / "table.dat.gz").read_bytes()
    (tmp_path / "cut.dat.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut.dat.gz: the file is packed by gzip and damaged"):
        read_dos(tmp_path / "cut.dat.gz")


HUGE = [
    (
        "           2\n           7\n",
        "      100000\n           7\n",
        "100000 Wannier functions .* need 70000000000 lines",
    ),
    ("    2    2    2    1", "    2    2    2    100000000000000000000", "line 4: '1000.*' is too large"),
    (
        "   -1    0    0    1    1",
        "   100000000000000000000    0    0    1    1",
        "line 5: '1000.*' is too large",
    ),
    ("    2    1    0.060000", "    2    1    1D+02", r"H\(\[0, -1, 0\]\) is not the adjoint"),
    ("    2    1    0.060000", "    2    1    1D+999", "is too large"),
    ("    2    1    0.060000", "    2    2    0.060000", "are here a second time"),
]


@pytest.mark.parametrize("old, new, message", HUGE)
def test_absurd_numbers_in_a_hamiltonian(tmp_path, old, new, message):
    text = (CASES / "ok_hr.dat").read_text()
    assert old in text
    path = tmp_path / "bad_hr.dat"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=f"bad_hr.dat.*{message}"):
        read_wannier(path, CELL)
