"""`nacjax evolve`: a pulse in time; Fig. 3 without any option."""

import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from ..model.metal import Metal
from ..model.pulses import AnalyticPulse, pulse_shapes
from ..model.units import Internal, stated
from ..numerics.ticker import Ticker, note
from .metal import Band
from .options import DELAY, DURATION, PulseShape, Quantities, Quantity, explained
from .reading import Reading
from .settings import Files, FineInTime, save

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass
class Evolve:
    """σ(t) and ζ(t) of a pump pulse, with and without the instability at σ < 0, E*(t) and f(ε).

    Without options this is Fig. 3 of PRB 101, 041105: filling 1/3, ω_p = 2/3 W, T = 0.003 W, a pulse of
    10 phonons per mode. Energies are in band widths W, rates in Γ_eph, times in 1/Γ_eph. The first word
    may be a TOML file with the same options; what follows it wins.
    """

    band: Band = dataclasses.field(default_factory=Band)
    """The metal."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How the file of --dos is read."""
    phonon_energy: Annotated[Quantity, explained(Metal, "phonon_energy")] = Internal(2 / 3)
    phonon_lifetime: Annotated[Quantity, explained(Metal, "phonon_lifetime")] = Internal(5.0)
    pulse: PulseShape = "exponential"
    """Shape of the pump pulse."""
    zeta0: Annotated[float, explained(AnalyticPulse, "zeta0")] = 10.0
    duration: Annotated[Quantity, explained(AnalyticPulse, "duration", DURATION)] = Internal(0.3)
    delay: Annotated[Quantity, explained(AnalyticPulse, "delay", DELAY)] = 0.0
    until: Quantity = Internal(20.0)
    """Last time (1/Γ_eph), for K3C60 with a unit."""
    points: int = 200
    """Number of times, denser at the start."""
    shapes: Quantities = (Internal(0.5), Internal(5.0))
    """Times at which f(ε) is kept and drawn (1/Γ_eph), for K3C60 with a unit."""
    thresholds: int = 22
    """Number of times at which the threshold field is computed, denser at the start."""
    instability: bool = True
    """Also compute the field that the instability builds."""
    fine: FineInTime = dataclasses.field(default_factory=FineInTime)
    """How accurate σ is to be."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Compute, print the events, write the files."""
        from ..figures import plot_pulse

        self.files.set_up()
        output = self.files.free("evolve.nc")
        began = time.perf_counter()
        with Ticker("nacjax evolve", lines=True):
            result = self.compute()
        result.attrs["seconds"] = time.perf_counter() - began
        said = save(result, output, plot_pulse)
        for line in report(result):
            print(line)
        print(f"{said} after {result.attrs['seconds']:.1f} s")

    def times(self) -> np.ndarray:
        """Save times, as the square of even steps, with the times of `shapes`; raises `ValueError`."""
        if self.points < 8:
            raise ValueError(f"points = {self.points} is not allowed: it must be at least 8")
        if not np.isfinite(self.until) or self.until <= 0:
            raise ValueError(f"until = {self.until:g} is not allowed: it must be a positive, finite time")
        if self.thresholds < 0:
            raise ValueError(
                f"thresholds = {self.thresholds} is not allowed: it must be 0 (none) or more times"
            )
        late = [t for t in self.shapes if not 0 < t <= self.until]
        if late:
            raise ValueError(
                f"shapes = {late} is not allowed: times must lie between 0 and until = {self.until:g}"
            )
        return np.unique([*(self.until * np.linspace(0, 1, self.points + 1)[1:] ** 2), *self.shapes])

    def system(self) -> tuple[Any, Any]:
        """Metal and pump of these options."""
        own = {"phonon_energy": self.phonon_energy, "phonon_lifetime": self.phonon_lifetime}
        metal = self.band.metal(self.reading, otherwise=1 / 3, **own)
        names = ("duration", "delay", "until")
        duration, delay, self.until = (stated(n, getattr(self, n), "time", metal.scales) for n in names)
        self.shapes = tuple(float(stated("shapes", t, "time", metal.scales)) for t in self.shapes)
        return metal, pulse_shapes()[self.pulse](self.zeta0, duration, delay)

    def compute(self) -> "xr.Dataset":
        """The whole result as one dataset."""
        import jax.numpy as jnp

        from .. import NoField, SelfTunedField, evolve
        from ..solvers.evolve import trajectory

        metal, pump = self.system()
        times = self.times()
        given = jnp.asarray(times)  # internal
        kept = np.searchsorted(times, np.unique(self.shapes))
        options = self.fine.options()

        def tuned():
            return evolve(metal, pump, given, field=SelfTunedField(), **options)

        def as_fine(found, other, field):
            """A run on as many cells as another one, which may have needed more."""
            if found.ladder.cells >= other.ladder.cells:
                return found
            return trajectory(metal, pump, given, field, derivatives=None, fine=other.fineness)

        def described(run):
            result = _with_shapes(run.to_xarray(), "occupation", run, kept)
            _note_events(result, run, "")
            return result

        with ThreadPoolExecutor(2) as pool:  # nearly all of the time is compiling, which leaves Python free
            awaited = pool.submit(self.thresholds_of, metal, pump)
            tuned_run = pool.submit(tuned) if self.instability else None
            note("σ(t) and E*(t)")
            run = evolve(metal, pump, given, **options)
            result = described(run)
            note("E*(t); σ(t) is done")
            if tuned_run is not None:
                held = as_fine(tuned_run.result(), run, SelfTunedField())
                finer = as_fine(run, held, NoField())
                result = _with_tuned(result if finer is run else described(finer), held, kept)
            return result.merge(awaited.result())

    def thresholds_of(self, metal: Any, pump: Any) -> "xr.Dataset":
        """The threshold field and its ω_E; empty where they mean nothing or are not asked for."""
        import xarray as xr

        from ..solvers.threshold import threshold_and_response

        if not (metal.inelastic_rate > 0 and self.thresholds > 0):
            return xr.Dataset()
        options = self.fine.options()
        times = self.until * np.linspace(0, 1, self.thresholds + 1)[1:] ** 2
        field, response = threshold_and_response(metal, pump, times, **options)
        name = "threshold_time"
        about = attributes("response to the energy of the field", "ω_E/σ_0")
        return xr.Dataset(
            {
                "threshold_field": (name, np.asarray(field), attributes("threshold field", "𝓔*")),
                "omega_e": (name, np.asarray(response), about),
            },
            coords={name: (name, times, attributes("time", "t", "1/rate"))},
        )


