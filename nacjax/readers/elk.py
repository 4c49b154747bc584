"""TDOS.OUT of Elk and exciting: energy and DoS without header; with spin a second block, which is negative."""

import re

from .raw import RawDos
from .table import assemble, parse
from .text import Lines

NAME = re.compile(r"(TDOS|IDOS|PDOS)\w*\.OUT")


def read_elk(lines: Lines) -> RawDos:
    """Energies in Hartree from the Fermi level on, DoS in states/Hartree/cell, spins added.

    Raises `ValueError` naming the line.
    """
    if re.search(r"[IP]DOS\w*\.OUT", lines.path.name):
        raise ValueError(
            f"{lines.path}: by its name the DoS of an atom, or of the space between atoms, as Elk writes them; give "
            "TDOS.OUT, or format='table' (--format table) if this is what you mean"
        )
    raw = assemble(lines, parse(lines, columns=("energy", "dos")))
    raw.unit, raw.unit_from = "Ha", "Elk and exciting"
    raw.fermi, raw.fermi_from = (0.0,), "Elk and exciting count from it"
    return raw
