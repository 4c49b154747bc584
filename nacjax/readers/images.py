"""seed_wsvec.dat of Wannier90: between which images of two orbitals a matrix element of seed_hr.dat belongs.

On the coarse k mesh of a calculation R and R + T are the same. Between its points the bands are those
where every element joins the nearest images, shared among equally near ones, which is how Wannier90 plots
them (`use_ws_distance`). Layout: Wannier90 user guide, seedname_wsvec.dat.
"""

from pathlib import Path

import numpy as np

from .text import Lines

Vector = tuple[int, ...]


def to_images(
    path: str | Path, vectors: list[Vector], matrices: np.ndarray
) -> tuple[list[Vector], np.ndarray]:
    """Vectors and H(R) (vector, orb, orb) with every element moved to its images.

    Raises `FileNotFoundError`, and `ValueError` naming the file, the line and what is wrong with it.
    """
    lines = Lines(path, "seed_wsvec.dat of Wannier90")
    orbitals = matrices.shape[-1]
    place = {vector: k for k, vector in enumerate(vectors)}
    found: dict[Vector, np.ndarray] = {}
    seen: set[tuple[int, ...]] = set()
    number = 2
    while len(seen) < len(vectors) * orbitals**2:
        *vector, m, n = _whole(lines, number, 5, "R (3 whole numbers), m, n")
        if tuple(vector) not in place or not (1 <= m <= orbitals and 1 <= n <= orbitals):
            lines.fail(number, f"R = {vector}, orbitals {m}, {n}: they are not in seed_hr.dat")
        if (*vector, m, n) in seen:
            lines.fail(number, f"R = {vector}, orbitals {m}, {n} are here a second time")
        seen.add((*vector, m, n))
        (count,) = _whole(lines, number + 1, 1, "the number of images")
        if count < 1:
            lines.fail(number + 1, f"{count} is not allowed: it must be the number of images")
        part = matrices[place[tuple(vector)], m - 1, n - 1] / count
        for line in range(number + 2, number + 2 + count):
            shift = _whole(lines, line, 3, "T (3 whole numbers)")
            image = tuple(a + b for a, b in zip(vector, shift, strict=True))
            found.setdefault(image, np.zeros((orbitals, orbitals), complex))[m - 1, n - 1] += part
        number += 2 + count
    if any(line.strip() for line in lines.lines[number - 1 :]):
        lines.fail(number, f"more lines than {len(vectors)} vectors of {orbitals} orbitals have")
    for vector in list(found):
        partner = tuple(-x for x in vector)
        other = found.setdefault(partner, np.zeros((orbitals, orbitals), complex))
        if np.abs(found[vector] - other.conj().T).max() > 1e-3:
            text = f"H({list(vector)}) is not the adjoint of H(−R): the file is damaged"
            raise ValueError(f"{lines.path}: {text}")
    return list(found), np.array(list(found.values()))


def _whole(lines: Lines, number: int, count: int, what: str) -> list[int]:
    words = lines.line(number, what).split()
    if len(words) != count:
        lines.fail(number, f"{len(words)} columns, expected {count} ({what})")
    return [lines.whole(number, word, what) for word in words]
