"""Ways to a state: a run in time, the plateau, the steady state. What a study holds, and asks instead of knowing them.

A way solves a metal under a pump and in a field, and knows what only it can know: its options and arguments, what its
state measures, its outcome codes, its memory and its time. It is plain data, compared and compiled by value.
"""

import abc
import dataclasses
from typing import Any, ClassVar

import diffrax as dfx
import equinox as eqx
import jax.numpy as jnp
import numpy as np

from ..kinetics.ladder import Mesh
from ..model.names import System
from .evolve import DEFAULT_CELLS, trajectory
from .plateau import plateau
from .run import Run
from .steady import steady_state

NOT_CONVERGED = 102
"""Outcome code of a steady state that was not found."""


ERASING = 0.02
"""Γ_in t/W up to which a run counts as near the plateau: a fifth of where inelastic scattering has erased it."""


@dataclasses.dataclass(frozen=True)
class AbstractWay(abc.ABC):
    """A way to a state; the final classes are `RunInTime`, `Prethermal` and `LongTime`.

    - `mesh`: a `Mesh`, or the number of cells of the solver's own kind of mesh
    - `options`: of the solver, keyword arguments as sorted pairs; `known` are those it has

    `measures` are the numbers that its state has, `in_time` says whether they depend on time, `times` (time,) when
    they are taken, and `time_axis` whether that is a list, or one number.
    """

    mesh: Mesh | int
    options: tuple[tuple[str, Any], ...] = ()

    name: ClassVar[str]
    known: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = ("sigma",)
    in_time: ClassVar[bool] = False
    time_axis: ClassVar[bool] = False
    most_points: ClassVar[int] = 96  # in a batch that stays in the caches of a CPU
    pair_arrays: ClassVar[int] = (
        4  # over all pairs of cells, for each phonon branch that leads off the ladder
    )
    cpu_seconds: ClassVar[
        tuple[float, float]
    ]  # of a compilation, and of a cell at a point; on two cores, roughly

    def __post_init__(self):
        given = dict(self.options)
        for name in given:
            if name not in self.known:
                known = ", ".join(("cells", "mesh", *self.known))
                raise TypeError(f"{name!r} is no option of this kind of study; known: {known}")
        for name in ("rtol", "atol"):
            if given.get(name) is not None and not given[name] > 0:
                raise ValueError(f"{name} = {given[name]!r} is not allowed: it must be positive")

    @abc.abstractmethod
    def solve(self, system: System, rungs: int) -> tuple[Any, Any]:
        """The outcome code, 0 where all went well, and the state of a system on so many rungs."""

    @abc.abstractmethod
    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""

    @abc.abstractmethod
    def check(self, system: System) -> None:
        """Raise `ValueError` where this way does not lead anywhere; numbers of the system may be arrays of points."""

    def sentence(self, code: int) -> str:
        """What an outcome code other than 0 means."""
        return f"Outcome {code}."

    def near_plateau(self, system: System) -> bool:
        """Whether the state is that of the plateau, or nearly so, at all points of a system."""
        return False

    def stand_in(self) -> "AbstractWay | None":
        """A cheap way to nearly the same state, where there is one; good as far as `near_plateau`."""
        return None

    def in_reverse(self) -> "AbstractWay":
        """The same way, to be differentiated in reverse."""
        return self

    @property
    def times(self) -> tuple[float, ...]:
        """When the state is looked at, (time,)."""
        return ()

    @property
    def cells(self) -> int:
        """Cells in a rung."""
        return self.mesh if isinstance(self.mesh, int) else self.mesh.cells

    def with_cells(self, cells: int) -> "AbstractWay":
        """The same way on a mesh of the same kind with so many cells in a rung."""
        mesh = cells if isinstance(self.mesh, int) else dataclasses.replace(self.mesh, cells=cells)
        return dataclasses.replace(self, mesh=mesh)

    def arguments(self, rungs: int) -> dict[str, Any]:
        """Keyword arguments of the solver."""
        grid = {"cells": self.mesh} if isinstance(self.mesh, int) else {"mesh": self.mesh}
        return {**dict(self.options), **grid, "rungs": rungs}

    def point_bytes(self, rungs: int, pairs: int = 0) -> int:
        """Memory a point takes while it runs, in bytes: fits to what compiled sweeps allocate.

        The mesh that follows the features takes 186 words a cell, whatever the number of rungs, and is
        done with before the steps begin; so a point takes the larger of the two, and its saved states. Each of
        `pairs`, phonon branches that lead off the ladder, adds arrays over all pairs of cells.
        """
        saved = 1.1 * rungs * len(self.times)
        dense = pairs * self.pair_arrays * (rungs * self.cells) ** 2
        return int(8 * (self.cells * (max(186 + rungs, self.words(rungs)) + saved) + dense))


