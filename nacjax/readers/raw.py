"""A density of states as a file has it, and the window of it that is the band."""

import dataclasses

import numpy as np

from .text import Lines

EMPTY = 1e-6
"""Part of the largest DoS below which a tail of a smeared DoS counts as empty."""


@dataclasses.dataclass
class RawDos:
    """Rows of a file, all (row,): energy, D, and ⟨v²⟩D and the number of states below, where it has them.

    `first_line` is the line of the first row, `fermi` the Fermi energy the file gives, `unit` its
    unit of energy where the format fixes it.
    """

    energy: np.ndarray
    density: np.ndarray
    weighted: np.ndarray | None = None
    cumulative: np.ndarray | None = None
    fermi: float | None = None
    unit: str | None = None
    first_line: int = 1

    def filled(self) -> np.ndarray:
        """States below each row: as the file counts them, or by the trapezoid rule."""
        if self.cumulative is not None:
            return self.cumulative
        steps = 0.5 * (self.density[1:] + self.density[:-1]) * np.diff(self.energy)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def count(self, energy: float) -> float:
        """States below an energy."""
        return float(np.interp(energy, self.energy, self.filled()))

    def cut(self, low: float, high: float) -> "RawDos":
        """The rows between two energies, with a row at each."""
        near = 1e-6 * (high - low) / self.energy.size  # a row at an edge, but for rounding, is that edge
        inner = (self.energy > low + near) & (self.energy < high - near)
        energy = np.concatenate([[low], self.energy[inner], [high]])

        def column(values):
            return None if values is None else np.interp(energy, self.energy, values)

        return dataclasses.replace(
            self,
            energy=energy,
            density=np.interp(energy, self.energy, self.density),
            weighted=column(self.weighted),
            cumulative=column(self.cumulative),
        )

    def trimmed(self, empty: float = 0.0) -> "RawDos":
        """Without the empty tails: of the rows before and after the band only the innermost are kept."""
        inside = self.density > empty * self.density.max(initial=0.0)
        if self.cumulative is not None and self.cumulative.size:
            filled = self.cumulative - self.cumulative[0]
            inside = (filled > empty * filled[-1]) & (filled < (1 - empty) * filled[-1])
        inside = np.flatnonzero(inside)
        if inside.size == 0:
            return dataclasses.replace(self, energy=self.energy[:0])
        kept = slice(max(inside[0] - 1, 0), inside[-1] + 2)
        columns = {
            name: None if getattr(self, name) is None else getattr(self, name)[kept]
            for name in ("energy", "density", "weighted", "cumulative")
        }
        return dataclasses.replace(self, **columns, first_line=self.first_line + kept.start)


def check_grid(lines: Lines, energy: np.ndarray, first_line: int, quantum: float) -> np.ndarray:
    """The even grid from the first to the last of `energy`; `ValueError` for a row that is off it.

    A step is what most rows agree on, so that the row named is the one that is wrong.
    """
    row = np.arange(energy.size)
    step = float(np.median(np.diff(energy)))
    start = float(np.median(energy - step * row))
    if step <= 0:
        lines.fail(first_line, f"energies do not increase (step {step:g})")
    for _ in range(2):  # the median step is rounded as the energies are; two passes remove that
        close = np.abs(energy - start - step * row) <= 2 * quantum + 0.02 * step
        if np.count_nonzero(close) > 2:
            step, start = np.polyfit(row[close], energy[close], 1)
        close = np.abs(energy - start - step * row) <= 1.01 * quantum
        if np.count_nonzero(close) > 2:
            step, start = np.polyfit(row[close], energy[close], 1)
    off = np.flatnonzero(np.abs(energy - start - step * row) > 1.01 * quantum)
    if off.size:
        at = int(off[0])
        lines.fail(first_line + at, f"energy {energy[at]:g} is off the even grid of the file "
                   f"({start + step * at:g} expected): the file is damaged")  # fmt: skip
    return start + step * row


def positive(lines: Lines, density: np.ndarray, first_line: int) -> np.ndarray:
    """The DoS with what smearing leaves below zero (1e-3 of the maximum) set to 0; more is an error."""
    low = np.flatnonzero(density < -1e-3 * np.abs(density).max(initial=0.0))
    if low.size:
        lines.fail(first_line + int(low[0]), f"negative density {density[low[0]]:g}: the file is damaged or "
                   "the smearing is not positive; use tetrahedra or a Gaussian")  # fmt: skip
    return np.maximum(density, 0.0)
