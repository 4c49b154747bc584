"""`read_wannier`: the tight-binding bands of Wannier90, from seed_hr.dat and the cell.

Layout: Wannier90 user guide, seedname_hr.dat; H_mn(R)/degeneracy(R) summed with e^{ik·R}.
"""

import itertools
import re
from pathlib import Path

import numpy as np

from ..model.tight_binding import TightBinding
from .images import to_images
from .text import Lines

BOHR_ANGSTROM = 0.529177210903
"""Bohr radius in Å (CODATA 2018)."""


def read_wannier(
    hr: str | Path,
    cell,
    *,
    wsvec: str | Path | None = None,
    fermi_energy: float = 0.0,
    smallest: float = 0.0,
) -> TightBinding:
    """`TightBinding` bands in eV and Å, energies from `fermi_energy` (eV) on.

    - `hr`: seed_hr.dat of Wannier90
    - `cell`: seed.win, whose unit_cell_cart is read, or the three lattice vectors in Å, (3, 3) by rows
    - `wsvec`: seed_wsvec.dat of the same run; by default the one beside `hr`, if there is one. Without it
      the bands of several orbitals on a coarse k mesh can be off by tenths of an eV between its points
    - `smallest`: bonds whose matrix elements are all below it (eV) are left out

    What is redundant in the file is checked: the indices of every row, that degeneracies sum to
    a whole number of k points, and that H(−R) = H(R)†.

    Raises `FileNotFoundError`, and `ValueError` naming the file, the line and what is wrong with it.
    """
    lattice = _read_cell(cell) if isinstance(cell, str | Path) else np.asarray(cell, dtype=float)
    if lattice.shape != (3, 3) or not np.all(np.isfinite(lattice)) or abs(np.linalg.det(lattice)) < 1e-6:
        raise ValueError(
            f"cell = {lattice.tolist()} is not allowed: it must be three independent vectors (Å)"
        )
    lines = Lines(hr, "seed_hr.dat of Wannier90")
    orbitals, degeneracy, start = _head(lines)
    vectors, matrices, quantum = _blocks(lines, orbitals, degeneracy.size, start)
    _check_hermitian(lines, vectors, matrices, degeneracy, orbitals, start, 2.02 * quantum)
    matrices = matrices / degeneracy[:, None, None]
    beside = lines.path.with_name(lines.path.name.replace("_hr.dat", "_wsvec.dat"))
    if wsvec is not None or (beside != lines.path and beside.is_file()):
        vectors, matrices = to_images(beside if wsvec is None else wsvec, vectors, matrices)
    # each bond once: R and −R are adjoint; the mean removes their rounding
    place = {vector: k for k, vector in enumerate(vectors)}
    bonds = [v for v in vectors if v > tuple(-x for x in v)]
    means = {v: 0.5 * (matrices[place[v]] + matrices[place[_minus(v)]].conj().T) for v in [(0, 0, 0), *bonds]}
    onsite = np.asarray(means.pop((0, 0, 0)) - fermi_energy * np.eye(orbitals))
    bonds = [v for v in bonds if np.abs(means[v]).max() > smallest]
    if not bonds:
        raise ValueError(f"{lines.path}: no bonds above smallest = {smallest:g} eV: the bands are flat")
    hoppings = np.array([means[v] for v in bonds])
    if max(np.abs(np.imag(hoppings)).max(), np.abs(np.imag(onsite)).max()) <= quantum:
        hoppings, onsite = np.real(hoppings), np.real(onsite)
    return TightBinding(lattice, np.array(bonds), hoppings, onsite)