@dataclasses.dataclass(frozen=True)
class RunInTime(AbstractWay):
    """`evolve` to `when` (time,), in the inverse unit of the rates; `derivatives`: as in `evolve.Numerics`."""

    when: tuple[float, ...] = ()
    listed: bool = True
    derivatives: str | None = "forward"

    name: ClassVar[str] = "evolve"
    known: ClassVar[tuple[str, ...]] = ("rtol", "atol", "solver", "max_steps")
    measures: ClassVar[tuple[str, ...]] = ("sigma", "phonons", "field", "field_normalised", "steps")
    in_time: ClassVar[bool] = True
    cpu_seconds: ClassVar[tuple[float, float]] = (6.0, 1e-5)

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
        """The outcome code of diffrax and the `Run`."""
        run = self.run(system, rungs)
        return run.outcome._value, run

    def run(self, system: System, rungs: int, times: Any = None) -> Run:
        """The `Run`; `times` (time,), which may be tracers, stand for `when`."""
        metal, pump, field = system
        when = np.array(self.when) if times is None else times
        return trajectory(metal, pump, when, field, budget=False, **self.arguments(rungs))

    def arguments(self, rungs: int) -> dict[str, Any]:
        """Keyword arguments of `trajectory`."""
        return {"derivatives": self.derivatives, **super().arguments(rungs)}

    def sentence(self, code: int) -> str:
        """diffrax's sentence."""
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
        return Prethermal(self.mesh, at=self.when[-1])

    def in_reverse(self) -> "RunInTime":
        """The same way, to be differentiated in reverse."""
        return dataclasses.replace(self, derivatives="reverse")


@dataclasses.dataclass(frozen=True)
class Prethermal(AbstractWay):
    """`plateau` at the ζ that the pump holds; or, for what stands for a run, at that of free phonons at a time `at`."""

    at: float | None = None

    name: ClassVar[str] = "plateau"
    most_points: ClassVar[int] = 256
    cpu_seconds: ClassVar[tuple[float, float]] = (2.0, 1e-6)

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
        return jnp.zeros((), int), plateau(metal, zeta, **self.arguments(rungs))

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
    known: ClassVar[tuple[str, ...]] = ("max_steps",)
    measures: ClassVar[tuple[str, ...]] = ("sigma", "phonons")
    pair_arrays: ClassVar[int] = 12
    cpu_seconds: ClassVar[tuple[float, float]] = (5.0, 2e-6)

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
        state = steady_state(metal, pump, field=field, **self.arguments(rungs))
        return jnp.where(state.converged, 0, NOT_CONVERGED), state

    def sentence(self, code: int) -> str:
        """What an outcome code other than 0 means."""
        return "No steady state was found." if code == NOT_CONVERGED else super().sentence(code)

    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""
        return rungs * 115


def way_to(
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    *,
    cells: int = DEFAULT_CELLS,
    mesh: Mesh | None = None,
    **options: Any,
) -> AbstractWay:
    """The way that exactly one of `times` (numbers), `plateau` and `steady` asks for.

    `cells`, `mesh` and `options` as in `evolve`. Raises `ValueError` unless exactly one is given and for options
    that are not allowed, `TypeError` for those that the way does not know.
    """
    if sum((times is not None, bool(plateau), bool(steady))) != 1:
        raise ValueError("give exactly one of times=, plateau=True and steady=True")
    if times is not None:
        when = tuple(float(t) for t in np.atleast_1d(np.asarray(times, dtype=float)))
        way = run_in_time(cells=cells, mesh=mesh, **options)
        return dataclasses.replace(way, when=when, listed=bool(np.ndim(times)))
    way = Prethermal if plateau else LongTime
    return way(_grid(cells, mesh), tuple(sorted(options.items())))


def run_in_time(
    *,
    cells: int = DEFAULT_CELLS,
    mesh: Mesh | None = None,
    derivatives: str | None = "forward",
    **options: Any,
) -> RunInTime:
    """A run at times that are known later; see `way_to` and, for `derivatives`, `evolve.Numerics`."""
    return RunInTime(_grid(cells, mesh), tuple(sorted(options.items())), derivatives=derivatives)


def _grid(cells: int, mesh: Mesh | None) -> Mesh | int:
    return Mesh(cells=cells).cells if mesh is None else mesh
