"""Files of VASP, Quantum ESPRESSO, postw90, BoltzTraP2 and Wannier90, in their published layouts; fuzzed."""

import warnings

import numpy as np
import pytest

from nacjax.model.tight_binding import TightBinding, fcc_t1u, simple_cubic
from nacjax.readers import read_dos, read_wannier

RANDOM = np.random.default_rng(7)
ENERGY = np.linspace(-2.0, 2.0, 81)
STEP = ENERGY[1] - ENERGY[0]
STATES = 6
SHAPE = np.where(np.abs(ENERGY) < 1.501, 2.0 + np.cos(3 * ENERGY), 0.0)  # a band from −1.5 to 1.5
SCALE = STATES / (STEP * SHAPE.sum())
DENSITY = SCALE * SHAPE
FERMI = 0.31


def fortran(value: float, digits: int = 4) -> str:
    """Ew.d as Fortran writes it: 0.1234E+01."""
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    power = int(exponent) + (1 if value else 0)
    text = ("-" if value < 0 else "") + "0." + mantissa.replace(".", "")
    return text + (f"E{power:+03d}" if abs(power) < 100 else f"{power:+04d}")


def doscar(density=DENSITY, spins=1, partial=False) -> str:
    """A DOSCAR with smearing, where D is the mean over the step before."""
    filled = np.cumsum(density) * STEP
    head = f"{ENERGY[-1]:16.8f}{ENERGY[0]:16.8f}{ENERGY.size:5d}{FERMI:16.8f}{1.0:16.8f}"
    lines = [f"   1   1{int(partial):4d}   0", "  0.16E+02  0.28E-09  0.28E-09  0.28E-09  0.50E-15",
             "  1.000000000000000E-004", "  CAR ", " a band", head]  # fmt: skip
    for e, d, n in zip(ENERGY, density, filled, strict=True):
        cells = [d / spins] * spins + [n / spins] * spins
        lines.append(f"{e:11.3f}" + "".join(f"{fortran(x):>12}" for x in cells))
    if partial:
        lines += [head] + [f"{e:11.3f}{fortran(d):>12}" for e, d in zip(ENERGY, density, strict=True)]
    return "\n".join(lines) + "\n"


def espresso(density=DENSITY, spins=1) -> str:
    """What dos.x writes; tails of a Gaussian have exponents of three digits."""
    columns = "dos(E)  " if spins == 1 else "dosup(E)     dosdw(E)"
    lines = [f"#  E (eV)   {columns}   Int dos(E) EFermi = {FERMI:8.3f} eV"]
    filled = np.cumsum(density) * STEP
    for e, d, n in zip(ENERGY, np.where(density > 0, density, 1.234e-110), filled, strict=True):
        cells = [d / spins] * spins + [n]
        lines.append(f"{e:8.3f}" + "".join(f"{fortran(x):>12}" for x in cells))
    return "\n".join(lines) + "\n"


def postw90() -> str:
    rows = zip(ENERGY, DENSITY, strict=True)
    return "".join(f"{fortran(e, 8):>16}{fortran(d, 8):>16}\n" for e, d in rows)


def table() -> str:
    rows = (f"{e:.3f} {d:.6f} {d * (1 + e * e):.6f}\n" for e, d in zip(ENERGY, DENSITY, strict=True))
    return "# energy DoS v2D\n" + "".join(rows)


