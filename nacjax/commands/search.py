"""`nacjax search`: the lowest σ over ω_p and the filling without any option."""

import dataclasses
from typing import Annotated, Any, Literal

import numpy as np

from ..model.field import NoField
from ..model.metal import Metal
from ..model.names import System
from ..model.pulses import AnalyticPulse, pulse_shapes
from ..model.pump import Clamped
from ..model.units import Internal, stated
from ..numerics.ticker import Ticker
from .metal import Band
from .options import DELAY, DURATION, PumpName, Quantity, explained, listed
from .reading import Reading
from .settings import Files, FineInTime, refuse_idle, save


@dataclasses.dataclass
class Search:
    """Where σ/σ_0 (or another objective) is lowest, by gradients.

    Without options: the lowest plateau conductivity over ω_p = 0.2–0.95 W and filling = 0.1–0.9 at ζ = 20,
    T = 0.01 W. Energies are in band widths W, rates in Γ_eph, times in 1/Γ_eph. The first word may be a TOML
    file with the same options; what follows it wins.
    """

    over: tuple[str, ...] = ("phonon_energy=0.2:0.95", "filling=0.1:0.9")
    """What to vary: name=low:high, or name=low:high:log, for any number of the metal or the pump; for K3C60 with
    units: "temperature=100 K:300 K"."""
    objective: Literal[
        "sigma",
        "min_sigma",
        "nac_lifetime",
        "negative_area",
        "threshold_field",
        "threshold_pump",
        "threshold_rate",
    ] = "sigma"
    """What to make as low (sigma, min_sigma, threshold_pump) or as high (the others) as possible."""
    time: Quantity = None
    """Time after the pump was switched on (1/Γ_eph), for K3C60 with a unit; without it, the plateau is searched."""
    points_in_time: int = 60
    """Number of times up to that one, where the objective needs many."""
    band: Band = dataclasses.field(default_factory=lambda: Band(temperature=Internal(0.01)))
    """The metal."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How the file of --dos is read."""
    phonon_energy: Annotated[Quantity, explained(Metal, "phonon_energy")] = Internal(0.53)
    phonon_lifetime: Annotated[Quantity, explained(Metal, "phonon_lifetime")] = float("inf")
    pump: PumpName = "clamped"
    """ζ held fixed, or a pulse of that shape."""
    zeta: Annotated[float, explained(Clamped, "zeta", "Held fixed, or ζ_0 in the whole pulse.")] = 20.0
    duration: Annotated[Quantity, explained(AnalyticPulse, "duration", DURATION)] = Internal(0.3)
    delay: Annotated[Quantity, explained(AnalyticPulse, "delay", DELAY)] = 0.0
    seed: int = 0
    """Seed of the starting points."""
    landscape: int = 48
    """Points along each axis of the landscape drawn behind the paths; 0 for none."""
    fine: FineInTime = dataclasses.field(default_factory=FineInTime)
    """How accurate σ is to be."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Search, print the result, write the files."""
        self.files.set_up()
        over = dict(_bounds(entry) for entry in self.over)
        self.check(over)
        metal, pump = self.system()
        output = self.files.free("search.nc")

        from ..figures import plot_search
        from ..studies.search.search import search

        how = {"seed": self.seed, **self.fine.options(), **self.state(metal)}
        with Ticker("nacjax search", lines=True):
            found = search(metal, pump, over=over, objective=self.objective, **how)
        print(found)
        result = found.to_xarray()
        # the landscape takes long: what was found is on disk before it begins
        print(save(result, output, lambda found: plot_search(found, self.background(metal, pump, over))))

    def check(self, over: dict[str, tuple]) -> None:
        """Raise `ValueError` for options that would do nothing, and numbers that nothing else looks at."""
        if self.time is None:
            idle = ("rtol", "points_in_time", "inelastic_rate", "phonon_lifetime")
            refuse_idle(self, idle, "without --time, on the plateau")
        replaces = {"threshold_pump": "zeta", "threshold_rate": "electron_electron"}
        if name := replaces.get(self.objective):
            refuse_idle(self, (name,), f"with --objective {self.objective}, which finds it")
        if len(over) > 2:
            refuse_idle(self, ("landscape",), "over more than two quantities")
        for name in over:
            refuse_idle(self, (name,), f"under --over {name}=")
        if self.pump == "clamped":
            refuse_idle(self, ("duration", "delay"), "with a clamped pump")
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
        duration, delay = (stated(n, getattr(self, n), "time", metal.scales) for n in ("duration", "delay"))
        return metal, pulse_shapes()[self.pump](self.zeta, duration, delay)

    def state(self, metal: Any) -> dict[str, Any]:
        """How the state is computed: options of `search` and `sweep`."""
        from ..studies.search.objectives import NAMED

        if self.time is None:
            return {"plateau": True}
        last = float(stated("time", self.time, "time", metal.scales))
        many = self.points_in_time if NAMED[self.objective].many else 1
        times = [Internal(t) for t in np.linspace(0, last, many + 1)[1:]]
        return {"times": times if NAMED[self.objective].many else times[0]}

    def background(self, metal: Any, pump: Any, over: dict[str, tuple]) -> Any:
        """The objective over one or two quantities, or None where it is not to be drawn."""
        from ..studies.search.bounds import plain_bounds
        from ..studies.search.objectives import NAMED
        from ..studies.sweep.sweep import sweep

        goal = NAMED[self.objective]
        if self.landscape < 2 or len(over) > 2 or goal.whole:
            return None
        space = {True: np.geomspace, False: np.linspace}
        system = System(metal, pump, NoField())  # pyright: ignore[reportCallIssue]
        axes: dict[Any, Any] = {
            name: [Internal(x) for x in space[len(ends) == 3](ends[0], ends[1], self.landscape)]
            for name, ends in plain_bounds(over, system).items()
        }
        observe = {self.objective: goal.function}
        swept = sweep(metal, pump, axes=axes, observe=observe, **self.fine.options(), **self.state(metal))
        return swept[self.objective].squeeze(drop=True)


def _bounds(entry: str) -> tuple[str, tuple]:
    name, _, values = entry.partition("=")
    parts = values.split(":")
    try:
        if len(parts) not in (2, 3):
            raise ValueError
        ends = listed(parts[:2])
        return name.replace("-", "_"), ((ends,) if isinstance(ends, tuple) else tuple(ends)) + tuple(
            parts[2:]
        )
    except ValueError:
        raise ValueError(
            f"over = {entry!r} is not allowed: it must be name=low:high or name=low:high:log"
        ) from None
