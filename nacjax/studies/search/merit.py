"""The function that a search descends: shares of a box in, merit, objective and gradient out, in batches."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ...model.names import System, changed
from ...numerics.ticker import note
from ...solvers.way import AbstractWay
from .bounds import Box, physical, squash, squash_slope
from .objectives import Constraint, Objective

FORWARD_AT_MOST = 8
"""Up to so many quantities gradients are taken forward, beyond in reverse."""

ABSENT = 1e4
"""Merit where an objective is on the verge of existing: more than any threshold that exists."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Everything about the function that is compiled in; what is not, is passed as arrays.

    `way` to a state; `paths` of the quantities, those with None are arguments of `maker`,
    which makes the metal; `log` marks logarithmic scales.
    """

    way: AbstractWay
    names: tuple[str, ...]
    paths: tuple[str | None, ...]
    log: tuple[bool, ...]
    rungs: int
    objective: Objective
    constraints: tuple[Constraint, ...] = ()
    maker: Callable[..., Any] | None = None

    def system(self, system: System, values) -> System:
        """The system with `values` (quantity,) in it."""
        if self.maker is not None:
            own = {n: v for n, p, v in zip(self.names, self.paths, values, strict=True) if p is None}
            system = system._replace(metal=self.maker(**own))
        return changed(system, {p: v for p, v in zip(self.paths, values, strict=True) if p is not None})

    def merit(self, z, system: System, ends, penalty):
        """(merit, (objective, constraint values (constraint,), whether cut off)) at shares z; smaller is better.

        The merit is ± the objective plus `penalty` times the squared violations; NaN where a run fails.
        Where the objective does not exist it is `ABSENT` plus its excess, which leads to where it exists.
        """
        here = self.system(system, physical(z, ends, self.log))
        code, state = (jnp.zeros((), int), None) if self._bare else self.way.solve(here, self.rungs)
        goal = self.objective
        value = goal.function(self.way, here, self.rungs) if goal.whole else goal.function(state)
        value, excess = value if goal.whole else (value, 0.0)
        value = jnp.where(code == 0, _scalar("objective", goal.name, value), jnp.nan)
        limits = [_scalar("constraints:", c.name, c.function(state)) for c in self.constraints]  # pyright: ignore[reportArgumentType]
        pairs = zip(self.constraints, limits, strict=True)
        violated = sum((c.violation(v) ** 2 for c, v in pairs), start=jnp.zeros(()))
        merit = jnp.where(excess > 0, ABSENT + excess, goal.sign * value) + penalty * violated  # pyright: ignore[reportArgumentType, reportCallIssue]
        cut = jnp.asarray(False) if goal.cut is None else goal.cut(state)  # pyright: ignore[reportArgumentType]
        return merit, (value, jnp.stack(limits) if limits else jnp.zeros(0), cut)

    @property
    def _bare(self) -> bool:
        return self.objective.whole and not self.constraints


def _scalar(what: str, name: str, value: Any):
    value = jnp.asarray(value)
    if value.shape != ():
        raise ValueError(f"{what} {name} has the shape {value.shape}; it must be one number")
    return value


class Evaluated(NamedTuple):
    """Merit (point,), objective (point,), constraints (point, constraint), d(merit)/dz (point, quantity).

    `cut` (point,): 1 where the times of the run cut the objective off.
    """

    merit: np.ndarray
    value: np.ndarray
    limits: np.ndarray
    cut: np.ndarray
    slope: np.ndarray


@eqx.filter_jit
def _evaluate(recipe: Recipe, system: System, ends, penalty, points, gradient: bool):
    def one(z):
        def merit(z):
            return recipe.merit(z, system, ends, penalty)

        if not gradient:
            value, extra = merit(z)
            return value, *extra, jnp.zeros_like(z)
        return value_and_slope(merit, z)

    return jax.vmap(one)(points)


def value_and_slope(merit: Callable, z):
    """(merit, objective, constraints, gradient) of a `merit` with auxiliary results at one point."""
    if z.size > FORWARD_AT_MOST:
        (value, extra), slope = jax.value_and_grad(merit, has_aux=True)(z)
        return value, *extra, slope

    def along(direction):
        return jax.jvp(merit, (z,), (direction,), has_aux=True)

    value, slope, extra = jax.vmap(along, out_axes=(None, 0, None))(jnp.eye(z.size, dtype=z.dtype))
    return value, *extra, slope


@dataclasses.dataclass
class Problem:
    """A recipe with its numbers, evaluated in batches of a fixed width; counts what it evaluates."""

    recipe: Recipe
    system: System
    box: Box
    width: int
    penalty: float = 0.0
    solves: dict[str, int] = dataclasses.field(default_factory=dict)
    mark: str = ""  # what its stages are called in front of their names

    def evaluate(self, u: np.ndarray, stage: str, gradient: bool = True) -> Evaluated:
        """Merit, objective, constraints and d(merit)/du at unbounded points u (point, quantity)."""
        z = squash(u)
        found = self.at(z, stage, gradient)
        return found._replace(slope=found.slope * squash_slope(u))

    def at(self, z: np.ndarray, stage: str, gradient: bool = True) -> Evaluated:
        """The same at shares z, with d(merit)/dz."""
        name = self.mark + stage
        note(f"{name}, {len(z)} points", sum(self.solves.values()))
        self.solves[name] = self.solves.get(name, 0) + len(z)
        pieces = []
        kind = jnp.zeros(()).dtype
        for start in range(0, len(z), self.width):
            piece = z[start : start + self.width]
            padded = np.pad(piece, ((0, self.width - len(piece)), (0, 0)), mode="edge").astype(kind)
            ends, penalty = self.box.ends.astype(kind), np.asarray(self.penalty, kind)
            results = _evaluate(self.recipe, self.system, ends, penalty, padded, gradient)
            pieces.append([np.asarray(result, dtype=float)[: len(piece)] for result in results])
        return Evaluated(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


def finer(problem: Problem) -> Problem:
    """The same problem on a mesh twice as fine, one point at a time."""
    way = problem.recipe.way
    recipe = dataclasses.replace(problem.recipe, way=way.finer())
    return dataclasses.replace(problem, recipe=recipe, width=1)


def closed(problem: Problem) -> Problem:
    """The closed plateau in place of a run: σ for the ζ that free phonons have at the end. Without constraints."""
    way = problem.recipe.way.stand_in()
    assert way is not None
    recipe = dataclasses.replace(problem.recipe, way=way, constraints=())
    return dataclasses.replace(problem, recipe=recipe, mark=f"{way.name} ")
