"""The _DOS of ABINIT: comments that name Fermi energy and unit, then energy, DoS, its integral and more.

Layout: dos_hdr_write of ABINIT's m_occ. Further columns are the DoS with another smearing.
"""

from .raw import RawDos, even
from .table import assemble, parse
from .text import Lines
from .units import units_named

MARK = "ABINIT package : DOS file"


def read_abinit(lines: Lines) -> RawDos:
    """Energies in Hartree, absolute; DoS in electrons/Hartree/cell, the spins of two blocks added.

    Raises `ValueError` naming the line, also for the local DoS of an atom.
    """
    comments = [
        (k, line.lower()) for k, line in enumerate(lines.lines, start=1) if line.lstrip().startswith("#")
    ]
    for number, text in comments:
        if "local dos" in text or "spin component dos" in text:
            lines.fail(
                number, "ABINIT's DoS of an atom or of a spin component: give the total one (seed_DOS)"
            )
    if other := units_named(" ".join(text for _, text in comments)) - {"Ha"}:
        lines.fail(
            comments[0][0],
            f"this header names {', '.join(sorted(other))}, where ABINIT writes Hartree; if the numbers were "
            "converted, give format='table' (--format table) and unit=",
        )
    table = parse(lines, columns=("energy", "dos"))
    width = table.values.shape[1]
    table.roles = ["energy", "dos", "integral", *["skip"] * width][:width]
    if not table.header.fermi:
        lines.notes.append("ABINIT's Fermi energy is missing")
    table.header.names, table.header.density_unit, table.header.unit = [], None, "Ha"
    spins = 2 if any(text.replace(" ", "").startswith("#nsppol=2") for _, text in comments) else 1
    raw = assemble(lines, table)
    if (spins == 2) != raw.spin.startswith("two blocks"):
        found = "one block" if spins == 2 else "two blocks"
        lines.fail(int(table.places[0]), f"nsppol = {spins} is announced, but {found} follow: the file is cut "
                   "off or damaged")  # fmt: skip
    raw = even(lines, raw, float(table.quanta[:, 0].max()))
    raw.unit, raw.unit_from = "Ha", "ABINIT"
    return raw
