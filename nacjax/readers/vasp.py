"""VASP's DOSCAR, and the DOSCAR.lobster that LOBSTER writes in its likeness.

The integrated DoS is a check of every row. Layout: https://www.vasp.at/wiki/DOSCAR.
"""

import numpy as np

from .integral import states_below
from .raw import RawDos, positive
from .text import Lines, Number


def read_doscar(lines: Lines) -> RawDos:
    """VASP's DOSCAR: total DoS in states/eV, spins added; energies in eV, absolute."""
    lines.numbers(1, "number of ions, twice; partial DoS; spins", (4,))
    lines.numbers(2, "cell volume, lengths, time step", (5,))
    lines.numbers(3, "temperature", (1,))
    if lines.line(4, "the word CAR").strip() != "CAR":
        lines.fail(4, f"{lines.line(4, '').strip()!r} is not the word CAR of a DOSCAR")
    lobster = is_lobster(lines)
    highest, lowest, rows, fermi = _doscar_head(lines)
    table = doscar_rows(lines, 7, rows, (3, 5))
    energy = _grid(lines, table, (lowest, highest), fermi if lobster else 0.0)
    after = 7 + rows
    if after <= len(lines.lines) and lines.lines[after - 1].strip():
        if lines.lines[after - 1].split(";")[0].split() != lines.lines[5].split(";")[0].split():
            lines.fail(after, f"line 6 announces {rows} rows, but they go on here or line 6 is damaged")
    elif lines.lines[0].split()[2] == "1":
        lines.fail(len(lines.lines), "the file ends before the partial DoS line 1 announces: it is cut off")
    if not lobster:  # its orbitals need not span all bands
        _check_states(lines, table, after - 1)
    raw = _counted(lines, table, energy)
    raw.fermi, raw.fermi_from = ((0.0,), "LOBSTER counts from it") if lobster else ((fermi,), "line 6")
    return raw


def is_lobster(lines: Lines) -> bool:
    """Whether a DOSCAR is LOBSTER's: its title says from where energies count."""
    title = lines.lines[4].lower() if len(lines.lines) > 4 else ""
    return ("fermi" in title and "shift" in title) or "lobster" in lines.path.name.lower()


def _grid(lines: Lines, table: list[list[Number]], ends: tuple[float, float], shift: float) -> np.ndarray:
    """The energies that line 6 announces, with the rows checked against them."""
    rows = len(table)
    grid = np.linspace(*ends, rows)
    energy = np.array([row[0].value for row in table])
    quantum = max(row[0].quantum for row in table)
    if shift and abs(energy[0] - grid[0]) > abs(energy[0] - grid[0] + shift):
        grid = grid - shift  # LOBSTER's rows count from the Fermi energy, its line 6 does not
    off = np.flatnonzero(np.abs(energy - grid) > 0.51 * quantum)
    if off.size:
        at = int(off[0])
        lines.fail(7 + at, f"energy {energy[at]:g}, expected {grid[at]:.3f} from line 6: the file is damaged")
    return grid


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
    line = lines.line(6, "the energy range").split(";")[0]
    words = line.split()
    if len(words) != 5:
        words = [line[:16], line[16:32], line[32:37], line[37:53], line[53:]]
    highest, lowest, fermi, weight = (lines.number(6, words[i].strip()).value for i in (0, 1, 3, 4))
    rows = lines.whole(6, words[2].strip(), "number of energies")
    if weight != 1 or rows < 3 or highest <= lowest:
        lines.fail(6, f"{line.strip()!r} is not EMAX, EMIN, NEDOS ≥ 3, E_F and 1.0 of a DOSCAR")
    return highest, lowest, rows, fermi


def doscar_rows(lines: Lines, first: int, count: int, columns: tuple[int, ...]) -> list[list[Number]]:
    """`count` rows from line `first` on, all as wide as the first one, which is one of `columns` wide."""
    if count > len(lines.lines):
        lines.fail(len(lines.lines), f"the file ends here, before row {count} of {count}: it is cut off")
    table = []
    for number in range(first, first + count):
        what = f"row {number - first + 1} of {count}: energy, DoS, integrated DoS"
        table.append(lines.numbers(number, what, (len(table[0]),) if table else columns))
    return table


def _counted(lines: Lines, table: list[list[Number]], energy: np.ndarray) -> RawDos:
    """D and its integral from the rows [energy, D or D↑ D↓, integral or two of them]."""
    values = np.array([[cell.value for cell in row] for row in table])
    quanta = np.array([[cell.quantum for cell in row] for row in table])
    spins, places = values.shape[1] // 2, np.arange(7, 7 + len(table))
    density, counted = (values[:, part].sum(axis=1) for part in (slice(1, 1 + spins), slice(1 + spins, None)))
    digits = quanta[:, 1 : 1 + spins].sum(axis=1), quanta[:, 1 + spins :].sum(axis=1)
    above = positive(lines, density, places)
    below, running = states_below(lines, places, energy, density, counted, digits)
    density = above
    if running and below is not None:  # D is the mean over the step before
        below = np.maximum.accumulate(below)
        density = 0.5 * (np.append(density[1:], density[-1]) + density)
    names = ("DoS", "integral") if spins == 1 else ("DoS ↑", "DoS ↓", "integral ↑", "integral ↓")
    spin = "one DoS for both spins" if spins == 1 else "↑ and ↓ added"
    return RawDos(energy, density, places, None, below, ("energy", *names), spin, unit="eV", unit_from="VASP")
