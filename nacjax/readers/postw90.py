"""seed-dos.dat of postw90: energy and DoS, or energy, total, ↑ and ↓ (`spin_decomp`). Layout: Wannier90 user guide."""

from .raw import RawDos, even
from .table import assemble, parse
from .text import Lines


def read_postw90(lines: Lines) -> RawDos:
    """Energies in eV, absolute, on an even grid; DoS in states/eV. Raises `ValueError` naming the line."""
    table = parse(lines, expected=(2, 4))
    raw = even(lines, assemble(lines, table), float(table.quanta[:, 0].max()))
    raw.unit, raw.unit_from = "eV", "postw90"
    return raw
