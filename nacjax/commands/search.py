"""`nacjax search`: the lowest σ over ω_p and the filling without any option."""

import dataclasses
from typing import Annotated, Any, Literal

import numpy as np

from ..model.metal import Metal
from ..model.pulses import AnalyticPulse, pulse_shapes
from ..model.pump import Clamped
from .metal import Band
from .options import DELAY, DURATION, PumpName, explained
from .reading import Reading
from .settings import Files, save


@dataclasses.dataclass
class Search:
    """Where σ/σ_0 (or another objective) is lowest, by gradients.

    Without options: the lowest plateau conductivity over ω_p = 0.2–0.95 W and filling = 0.1–0.9 at ζ = 20,
    T = 0.01 W. Energies are in band widths W, rates in Γ_eph, times in 1/Γ_eph. The first word may be a TOML
    file with the same options; what follows it wins.
    """

    over: tuple[str, ...] = ("phonon_energy=0.2:0.95", "filling=0.1:0.9")
    """What to vary: name=low:high, or name=low:high:log, for any number of the metal or the pump."""
    objective: Literal[
        "sigma", "min_sigma", "nac_lifetime", "negative_area", "threshold_field", "threshold_pump"
    ] = "sigma"
    """What to make as low (sigma, min_sigma, threshold_pump) or as high (the others) as possible."""
    time: float | None = None
    """Time after the pump was switched on (1/Γ_eph); without it, the plateau is searched."""
    points_in_time: int = 60
    """Number of times up to that one, where the objective needs many."""
    band: Band = dataclasses.field(default_factory=lambda: Band(temperature=0.01))
    """The metal."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How the file of --dos is read."""
    phonon_energy: Annotated[float, explained(Metal, "phonon_energy")] = 0.53
    phonon_lifetime: Annotated[float, explained(Metal, "phonon_lifetime")] = float("inf")
    pump: PumpName = "clamped"
    """ζ held fixed, or a pulse of that shape."""
    zeta: Annotated[float, explained(Clamped, "zeta", "Held fixed, or ζ_0 in the whole pulse.")] = 20.0
    duration: Annotated[float, explained(AnalyticPulse, "duration", DURATION)] = 0.3
    delay: Annotated[float, explained(AnalyticPulse, "delay", DELAY)] = 0.0
    seed: int = 0
    """Seed of the starting points."""
    landscape: int = 48
    """Points along each axis of the landscape drawn behind the paths; 0 for none."""
    cells: int = 96
    """Cells of the mesh in each rung of width ω_p."""
    rtol: float = 1e-3
    """Relative tolerance of a time step (no unit)."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Search, print the result, write the files."""
        self.files.set_up()
        over = dict(_bounds(entry) for entry in self.over)
        self.check()
        metal, pump = self.system()
        output = self.files.free("search.nc")

        from ..figures import plot_search
        from ..studies.search.search import search

        how = {"seed": self.seed, "cells": self.cells, **self.state()}
        found = search(metal, pump, over=over, objective=self.objective, **how)
        print(found)
        result = found.to_xarray()
        # the landscape takes long: what was found is on disk before it begins
        print(save(result, output, lambda found: plot_search(found, self.background(metal, pump, over))))

    def check(self) -> None:
        """Raise `ValueError` for numbers that nothing else looks at."""
        for name in ("landscape", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)} is not allowed: it must be 0 or more")

    def system(self) -> tuple[Any, Any]:
        """Metal and pump of these options."""
        metal = self.band.metal(
            self.reading, phonon_energy=self.phonon_energy, phonon_lifetime=self.phonon_lifetime
        )
        if self.pump == "clamped":
            return metal, Clamped(self.zeta)
        return metal, pulse_shapes()[self.pump](self.zeta, self.duration, self.delay)

    def state(self) -> dict[str, Any]:
        """How the state is computed: options of `search` and `sweep`."""
        from ..studies.search.objectives import NAMED

        if self.time is None:
            return {"plateau": True}
        if not NAMED[self.objective].many:
            return {"times": self.time, "rtol": self.rtol}
        return {"times": np.linspace(0, self.time, self.points_in_time + 1)[1:], "rtol": self.rtol}

    def background(self, metal: Any, pump: Any, over: dict[str, tuple]) -> Any:
        """The objective over one or two quantities, or None where it is not to be drawn."""
        from ..studies.search.objectives import NAMED
        from ..studies.sweep.sweep import sweep

        goal = NAMED[self.objective]
        if self.landscape < 2 or len(over) > 2 or goal.whole:
            return None
        space = {True: np.geomspace, False: np.linspace}
        axes: dict[Any, Any] = {n: space[len(b) == 3](b[0], b[1], self.landscape) for n, b in over.items()}
        observe = {self.objective: goal.function}
        swept = sweep(metal, pump, axes=axes, observe=observe, cells=self.cells, **self.state())
        return swept[self.objective].squeeze(drop=True)


def _bounds(entry: str) -> tuple[str, tuple]:
    name, _, values = entry.partition("=")
    parts = values.split(":")
    try:
        if len(parts) not in (2, 3):
            raise ValueError
        return name.replace("-", "_"), (float(parts[0]), float(parts[1]), *parts[2:])
    except ValueError:
        raise ValueError(
            f"over = {entry!r} is not allowed: it must be name=low:high or name=low:high:log"
        ) from None
