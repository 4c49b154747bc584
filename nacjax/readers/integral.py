"""The integrated DoS of a file: a check of every row, and what is right where D is known on few energies."""

import numpy as np

from .text import Lines


def states_below(
    lines: Lines,
    places: np.ndarray,
    energy: np.ndarray,
    density: np.ndarray,
    counted: np.ndarray,
    quanta: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray | None, bool]:
    """States below the rows, or None where the trapezoid rule is right; and whether the column is a running sum.

    `quanta` are the units of the last digit of D and of the column, (row,) each. The column is the
    running sum of D·step (VASP and dos.x with smearing), in which case every row is checked and the sum is
    known better than the column, or an integral (tetrahedra): then growth must lie between the D around, and
    the column is what is right on a coarse grid. Raises `ValueError` naming the line.
    """
    step, width = np.diff(energy), np.diff(counted)
    slack = 0.51 * (quanta[1][1:] + quanta[1][:-1] + step * quanta[0][1:])
    falls = np.flatnonzero(width < -1e-6 * np.abs(counted).max() - 2 * slack)
    if falls.size:
        lines.fail(
            int(places[falls[0] + 1]),
            "the integrated DoS falls: the file is damaged, or the column is another one",
        )
    summed = _off(width - step * density[1:], slack + 1e-4 * step * np.abs(density[1:]))
    active = int(np.count_nonzero(density[1:] > 0))
    if _few(summed, active):
        if summed.size:
            _fail(lines, places, summed[0], width, step * density[1:])
        return np.concatenate([[0.0], np.cumsum(step * density[1:])]), True
    trapezoid = 0.5 * step * (density[1:] + density[:-1])
    change = np.abs(np.diff(density))
    padded = np.pad(change, 1)
    around = np.maximum(np.maximum(padded[:-2], padded[2:]), change)
    off = _off(width - trapezoid, slack + step * around)
    excess = np.sign(width - trapezoid)
    pairs = [
        k for k in off if k + 1 in off and excess[k] == -excess[k + 1]
    ]  # one number of the column is wrong
    if pairs and _few(off, active):
        _fail(lines, places, pairs[0], width, trapezoid)
    below = _better(lines, trapezoid, counted, float(quanta[1].max()))
    if below is None:
        _check_slope(lines, places, energy, density, counted, quanta)
    return below, False


def _check_slope(lines: Lines, places, energy, density, counted, quanta) -> None:
    """`ValueError` where few D are far from the slope of the integral, as its neighbours let it vary."""
    slope = (counted[2:] - counted[:-2]) / (energy[2:] - energy[:-2])
    change = np.pad(np.abs(np.diff(slope)), 2, mode="edge")
    vary = np.maximum.reduce([change[k : k + slope.size] for k in range(4)])
    digits = quanta[0][1:-1] + (quanta[1][2:] + quanta[1][:-2]) / (energy[2:] - energy[:-2])
    off = _off(density[1:-1] - slope, 2 * vary + digits + 1e-3 * density.max())
    if off.size and _few(off, int(np.count_nonzero(density > 0))):
        at = int(off[0]) + 1
        lines.fail(int(places[at]), f"the DoS is {density[at]:.4g}, but its integral grows by {slope[at - 1]:.4g} "
                   "per unit of energy: the file is damaged")  # fmt: skip


def _off(difference: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.abs(difference) > allowed)


def _few(off: np.ndarray, rows: int) -> bool:
    """Whether so few rows of those that hold states contradict that they are wrong, not the rule."""
    return off.size <= max(2, 0.02 * rows)


def _fail(lines: Lines, places: np.ndarray, at: int, width: np.ndarray, expected: np.ndarray) -> None:
    lines.fail(int(places[at + 1]), f"the integrated DoS grows by {width[at]:.4g}, but DoS times step is "
               f"{expected[at]:.4g}: the file is damaged, or has too few energies")  # fmt: skip


def _better(lines: Lines, steps: np.ndarray, counted: np.ndarray, quantum: float) -> np.ndarray | None:
    """States below the rows of a tetrahedron DoS: None for the trapezoid rule, else the file's own count."""
    states, trapezoid = counted[-1] - counted[0], np.concatenate([[0.0], np.cumsum(steps)])
    off = float(np.max(np.abs(trapezoid - (counted - counted[0]))))
    if off <= quantum + 0.005 * states:
        return None
    if quantum > 0.01 * states:
        raise ValueError(
            f"{lines.path}: the DoS integrates to {trapezoid[-1]:.4g} states, but the file counts {states:.4g}; "
            "repeat the calculation with more energies"
        )
    return np.maximum.accumulate(counted - counted[0])
