"""Files into objects: a density of states from a text table."""

import math
from pathlib import Path

from .physics.tabulated import TabulatedDOS


def read_dos(path: str | Path) -> TabulatedDOS:
    """A `TabulatedDOS` from text: energy, DoS and, optionally, the v²-weighted DoS ⟨v²⟩D.

    Columns are separated by blanks or commas; `#` starts a comment; blank lines are skipped.
    Any one unit of energy, any normalisation. Empty tails are cut: of the rows without states
    before and after the band, only the innermost is kept, so that the table ends at the band edges.

    Raises `FileNotFoundError` for a file that is not there, and `ValueError` naming the file, the
    line and what is wrong with it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file; a table of energy and DoS was expected")
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        text = line.split("#", 1)[0].strip()
        if text:
            try:
                rows.append(read_row(text, rows))
            except ValueError as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    inside = [index for index, row in enumerate(rows) if row[1] > 0]
    if len(rows) < 3 or not inside:
        found = "no rows of numbers" if not rows else f"{len(rows)} rows" if inside else "no DoS above zero"
        raise ValueError(f"{path}: {found}; a table needs at least 3 rows (energy, DoS) and some states")
    rows = rows[max(inside[0] - 1, 0) : inside[-1] + 2]
    if len(rows) < 3:
        raise ValueError(f"{path}: only {len(rows)} rows hold states; a band needs at least 3")
    return TabulatedDOS(*zip(*rows, strict=True))


def read_row(text: str, before: list[list[float]]) -> list[float]:
    """The numbers of one row; `ValueError` saying what is wrong with it, given the rows before."""
    words = text.replace(",", " ").split()
    row = []
    for word in words:
        try:
            row.append(float(word))
        except ValueError:
            raise ValueError(f"{word!r} is not a number") from None
    wanted = (len(before[0]),) if before else (2, 3)
    if len(row) not in wanted:
        columns = " or ".join(str(count) for count in wanted)
        raise ValueError(f"{len(row)} columns, expected {columns} (energy, DoS[, v²-weighted DoS])")
    if not all(math.isfinite(value) for value in row):
        raise ValueError(f"{text!r} holds a value that is not finite")
    if any(value < 0 for value in row[1:]):
        raise ValueError(f"{text!r} holds a negative density")
    if before and row[0] <= before[-1][0]:
        raise ValueError(f"energy {row[0]!r} does not exceed {before[-1][0]!r} of the row before; sort them")
    return row
