"""What a search makes as small, or as large, as it can: named objectives, and functions of a run."""

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from ...model.checks import as_arrays
from ...model.names import System
from ...solvers.events import events
from ...solvers.run import Run
from ...solvers.threshold import threshold_and_excess
from ...solvers.threshold_pump import threshold_pump
from ..sweep.batch import Study


@dataclasses.dataclass(frozen=True)
class Objective:
    """One number to be made small (or large, with `maximise`).

    `function` takes the run, or with `whole` the (study, system, rungs) that a run is made from. With `whole`
    it returns its excess too: 0, or where the number does not exist how far, > 0, it is from existing.
    """

    name: str
    function: Callable[..., Any]
    maximise: bool = False
    whole: bool = False
    states: tuple[str, ...] = ("evolve",)
    long_name: str = ""
    kind: str = "1"

    @property
    def sign(self) -> int:
        """−1 where the objective is to be large."""
        return -1 if self.maximise else 1


def last_sigma(run: Any):
    """σ/σ_0 at the last time, or of the plateau or steady state."""
    return run.sigma[-1] if isinstance(run, Run) else run.sigma


def min_sigma(run: Run):
    """The lowest σ/σ_0 at the times of the run."""
    return jnp.min(run.sigma)


def nac_lifetime(run: Run):
    """Total time with σ < 0, located between the times of the run."""
    return events(run).anomalous


def negative_area(run: Run):
    """−∫min(σ, 0)dt/σ_0 by the trapezoidal rule on the times of the run."""
    return jnp.trapezoid(jnp.maximum(-run.sigma, 0.0), run.times)


def field_threshold(study: Study, system: System, rungs: int):
    """𝓔*, the constant field with σ = 0 at the last time, and its excess: σ without a field where σ ≥ 0."""
    grid = {"cells": study.mesh} if isinstance(study.mesh, int) else {"mesh": study.mesh}
    options = {"adjoint": "forward", **dict(study.options), **grid, "rungs": rungs}
    times = jnp.array(study.times[-1:])
    field, excess = threshold_and_excess(system.metal, system.pump, times, **options)
    return field[0], excess[0]


def pump_threshold(study: Study, system: System, rungs: int):
    """ζ_c, the strength of the pump (ζ, or ζ_0 of all pulses) where σ turns negative; its excess: the lowest σ ≥ 0."""

    def sigma(strength):
        pump = system.pump.with_strength(strength)
        return last_sigma(study.run(as_arrays(system._replace(pump=pump)), rungs)[1])

    return threshold_pump(sigma)


NAMED = {
    objective.name: objective
    for objective in (
        Objective(
            "sigma", last_sigma, states=("evolve", "plateau", "steady"), long_name="conductivity σ/σ_0"
        ),
        Objective("min_sigma", min_sigma, long_name="lowest conductivity min σ/σ_0"),
        Objective("nac_lifetime", nac_lifetime, True, long_name="time with σ < 0", kind="time"),
        Objective("negative_area", negative_area, True, long_name="−∫min(σ, 0)dt/σ_0", kind="time"),
        Objective("threshold_field", field_threshold, True, True, long_name="threshold field 𝓔*"),
        Objective(
            "threshold_pump", pump_threshold, False, True, ("evolve", "plateau", "steady"),
            "threshold pump strength ζ_c",
        ),
    )
}  # fmt: skip
"""Objectives known by name. `sigma`, `min_sigma` and `threshold_pump` are minimised, the others maximised."""

ALONE = ("sigma", "threshold_field", "threshold_pump")
"""Objectives at one time; the others need many."""


def objective_for(given: str | Callable, state: str, times: tuple, maximise: bool | None) -> Objective:
    """The objective that `given` names or is; raises `ValueError` for what does not fit the state or times."""
    if not isinstance(given, str):
        if not callable(given):
            raise ValueError(
                f"objective = {given!r} is not allowed: it must be a name or a function of a run"
            )
        name = getattr(given, "__name__", "objective").strip("<>")
        return Objective(name, given, bool(maximise), states=("evolve", "plateau", "steady"))
    known = [name for name, entry in NAMED.items() if state in entry.states]
    if given not in NAMED:
        nearest = difflib.get_close_matches(given, list(NAMED), n=1, cutoff=0.4)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        raise ValueError(f"objective: there is no objective {given!r}{hint} Known here: {', '.join(known)}")
    entry = NAMED[given]
    if state not in entry.states:
        raise ValueError(f"objective = {given!r} is not allowed here: it needs times=, a run in time")
    if state == "evolve" and given in ALONE and len(times) != 1:
        raise ValueError(f"times = {list(times)} is not allowed with objective = {given!r}: give one time")
    if state == "evolve" and given not in ALONE and len(times) < 3:
        raise ValueError(
            f"times = {list(times)} is not allowed with objective = {given!r}: give many times, "
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
