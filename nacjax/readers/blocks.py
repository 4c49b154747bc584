"""H(R) of seed_hr.dat and seed_tb.dat: every row is put where its indices say."""

import dataclasses

import numpy as np

from .text import Lines, Number

Vector = tuple[int, ...]


@dataclasses.dataclass
class Blocks:
    """What a file of Wannier90 holds.

    - `kind`: "seed_hr.dat" or "seed_tb.dat"; `lattice`: of the latter (Å, rows), else None
    - `vectors`: R in lattice vectors; `degeneracy` (vector,); `matrices`: H(R) as written (vector, orb, orb)
    - `slack`: how far each element may be off by its rounding, same shape; `quantum`: the usual last digit
    - `places`: the line of each element, same shape
    """

    kind: str
    lattice: np.ndarray | None
    vectors: list[Vector]
    degeneracy: np.ndarray
    matrices: np.ndarray
    slack: np.ndarray
    places: np.ndarray
    quantum: float


def read_blocks(lines: Lines) -> Blocks:
    """The vectors and matrices of a file; raises `ValueError` naming the line."""
    lattice, number = None, 2
    if len(_words(lines, 2)) == 3:  # seed_tb.dat begins with the cell
        lattice = np.array([[x.value for x in lines.numbers(k, "a lattice vector", (3,))] for k in (2, 3, 4)])
        number = 5
    orbitals = _count(lines, number, "the number of Wannier functions")
    count = _count(lines, number + 1, "the number of vectors R")
    if count * orbitals**2 > len(lines.lines):
        lines.fail(number, f"{orbitals} Wannier functions and {count} vectors R need {count * orbitals**2} lines, "
                   f"and the file has {len(lines.lines)}: it is cut off, or these numbers are damaged")  # fmt: skip
    degeneracy, start = _degeneracies(lines, count, number + 2)
    rows, after = (
        _hr_rows(lines, count * orbitals**2, start)
        if lattice is None
        else _tb_rows(lines, count * orbitals**2, orbitals, start)
    )
    order = [row[0] for row in rows]
    if len({*order[:count]}) == count and order == order[:count] * orbitals**2:  # R runs fastest
        rows = [row for k in range(count) for row in rows[k::count]]
    vectors = [row[0] for row in rows[:: orbitals**2]]
    blocks = _placed(lines, rows, vectors, orbitals)
    if lattice is None and any(line.strip() for line in lines.lines[after - 1 :]):
        lines.fail(after, f"more lines than {count} vectors of {orbitals} orbitals have")
    if vectors != sorted(vectors) and np.ptp(degeneracy):
        lines.warn(
            "the vectors R are not in the order of Wannier90; degeneracies are taken in the order of the file"
        )
    kind = "seed_hr.dat" if lattice is None else "seed_tb.dat"
    return Blocks(kind, lattice, vectors, degeneracy, *blocks)


def _words(lines: Lines, number: int, what: str = "the head of the file") -> list[str]:
    """Words of a line without a comment after them."""
    return lines.line(number, what).split("!")[0].split("#")[0].split()


def _count(lines: Lines, number: int, what: str) -> int:
    words = _words(lines, number, what)
    if len(words) != 1:
        lines.fail(number, f"{len(words)} words, expected {what}")
    count = lines.whole(number, words[0], what)
    if count < 1:
        lines.fail(number, f"{words[0]} is not allowed: it must be {what}")
    return count


def _degeneracies(lines: Lines, count: int, number: int) -> tuple[np.ndarray, int]:
    """Degeneracy of each vector, however many stand in a line, and the line after them."""
    found: list[int] = []
    first = number
    while len(found) < count:
        words = _words(lines, number, f"degeneracies of {count} vectors")
        found += [lines.whole(number, word, "degeneracy") for word in words]
        if len(found) > count:
            lines.fail(number, f"{len(found)} degeneracies, expected the {count} of line {first - 1}")
        if found and min(found) < 1:
            lines.fail(number, "a degeneracy below 1")
        number += 1
    points = np.sum(1 / np.array(found))
    if abs(points - round(points)) > 1e-6 * count:
        lines.fail(first, f"the degeneracies sum to {points:.6g} k points, which is no whole number")
    return np.array(found), number


Row = tuple[Vector, int, int, Number, Number, int]
"""R, m, n, Re H, Im H, line."""