FILES = {
    "DOSCAR": doscar(),
    "DOSCAR.spin": doscar(spins=2),
    "DOSCAR.partial": doscar(partial=True),
    "x.dos": espresso(),
    "x.spin.dos": espresso(spins=2),
    "x-dos.dat": postw90(),
    "x.txt": table(),
}
PLAIN = ("x-dos.dat", "x.txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("codes")


def read(folder, name, text, **options):
    path = folder / name
    path.write_bytes(text.encode("latin-1"))
    return read_dos(path, **options)


def exact_filling(energy):
    x = np.clip(energy, -1.5, 1.5)
    return (2 * (x + 1.5) + (np.sin(3 * x) + np.sin(4.5)) / 3) / (6 + 2 * np.sin(4.5) / 3)


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_band(folder, name):
    dos = read(folder, name, FILES[name])
    x = np.linspace(-1.4, 1.4, 29)
    # VASP: D is the mean over the step before, so that edges and D move by half a step at most
    np.testing.assert_allclose(dos.cumulative(x), exact_filling(x), atol=0.015)
    assert float(dos.width) == pytest.approx(3.05, abs=0.06)
    expected = {"DOSCAR": "vasp", "x-dos.dat": "postw90", "x.txt": "table"}.get(name, "")
    assert expected in dos.source.format
    if name not in PLAIN:
        assert (dos.source.unit, dos.source.fermi_energy) == ("eV", FERMI)
        assert dos.source.states == pytest.approx(STATES, rel=0.02)
        assert dos.source.filling == pytest.approx(float(exact_filling(FERMI)), abs=0.01)
        assert "electrons (filling 0.5" in str(dos.source) or "electrons (filling 0.6" in str(dos.source)


def test_window_reference_and_electrons(folder):
    whole = read(folder, "x.dos", FILES["x.dos"])
    from_fermi = read(folder, "x.dos", FILES["x.dos"], relative_to="fermi")
    assert float(from_fermi.bottom) == pytest.approx(float(whole.bottom) - FERMI)
    assert from_fermi.source.fermi_energy == 0
    half = read(folder, "x.dos", FILES["x.dos"], window=(0.0, 1.0))
    assert (float(half.bottom), float(half.top)) == (0.0, 1.0)
    states = SCALE * (2 + np.sin(3) / 3)
    assert half.source.states == pytest.approx(states, rel=1e-3)
    electrons = SCALE * (2 * FERMI + np.sin(3 * FERMI) / 3)
    assert half.source.electrons == pytest.approx(electrons, rel=1e-2)
    again = read(folder, "x.dos", FILES["x.dos"], window=(0.0, 1.0), electrons=round(electrons, 3))
    assert again.source.filling == pytest.approx(electrons / states, rel=5e-3)
    with pytest.raises(ValueError, match=r"electrons = 1.5 .*x.dos counts 0.97.* below the Fermi energy"):
        read(folder, "x.dos", FILES["x.dos"], window=(0.0, 1.0), electrons=1.5)
    with pytest.raises(ValueError, match=r"electrons = 9 .*between 0 and the"):
        read(folder, "x.txt", FILES["x.txt"], electrons=9)
    with pytest.raises(ValueError, match="pass fermi_energy="):
        read(folder, "x.txt", FILES["x.txt"], relative_to="fermi")
    with pytest.raises(ValueError, match="window = "):
        read(folder, "x.txt", FILES["x.txt"], window=(3.0, 4.0))
    with pytest.raises(ValueError, match="format = 'siesta'"):
        read(folder, "x.txt", FILES["x.txt"], format="siesta")
    plain = read(folder, "x.txt", FILES["x.txt"], fermi_energy=FERMI)
    assert plain.source.filling == pytest.approx(float(exact_filling(FERMI)), abs=0.01)


def test_velocities_of_boltztrap(folder):
    dos = read(folder, "x.txt", FILES["x.txt"], format="boltztrap")
    assert dos.source.unit == "Ha"
    assert float(dos.velocity_squared(1.0) / dos.velocity_squared(0.0)) == pytest.approx(2.0, rel=1e-3)
    with pytest.raises(ValueError, match=r"x-dos.dat, line 1: 2 columns, expected 3"):
        read(folder, "x-dos.dat", FILES["x-dos.dat"], format="boltztrap")


def test_tetrahedra_on_a_coarse_grid(folder):
    """VASP's D at the energies and its integral by tetrahedra differ; the integral is what is kept."""
    lines = doscar().splitlines()
    fine = np.linspace(-2.0, 2.0, 8001)
    sharp = 1 + 20 * np.exp(-0.5 * ((fine - 0.013) / 0.01) ** 2)
    filled = np.concatenate([[0], np.cumsum(0.5 * (sharp[1:] + sharp[:-1])) * (fine[1] - fine[0])])
    for k, e in enumerate(ENERGY):
        d, n = np.interp(e, fine, sharp), np.interp(e, fine, filled)
        d *= 1 + 0.02 * (-1) ** k  # the file's D is not the slope of its integral
        lines[6 + k] = f"{e:11.3f}{fortran(d):>12}{fortran(n):>12}"
    dos = read(folder, "DOSCAR", "\n".join(lines) + "\n", window=(-1.5, 1.5))
    at = ENERGY[10:-10]
    low, high = np.interp([-1.5, 1.5], fine, filled)
    np.testing.assert_allclose(
        dos.cumulative(at), (np.interp(at, fine, filled) - low) / (high - low), atol=2e-3
    )
    with pytest.raises(ValueError, match=r"DOSCAR, line 7: the DoS is .* give window="):
        read(folder, "DOSCAR", "\n".join(lines) + "\n")


def test_header_columns_may_touch(folder):
    lines = doscar().splitlines()
    lines[5] = f"{2.0:16.8f}{-2.0:16.8f}00081{FERMI:16.8f}{1:16.8f}"
    assert len(lines[5].split()) == 4
    assert read(folder, "DOSCAR", "\n".join(lines) + "\n").source.fermi_energy == FERMI


def refused_or_right(folder, name, text, whole):
    """Whether the damaged text is refused by name, or warned of; else a DoS that is wrong fails the test."""
    path = folder / name
    path.write_bytes(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            dos = read_dos(path)
        except ValueError as error:
            assert name in str(error)
            return True
    if caught:
        assert any(
            "line break" in str(warning.message) or "comment" in str(warning.message) for warning in caught
        )
        return True
    x = np.linspace(-1.6, 1.6, 65)
    error = np.abs(np.asarray(dos.cumulative(x)) - whole).max()
    assert error < 4e-3, (error, text)
    return False


@pytest.mark.parametrize("name", FILES)
def test_truncated_files_are_refused(folder, name):
    text = FILES[name].encode()
    whole = np.asarray(read(folder, name, FILES[name]).cumulative(np.linspace(-1.6, 1.6, 65)))
    ends = [k for k in RANDOM.integers(1, len(text) - 1, 40) if text[k - 1 : k] != b"\n"]
    assert all(refused_or_right(folder, name, text[:k], whole) for k in ends)
    if name != "x.txt":
        rows = [k + 1 for k in range(len(text) - 1) if text[k : k + 1] == b"\n"]
        refused = [refused_or_right(folder, name, text[:k], whole) for k in rows[:70:5]]
        assert all(refused)  # later rows of dos.x and postw90 are empty


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes_are_refused_or_harmless(folder, name):
    text = FILES[name].encode()
    whole = np.asarray(read(folder, name, FILES[name]).cumulative(np.linspace(-1.6, 1.6, 65)))
    refused = tried = 0
    while tried < 80:
        at, bit = int(RANDOM.integers(len(text))), int(RANDOM.integers(8))
        damaged = bytearray(text)
        damaged[at] ^= 1 << bit
        if name in PLAIN and chr(text[at]).isdigit() and chr(damaged[at]).isdigit():
            continue  # a plain table has nothing to check a digit against
        refused += refused_or_right(folder, name, bytes(damaged), whole)
        tried += 1
    print(f"{name}: {refused} of {tried} damaged files refused")
    assert refused > 20


def test_a_shorter_table_is_found_by_its_electrons(folder):
    cut = "\n".join(FILES["x.txt"].splitlines()[:45]) + "\n"
    assert read(folder, "x.txt", cut).source.states < 5
    with pytest.raises(ValueError, match=r"electrons = 3.4 is not allowed: .*x.txt counts"):
        read(folder, "x.txt", cut, electrons=3.4, fermi_energy=-0.1)


def wannier_text(bands: TightBinding, onsite: float = 0.0, digits: int = 6) -> str:
    """seed_hr.dat of a model, as Wannier90 writes it; the vectors of the hull have degeneracy 2."""
    n = bands.matrices.shape[-1]
    blocks = {(0, 0, 0): onsite * np.eye(n)}
    for vector, matrix in zip(np.asarray(bands.displacements), np.asarray(bands.matrices), strict=True):
        blocks[tuple(vector)] = matrix
        blocks[tuple(-vector)] = matrix.conj().T
    vectors = sorted(blocks)
    degeneracy = [1 if v == (0, 0, 0) else 2 for v in vectors]
    lines = [" written on 1Jan2024 at 12:00:00", f"{n:12d}", f"{len(vectors):12d}"]
    for k in range(0, len(vectors), 15):
        lines.append("".join(f"{g:5d}" for g in degeneracy[k : k + 15]))
    for vector, g in zip(vectors, degeneracy, strict=True):
        for column in range(n):
            for row in range(n):
                value = g * complex(blocks[vector][row, column])
                cells = "".join(f"{x:5d}" for x in (*vector, row + 1, column + 1))
                lines.append(f"{cells}{value.real:12.{digits}f}{value.imag:12.{digits}f}")
    return "\n".join(lines) + "\n"


WIN = """num_wann = 3
begin unit_cell_cart
bohr
0.0 13.0 13.0
13.0 0.0 13.0   ! a comment
13.0 13.0 0.0
end unit_cell_cart
"""


def test_wannier_gives_the_bands_back(folder):
    model = fcc_t1u(-0.004, -0.0339, 0.0421, -0.0187, a=2 * 13.0 * 0.529177210903)
    (folder / "c60_hr.dat").write_text(wannier_text(model, onsite=0.25))
    (folder / "c60.win").write_text(WIN)
    bands = read_wannier(folder / "c60_hr.dat", folder / "c60.win", fermi_energy=0.25)
    np.testing.assert_allclose(bands.lattice, model.lattice, rtol=1e-9)
    k = np.random.default_rng(1).normal(size=(5, 3))
    np.testing.assert_allclose(bands.hamiltonian(k), model.hamiltonian(k), atol=1e-6)
    assert not np.iscomplexobj(bands.matrices)
    twisted = TightBinding(np.eye(3), np.eye(3, dtype=int), np.full((3, 1, 1), np.exp(0.3j)))
    (folder / "twist_hr.dat").write_text(wannier_text(twisted))
    again = read_wannier(folder / "twist_hr.dat", np.eye(3))
    np.testing.assert_allclose(again.hamiltonian(k), twisted.hamiltonian(k), atol=1e-5)


def wsvec_text(images) -> str:
    """seed_wsvec.dat as Wannier90 writes it, of {(R, m, n): [T, ...]}."""
    lines = ["## written on 1Jan2024 at 12:00:00  with use_ws_distance=.true."]
    for (vector, m, n), shifts in images.items():
        lines += ["".join(f"{x:5d}" for x in (*vector, m, n)), f"{len(shifts):5d}"]
        lines += ["".join(f"{x:5d}" for x in shift) for shift in shifts]
    return "\n".join(lines) + "\n"


def test_elements_go_to_the_nearest_images(folder):
    """Two orbitals half a cell apart, on a mesh of two k points: t(R = −1) belongs to R = 0 and R = −1 alike."""
    first, second = np.array([[0, 0.3], [0, 0.0]]), np.array([[0, 0], [0.3, 0.0]])
    model = TightBinding(np.eye(3), np.array([[1, 0, 0]]), second[None], first + first.T)
    path, sides = folder / "pair_hr.dat", [(-1, 0, 0), (0, 0, 0), (1, 0, 0)]
    path.write_text(wannier_text(model))
    images = {(r, m, n): [(0, 0, 0)] for r in sides for m in (1, 2) for n in (1, 2)}
    bare = read_wannier(path, np.eye(3))
    (folder / "same.dat").write_text(wsvec_text(images))
    same = read_wannier(path, np.eye(3), wsvec=folder / "same.dat")
    k = np.random.default_rng(4).normal(size=(5, 3))
    np.testing.assert_allclose(same.hamiltonian(k), bare.hamiltonian(k), atol=1e-12)
    images[((1, 0, 0), 2, 1)] = [(0, 0, 0), (-2, 0, 0)]  # half of it across the cell
    images[((-1, 0, 0), 1, 2)] = [(0, 0, 0), (2, 0, 0)]
    (folder / "pair_wsvec.dat").write_text(wsvec_text(images))
    spread = read_wannier(path, np.eye(3))  # found beside
    expected = np.array(bare.hamiltonian(k))
    phase = 0.15 * np.exp(1j * k[:, 0]) - 0.15 * np.exp(-1j * k[:, 0])
    expected[:, 1, 0] -= phase
    expected[:, 0, 1] -= phase.conj()
    np.testing.assert_allclose(spread.hamiltonian(k), expected, atol=1e-6)
    whole = (folder / "pair_wsvec.dat").read_text()
    for damage, message in [
        (whole[: whole.rindex("    1    0    0    2    2")], r"the file ends here, before R .*m, n"),
        (whole.replace("   -2    0    0\n", "   -2    0\n"), r"2 columns, expected 3 \(T"),
        (whole.replace("   -2    0    0\n", "   -3    0    0\n"), r"is not the adjoint of H.* damaged"),
        (whole + "    0    0    0\n", "more lines than 3 vectors of 2 orbitals"),
    ]:
        (folder / "pair_wsvec.dat").write_text(damage)
        with pytest.raises(ValueError, match=f"pair_wsvec.dat.*{message}"):
            read_wannier(path, np.eye(3))


def test_window_edges_on_rows_and_relaxations(folder):
    """What real files taught: a window that ends on a row of a rounded grid, blank lines in a cell, averages."""
    dos = read(folder, "x.dos", FILES["x.dos"], window=(-1.0, 1.0))
    assert float(dos.top) == 1.0 and float(np.diff(dos.energy).min()) > 0.9 * STEP
    lines = doscar(0.04 * DENSITY).splitlines()
    with pytest.raises(ValueError, match=r"DOSCAR, line 87: 0.24 states in all, .*VASP averages"):
        read(folder, "DOSCAR", "\n".join(lines) + "\n")
    (folder / "cubic_hr.dat").write_text(wannier_text(simple_cubic(t=0.2)))
    (folder / "blank.win").write_text(
        WIN.replace("end unit", "\n! Å\nend unit").replace("bohr\n", "bohr\n\n").replace("= 3", "= 1")
    )
    assert read_wannier(folder / "cubic_hr.dat", folder / "blank.win").lattice.shape == (3, 3)


def test_damaged_wannier_files_are_refused(folder):
    text = wannier_text(simple_cubic(t=0.2)).encode()
    path, k = folder / "cubic_hr.dat", np.random.default_rng(2).normal(size=(4, 3))
    path.write_bytes(text)
    whole = np.asarray(read_wannier(path, np.eye(3)).hamiltonian(k))
    refused = 0
    skip = len(text.split(b"\n")[0])
    for trial in range(120):
        damaged = bytearray(text)
        if trial % 3:
            at = int(RANDOM.integers(skip, len(text)))
            damaged[at] ^= 1 << int(RANDOM.integers(8))
        else:
            del damaged[int(RANDOM.integers(len(text) - 1)) :]
        path.write_bytes(damaged)
        try:
            bands = read_wannier(path, np.eye(3))
        except ValueError as error:
            refused += 1
            assert "cubic_hr.dat" in str(error)
        else:
            shift = np.asarray(bands.hamiltonian(k)) - whole
            # the level of the only orbital is a number that nothing in the file repeats
            np.testing.assert_allclose(shift - shift[0], 0, atol=1e-5)
    assert refused > 80
    (folder / "bad.win").write_text(WIN.replace("13.0 0.0 13.0", "13.0 x 13.0"))
    with pytest.raises(ValueError, match=r"bad.win, line 5: 'x' is not a number"):
        read_wannier(path, folder / "bad.win")
    with pytest.raises(ValueError, match=r"cell = .* is not allowed"):
        read_wannier(path, np.ones((3, 3)))


def test_wannier_as_sisl_reads_it(folder):
    sisl = pytest.importorskip("sisl")
    model = fcc_t1u(-0.004, -0.0339, 0.0421, -0.0187)
    path = folder / "c60_hr.dat"
    path.write_text(wannier_text(model, onsite=0.1))
    bands = read_wannier(path, model.lattice)
    sites = sisl.Geometry([[0.0, 0.0, 0.0]], sisl.Atom(6, R=[3.0] * 3), lattice=np.asarray(model.lattice))
    other = sisl.io.wannier90.hrSileWannier90(path).read_hamiltonian(geometry=sites)
    for fraction in ([0.1, 0.2, -0.3], [0.5, 0.0, 0.25]):
        theirs = np.linalg.eigvalsh(other.Hk(fraction, format="array"))
        np.testing.assert_allclose(np.linalg.eigvalsh(bands.bloch(np.array(fraction))), theirs, atol=1e-6)
