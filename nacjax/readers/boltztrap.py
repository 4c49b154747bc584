"""The transport DoS of BoltzTraP2 (its `BTPDOS`, saved as columns)."""

from .raw import RawDos, even
from .table import assemble, parse
from .text import Lines


def read_boltztrap(lines: Lines) -> RawDos:
    """Energy in Hartree on an even grid, D, and ⟨v²⟩D.

    The third column is the trace of vvdos, or any part of it: σ̃ is used relative to the Fermi level.
    Raises `ValueError` naming the line.
    """
    table = parse(lines, columns=("energy", "dos"))
    if table.values.shape[1] != 3:
        lines.fail(
            int(table.places[0]),
            f"{table.values.shape[1]} columns, expected 3 (energy, DoS, v²-weighted DoS)",
        )
    table.roles = ["energy", "dos", "v2dos"]
    raw = even(lines, assemble(lines, table), float(table.quanta[:, 0].max()))
    raw.unit, raw.unit_from = "Ha", "BoltzTraP2"
    return raw