def _with_tuned(result: "xr.Dataset", tuned: Any, kept: np.ndarray) -> "xr.Dataset":
    """The dataset with the run in the self-tuned field."""
    about = attributes("conductivity, self-tuned field", "σ/σ_0")
    result["sigma_tuned"] = ("time", np.asarray(tuned.sigma), about)
    result["field_tuned"] = (
        "time",
        np.asarray(tuned.field_normalised),
        attributes("self-tuned field", "𝓔"),
    )
    result = _with_shapes(result, "occupation_tuned", tuned, kept)
    _note_events(result, tuned, "_tuned")
    return result


def attributes(name: str, symbol: str, unit: str = "1") -> dict[str, str]:
    """xarray attributes of a variable."""
    return {"long_name": name, "symbol": symbol, "units": unit}


def _note_events(result: "xr.Dataset", run: Any, suffix: str) -> None:
    """Record the events of a run in the attributes."""
    from .. import events

    found = events(run)
    for part in ("anomalous_cut", "held_cut"):
        result.attrs[part + suffix] = int(getattr(found, part))
    for part in ("anomalous", "held", "held_from", "held_until", "crossings"):
        result.attrs[part + suffix] = np.asarray(getattr(found, part))


def _with_shapes(result: "xr.Dataset", name: str, run: Any, kept: np.ndarray) -> "xr.Dataset":
    """The dataset with f of a run at the chosen times only, on the dimension `shape_time`."""
    times, f = np.asarray(run.times)[kept], np.asarray(run.occupation)[kept]
    result = result.drop_vars(name, errors="ignore")
    result = result.assign_coords(shape_time=("shape_time", times, attributes("time", "t", "1/rate")))
    result[name] = (("shape_time", "rung", "cell"), f, attributes("occupation of electron states", "f"))
    return result


def report(result: "xr.Dataset") -> list[str]:
    """The events in words."""
    lowest = int(np.argmin(result["sigma"].to_numpy()))
    least = "at least " if result.attrs.get("anomalous_cut") else ""  # cut off by the first or last time
    lines = [
        f"lowest σ/σ_0 = {float(result['sigma'][lowest]):.4f} at t = {float(result['time'][lowest]):.3g}; "
        f"ζ peaks at {float(result['phonons'].max()):.4g}",
        f"without the instability σ < 0 for {least}{float(result.attrs['anomalous']):.3g} in total, sign changes at "
        f"t = {_listed(result.attrs['crossings'])}",
    ]
    if "held_tuned" in result.attrs and float(result.attrs["held_tuned"]) > 0:
        lines.append(
            f"with it σ is held at 0 from t = {float(result.attrs['held_from_tuned']):.3g} to "
            + (
                "the last time or later"
                if result.attrs["held_cut_tuned"]
                else f"{float(result.attrs['held_until_tuned']):.3g}"
            )
        )
    return lines


def _listed(times: np.ndarray) -> str:
    return ", ".join(f"{t:.3g}" for t in np.atleast_1d(times) if np.isfinite(t)) or "none"
