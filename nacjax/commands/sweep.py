"""`nacjax sweep`: σ(ω_p) for several pump strengths; Fig. 2a without any option."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ..model.field import ConstantField, NoField
from ..model.pump import Clamped
from ..model.units import Internal, stated
from ..numerics.ticker import Ticker
from .interrupt import keeps
from .metal import Band
from .options import Quantity, QuantityPair, explained, listed
from .reading import Reading
from .settings import Files, FineInTime, refuse_idle, save

MOST = 10**8  # values on an axis
FIELD = "𝓔 = e E v_F √(τ_tr/(Γ_in ω_p))."


@dataclasses.dataclass
class Curves:
    """The phonon energies of each curve, and the pump strengths, a curve each."""

    phonon_range: QuantityPair = (Internal(0.2), Internal(0.8))
    """Lowest and highest phonon energy ω_p (W), for K3C60 with a unit."""
    points: int = 120
    """Number of phonon energies."""
    zeta: Annotated[tuple[float, ...], explained(Clamped, "zeta", "Held fixed, a curve each.")] = (
        1.0,
        5.0,
        20.0,
    )

    def axes(self, metal: Any) -> dict[Any, Any]:
        """Axes of a sweep, in the units of the metal; raises `ValueError`."""
        low, high = (float(stated("phonon-range", end, "energy", metal.scales)) for end in self.phonon_range)
        if not 0 < low < high:
            raise ValueError(
                f"phonon-range = {low:g} {high:g} is not allowed: it must be two energies, 0 < low < high"
            )
        if not 2 <= self.points < MOST:
            raise ValueError(
                f"points = {self.points} is not allowed: it must be at least 2, and less than {MOST:.0e}"
            )
        if not self.zeta:
            raise ValueError("zeta = () is not allowed: it must be at least one number of phonons")
        return {
            "phonon_energy": [Internal(w) for w in np.linspace(low, high, self.points)],
            "zeta": list(self.zeta),
        }

    def pump(self) -> Any:
        """The pump of the first curve."""
        return Clamped(self.zeta[0])


def field_of(strength: float) -> Any:
    """No field at 0, else a constant one of 𝓔 = `strength`."""
    return NoField() if strength == 0 else ConstantField(strength)  # pyright: ignore[reportArgumentType]


@dataclasses.dataclass
class Sweep:
    """σ(ω_p)/σ_0 for several pump strengths: a table of its minima, a NetCDF file and a figure.

    Without options this is Fig. 2a of PRB 101, 041105: half filling, ζ = 1, 5, 20, T = 0.003 W,
    t = 10/Γ_eph. Energies are in band widths W, rates in Γ_eph, times in 1/Γ_eph. The first word may be
    a TOML file with the same options (phonon_range = [0.2, 0.8]); what follows it wins.
    """

    band: Band = dataclasses.field(default_factory=Band)
    """The metal."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How the file of --dos is read."""
    curves: Curves = dataclasses.field(default_factory=Curves)
    """What is on the axes of the figure."""
    time: Quantity = Internal(10.0)
    """Time after the pump was switched on (1/Γ_eph), for K3C60 with a unit."""
    plateau: bool = False
    """The plateau instead: inelastic rate → 0 first, then time → ∞."""
    field: Annotated[float, explained(ConstantField, "strength", FIELD)] = 0.0
    vary: tuple[str, ...] = ()
    """More axes: name=1,2,5 or name=first:last:count, such as temperature=0.003:0.03:10, for K3C60 with a
    unit: "temperature=100:300:5 K"."""
    fine: FineInTime = dataclasses.field(default_factory=FineInTime)
    """How accurate σ is to be."""
    store: Path | None = None
    """Zarr store that gets every finished chunk, so that a sweep can go on after a crash."""
    resume: bool = False
    """Go on with an existing store."""
    chunk: int | None = None
    """Points per batch; by default what suits the device."""
    dry_run: bool = False
    """Only say how many points, compilations and how much memory it would take."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Compute, print the minima, write the files."""
        self.files.set_up()
        self.check()
        metal = self.band.metal(self.reading, phonon_energy=self.curves.phonon_range[1])
        axes = self.axes(metal)
        pump, field = self.curves.pump(), field_of(self.field)
        if self.dry_run:
            return self.estimate(metal, pump, field, axes)
        output = self.files.free("sweep.nc")
        if self.store is not None and self.store.exists() and not self.resume:
            raise FileExistsError(
                f"{self.store} exists; add --resume to go on with it, or give another --store"
            )

        from ..studies.sweep.sweep import interrupted, sweep

        keeps(lambda: interrupted(self.store))
        with Ticker("nacjax sweep", lines=True):
            result = sweep(
                metal, pump, axes=axes, field=field, store=self.store, chunk=self.chunk, **self.fine.options(),
                **self.state(),
            )  # fmt: skip
        self.report(result, metal, output)
        return None

    def state(self) -> dict[str, Any]:
        """How the state is computed: options of `sweep`."""
        return {"plateau": True} if self.plateau else {"times": self.time}

    def check(self) -> None:
        """Raise `ValueError` for options that would do nothing."""
        if self.plateau:
            refuse_idle(self, ("time", "rtol"), "with --plateau, which is no run in time")
            refuse_idle(self, ("inelastic_rate",), "with --plateau, where it is zero")
        if self.resume and self.store is None:
            refuse_idle(self, ("resume",), "without --store")
        names = [entry.partition("=")[0].strip().replace("-", "_") for entry in self.vary]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"vary: {name!r} is given twice")
            others = ("phonon_range", "points") if name == "phonon_energy" else (name,)
            refuse_idle(self, others, f"under --vary {name}=")

    def axes(self, metal: Any) -> dict[Any, Any]:
        """ω_p, ζ and what `vary` adds; raises `ValueError`."""
        axes = self.curves.axes(metal)
        for entry in self.vary:
            name, _, values = entry.partition("=")
            axes[name.strip().replace("-", "_")] = _listed(entry, values)
        return axes

    def estimate(self, metal: Any, pump: Any, field: Any, axes: Any) -> None:
        """Print what the sweep would take, without computing it."""
        from ..solvers.ways import way_to
        from ..studies.sweep.chunks import Batching
        from ..studies.sweep.forecast import estimate

        way = way_to(**self.fine.options(), **self.state())
        for line in estimate(metal, pump, field, axes, way, Batching(self.chunk)):
            print(line)

    def report(self, result: Any, metal: Any, output: Path) -> None:
        """Table, files and times."""
        from ..figures import plot_sigma
        from ..studies.sweep.accessor import known
        from ..studies.sweep.outcomes import failed
        from .table import minima_table

        print(minima_table(result, metal))
        said = save(result, output, plot_sigma)
        lost = int(failed(result["outcome"]).sum())
        if lost:
            print(f"{lost} of {result['outcome'].size} points failed; the variable `reason` says why.")
        print(said)
        print(
            f"compiled in {result.attrs['compile_seconds']:.1f} s, ran {result['outcome'].size} points in "
            f"{result.attrs['run_seconds']:.1f} s on {result.attrs['device']}{known(result)}"
        )


def _listed(entry: str, values: str) -> Any:
    try:
        if ":" not in values:
            return listed(values.split(","))
        first, last, number = values.split(":")
        number, _, unit = number.strip().partition(" ")
        ends, count = listed([first, f"{last} {unit}"]), int(number)
    except ValueError:
        raise ValueError(
            f"vary = {entry!r} is not allowed: it must be name=1,2,5 or name=first:last:count"
        ) from None
    if not 0 < count < MOST:
        raise ValueError(f"vary = {entry!r} is not allowed: it must be between 1 and {MOST:.0e} values")
    low, high = ends[0] if isinstance(ends, tuple) else ends
    between = np.linspace(low, high, count)
    return (between, ends[1]) if isinstance(ends, tuple) else between
