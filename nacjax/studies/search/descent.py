"""Descents from many starts at once, by any optax optimiser.

They move in the unbounded variables u of the box. The numbers of the many starts are computed in one
batch; a start that has stopped is left out of it.
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from .bounds import squash
from .curvature import Neighbourhood
from .merit import Evaluated, Merit, Problem

RUNNING, CONVERGED, USED_UP, NOT_FINITE, LOST, DIVERGED, MERGED, KINK, ABSENT = range(9)
REASONS = {
    RUNNING: "Still going.",
    CONVERGED: "Converged: further steps gained next to nothing.",
    USED_UP: "All steps were used.",
    NOT_FINITE: "The objective is not finite at the start.",
    LOST: "The objective became not finite on the way; the best point before is kept.",
    DIVERGED: "The optimiser diverged: its steps ran out of the box; the best point before is kept.",
    MERGED: "It met a better start and left the rest of the way to it.",
    KINK: "It stopped at a kink: no step along the gradient lowers the objective.",
    ABSENT: "σ is not negative there, nor anywhere on the way downhill: there is no threshold.",
}
"""Why a start stopped."""

FAR = 30.0
"""|u| beyond which an optimiser has lost its way: five widths of the box."""


@dataclasses.dataclass
class Trail:
    """Where the starts have been: lists over steps of (start, ...) arrays, NaN where a start rested, and stages."""

    shares: list[np.ndarray]
    values: list[np.ndarray]
    merits: list[np.ndarray]
    slopes: list[np.ndarray]
    stages: list[str]

    @classmethod
    def empty(cls) -> "Trail":
        return cls([], [], [], [], [])


class Swarm:
    """The starts of a search: positions, best points, and why they stopped."""

    def __init__(self, problem: Problem, u: np.ndarray):
        count = len(u)
        self.problem, self.trail = problem, Trail.empty()
        self.u = np.array(u, dtype=float)
        self.best_u, self.best = self.u.copy(), np.full(count, np.inf)
        self.best_slope = np.full_like(self.u, np.nan)  # d(merit)/du there; NaN while it is not known
        self.value = np.full(count, np.nan)  # the objective there; NaN while there is none
        self.outcome = np.full(count, RUNNING)
        self.steps = np.zeros(count, int)
        self.history: list[np.ndarray] = []
        self.around: Neighbourhood | None = None

    def evaluate(self, which: np.ndarray, u: np.ndarray, stage: str) -> Evaluated:
        """Evaluate the starts `which` (indices) at u (which, quantity), and record it."""
        found = self.problem.evaluate(u, stage)
        count, size = self.u.shape
        row = np.full((count, size), np.nan), *(np.full(count, np.nan) for _ in range(3))
        row[0][which], row[1][which], row[2][which] = squash(u), found.value, found.merit
        row[3][which] = np.linalg.norm(found.slope, axis=1)
        trail = self.trail
        for kept, new in zip((trail.shares, trail.values, trail.merits, trail.slopes), row, strict=True):
            kept.append(new)
        trail.stages.append(self.problem.mark + stage)
        better = found.merit < self.best[which]  # NaN is never better
        self.best[which[better]], self.best_u[which[better]] = found.merit[better], u[better]
        self.best_slope[which[better]] = found.slope[better]
        self.value[which[better]] = found.value[better]
        self.steps[which] += 1
        return found

    def move_to(self, problem: Problem) -> None:
        """Go on with another problem: best points stay where they are, what they are worth is not known yet."""
        self.problem = problem
        self.best[:], self.value[:], self.best_slope[:] = np.inf, np.nan, np.nan

    @property
    def spread(self) -> float:
        """Range of the objective over all points so far: the scale on which steps gain something."""
        finite = np.concatenate(self.trail.values)
        finite = finite[np.isfinite(finite)]
        return float(np.ptp(finite)) if finite.size > 1 else float(np.abs(finite).max(initial=1.0))


@eqx.filter_jit
def _first(optimizer: optax.GradientTransformationExtraArgs, u):
    return jax.vmap(optimizer.init)(u)


@eqx.filter_jit
def _move(optimizer, states, u, slopes, merits, merit_of: Merit):
    def one(state, u, slope, merit):
        extra = {"value": merit, "grad": slope, "value_fn": merit_of}
        update, state = optimizer.update(slope, state, u, **extra)
        return optax.apply_updates(u, update), state

    return jax.vmap(one)(states, u, slopes, merits)


def descend(swarm: Swarm, optimizer: Any, steps: int, tolerance: float, patience: int) -> None:
    """Up to `steps` steps of an optax optimiser from every start.

    A start stops where the last `patience` steps together gained less than `tolerance` of the spread of the
    first values, where it becomes not finite or leaves the box, and where it comes close to a better one.
    """
    optimizer = optax.with_extra_args_support(optimizer)
    kind = jnp.zeros(()).dtype
    states = _first(optimizer, swarm.u.astype(kind))
    slopes, merits = np.zeros_like(swarm.u), np.zeros(len(swarm.u))
    for step in range(steps + 1):
        active = np.flatnonzero(swarm.outcome == RUNNING)
        if not active.size:
            break
        found = swarm.evaluate(active, swarm.u[active], "descent")
        _judge(swarm, active, found, tolerance, patience, step)
        active = np.flatnonzero(swarm.outcome == RUNNING)
        if step == steps or not active.size:
            break
        merits[:], slopes[:] = np.nan_to_num(swarm.trail.merits[-1]), 0.0
        ours = np.flatnonzero(np.isfinite(swarm.trail.merits[-1]))
        slopes[ours] = found.slope[np.isfinite(found.merit)]
        u, slopes_now, merits_now = (x.astype(kind) for x in (swarm.u, slopes, merits))
        moved, states = _move(optimizer, states, u, slopes_now, merits_now, Merit.of(swarm.problem))
        moved = np.asarray(moved, dtype=float)
        swarm.u[active] = moved[active]
        gone = active[~(np.abs(moved[active]) < FAR).all(axis=1)]
        swarm.outcome[gone] = DIVERGED
    swarm.outcome[swarm.outcome == RUNNING] = USED_UP
    swarm.outcome[np.isfinite(swarm.best) & ~np.isfinite(swarm.value)] = ABSENT


def _judge(swarm: Swarm, active, found: Evaluated, tolerance, patience, step) -> None:
    """Decide which of the active starts stop after this evaluation."""
    finite = np.isfinite(found.merit) & np.isfinite(found.slope).all(axis=1)
    swarm.outcome[active[~finite]] = NOT_FINITE if step == 0 else LOST
    swarm.history.append(swarm.best.copy())
    if step >= patience:
        gained = swarm.history[-1 - patience][active] - swarm.best[active]
        still = finite & (gained < tolerance * swarm.spread)
        swarm.outcome[active[still]] = CONVERGED
    if step >= patience // 2:
        _merge(swarm)


def _merge(swarm: Swarm, radius: float = 0.01) -> None:
    """Stop running starts within `radius` (share of the box) of a start that is better and has not failed."""
    z = squash(swarm.best_u)
    order = np.argsort(swarm.best, kind="stable")
    for rank, k in enumerate(order):
        if swarm.outcome[k] != RUNNING:
            continue
        better = [j for j in order[:rank] if swarm.outcome[j] in (RUNNING, CONVERGED)]
        if better and np.abs(z[better] - z[k]).max(axis=1).min() < radius:
            swarm.outcome[k] = MERGED


def distinct(swarm: Swarm, count: int, radius: float = 0.02) -> np.ndarray:
    """Indices of the best `count` starts that are further than `radius` (share of the box) from each other."""
    z, chosen = squash(swarm.best_u), []
    for k in np.argsort(swarm.best, kind="stable"):
        apart = all(np.abs(z[k] - z[j]).max() > radius for j in chosen)
        if np.isfinite(swarm.value[k]) and apart and len(chosen) < count:
            chosen.append(k)
    return np.array(chosen, int)
