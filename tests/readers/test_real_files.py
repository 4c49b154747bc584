"""Files the codes themselves wrote, where they are at hand; nothing of them is kept here.

- Source distributions of two packages bring output of VASP, Quantum ESPRESSO and Wannier90 among their tests.
  Put them into a folder and name it in NACJAX_SAMPLES, as .ci/run does:
  `pip download --no-deps --no-binary :all: aiida-vasp==5.1.0 nomad-parser-plugins-electronic==1.1.0`
- Wannier90 itself with the examples of Debian's wannier90-data, and those of quantum-espresso-data.
  DEBIAN_ROOT names another root than /.
"""

import gzip
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from nacjax.readers import read_dos, read_wannier

VASP, MORE = "aiida_vasp-5.1.0", "nomad_parser_plugins_electronic-1.1.0"
EXAMPLES = Path(os.environ.get("DEBIAN_ROOT", "/")) / "usr/share/doc"
LCO = "tests/data/wannier90/lco_mlwf/lco"


@pytest.fixture
def sample(tmp_path):
    """A file of a source distribution, unpacked."""

    def get(package, member):
        archive = Path(os.environ.get("NACJAX_SAMPLES", "nowhere")) / f"{package}.tar.gz"
        if not archive.is_file():
            pytest.skip(f"{package}.tar.gz is not in the folder NACJAX_SAMPLES")
        with tarfile.open(archive) as packed:
            packed.extract(f"{package}/{member}", tmp_path, filter="data")
        return tmp_path / package / member

    return get


def example(path, folder):
    """A file of Debian's examples, unpacked into a folder."""
    source = EXAMPLES / path
    if not source.is_file():
        pytest.skip(f"{source} is not installed")
    target = folder / source.name.removesuffix(".gz")
    target.write_bytes(
        gzip.decompress(source.read_bytes()) if source.suffix == ".gz" else source.read_bytes()
    )
    return target


# states of all bands, and electrons: NELECT of the OUTCAR beside it
DOSCARS = [
    (VASP, "tests/test_data/basic_run/DOSCAR", 96, 72),
    (VASP, "tests/test_data/test_relax_wc/out/DOSCAR", 16, 8),
    (VASP, "tests/test_data/born_effective_charge/DOSCAR", 240, 188),
    (VASP, "tests/test_data/phonondb/DOSCAR", 904, 752),
    (VASP, "tests/test_data/doscar/DOSCAR.spin", 18, 8),
    (VASP, "tests/test_data/doscar/DOSCAR.ncl", 24, 8),
    (MORE, "tests/data/vasp/AgAc_relax/DOSCAR", 30, 22),
    (MORE, "tests/data/vasp/dftu/multi_parameter/DOSCAR", 204, 136),
]


