"""dos.x of Quantum ESPRESSO, with smearing and with tetrahedra.

Layout: https://www.quantum-espresso.org/Doc/INPUT_DOS.html. projwfc.x's pdos_tot is a plain table with a header.
"""

import re

import numpy as np

from .integral import states_below
from .raw import RawDos, check_grid, positive
from .text import Lines

HEADER = re.compile(
    r"\s*#\s+E \(eV\)\s+dos(?:\(E\)|up\(E\)\s+dosdw\(E\))\s+Int dos\(E\)(?:\s+EFermi =(.*) eV)?\s*"
)


def read_espresso(lines: Lines) -> RawDos:
    """Energies in eV, DoS in states/eV (spins added), and its running sum or its integral by tetrahedra."""
    first = lines.line(1, "the header")
    found = HEADER.fullmatch(first)
    if found is None:
        lines.fail(1, f"{first.strip()!r} is not the header of dos.x")
    fermi = [lines.number(1, word).value for word in (found[1] or "").split()]
    rows = len(lines.lines) - 1
    while rows and not lines.lines[rows].strip():
        rows -= 1
    spins = 2 if "dosup" in first else 1
    table = [lines.numbers(2 + k, "energy, DoS, integrated DoS", (2 + spins,)) for k in range(max(rows, 3))]
    values = np.array([[cell.value for cell in row] for row in table])
    quanta = np.array([[cell.quantum for cell in row] for row in table])
    places = np.arange(2, 2 + len(table))
    energy = check_grid(lines, values[:, 0], places, float(quanta[:, 0].max()))
    density, digits = values[:, 1:-1].sum(axis=1), (quanta[:, 1:-1].sum(axis=1), quanta[:, -1])
    above = positive(lines, density, places)
    below, running = states_below(lines, places, energy, density, values[:, -1], digits)
    lines.notes.append(
        f"the integral is {'a running sum' if running else 'by tetrahedra'}, checked row by row"
    )
    columns = ("energy", "DoS") if spins == 1 else ("energy", "DoS ↑", "DoS ↓")
    return RawDos(
        energy,
        above,
        places,
        None,
        None if running else below,  # D is that at the energies: the trapezoid rule is right
        (*columns, "integral"),
        "one DoS for both spins" if spins == 1 else "↑ and ↓ added",
        tuple(sorted(set(fermi), reverse=True)),
        "line 1",
        "eV",
        "line 1",
    )
