"""Plain tables: energy, DoS and, optionally, the v²-weighted DoS (postw90, BoltzTraP2, own files)."""

import re

import numpy as np

from .raw import RawDos, check_grid
from .text import Lines

MEANING = "energy, DoS[, v²-weighted DoS]"


def read_table(lines: Lines, even: bool = False, unit: str | None = None) -> RawDos:
    """Two or three columns, separated by blanks or one comma each; `#` starts a comment.

    With `even` the energies must form an even grid, as the codes write it; then a lost or damaged
    energy is found. Raises `ValueError` naming the line.
    """
    rows: list[list[float]] = []
    places: list[int] = []
    quantum = 0.0
    for number, line in enumerate(lines.lines, start=1):
        text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if text:
            numbers = [lines.number(number, word) for word in re.split(r"\s*,\s*|\s+", text)]
            row = [value for value, _ in numbers]
            _check_row(lines, number, text, row, rows)
            quantum = max(quantum, numbers[0].quantum)
            rows.append(row)
            places.append(number)
    if not rows:
        raise ValueError(f"{lines.path}: no rows of numbers; a table needs at least 3 rows ({MEANING})")
    energy, density, *weighted = np.array(rows).T
    if even and energy.size > 2:
        if places[-1] - places[0] != len(places) - 1:
            lines.fail(places[0], "this format has no blank lines or comments between its rows")
        energy = check_grid(lines, energy, places[0], quantum)
    return RawDos(energy, density, weighted[0] if weighted else None, unit=unit, first_line=places[0])


def read_boltztrap(lines: Lines) -> RawDos:
    """The transport DoS of BoltzTraP2 (its `BTPDOS`, saved as columns): energy in Hartree, D, and ⟨v²⟩D.

    The third column is the trace of vvdos, or any part of it: σ̃ is used relative to the Fermi level.
    """
    raw = read_table(lines, even=True, unit="Ha")
    if raw.weighted is None:
        lines.fail(raw.first_line, f"2 columns, expected 3 ({MEANING})")
    return raw


def _check_row(lines: Lines, number: int, text: str, row: list[float], before: list[list[float]]) -> None:
    wanted = (len(before[0]),) if before else (2, 3)
    if len(row) not in wanted:
        columns = " or ".join(str(count) for count in wanted)
        lines.fail(number, f"{len(row)} columns, expected {columns} ({MEANING})")
    if any(value < 0 for value in row[1:]):
        lines.fail(number, f"{text!r} holds a negative density")
    if before and row[0] <= before[-1][0]:
        lines.fail(
            number, f"energy {row[0]!r} does not exceed {before[-1][0]!r} of the row before; sort them"
        )
