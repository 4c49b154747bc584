"""DoS that come with their integral: VASP's DOSCAR and the output of Quantum ESPRESSO's dos.x.

The integral is a check of every row. Layouts: https://www.vasp.at/wiki/DOSCAR and
https://www.quantum-espresso.org/Doc/INPUT_DOS.html.
"""

import re

import numpy as np

from .raw import RawDos, check_grid, positive
from .text import Lines, Number


def read_doscar(lines: Lines) -> RawDos:
    """VASP's DOSCAR: total DoS in states/eV, spins added; energies in eV, absolute."""
    lines.numbers(1, "number of ions, twice; partial DoS; spins", (4,))
    lines.numbers(2, "cell volume, lengths, time step", (5,))
    lines.numbers(3, "temperature", (1,))
    if lines.line(4, "the word CAR").strip() != "CAR":
        lines.fail(4, f"{lines.line(4, '').strip()!r} is not the word CAR of a DOSCAR")
    highest, lowest, rows, fermi = _doscar_head(lines)
    table = _rows(lines, 7, rows, (3, 5))
    grid = lowest + (highest - lowest) / (rows - 1) * np.arange(rows)
    energy = np.array([row[0].value for row in table])
    quantum = max(row[0].quantum for row in table)
    off = np.flatnonzero(np.abs(energy - grid) > 0.51 * quantum)
    if off.size:
        at = int(off[0])
        lines.fail(7 + at, f"energy {energy[at]:g}, expected {grid[at]:.3f} from line 6: the file is damaged")
    after = 7 + rows
    if after <= len(lines.lines) and lines.lines[after - 1].strip():
        if lines.lines[after - 1].split() != lines.lines[5].split():
            lines.fail(after, f"line 6 announces {rows} rows, but they go on here or line 6 is damaged")
    elif lines.lines[0].split()[2] == "1":
        lines.fail(len(lines.lines), "the file ends before the partial DoS line 1 announces: it is cut off")
    _check_states(lines, table, after - 1)
    return _counted(lines, table, grid, 7, fermi, always=False)


def _check_states(lines: Lines, table: list[list[Number]], number: int) -> None:
    """`ValueError` where all bands are inside the file and do not hold a whole number of states."""
    ends, spins = (table[0], table[-1]), len(table[0]) // 2
    if any(abs(cell.value) > 1e-6 for row in ends for cell in row[1 : 1 + spins]):
        return
    before, states = (sum(cell.value for cell in row[1 + spins :]) for row in ends)
    rounding = sum(cell.quantum for row in ends for cell in row[1 + spins :])
    if abs(states - before - round(states - before)) > max(0.51 * rounding, 1e-3):
        lines.fail(number, f"{states - before:.4g} states in all, which is no whole number: VASP averages the DOSCAR "
                   "of a relaxation over its steps; use that of a static run")  # fmt: skip


def _doscar_head(lines: Lines) -> tuple[float, float, int, float]:
    """Highest and lowest energy, number of rows and Fermi energy of line 6, whose columns may touch."""
    line = lines.line(6, "the energy range")
    words = line.split()
    if len(words) != 5:
        words = [line[:16], line[16:32], line[32:37], line[37:53], line[53:]]
    highest, lowest, fermi, weight = (lines.number(6, words[i].strip()).value for i in (0, 1, 3, 4))
    rows = lines.whole(6, words[2].strip(), "number of energies")
    if weight != 1 or rows < 3 or highest <= lowest:
        lines.fail(6, f"{line.strip()!r} is not EMAX, EMIN, NEDOS ≥ 3, E_F and 1.0 of a DOSCAR")
    return highest, lowest, rows, fermi


