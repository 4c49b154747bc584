"""`Optimum`: what a search returns."""

import dataclasses
import json

import numpy as np
import xarray as xr

from ...model.shown import Said

FLAT = 1e-2
"""A direction is flat where its curvature is below this share of the largest, in units of the box."""


@dataclasses.dataclass(frozen=True, repr=False)
class Optimum(Said):
    """The best point of a search and what is known about it.

    - `objective`, `unit`, `maximised`: what was searched; `bounds`, `units`: of each quantity; `seconds`: how long
    - `value`: the objective there; `best`: name → value of each quantity
    - `cut_off`: whether the times of the run cut the best value off, as a lifetime that lasts to the last of them: it
      is a lower bound, and the optimum means little
    - `value_fine`: the objective at the same point on a mesh twice as fine
    - `gradient` (quantity,), `hessian` (quantity, other): derivatives of the objective in the units of the
      quantities; `curvature`: eigenvalues (in units of the box) and their directions
    - `kinks`: name → jump of the derivative, where the optimum lies on a kink
    - `constraints`: name → its value at the best point; `feasible`: name → whether it holds to 1%
    - `paths` (start, step): quantities and objective of every start, and why it stopped
    - `how`: what the search did, in words
    - `solves`: stage → number of objective evaluations; all but those of "scan" and "check" with gradient;
      stages on the plateau in place of a run are "plateau ..."

    >>> "paths" in nj.Optimum.__dataclass_fields__  # an Optimum is made by nj.search
    True
    """

    objective: str
    maximised: bool
    unit: str
    value: float
    value_fine: float
    best: dict[str, float]
    bounds: dict[str, tuple[float, float]]
    units: dict[str, str]
    gradient: xr.DataArray
    hessian: xr.DataArray
    curvature: xr.Dataset
    kinks: dict[str, float]
    constraints: dict[str, float]
    feasible: dict[str, bool]
    paths: xr.Dataset
    how: str
    solves: dict[str, int]
    seconds: float
    cut_off: bool = False

    @property
    def total_solves(self) -> int:
        """All evaluations of the objective together."""
        return sum(self.solves.values())

    @property
    def flat(self) -> list[str]:
        """Directions along which the objective hardly changes, as text."""
        found = []
        eigenvalues = np.abs(self.curvature["eigenvalue"].to_numpy())
        for k in np.flatnonzero(eigenvalues < FLAT * eigenvalues.max(initial=0.0)):
            parts = self.curvature["direction"].isel(mode=k)
            terms = [f"{float(p):+.2f} {n}" for n, p in zip(self.best, parts, strict=True) if abs(p) > 0.1]
            found.append(" ".join(terms))
        return found

    def to_xarray(self) -> xr.Dataset:
        """The paths and the derivatives as one dataset, with everything else in its attributes (as JSON)."""
        plain = ("objective", "maximised", "unit", "value", "value_fine", "best", "bounds", "units", "kinks")
        plain = (*plain, "constraints", "feasible", "how", "solves", "seconds", "cut_off")
        dataset = xr.merge(
            [self.paths, self.hessian.rename("hessian"), self.gradient.rename("gradient"), self.curvature]
        )
        dataset.attrs["search"] = json.dumps({name: getattr(self, name) for name in plain})
        return dataset

    def at_bound(self, name: str) -> str:
        """ "lower bound", "upper bound" or nothing: whether the optimum lies within 0.2% of the box of one."""
        low, high = self.bounds[name]
        share = (self.best[name] - low) / (high - low)
        return "lower bound" if share < 2e-3 else "upper bound" if share > 1 - 2e-3 else ""

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        kind = "maximum" if self.maximised else "minimum"
        lines = [
            f"{kind} of {self.objective}: {'at least ' if self.cut_off else ''}{self.value:.6g}{unit}  "
            f"(on a mesh twice as fine {self.value_fine:.6g})",
            f"  {'quantity':<18}{'best':>12}  {'between':<22}{'curvature':>12}  {'unit':<10}note",
        ]
        for k, (name, value) in enumerate(self.best.items()):
            low, high = self.bounds[name]
            notes = [self.at_bound(name), f"kink, jump {self.kinks[name]:.3g}" if name in self.kinks else ""]
            between = f"{low:g} and {high:g}"
            curvature = float(self.hessian[k, k])
            note = ", ".join(n for n in notes if n)
            row = f"  {name:<18}{value:>12.6g}  {between:<22}{curvature:>12.4g}  {self.units[name]:<10}{note}"
            lines.append(row.rstrip())
        if self.cut_off:
            lines.append(
                "  a lower bound: σ < 0 at the first or the last of the times; give times that go further"
            )
        lines += [f"  flat direction: {text}" for text in self.flat]
        for name, value in self.constraints.items():
            lines.append(
                f"  constraint {name} = {value:.6g} {'holds' if self.feasible[name] else 'is VIOLATED'}"
            )
        reasons, counts = np.unique(self.paths["reason"].to_numpy(), return_counts=True)
        order = np.argsort(-counts)
        lines.append(f"  {self.how}")
        lines += [f"  {counts[k]:>5}  {reasons[k]}" for k in order]
        stages = ", ".join(f"{count} {stage}" for stage, count in self.solves.items())
        lines.append(f"  {self.total_solves} solves ({stages}) in {self.seconds:.1f} s")
        return "\n".join(lines)
