"""`read_dos`: a density of states from the output of a band-structure code, as one band."""

import re
from pathlib import Path

import numpy as np

from ..model.tabulated import Source, TabulatedDOS
from .raw import EMPTY, RawDos
from .table import read_boltztrap, read_table
from .text import Lines
from .vasp_espresso import read_doscar, read_espresso

FORMATS = {
    "vasp": read_doscar,
    "espresso": read_espresso,
    "postw90": lambda lines: read_table(lines, even=True, unit="eV"),
    "boltztrap": read_boltztrap,
    "table": read_table,
}
"""Layouts: VASP's DOSCAR, dos.x of Quantum ESPRESSO, postw90's seed-dos.dat, BoltzTraP2, two or three columns."""


def read_dos(
    path: str | Path,
    format: str = "auto",
    *,
    window: tuple[float, float] | None = None,
    relative_to: str = "file",
    fermi_energy: float | None = None,
    electrons: float | None = None,
    tolerance: float = 0.02,
) -> TabulatedDOS:
    """A `TabulatedDOS` from a file; what was counted in it is in its `source`.

    - `path`: the file
    - `format`: a key of `FORMATS`; "auto" knows DOSCAR and dos.x by their headers and postw90 by its
      columns. A plain table may have a third column, ⟨v²⟩D. Spins are added.
    - `window`: lowest and highest energy of "the band", in the energies of the result; everything by default
    - `relative_to`: "file" keeps the energies of the file, "fermi" counts them from its Fermi energy
    - `fermi_energy`: in the energies of the file, where the file gives none or a wrong one
    - `electrons`: of the band, in the normalisation of the file. It is checked against the states below
      the Fermi energy (to `tolerance` of the band's states), or taken where that is not known.

    Energies in the unit of the file. Empty tails are cut, so that the table ends at the band edges.
    DoS that come with their integral are checked row by row. A plain table has nothing to check
    its digits against: give `electrons` and `fermi_energy`.

    Raises `FileNotFoundError` for a file that is not there, and `ValueError` naming the file, the
    line and what is wrong with it.
    """
    if relative_to not in ("file", "fermi"):
        raise ValueError(f"relative_to = {relative_to!r} is not allowed: it must be 'file' or 'fermi'")
    if format != "auto" and format not in FORMATS:
        raise ValueError(
            f"format = {format!r} is not allowed: it must be auto or one of {', '.join(FORMATS)}"
        )
    lines = Lines(path, "a density of states")
    name = detect(lines) if format == "auto" else format
    raw = FORMATS[name](lines)
    if fermi_energy is not None:
        raw.fermi = float(fermi_energy)
    if relative_to == "fermi":
        raw = _from_fermi(lines, raw)
    raw = _band(lines, raw, window, EMPTY if raw.unit == "eV" else 0.0)
    states = float(raw.filled()[-1] - raw.filled()[0])
    found = None
    if raw.fermi is not None:
        found = raw.count(raw.fermi) - float(raw.filled()[0])
    counted = _checked_electrons(lines, electrons, found, states, tolerance)
    source = Source(str(path), name, raw.unit, states, counted, raw.fermi)
    return TabulatedDOS(raw.energy, raw.density, raw.weighted, cumulative=raw.cumulative, source=source)


def detect(lines: Lines) -> str:
    """The layout of a file. Several marks are looked at, so that damage to one does not change the answer."""
    first = lines.lines[0]
    marks = ("E (eV)", "dos(E)", "dosup(E)", "dosdw(E)", "Int dos", "EFermi")
    if any(mark in first for mark in marks):
        return "espresso"
    head = first.split()
    car = len(lines.lines) > 3 and lines.lines[3].strip() == "CAR"
    if car or (len(head) == 4 and len(lines.lines) > 1 and all(word.isdigit() for word in head)):
        return "vasp"
    widths = {len(line) for line in lines.lines if line.strip()}
    scientific = sum(bool(re.fullmatch(r"(?: [ -]\d\.\d{8}E[+-]\d\d){2}", line)) for line in lines.lines)
    if scientific and scientific >= 0.9 * len(lines.lines) and 32 in widths:
        return "postw90"
    return "table"


def _from_fermi(lines: Lines, raw: RawDos) -> RawDos:
    if raw.fermi is None:
        raise ValueError(
            f"relative_to = 'fermi' is not allowed: {lines.path} gives no Fermi energy; pass fermi_energy="
        )
    raw.energy, raw.fermi = raw.energy - raw.fermi, 0.0
    return raw


def _band(lines: Lines, raw: RawDos, window: tuple[float, float] | None, empty: float) -> RawDos:
    """The rows of the band: inside the window, without empty tails."""
    first, last = float(raw.energy[0]), float(raw.energy[-1])
    if window is not None:
        low, high = (float(edge) for edge in window)
        if not low < high or low >= last or high <= first:
            raise ValueError(
                f"window = {window!r} is not allowed: it must be two increasing energies, and hold some of "
                f"{first:g} to {last:g} in {lines.path}"
            )
        raw = raw.cut(max(low, first), min(high, last))
    full = raw.energy.size
    raw = raw.trimmed(empty)
    if raw.unit is not None and raw.energy.size:
        _check_ends(lines, raw, (first, last), empty)
    if full < 3 or raw.energy.size == 0:
        found = f"{full} rows" if raw.energy.size else "no DoS above zero"
        raise ValueError(
            f"{lines.path}: {found}; a table needs at least 3 rows (energy, DoS) and some states"
        )
    if raw.energy.size < 3:
        raise ValueError(f"{lines.path}: only {raw.energy.size} rows hold states; a band needs at least 3")
    return raw


def _check_ends(lines: Lines, raw: RawDos, ends: tuple[float, float], empty: float) -> None:
    """`ValueError` where the DoS is not empty at an end of the file: the band goes on, or the file is cut off."""
    least = max(empty, 1e-3) * raw.density.max()
    for at, end, number in ((0, ends[0], raw.first_line), (-1, ends[1], len(lines.lines))):
        if raw.energy[at] == end and raw.density[at] > least:
            lines.fail(number, f"the DoS is {raw.density[at]:.3g} where the file ends ({end:g}): the band goes on "
                       "or the file is cut off; give window=(low, high) inside the file")  # fmt: skip


def _checked_electrons(lines: Lines, given, found, states: float, tolerance: float) -> float | None:
    """Electrons of the band: counted, given, or both when they agree."""
    if given is None:
        return None if found is None or not 0 < found < states else found
    given = float(given)
    if not (np.isfinite(given) and 0 < given < states):
        raise ValueError(
            f"electrons = {given:g} is not allowed: it must be between 0 and the {states:.4g} states that "
            f"{lines.path} counts in the window"
        )
    if found is not None and not abs(given - found) <= tolerance * states:
        raise ValueError(
            f"electrons = {given:g} is not allowed: {lines.path} counts {found:.4g} of {states:.4g} states below "
            "the Fermi energy in the window; correct the window, electrons or fermi_energy"
        )
    return given