def read_espresso(lines: Lines) -> RawDos:
    """dos.x of Quantum ESPRESSO: energies in eV, DoS in states/eV (spins added), and its running sum."""
    first = lines.line(1, "the header")
    found = re.fullmatch(
        r"\s*#\s+E \(eV\)\s+dos(?:\(E\)|up\(E\)\s+dosdw\(E\))\s+Int dos\(E\)(?:\s+EFermi =(.*) eV)?\s*", first
    )
    if found is None:
        lines.fail(1, f"{first.strip()!r} is not the header of dos.x")
    fermi = [lines.number(1, word).value for word in (found[1] or "").split()]
    if len(fermi) > 1 and len(set(fermi)) > 1:
        lines.fail(1, "two Fermi energies: give fermi_energy and read one spin at a time as a table")
    rows = len(lines.lines) - 1
    while rows and not lines.lines[rows].strip():
        rows -= 1
    table = _rows(lines, 2, max(rows, 3), (4,) if "dosup" in first else (3,))
    energy = np.array([row[0].value for row in table])
    grid = check_grid(lines, energy, 2, max(row[0].quantum for row in table))
    return _counted(lines, table, grid, 2, fermi[0] if fermi else None, always=True)


def _rows(lines: Lines, first: int, count: int, columns: tuple[int, ...]) -> list[list[Number]]:
    table = []
    for number in range(first, first + count):
        what = f"row {number - first + 1} of {count}: energy, DoS, integrated DoS"
        table.append(lines.numbers(number, what, (len(table[0]),) if table else columns))
    return table


def _counted(
    lines: Lines, table: list[list[Number]], energy: np.ndarray, first: int, fermi: float | None, always: bool
) -> RawDos:
    """D and its integral from the rows [energy, D or D↑ D↓, integral or two of them].

    The integral is the running sum of D·step (`always` in dos.x and, with smearing, in VASP) or an
    integral by tetrahedra. In the first case every row is checked, and the sum is known better than
    the column; in the second the column is what is right on a coarse grid.
    """
    values = np.array([[cell.value for cell in row] for row in table])
    quanta = np.array([[cell.quantum for cell in row] for row in table])
    split = {3: (1, 1), 4: (2, 1), 5: (2, 2)}[values.shape[1]][0]
    density, counted = values[:, 1 : 1 + split].sum(axis=1), values[:, 1 + split :].sum(axis=1)
    step = energy[1] - energy[0]
    slack = quanta[:, 1 + split :].sum(axis=1)
    slack = 0.51 * (slack[1:] + slack[:-1] + step * quanta[1:, 1 : 1 + split].sum(axis=1))
    off = np.flatnonzero(np.abs(np.diff(counted) - step * density[1:]) > slack + 1e-4 * step * density[1:])
    alone = off.size <= max(2, 0.02 * energy.size)
    if off.size and (always or alone):
        at = int(off[0]) + 1
        lines.fail(first + at, f"the integrated DoS grows by {counted[at] - counted[at - 1]:.4g}, but DoS "
                   f"times step is {step * density[at]:.4g}: the file is damaged, or has too few energies")  # fmt: skip
    density = positive(lines, density, first)
    falls = np.flatnonzero(np.diff(counted) < -1e-3 * np.abs(counted).max() * 1e-3 - slack)
    if falls.size:
        lines.fail(first + int(falls[0]) + 1, "the integrated DoS falls: the file is damaged")
    if off.size:
        below = _better(lines, energy, density, counted, float(quanta[:, -1].max()))
    elif always:
        below = None  # D at the energies: the trapezoid rule is right
    else:  # VASP's D is the mean over the step before
        below = np.concatenate([[0.0], np.cumsum(step * density[1:])])
        density = 0.5 * (np.append(density[1:], density[-1]) + density)
    return RawDos(energy, density, None, below, fermi, "eV", first)


def _better(lines: Lines, energy, density, counted, quantum: float) -> np.ndarray | None:
    """States below the rows of a tetrahedron DoS: None for the trapezoid rule, else the file's own count."""
    step, states = energy[1] - energy[0], counted[-1] - counted[0]
    trapezoid = np.concatenate([[0.0], np.cumsum(0.5 * step * (density[1:] + density[:-1]))])
    if np.max(np.abs(trapezoid - (counted - counted[0]))) <= quantum + 0.005 * states:
        return None
    if quantum > 0.01 * states:
        raise ValueError(
            f"{lines.path}: the DoS integrates to {trapezoid[-1]:.4g} states, but the file counts {states:.4g}; "
            "repeat the calculation with more energies"
        )
    return np.maximum.accumulate(counted - counted[0])
