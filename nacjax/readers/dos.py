"""`read_dos`: a density of states from the output of a band-structure code, as one band."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..model.tabulated import Source, TabulatedDOS
from .abinit import MARK, read_abinit
from .boltztrap import read_boltztrap
from .elk import NAME, read_elk
from .espresso import HEADER, read_espresso
from .postw90 import read_postw90
from .raw import RawDos, check_steps
from .table import read_table
from .text import Lines
from .units import check_unit
from .vasp import is_lobster, read_doscar
from .wien2k import MARK as WIEN2K
from .wien2k import read_wien2k

FORMATS = {
    "vasp": read_doscar,
    "lobster": read_doscar,
    "espresso": read_espresso,
    "postw90": read_postw90,
    "boltztrap": read_boltztrap,
    "abinit": read_abinit,
    "elk": read_elk,
    "wien2k": read_wien2k,
    "table": read_table,
}
"""Layouts: DOSCAR of VASP and of LOBSTER, dos.x of Quantum ESPRESSO, postw90's seed-dos.dat, BoltzTraP2, ABINIT's
_DOS, TDOS.OUT of Elk and exciting, case.dos1ev of WIEN2k, and tables, such as those of FHI-aims, OptaDOS and
projwfc.x."""


def read_dos(
    path: str | Path,
    format: str = "auto",
    *,
    window: tuple[float, float] | None = None,
    relative_to: str = "file",
    fermi_energy: float | None = None,
    electrons: float | None = None,
    tolerance: float = 0.02,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
) -> TabulatedDOS:
    """A `TabulatedDOS` from a file; what was understood of it is in its `source`, and `source.report()` tells it.

    - `path`: the file, as text or packed by gzip
    - `format`: a key of `FORMATS`; "auto" knows the codes by their headers, postw90 by its columns and
      TDOS.OUT by its name; everything else is a table
    - `window`: lowest and highest energy of "the band", in the energies of the result; everything by default
    - `relative_to`: "file" keeps the energies of the file, "fermi" counts them from its Fermi energy
    - `fermi_energy`: in the energies of the file, where the file gives none or a wrong one
    - `electrons`: of the band, in the normalisation of the file. It is checked against the states below
      the Fermi energy (to `tolerance` of the band's states), or taken where that is not known.
    - `unit`: of energy, where a table names none: "eV", "meV", "Ha" or "Ry"
    - `columns`: what the columns of a table are, where its header does not say: "energy" and "dos" (or "up" and
      "down", which are added), "v2dos" for ⟨v²⟩D, "integral" for the integrated DoS, "skip"

    Energies stay in the unit of the file (`source.unit`). Empty tails are cut, so that the table ends at the
    band edges. DoS that come with their integral are checked row by row. A plain table has nothing to
    check its digits against: give `electrons` and `fermi_energy`.

    Warns (`UserWarning`) of what was taken as sound but need not be. Raises `FileNotFoundError` for a file
    that is not there, and `ValueError` naming the file, the line and what is wrong with it.

    >>> energy = np.linspace(-1, 1, 201)
    >>> np.savetxt("dos.csv", np.column_stack([energy, 1 - energy**2]), header="energy (eV) dos")
    >>> nj.read_dos("dos.csv", columns=("energy", "dos"), unit="eV").width.item()
    2.0
    """
    raw, source = understand(
        path, format, window=window, relative_to=relative_to, fermi_energy=fermi_energy, electrons=electrons,
        tolerance=tolerance, unit=unit, columns=columns,
    )  # fmt: skip
    return TabulatedDOS(raw.energy, raw.density, raw.weighted, cumulative=raw.cumulative, source=source)


def understand(
    path: str | Path,
    format: str = "auto",
    *,
    window: tuple[float, float] | None = None,
    relative_to: str = "file",
    fermi_energy: float | None = None,
    electrons: float | None = None,
    tolerance: float = 0.02,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
) -> tuple[RawDos, Source]:
    """The rows of the band, and what was understood of the file; arguments and errors are those of `read_dos`."""
    if relative_to not in ("file", "fermi"):
        raise ValueError(f"relative_to = {relative_to!r} is not allowed: it must be 'file' or 'fermi'")
    if format != "auto" and format not in FORMATS:
        raise ValueError(
            f"format = {format!r} is not allowed: it must be auto or one of {', '.join(FORMATS)}"
        )
    lines = Lines(path, "a density of states")
    name, raw = _read(lines, format, columns)
    _set_unit(lines, name, raw, unit)
    fermi = _fermi(lines, raw, fermi_energy)
    if relative_to == "fermi":
        if fermi is None:
            raise ValueError(
                f"relative_to = 'fermi' is not allowed: {lines.path} gives no Fermi energy; pass fermi_energy="
            )
        raw.energy, fermi = raw.energy - fermi, 0.0
    raw = _band(lines, raw, window)
    below = raw.filled()
    states = float(below[-1] - below[0])
    found = None if fermi is None else raw.count(fermi) - float(below[0])
    counted = _checked_electrons(lines, electrons, found, states, tolerance)
    if found is not None and counted is None:
        lines.notes.append("the Fermi level is outside the band")
    source = Source(
        str(path), name, raw.unit, states, counted, fermi, raw.fermi_from, raw.unit_from, raw.columns, raw.spin,
        (float(raw.energy[0]), float(raw.energy[-1])), raw.code, tuple(lines.notes),
    )  # fmt: skip
    return raw, source


def _read(lines: Lines, format: str, columns: Sequence[str] | None) -> tuple[str, RawDos]:
    """The layout of a file, and its rows."""
    name = format
    if format == "auto":
        name = detect(lines) if columns is None else "table"
    if columns is None:
        return name, FORMATS[name](lines)
    if name != "table":
        raise ValueError(f"columns is not allowed with format = {name!r}: it fixes what the columns are")
    columns = re.split(r"[\s,]+", columns.strip()) if isinstance(columns, str) else columns
    return name, read_table(lines, columns)


def _set_unit(lines: Lines, name: str, raw: RawDos, unit: str | None) -> None:
    """The unit a caller states, where the file names none; `ValueError` where it names another."""
    if unit is None:
        if raw.unit is None and raw.unit_from:
            raise ValueError(
                f"{lines.path}: energies in {raw.unit_from}? Its header names both: give unit= (--unit)"
            )
        return
    unit = check_unit(unit)
    if raw.unit not in (None, unit):
        raise ValueError(
            f"unit = {unit!r} is not allowed: {lines.path} has energies in {raw.unit} ({raw.unit_from})"
            + ("" if name == "table" else f"; format='table' reads it without that of {name}")
        )
    if raw.unit is None:
        raw.unit, raw.unit_from = unit, "as stated"


def _fermi(lines: Lines, raw: RawDos, given: float | None) -> float | None:
    """The Fermi energy that a caller states, or else that of the file; `ValueError` where it has two."""
    if given is not None:
        if not np.isfinite(given):
            raise ValueError(f"fermi_energy = {given} is not allowed: it must be finite")
        raw.fermi_from = "as stated"
        return float(given)
    if len(raw.fermi) > 1:
        listed = " and ".join(f"{value:g}" for value in raw.fermi)
        raise ValueError(
            f"{lines.path}, {raw.fermi_from}: two Fermi energies ({listed}): say which by fermi_energy= "
            "(--fermi-energy)"
        )
    return raw.fermi[0] if raw.fermi else None


def detect(lines: Lines) -> str:
    """The layout of a file. What merely looks like the header of a code is left to the header of a table."""
    first = lines.lines[0]
    if HEADER.fullmatch(first):
        return "espresso"
    if any(MARK in line for line in lines.lines[:6]):
        return "abinit"
    if any(WIEN2K.search(line) for line in lines.lines[:6]):
        return "wien2k"
    head = first.split()
    car = len(lines.lines) > 3 and lines.lines[3].strip() == "CAR"
    if car or (len(head) == 4 and len(lines.lines) > 1 and all(word.isdigit() for word in head)):
        return "lobster" if is_lobster(lines) else "vasp"
    widths = {len(line) for line in lines.lines if line.strip()}
    form = r"(?: [ -]\d\.\d{8}E[+-]\d\d){2}|(?: [ -]\d\.\d{8}E[+-]\d\d){4}"
    scientific = sum(bool(re.fullmatch(form, line)) for line in lines.lines)
    if scientific and scientific >= 0.9 * len(lines.lines) and {32, 64} & widths:
        return "postw90"
    return "elk" if NAME.search(lines.path.name) else "table"


def _band(lines: Lines, raw: RawDos, window: tuple[float, float] | None) -> RawDos:
    """The rows of the band: inside the window, without empty tails."""
    if not raw.code:
        check_steps(lines, raw)
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
    raw = raw.trimmed()
    if raw.energy.size:
        _check_ends(lines, raw, (first, last))
    if full < 3 or raw.energy.size == 0:
        found = f"{full} rows" if raw.energy.size else "no DoS above zero"
        raise ValueError(
            f"{lines.path}: {found}; a table needs at least 3 rows (energy, DoS) and some states"
        )
    if raw.energy.size < 3:
        raise ValueError(f"{lines.path}: only {raw.energy.size} rows hold states; a band needs at least 3")
    return raw


def _check_ends(lines: Lines, raw: RawDos, ends: tuple[float, float]) -> None:
    """Where the DoS is not empty at an end of the file, the band goes on or the file is cut off.

    `ValueError` for the file of a code, which counts states; a warning for a table, of which that may be meant.
    """
    least, open_ends = 1e-3 * raw.density.max(), []
    for at, end in ((0, ends[0]), (-1, ends[1])):
        if raw.energy[at] != end or raw.density[at] <= least:
            continue
        text = f"the DoS is {raw.density[at]:.3g} where the file ends ({end:g})"
        if raw.code:
            lines.fail(round(float(raw.places[at])), f"{text}: the band goes on or the file is cut off; give "
                       "window=(low, high) inside the file")  # fmt: skip
        open_ends.append(text)
    if open_ends:
        lines.warn(" and ".join(open_ends) + ": the band goes on, or the file is cut off")


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
