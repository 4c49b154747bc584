"""What a search makes as small, or as large, as it can: named objectives, and functions of a run."""

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from ...kinetics.terms.electron_electron import ElectronElectron
from ...model.checks import as_arrays
from ...model.metal import Metal
from ...model.names import System
from ...numerics.spoiled import unless
from ...solvers.events import cut_off, events
from ...solvers.run import Run
from ...solvers.threshold import threshold_and_excess
from ...solvers.threshold_of import threshold_of
from ...solvers.way import AbstractWay


@dataclasses.dataclass(frozen=True)
class Objective:
    """One number to be made small (or large, with `maximise`).

    `function` takes the state, or with `whole` the (way, system, rungs) that a state comes from. With `whole`
    it returns its excess too: 0, or where the number does not exist how far, > 0, it is from existing. With
    `in_time` it needs a run in time, with `many` many times of it. `cut` says whether the times of a run
    cut the number off, so that it is a lower bound.
    """

    name: str
    function: Callable[..., Any]
    maximise: bool = False
    whole: bool = False
    in_time: bool = False
    many: bool = False
    long_name: str = ""
    kind: str = "1"
    cut: Callable[[Run], Any] | None = None

    @property
    def sign(self) -> int:
        """−1 where the objective is to be large."""
        return -1 if self.maximise else 1


def last_sigma(state: Any):
    """σ/σ_0 at the last time, or of the plateau or steady state."""
    return jnp.ravel(state.sigma)[-1]


def min_sigma(run: Run):
    """The lowest σ/σ_0 at the times of the run."""
    return jnp.min(run.sigma)


def nac_lifetime(run: Run):
    """Total time with σ < 0, located between the times of the run."""
    return events(run).anomalous


def negative_area(run: Run):
    """−∫min(σ, 0)dt/σ_0 by the trapezoidal rule on the times of the run."""
    return jnp.trapezoid(jnp.maximum(-run.sigma, 0.0), run.times)


def field_threshold(way: AbstractWay, system: System, rungs: int):
    """𝓔*, the constant field with σ = 0 at the last time, and its excess: σ without a field where σ ≥ 0."""
    times = jnp.array(way.times[-1:])
    field, excess = threshold_and_excess(system.metal, system.pump, times, **way.arguments(rungs))
    return field[0], excess[0]


def pump_threshold(way: AbstractWay, system: System, rungs: int):
    """ζ_c, the strength of the pump (ζ, or ζ_0 of all pulses) where σ turns negative; its excess: the lowest σ ≥ 0."""

    def sigma(strength):
        pump = system.pump.with_strength(strength)
        code, state = way.solve(as_arrays(system._replace(pump=pump)), rungs)
        return unless(code != 0, last_sigma(state))

    return threshold_of(sigma)


def rate_threshold(way: AbstractWay, system: System, rungs: int):
    """Γ_ee at which σ is negative at none of the times any more; its excess: the lowest σ ≥ 0 without scattering."""

    def sigma(rate):
        metal = with_scattering(system.metal, rate)
        return min_sigma(way.solve(as_arrays(system._replace(metal=metal)), rungs)[1])

    return threshold_of(sigma, 1e-3, 1e2, upward=True)


def with_scattering(metal: Metal, rate: Any) -> Metal:
    """The metal with electron–electron relaxation at a rate Γ_ee (internal), in place of any that it has."""
    others = tuple(process for process in metal.processes if not isinstance(process, ElectronElectron))
    return dataclasses.replace(metal, processes=(*others, ElectronElectron(jnp.asarray(rate))))


NAMED = {
    objective.name: objective
    for objective in (
        Objective("sigma", last_sigma, long_name="conductivity σ/σ_0"),
        Objective("min_sigma", min_sigma, in_time=True, many=True, long_name="lowest conductivity min σ/σ_0"),
        Objective("nac_lifetime", nac_lifetime, True, False, True, True, "time with σ < 0", "time", cut_off),
        Objective(
            "negative_area", negative_area, True, False, True, True, "−∫min(σ, 0)dt/σ_0", "time", cut_off
        ),
        Objective("threshold_field", field_threshold, True, True, True, long_name="threshold field 𝓔*"),
        Objective("threshold_pump", pump_threshold, whole=True, long_name="threshold pump strength ζ_c"),
        Objective("threshold_rate", rate_threshold, True, True, True, True, "threshold rate Γ_ee", "rate"),
    )
}
"""Objectives known by name. `sigma`, `min_sigma` and `threshold_pump` are minimised, the others maximised."""


def objective_for(given: str | Callable, way: AbstractWay, maximise: bool | None) -> Objective:
    """The objective that `given` names or is; raises `ValueError` for what does not fit the way or its times."""
    if not isinstance(given, str):
        if not callable(given):
            raise ValueError(
                f"objective = {given!r} is not allowed: it must be a name or a function of a run"
            )
        return Objective(getattr(given, "__name__", "objective").strip("<>"), given, bool(maximise))
    if given not in NAMED:
        nearest = difflib.get_close_matches(given, list(NAMED), n=1, cutoff=0.4)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        known = ", ".join(name for name, entry in NAMED.items() if way.in_time or not entry.in_time)
        raise ValueError(f"objective: there is no objective {given!r}{hint} Known here: {known}")
    entry, times = NAMED[given], list(way.times)
    if entry.in_time and not way.in_time:
        raise ValueError(f"objective = {given!r} is not allowed here: it needs times=, a run in time")
    if way.in_time and not entry.many and len(times) != 1:
        raise ValueError(f"times = {times} is not allowed with objective = {given!r}: give one time")
    if way.in_time and entry.many and len(times) < 3:
        raise ValueError(
            f"times = {times} is not allowed with objective = {given!r}: give many times, "
            "close enough to follow σ(t)"
        )
    return entry if maximise is None else dataclasses.replace(entry, maximise=bool(maximise))


@dataclasses.dataclass(frozen=True)
class Constraint:
    """low ≤ function(run) ≤ high; what is violated is penalised by its square in units of `scale`."""

    name: str
    function: Callable[[Any], Any]
    low: float
    high: float

    @property
    def scale(self) -> float:
        """What a violation is measured in: the larger finite bound, or the width of the band of values."""
        ends = [abs(end) for end in (self.low, self.high) if abs(end) < float("inf")]
        return max(ends) or 1.0

    def violation(self, value):
        """How far outside its bounds a value lies, in units of `scale`."""
        below, above = jnp.maximum(self.low - value, 0.0), jnp.maximum(value - self.high, 0.0)
        return (below + above) / self.scale


def constraints_for(given: Any) -> tuple[Constraint, ...]:
    """Constraints from {name: (function of a run, low, high)}; None stands for no bound on that side."""
    found = []
    for name, entry in dict(given or {}).items():
        allowed = "it must be (function of a run, low, high), with None for no bound"
        if not isinstance(entry, tuple | list) or len(entry) != 3 or not callable(entry[0]):
            raise ValueError(f"constraints: {name} = {entry!r} is not allowed: {allowed}")
        function, *ends = entry
        low, high = (
            default if end is None else float(end)
            for end, default in zip(ends, (-float("inf"), float("inf")), strict=True)
        )
        if not low < high or (entry[1] is None and entry[2] is None):
            raise ValueError(f"constraints: {name} has the bounds {ends}, which is not allowed: {allowed}")
        found.append(Constraint(str(name), function, low, high))
    return tuple(found)
