"""seed.win of Wannier90: the cell, and what it repeats of seed_hr.dat. Read as Wannier90 does (w90_readwrite)."""

import dataclasses
import re
from pathlib import Path

import numpy as np

from .text import Lines

BOHR_ANGSTROM = 0.529177210903
"""Bohr radius in Å (CODATA 2018)."""


@dataclasses.dataclass
class Win:
    """unit_cell_cart of a seed.win (Å, rows), num_wann and mp_grid with their lines, where they are given."""

    path: Path
    lattice: np.ndarray
    num_wann: tuple[int, int] | None
    mp_grid: tuple[int, int] | None


def read_win(path: str | Path) -> Win:
    """Cell, number of Wannier functions and number of k points of a seed.win; raises `ValueError` naming the line."""
    lines = Lines(path, "seed.win of Wannier90")
    plain = [re.split("[!#]", line)[0].strip() for line in lines.lines]
    numbers = {}
    for key, count in (("num_wann", 1), ("mp_grid", 3)):
        for number, line in enumerate(plain, start=1):
            if found := re.fullmatch(rf"{key}\s*[=:]?\s*([^=:]*)", line, re.IGNORECASE):
                words = _listed(found[1])
                if len(words) < count:
                    lines.fail(number, f"{len(words)} numbers, expected {count} of {key}")
                values = [lines.whole(number, word, key) for word in words[:count]]
                if key in numbers and numbers[key][0] != np.prod(values):
                    lines.fail(number, f"{key} stands here a second time, with another value")
                numbers[key] = (int(np.prod(values)), number)
    return Win(lines.path, _cell(lines, plain), numbers.get("num_wann"), numbers.get("mp_grid"))


def check_win(win: Win, orbitals: int, points: float, hr: str) -> None:
    """`ValueError` where a seed.win belongs to another calculation than `hr`, of these orbitals and k points."""
    for found, expected, what in (
        (win.num_wann, orbitals, "Wannier functions (num_wann)"),
        (win.mp_grid, round(points), "k points (mp_grid)"),
    ):
        if found is not None and found[0] != expected:
            raise ValueError(
                f"{win.path}, line {found[1]}: {found[0]} {what}, but {hr} has {expected}: they are of different "
                "calculations; if the cell is right, give its three vectors instead of the file"
            )


def _cell(lines: Lines, plain: list[str]) -> np.ndarray:
    """unit_cell_cart, in Å."""
    begin = [k for k, line in enumerate(plain) if re.fullmatch(r"(?i)begin[\s_]+unit_cell_cart", line)]
    if len(begin) != 1:
        raise ValueError(f"{lines.path}: {len(begin)} blocks 'begin unit_cell_cart', expected one")
    filled = [number for number in range(begin[0] + 2, len(plain) + 1) if plain[number - 1]]
    block = iter([*filled, *[len(plain) + 1] * 5])  # blank lines and comments may stand anywhere
    number, unit = next(block), 1.0
    word = lines.line(number, "the lattice vectors") and plain[number - 1].lower()
    if re.fullmatch(r"(bohr|ang|angstrom)", word):
        unit, number = (BOHR_ANGSTROM if word == "bohr" else 1.0), next(block)
    rows = []
    for _ in range(3):
        lines.line(number, "three lattice vectors")
        words = _listed(plain[number - 1])
        if len(words) < 3 or re.match(r"(?i)end[\s_]", plain[number - 1]):
            lines.fail(number, f"{len(words)} columns, expected a lattice vector of 3")
        rows.append([lines.number(number, word).value for word in words[:3]])
        if words[3:] and re.match(r"[-+.\d]", words[3]):
            lines.fail(number, f"{len(words)} columns, expected a lattice vector of 3")
        number = next(block)
    ending = lines.line(number, "end unit_cell_cart")
    if not re.match(r"\s*end[\s_]+unit_cell_cart", ending, re.IGNORECASE):
        lines.fail(number, f"{ending.strip()!r}, expected 'end unit_cell_cart'")
    return unit * np.array(rows)


def _listed(text: str) -> list[str]:
    """Words of a line as Fortran's list-directed input parts them: by blanks or a comma, 2*0.0 for 0.0 0.0."""
    words = []
    for word in re.split(r"\s*,\s*|\s+", text.strip().rstrip(",")):
        repeated = re.fullmatch(r"([1-9])\*(\S+)", word)
        words += [repeated[2]] * int(repeated[1]) if repeated else [word]
    return words
