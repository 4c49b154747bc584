"""case.dos1, case.dos1ev of WIEN2k: the total DoS and those of orbitals; the unit is in the file's name."""

import re

from .raw import RawDos
from .table import assemble, parse
from .text import Lines

MARK = re.compile(r"EF=.*NDOS=.*NENRG=")
NAME = re.compile(r"dos\d+(ev)?(up|dn)?(\.gz)?$")


def read_wien2k(lines: Lines) -> RawDos:
    """Energies in eV from the Fermi level on (dos1ev), or in Ry, absolute (dos1); DoS in states per that unit.

    Raises `ValueError` naming the line, and for a file without the total.
    """
    raw = assemble(lines, parse(lines))
    if name := NAME.search(lines.path.name):
        raw.unit, raw.unit_from = "eV" if name[1] else "Ry", "WIEN2k, by the name of the file"
        if name[1]:
            raw.fermi, raw.fermi_from = (0.0,), "WIEN2k counts from it"
        if name[2]:
            raw.spin = (
                f"one spin alone ({'↑' if name[2] == 'up' else '↓'}): the other is in a file of its own"
            )
    return raw