def _hr_rows(lines: Lines, count: int, number: int) -> tuple[list[Row], int]:
    """`count` rows R, m, n, Re H, Im H, and the line after them."""
    what = "R (3 whole numbers), m, n, Re H, Im H"
    rows = []
    while len(rows) < count:
        words = _words(lines, number, what)
        if words and len(words) != 7:
            lines.fail(number, f"{len(words)} columns, expected 7 ({what})")
        if words:
            *vector, m, n = (lines.whole(number, word, what) for word in words[:5])
            rows.append((tuple(vector), m, n, *(lines.number(number, w) for w in words[5:]), number))
        number += 1
    return rows, number


def _tb_rows(lines: Lines, count: int, orbitals: int, number: int) -> tuple[list[Row], int]:
    """Rows of blocks of a blank line, R, and m, n, Re H, Im H; the positions after them are not read."""
    rows = []
    while len(rows) < count:
        while not lines.line(number, "R").strip():
            number += 1
        words = _words(lines, number, "R")
        if len(words) != 3:
            lines.fail(number, f"{len(words)} columns, expected R (3 whole numbers)")
        vector = tuple(lines.whole(number, word, "R") for word in words)
        for place in range(number + 1, number + 1 + orbitals**2):
            words = _words(lines, place, "m, n, Re H, Im H")
            if len(words) != 4:
                lines.fail(place, f"{len(words)} columns, expected 4 (m, n, Re H, Im H)")
            m, n = (lines.whole(place, word, "m, n") for word in words[:2])
            rows.append((vector, m, n, *(lines.number(place, word) for word in words[2:]), place))
        number += 1 + orbitals**2
    return rows, number


def _placed(lines: Lines, rows: list[Row], vectors: list[Vector], orbitals: int):
    """H, its slack, the lines of the elements, and the usual last digit; each element once, each R in one piece."""
    shape = (len(vectors), orbitals, orbitals)
    matrices, slack, places = np.zeros(shape, complex), np.zeros(shape), np.zeros(shape, int)
    seen: set[Vector] = set()
    for k, (vector, m, n, real, imaginary, number) in enumerate(rows):
        block, inner = divmod(k, orbitals**2)
        if inner == 0:
            if vector in seen:
                lines.fail(number, f"R = {list(vector)} is here a second time")
            seen.add(vector)
        if vector != vectors[block]:
            lines.fail(number, f"R = {list(vector)}, expected {list(vectors[block])}: the {orbitals**2} elements of a "
                       "vector must stand together")  # fmt: skip
        if not (1 <= m <= orbitals and 1 <= n <= orbitals):
            lines.fail(number, f"orbitals {m}, {n}, expected 1 to {orbitals}")
        if places[block, m - 1, n - 1]:
            lines.fail(number, f"orbitals {m}, {n} of R = {list(vector)} are here a second time")
        matrices[block, m - 1, n - 1] = real.value + 1j * imaginary.value
        slack[block, m - 1, n - 1] = max(real.quantum, imaginary.quantum)
        places[block, m - 1, n - 1] = number
    usual = float(np.median(slack))
    # one number written with few digits must not excuse what contradicts it
    return matrices, np.minimum(slack, np.maximum(10 * usual, 1e-6 * np.abs(matrices))), places, usual


def check_hermitian(lines: Lines, blocks: Blocks) -> None:
    """`ValueError` naming the line unless each R has its −R, of the same degeneracy, and H(−R) = H(R)†."""
    place = {vector: k for k, vector in enumerate(blocks.vectors)}
    for block, vector in enumerate(blocks.vectors):
        first = int(blocks.places[block].min())
        other = place.get(tuple(-x for x in vector))
        if other is None:
            lines.fail(first, f"R = {list(vector)} has no partner −R: H is not Hermitian")
        if blocks.degeneracy[block] != blocks.degeneracy[other]:
            lines.fail(first, f"R = {list(vector)} and −R have different degeneracies")
        off = np.abs(blocks.matrices[block] - blocks.matrices[other].conj().T)
        off = off - 2.02 * np.maximum(blocks.slack[block], blocks.slack[other].T)
        if off.max() > 0:
            at = int(blocks.places[block][np.unravel_index(np.argmax(off), off.shape)])
            lines.fail(at, f"H({list(vector)}) is not the adjoint of H(−R) there: the file is damaged")
    if (0, 0, 0) not in place:
        lines.fail(int(blocks.places.min()), "R = [0, 0, 0] is missing")
