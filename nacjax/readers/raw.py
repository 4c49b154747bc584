"""A density of states as a file has it, and the window of it that is the band."""

import dataclasses

import numpy as np

from .text import Lines

EMPTY = 1e-6
"""Part of the largest DoS below which a tail of a smeared DoS counts as empty."""


@dataclasses.dataclass
class RawDos:
    """Rows of a file, all (row,): energy, D, and ⟨v²⟩D and the number of states below, where it has them.

    - `columns`: what was taken from each column, in words; `spin`: what was made of spins
    - `fermi`, `fermi_from`: Fermi level (two numbers where two spins have their own), and who says so
    - `unit`: of energy, where it is known, and who says so (`unit_from`)
    - `places`: the line of each row
    - `code`: whether a code wrote the file, in states per cell; then D must vanish at the ends
    """

    energy: np.ndarray
    density: np.ndarray
    places: np.ndarray
    weighted: np.ndarray | None = None
    cumulative: np.ndarray | None = None
    columns: tuple[str, ...] = ("energy", "DoS")
    spin: str = "no spin named"
    fermi: tuple[float, ...] = ()
    fermi_from: str = ""
    unit: str | None = None
    unit_from: str = ""
    code: bool = True

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
            places=np.interp(energy, self.energy, self.places),
            weighted=column(self.weighted),
            cumulative=column(self.cumulative),
        )

    def trimmed(self, empty: float = EMPTY) -> "RawDos":
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
            for name in ("energy", "density", "places", "weighted", "cumulative")
        }
        return dataclasses.replace(self, **columns)


def check_grid(lines: Lines, energy: np.ndarray, places: np.ndarray, quantum: float) -> np.ndarray:
    """The even grid from the first to the last of `energy`; `ValueError` for a row that is off it.

    A step is what most rows agree on, so that the row named is the one that is wrong. Energies may be
    rounded to more than a step.
    """
    row, half = np.arange(energy.size), energy.size // 2
    step = float(np.median(energy[half:] - energy[: energy.size - half])) / half
    start = float(np.median(energy - step * row))
    if step <= 0:
        lines.fail(int(places[0]), f"energies do not increase (step {step:g})")
    for _ in range(2):  # the median step is rounded as the energies are; two passes remove that
        for reach in (2 * quantum + 0.02 * step, 1.01 * quantum):
            close = np.abs(energy - start - step * row) <= reach
            if np.count_nonzero(close) > 2:
                step, start = np.polyfit(row[close], energy[close], 1)
    off = np.flatnonzero(np.abs(energy - start - step * row) > 1.01 * quantum)
    if off.size:
        at = int(off[0])
        lines.fail(int(places[at]), f"energy {energy[at]:g} is off the even grid of the file "
                   f"({start + step * at:g} expected): the file is damaged")  # fmt: skip
    return start + step * row


def positive(lines: Lines, density: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The DoS with what smearing leaves below zero (1e-3 of the maximum) set to 0; more is an error."""
    low = np.flatnonzero(density < -1e-3 * np.abs(density).max(initial=0.0))
    if low.size:
        lines.fail(int(places[low[0]]), f"negative density {density[low[0]]:g}: the file is damaged or "
                   "the smearing is not positive; use tetrahedra or a Gaussian")  # fmt: skip
    if count := np.count_nonzero(density < 0):
        lines.notes.append(f"{count} values just below zero set to 0")
    return np.maximum(density, 0.0)


def even(lines: Lines, raw: RawDos, quantum: float) -> RawDos:
    """A table whose energies must form an even grid, as the codes write it; a lost or damaged energy is found."""
    if raw.energy.size > 2:
        if raw.places[-1] - raw.places[0] != len(raw.places) - 1:
            lines.fail(int(raw.places[0]), "this format has no blank lines or comments between its rows")
        raw.energy = check_grid(lines, raw.energy, raw.places, quantum)
    return raw


def check_steps(lines: Lines, raw: RawDos) -> None:
    """Warn of rows that seem to be missing from an even grid, and of energies that merely count the rows."""
    steps = np.diff(raw.energy)
    if steps.size < 9:
        return
    usual = float(np.median(steps))
    wide = np.flatnonzero(steps > 1.5 * usual)
    if 0 < wide.size <= 0.05 * steps.size and np.mean(np.abs(steps - usual) < 0.1 * usual) > 0.9:
        lines.warn(f"rows seem to be missing after line {raw.places[wide[0]]:g}: energies step by {usual:g}, there by "
                   f"{steps[wide[0]]:g}")  # fmt: skip
    if raw.energy[0] in (0, 1) and np.all(steps == 1) and raw.unit is None:
        lines.warn("the energies are 0, 1, 2 …: do they count the rows? Say what columns are by columns=")