def _minus(vector: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(-x for x in vector)


def _head(lines: Lines) -> tuple[int, np.ndarray, int]:
    """Number of orbitals, degeneracy of each vector, and the line of the first matrix element."""
    counts = []
    for number, what in ((2, "the number of Wannier functions"), (3, "the number of vectors R")):
        words = lines.line(number, what).split()
        if len(words) != 1:
            lines.fail(number, f"{len(words)} words, expected {what}")
        counts.append(lines.whole(number, words[0], what))
        if counts[-1] < 1:
            lines.fail(number, f"{words[0]} is not allowed: it must be {what}")
    orbitals, vectors = counts
    degeneracy: list[int] = []
    number = 4
    while len(degeneracy) < vectors:
        words = lines.line(number, f"degeneracies of {vectors} vectors").split()
        expected = min(15, vectors - len(degeneracy))
        if len(words) != expected:
            lines.fail(number, f"{len(words)} degeneracies, expected {expected} of the {vectors} in line 3")
        degeneracy += [lines.whole(number, word, "degeneracy") for word in words]
        if min(degeneracy) < 1:
            lines.fail(number, "a degeneracy below 1")
        number += 1
    points = np.sum(1 / np.array(degeneracy))
    if abs(points - round(points)) > 1e-6 * vectors:
        lines.fail(4, f"the degeneracies sum to {points:.6g} k points, which is no whole number")
    return orbitals, np.array(degeneracy), number


def _blocks(lines: Lines, orbitals: int, count: int, start: int):
    """Vectors R (tuples), H(R) (vector, orb, orb) as written, and the unit of the last digit."""
    vectors, quantum = [], 0.0
    matrices = np.zeros((count, orbitals, orbitals), complex)
    number = start
    for block in range(count):
        for column, row in itertools.product(range(orbitals), repeat=2):
            what = "R (3 whole numbers), m, n, Re H, Im H"
            words = lines.line(number, what).split()
            if len(words) != 7:
                lines.fail(number, f"{len(words)} columns, expected 7 ({what})")
            *vector, m, n = (lines.whole(number, word, what) for word in words[:5])
            if (m, n) != (row + 1, column + 1):
                lines.fail(number, f"orbitals {m}, {n}, expected {row + 1}, {column + 1}")
            if row == column == 0:
                vectors.append(tuple(vector))
            elif tuple(vector) != vectors[-1]:
                lines.fail(number, f"R = {vector}, expected {list(vectors[-1])}")
            real, imaginary = (lines.number(number, word) for word in words[5:])
            matrices[block, row, column] = real.value + 1j * imaginary.value
            quantum = max(quantum, real.quantum, imaginary.quantum)
            number += 1
    if any(line.strip() for line in lines.lines[number - 1 :]):
        lines.fail(number, f"more lines than {count} vectors of {orbitals} orbitals have")
    return vectors, matrices, quantum


def _check_hermitian(lines, vectors, matrices, degeneracy, orbitals, start, slack) -> None:
    place: dict[tuple[int, ...], int] = {}
    for block, vector in enumerate(vectors):
        first = start + block * orbitals**2
        if vector in place:
            lines.fail(first, f"R = {list(vector)} is here a second time")
        place[vector] = block
    for block, vector in enumerate(vectors):
        first, other = start + block * orbitals**2, place.get(_minus(vector))
        if other is None:
            lines.fail(first, f"R = {list(vector)} has no partner −R: H is not Hermitian")
        if degeneracy[block] != degeneracy[other]:
            lines.fail(4 + block // 15, f"R = {list(vector)} and −R have different degeneracies")
        off = np.abs(matrices[block] - matrices[other].conj().T)
        if off.max() > slack:
            row, column = np.unravel_index(np.argmax(off), off.shape)
            at = first + int(column) * orbitals + int(row)
            lines.fail(at, f"H({list(vector)}) is not the adjoint of H(−R) there: the file is damaged")
    if (0, 0, 0) not in place:
        lines.fail(start, "R = [0, 0, 0] is missing")


def _read_cell(path: str | Path) -> np.ndarray:
    """unit_cell_cart of a seed.win, in Å."""
    lines = Lines(path, "seed.win of Wannier90")
    plain = [re.split("[!#]", line)[0].strip() for line in lines.lines]
    begins = [
        k for k, line in enumerate(plain) if re.fullmatch(r"begin\s+unit_cell_cart", line, re.IGNORECASE)
    ]
    if len(begins) != 1:
        raise ValueError(f"{lines.path}: {len(begins)} blocks 'begin unit_cell_cart', expected one")
    filled = [number for number in range(begins[0] + 2, len(plain) + 1) if plain[number - 1]]
    block = iter([*filled, *[len(plain) + 1] * 5])  # blank lines and comments may stand anywhere
    number, unit = next(block), 1.0
    word = lines.line(number, "the lattice vectors") and plain[number - 1].lower()
    if re.fullmatch(r"(bohr|ang|angstrom)", word):
        unit, number = (BOHR_ANGSTROM if word == "bohr" else 1.0), next(block)
    rows = []
    for _ in range(3):
        lines.line(number, "three lattice vectors")
        words = plain[number - 1].split()
        if len(words) != 3:
            lines.fail(number, f"{len(words)} columns, expected a lattice vector of 3")
        rows.append([lines.number(number, word).value for word in words])
        number = next(block)
    ending = lines.line(number, "end unit_cell_cart")
    if not re.match(r"\s*end\s+unit_cell_cart", ending, re.IGNORECASE):
        lines.fail(number, f"{ending.strip()!r}, expected 'end unit_cell_cart'")
    return unit * np.array(rows)
