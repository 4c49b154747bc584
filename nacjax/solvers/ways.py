"""The ways to a state: a run in time, the plateau, the steady state."""

import dataclasses
from typing import Any, ClassVar

import diffrax as dfx
import equinox as eqx
import jax.numpy as jnp
import numpy as np

from ..kinetics.ladder import Mesh
from ..model.names import System
from ..numerics.spoiled import unless
from .accuracy import Fineness, fineness
from .evolve import OPTIONS, trajectory
from .options import check_known, check_options
from .plateau import SHARE as PLATEAU_SHARE
from .plateau import plateau_at
from .run import Run
from .sound import UNPHYSICAL
from .steady import SHARE as STEADY_SHARE
from .steady import steady_at
from .way import AbstractWay

NOT_CONVERGED, NOT_PHYSICAL = 102, 103
"""Outcome codes of a steady state that was not found, and of a state whose f leaves 0 … 1."""

ERASING = 0.02
"""Γ_in t/W up to which a run counts as near the plateau: a fifth of where inelastic scattering has erased it."""


@dataclasses.dataclass(frozen=True)
class RunInTime(AbstractWay):
    """`evolve` to `when` (time,), in the inverse unit of the rates; `derivatives`: as in `evolve.Numerics`."""

    when: tuple[float, ...] = ()
    listed: bool = True
    derivatives: str | None = "forward"

    name: ClassVar[str] = "evolve"
    known: ClassVar[tuple[str, ...]] = OPTIONS
    measures: ClassVar[tuple[str, ...]] = ("sigma", "phonons", "field", "field_normalised", "steps")
    in_time: ClassVar[bool] = True
    cpu_seconds: ClassVar[tuple[float, float]] = (7.0, 4e-6)

    @property
    def times(self) -> tuple[float, ...]:
        """When the state is looked at, (time,)."""
        return self.when

    @property
    def time_axis(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether σ(t) has a time axis."""
        return self.listed

    def check(self, system: System) -> None:
        """Raise `ValueError` for times out of order."""
        times = np.array(self.when)
        if not (times.size and np.all(np.isfinite(times)) and times[0] >= 0 and np.all(np.diff(times) > 0)):
            raise ValueError(
                f"times = {list(self.when)} is not allowed: times must be finite, ≥ 0 and increasing"
            )

    def solve(self, system: System, rungs: int) -> tuple[Any, Run]:
        """The outcome code of diffrax, or `NOT_PHYSICAL`, and the `Run`."""
        run = self.run(system, rungs)
        return outcome_code(run), run

    def run(self, system: System, rungs: int, times: Any = None) -> Run:
        """The `Run`; `times` (time,), which may be tracers, stand for `when`."""
        metal, pump, field = system
        when = np.array(self.when) if times is None else times
        return trajectory(metal, pump, when, field, budget=False, **self.arguments(rungs))

    def sigma(self, system: System, rungs: int, times: Any = None) -> Any:
        """σ/σ_0 (time,) of the run, NaN with its derivatives where f leaves 0 … 1."""
        run = self.run(system, rungs, times)
        return unless(run.unphysical, run.sigma)

    def arguments(self, rungs: int) -> dict[str, Any]:
        """Keyword arguments of `trajectory`."""
        return {"derivatives": self.derivatives, **super().arguments(rungs)}

    def sentence(self, code: int) -> str:
        """diffrax's sentence, or that of a run whose f is none."""
        if code == NOT_PHYSICAL:
            return UNPHYSICAL
        return str(dfx.RESULTS[eqx.tree_at(lambda r: r._value, dfx.RESULTS.successful, jnp.asarray(code))])

    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""
        return rungs * (40 + 4 * rungs)

    def near_plateau(self, system: System) -> bool:
        """Whether Γ_eph has had the time for the plateau, and Γ_in has not erased it, without a field.

        It lasts until t of order 0.1 W/Γ_in.
        """
        metal, end = system.metal, self.when[-1]
        begun = np.all(np.asarray(metal.coupling_rate) * end >= 1.0)
        erased = np.any(np.asarray(metal.inelastic_rate * end) > ERASING * np.asarray(metal.dos.width))
        return bool(begun and not erased and not system.field.acts)

    def stand_in(self) -> "Prethermal":
        """The plateau that the state goes through, at the ζ that free phonons have at the last time."""
        return Prethermal(self.fine, at=self.when[-1])

    def in_reverse(self) -> "RunInTime":
        """The same way, to be differentiated in reverse."""
        return dataclasses.replace(self, derivatives="reverse")


@dataclasses.dataclass(frozen=True)
class Prethermal(AbstractWay):
    """`plateau` at the ζ that the pump holds; or, for what stands for a run, at that of free phonons at a time `at`."""

    at: float | None = None

    name: ClassVar[str] = "plateau"
    least: ClassVar[float] = np.inf  # a closed form can afford them
    most_points: ClassVar[int] = 256
    cpu_seconds: ClassVar[tuple[float, float]] = (2.0, 5e-7)
    growth: ClassVar[int] = 1

    def check(self, system: System) -> None:
        """Raise `ValueError` for a field, and for a pump that does not hold ζ fixed."""
        if system.field.acts:
            raise ValueError("field is not allowed with plateau=True, which is the state without a field")
        if self.at is None:
            system.pump.held_phonons()

    def solve(self, system: System, rungs: int) -> tuple[Any, Any]:
        """0 and the `Plateau`."""
        metal, pump, _ = system
        held = self.at is None
        zeta = pump.held_phonons() if held else pump.free_phonons(self.at, metal.phonon_lifetime)
        return jnp.zeros((), int), plateau_at(metal, zeta, **self.arguments(rungs))

    def near_plateau(self, system: System) -> bool:
        """It is the plateau."""
        return True

    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""
        return rungs


@dataclasses.dataclass(frozen=True)
class LongTime(AbstractWay):
    """`steady_state`, t → ∞ at Γ_in > 0."""

    name: ClassVar[str] = "steady"
    least: ClassVar[float] = np.inf  # with fewer σ is as right, but 83 % of 60 metals to `sigma_error` only
    known: ClassVar[tuple[str, ...]] = ("max_steps",)
    measures: ClassVar[tuple[str, ...]] = ("sigma", "phonons")
    pair_arrays: ClassVar[int] = 12
    cpu_seconds: ClassVar[tuple[float, float]] = (8.0, 2e-6)

    def check(self, system: System) -> None:
        """Raise `ValueError` at Γ_in = 0."""
        if np.any(np.asarray(system.metal.inelastic_rate) == 0):
            raise ValueError(
                "inelastic_rate = 0 is not allowed with steady=True: it must be positive, "
                "or every ladder keeps its particles and the state is not unique"
            )

    def solve(self, system: System, rungs: int) -> tuple[Any, Any]:
        """0 or `NOT_CONVERGED`, and the `SteadyState`."""
        metal, pump, field = system
        state = steady_at(metal, pump, field, **self.arguments(rungs))
        failed = jnp.where(state.unphysical, NOT_PHYSICAL, NOT_CONVERGED)
        return jnp.where(state.converged, 0, failed), state

    def sentence(self, code: int) -> str:
        """What an outcome code other than 0 means."""
        known = {NOT_CONVERGED: "No steady state was found.", NOT_PHYSICAL: UNPHYSICAL}
        return known.get(code) or super().sentence(code)

    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""
        return rungs * 115


def outcome_code(run: Run) -> Any:
    """The outcome code of diffrax, or `NOT_PHYSICAL`."""
    code = run.outcome._value
    return jnp.where((code == 0) & run.unphysical, NOT_PHYSICAL, code)


def way_to(
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    **options: Any,
) -> AbstractWay:
    """The way that exactly one of `times` (numbers), `plateau` and `steady` asks for.

    `options` as in `evolve`, `accuracy` and what may be given in its place among them. Raises `ValueError` unless
    exactly one is given and for options that are not allowed, `TypeError` for those that the way does not know.
    """
    if sum((times is not None, bool(plateau), bool(steady))) != 1:
        raise ValueError("give exactly one of times=, plateau=True and steady=True")
    if times is not None:
        when = tuple(float(t) for t in np.atleast_1d(np.asarray(times, dtype=float)))
        return dataclasses.replace(run_in_time(**options), when=when, listed=bool(np.ndim(times)))
    if plateau:
        return Prethermal(*_split(options, Prethermal, share=PLATEAU_SHARE))
    return LongTime(*_split(options, LongTime, plain=Mesh.uniform(), share=STEADY_SHARE))


def run_in_time(
    *, derivatives: str | None = "forward", fine: Fineness | None = None, **options: Any
) -> RunInTime:
    """A run at times that are known later; see `way_to` and, for `derivatives` and `fine`, `evolve.Numerics`."""
    chosen, rest = _split(options, RunInTime)
    return RunInTime(chosen if fine is None else fine, rest, derivatives=derivatives)


def _split(options: dict[str, Any], way: type[AbstractWay], **kind: Any) -> tuple[Fineness, tuple]:
    """How finely, and the other options as pairs; raises as `way_to`."""
    choices = ("accuracy", "cells", "mesh", *(("rtol",) if way is RunInTime else ()))
    check_known(f"this kind of study ({way.name})", options, (*choices, *way.known))
    chosen = {name: options.get(name) for name in choices}
    check_options(chosen["mesh"], rtol=chosen.get("rtol"))
    rest = {name: value for name, value in options.items() if name not in choices}
    return fineness(**{"accuracy": None, **chosen}, **kind), tuple(sorted(rest.items()))
