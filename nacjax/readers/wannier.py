"""`read_wannier`: the tight-binding bands of Wannier90, from seed_hr.dat or seed_tb.dat and the cell.

Layout: Wannier90 user guide, seedname_hr.dat; H_mn(R)/degeneracy(R) summed with e^{ik·R}.
"""

from pathlib import Path

import numpy as np

from ..model.checks import require_path
from ..model.tight_binding import TightBinding
from .blocks import Blocks, check_hermitian, read_blocks
from .cell import check_win, read_win
from .images import to_images
from .text import Lines

WHAT = "seed_hr.dat or seed_tb.dat of Wannier90"
"""What is expected in a file."""


def read_wannier(
    hr: str | Path,
    cell=None,
    *,
    wsvec: str | Path | None = None,
    fermi_energy: float = 0.0,
    smallest: float = 0.0,
) -> TightBinding:
    r"""Tight-binding bands from the files of Wannier90.

    `TightBinding` bands in eV and Å, energies from `fermi_energy` (eV) on; `source` says what was read.

    - `hr`: seed_hr.dat of Wannier90, or seed_tb.dat, as text or packed by gzip
    - `cell`: seed.win, whose unit_cell_cart is read, or the three lattice vectors in Å, (3, 3) by rows;
      seed_tb.dat brings its own
    - `wsvec`: seed_wsvec.dat of the same run; by default the one beside `hr`, if there is one. Without it
      the bands of several orbitals on a coarse k mesh can be off by tenths of an eV between its points
    - `smallest`: bonds whose matrix elements are all below it (eV) are left out

    What is redundant in the file is checked: the indices of every row, that degeneracies sum to
    a whole number of k points, that H(−R) = H(R)†, and num_wann and mp_grid of seed.win.

    Raises `FileNotFoundError`, and `ValueError` naming the file, the line and what is wrong with it.

    >>> text = "one band\n1\n3\n1 1 1\n" + "".join(f"{x} 0 0 1 1 {-0.25 * abs(x)} 0.0\n" for x in (-1, 0, 1))
    >>> _ = Path("chain_hr.dat").write_text(text)
    >>> bands = nj.read_wannier("chain_hr.dat", np.eye(3))
    >>> round(np.asarray(bands.hamiltonian(np.zeros(3))).real.item(), 6)
    -0.5
    """
    lines = Lines(hr, WHAT, "hr")
    blocks = read_blocks(lines)
    lattice, said = _lattice(lines, blocks, cell)
    if lattice.shape != (3, 3) or not np.all(np.isfinite(lattice)) or abs(np.linalg.det(lattice)) < 1e-6:
        raise ValueError(f"cell = {lattice.tolist()} is not allowed: it must be three independent vectors, Å")
    check_hermitian(lines, blocks)
    vectors, matrices = blocks.vectors, blocks.matrices / blocks.degeneracy[:, None, None]
    images = _images_file(lines.path) if wsvec is None else require_path("wsvec", wsvec)
    if images is not None:
        vectors, matrices = to_images(images, vectors, matrices)
    means, orbitals = _means(vectors, matrices), blocks.matrices.shape[-1]
    onsite = np.asarray(means.pop((0, 0, 0)) - fermi_energy * np.eye(orbitals))
    bonds = [v for v, mean in means.items() if np.abs(mean).max() > smallest]
    if not bonds:
        raise ValueError(f"{lines.path}: no bonds above smallest = {smallest:g} eV: the bands are flat")
    hoppings = np.array([means[v] for v in bonds])
    if max(np.abs(np.imag(hoppings)).max(), np.abs(np.imag(onsite)).max()) <= blocks.quantum:
        hoppings, onsite = np.real(hoppings), np.real(onsite)
    points = round(float(np.sum(1 / blocks.degeneracy)))
    rows = {
        "format": f"Wannier90 {blocks.kind}, eV and Å",
        "orbitals": f"{orbitals}, each without spin unless the run had spinors",
        "vectors R": f"{len(blocks.vectors)} for {points} k points, {len(bonds)} bonds kept",
        "cell": said,
        "images": "elements at the R of the file" if images is None else f"nearest ones, {images}",
        "energies": f"from {fermi_energy:g} eV on",
    }
    rows = [*rows.items(), *(("note", note) for note in lines.notes)]
    text = [f"  {name:12}{value}" for name, value in rows]
    return TightBinding(lattice, np.array(bonds), hoppings, onsite, source="\n".join([str(hr), *text]))


def _means(vectors, matrices) -> dict:
    """Each bond once, the cell itself first: R and −R are adjoint; the mean removes their rounding."""
    place = {vector: k for k, vector in enumerate(vectors)}
    bonds = [v for v in vectors if v > tuple(-x for x in v)]
    return {v: 0.5 * (matrices[place[v]] + matrices[place[_minus(v)]].conj().T) for v in [(0, 0, 0), *bonds]}


def _lattice(lines: Lines, blocks: Blocks, cell) -> tuple[np.ndarray, str]:
    """The lattice vectors (Å, by rows), and where they are from; `ValueError` where two sources differ."""
    if cell is None:
        if blocks.lattice is None:
            raise ValueError(
                f"cell is needed: {lines.path} has no lattice vectors; give seed.win or three vectors (Å)"
            )
        return blocks.lattice, f"{lines.path.name}, lines 2 to 4"
    if isinstance(cell, str | Path):
        win = read_win(cell)
        check_win(win, blocks.matrices.shape[-1], float(np.sum(1 / blocks.degeneracy)), str(lines.path))
        lattice, said = win.lattice, str(cell)
    else:
        lattice, said = np.asarray(cell, dtype=float), "as stated"
    if (
        blocks.lattice is not None
        and lattice.shape == (3, 3)
        and np.abs(lattice - blocks.lattice).max() > 1e-4
    ):
        raise ValueError(
            f"cell = {lattice.tolist()} is not allowed: {lines.path} has {blocks.lattice.tolist()} (Å)"
        )
    return lattice, said


def _images_file(path: Path) -> Path | None:
    """seed_wsvec.dat beside seed_hr.dat or seed_tb.dat, packed or not, where there is one."""
    for ending in ("_hr.dat", "_tb.dat"):
        if ending in path.name:
            beside = path.with_name(path.name.removesuffix(".gz").replace(ending, "_wsvec.dat"))
            return next((p for p in (beside, beside.with_name(beside.name + ".gz")) if p.is_file()), None)
    return None


def _minus(vector: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-x for x in vector)


def understand(hr: str | Path, cell=None) -> str:
    """What `read_wannier` understands of a file, also where no cell is known; raises the same errors."""
    missing = cell is None and read_blocks(Lines(hr, WHAT, "hr")).lattice is None
    source = read_wannier(hr, np.eye(3) if missing else cell).source or ""
    return (
        source.replace("as stated", "not in the file: give seed.win or three vectors (Å)")
        if missing
        else source
    )