@pytest.mark.parametrize("package, member, states, electrons", DOSCARS)
def test_doscars_of_vasp(sample, package, member, states, electrons):
    path = sample(package, member)
    dos = read_dos(path)
    assert dos.source.states == pytest.approx(states, rel=1e-3)
    assert dos.source.electrons == pytest.approx(electrons, rel=3e-3)
    rows = int(path.read_text().splitlines()[5].split()[2])
    energy, *columns = np.loadtxt(path, skiprows=6, max_rows=rows).T
    counted = sum(columns[len(columns) // 2 :])
    ours = dos.source.states * np.asarray(dos.cumulative(energy))
    np.testing.assert_allclose(ours, counted, atol=5e-3 * states)


def test_fermi_level_of_a_doscar_as_sisl_reads_it(sample):
    sisl = pytest.importorskip("sisl")
    for package, member, *_ in DOSCARS:
        path = sample(package, member)
        theirs = sisl.io.vasp.doscarSileVASP(path).read_fermi_level()
        assert read_dos(path).source.fermi_energy == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("calculation", ["relax-wc-keep-magmom", "ionic-relax-magmom-carry-on"])
def test_a_doscar_averaged_over_a_relaxation_is_refused(sample, calculation):
    with pytest.raises(ValueError, match=r"states in all, which is no whole number: VASP averages"):
        read_dos(sample(VASP, f"tests/test_data/{calculation}/calc-000/out/DOSCAR"))


@pytest.mark.parametrize(
    "member, window, fermi, electrons",
    [("Pt_noncol/Pt.dos", (10, 26), None, 18 - 8), ("W_dos/w.dos", (6, 20), 15.6876, 6.12)],
)
def test_dos_x_of_quantum_espresso(sample, member, window, fermi, electrons):
    """Electrons in the window as pw.x states them; 8 of platinum lie below it."""
    path = sample(MORE, f"tests/data/quantumespresso/{member}")
    dos = read_dos(path, window=window, fermi_energy=fermi)
    assert dos.source.format == "espresso" and dos.source.electrons == pytest.approx(electrons, rel=3e-3)
    with pytest.raises(ValueError, match="the band goes on or the file is cut off; give window="):
        read_dos(path)


def test_magnetic_nickel_of_quantum_espresso(tmp_path):
    path = example("quantum-espresso/examples/PP/example02/reference/ni.dos.gz", tmp_path)
    dos = read_dos(path, window=(5.0, 20.0))
    assert dos.source.fermi_energy == 15.32 and dos.source.electrons == pytest.approx(10, rel=3e-3)


def on_path(corners, distance, lattice):
    """Fractions of k (point, 3) at distances along the straight lines between corners, as seed_band.dat counts."""
    reciprocal = 2 * np.pi * np.linalg.inv(lattice).T
    corners = np.array(corners, dtype=float)
    lengths = np.linalg.norm(np.diff(corners, axis=0) @ reciprocal, axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.stack([np.interp(distance, at, axis) for axis in corners.T], axis=1)


def test_bands_and_dos_of_a_cuprate(sample):
    """H(k) of seed_hr.dat against the bands Wannier90 plotted, D against postw90's."""
    hr, win, bands, dos = (sample(MORE, LCO + end) for end in ("_hr.dat", ".win", "_band.dat", "-dos.dat"))
    model = read_wannier(hr, win)
    distance, energy = np.loadtxt(bands).T
    corners = [(0, 0, 0), (0.25, -0.25, 0.25), (0, 0, 0.5), (0, 0, 0), (0.25, 0.25, -0.25)]
    first = distance <= np.linalg.norm(_steps(corners, model.lattice), axis=1).sum()
    assert first.sum() > 300
    ours = model.bloch(on_path(corners, distance[first], model.lattice))[:, 0, 0]
    np.testing.assert_allclose(ours, energy[first], atol=2e-4)
    table, tetrahedra = read_dos(dos), model.dos(24, points=201)
    x = np.linspace(10.2, 15.5, 40)
    np.testing.assert_allclose(table.cumulative(x), tetrahedra.cumulative(x), atol=0.02)  # postw90 smears


def _steps(corners, lattice):
    return np.diff(np.array(corners, float), axis=0) @ (2 * np.pi * np.linalg.inv(lattice).T)


@pytest.mark.parametrize("number, seed", [(2, "lead"), (3, "silicon"), (4, "copper")])
def test_wannier90_itself(tmp_path, number, seed):
    """Wannier90 run on its own examples: eigenvalues of what it writes against the bands it plots."""
    if shutil.which("wannier90.x") is None:
        pytest.skip("there is no wannier90.x (Debian's package wannier90)")
    for end in (".win", ".amn.gz", ".mmn.gz", ".eig.gz"):
        example(f"wannier90/examples/example{number:02d}/{seed}{end}", tmp_path)
    path = "begin kpoint_path\nL 0.5 0.5 0.5 G 0 0 0\nG 0 0 0 X 0.5 0 0.5\nend kpoint_path\n"
    win = (tmp_path / f"{seed}.win").read_text().lower()
    win = win.split("begin kpoint_path")[0] + win.partition("end kpoint_path")[2]
    (tmp_path / f"{seed}.win").write_text(win + f"\nwrite_hr = true\nbands_plot = true\n{path}")
    subprocess.run(["wannier90.x", seed], cwd=tmp_path, check=True, timeout=100)
    model = read_wannier(tmp_path / f"{seed}_hr.dat", tmp_path / f"{seed}.win")
    columns = np.loadtxt(tmp_path / f"{seed}_band.dat")
    orbitals = model.matrices.shape[-1]
    distance, energy = columns.T.reshape(2, orbitals, -1)
    k = on_path([(0.5, 0.5, 0.5), (0, 0, 0), (0.5, 0, 0.5)], distance[0], model.lattice)
    ours = np.linalg.eigvalsh(model.bloch(k)).T
    np.testing.assert_allclose(ours, np.sort(energy, axis=0), atol=2e-4)
