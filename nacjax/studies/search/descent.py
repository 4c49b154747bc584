"""Descents from many starts at once, by Adam.

They move in the unbounded variables u of the box. The numbers of the many starts are computed in one
batch; a start that has stopped is left out of it.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .bounds import squash
from .curvature import Neighbourhood
from .merit import Evaluated, Problem

RUNNING, CONVERGED, USED_UP, NOT_FINITE, LOST, MERGED, KINK, ABSENT, CUT_OFF = range(9)
REASONS = {
    RUNNING: "Still going.",
    CONVERGED: "Converged: further steps gained next to nothing.",
    USED_UP: "All steps were used.",
    NOT_FINITE: "The objective is not finite at the start.",
    LOST: "The objective became not finite on the way; the best point before is kept.",
    MERGED: "It met a better start and left the rest of the way to it.",
    KINK: "It stopped at a kink: no step along the gradient lowers the objective.",
    ABSENT: "σ is not negative there, nor anywhere on the way downhill: there is no threshold.",
    CUT_OFF: "It ended where σ < 0 at the first or last of the times, which cut the objective off: a lower bound.",
}
"""Why a start stopped."""

ADAM = optax.adam(0.15)
"""It moves in u, where the box is about 6 wide: across it in 40 steps."""

TOLERANCE = 1e-4
"""Share of the spread of an objective that counts: descents stop where `PATIENCE` steps together gain less."""
SAME = 0.02
"""Points within this share of the box count as one when they are polished."""
PATIENCE = 8
"""Adam overshoots for fewer steps than that."""


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
        self.cut = np.zeros(count, bool)  # whether the times of the run cut it off
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
        self.value[which[better]], self.cut[which[better]] = found.value[better], found.cut[better] > 0
        self.steps[which] += 1
        return found

    def move_to(self, problem: Problem) -> None:
        """Go on with another problem: best points stay where they are, what they are worth is not known yet."""
        self.problem = problem
        self.best[:], self.value[:], self.best_slope[:], self.cut[:] = np.inf, np.nan, np.nan, False

    def join(self, u: np.ndarray) -> None:
        """One more start, at u (quantity,), of which nothing is known."""
        self.u, self.best_u = np.vstack([self.u, u]), np.vstack([self.best_u, u])
        self.best, self.value = np.append(self.best, np.inf), np.append(self.value, np.nan)
        self.cut = np.append(self.cut, False)
        self.best_slope = np.vstack([self.best_slope, np.full_like(u, np.nan)])
        self.outcome, self.steps = np.append(self.outcome, RUNNING), np.append(self.steps, 0)
        trail = self.trail
        for rows in (trail.shares, trail.values, trail.merits, trail.slopes):
            rows[:] = [np.concatenate([row, np.full_like(row[:1], np.nan)]) for row in rows]

    @property
    def spread(self) -> float:
        """Range of the objective over all points so far: the scale on which steps gain something."""
        finite = np.concatenate(self.trail.values)
        finite = finite[np.isfinite(finite)]
        return float(np.ptp(finite)) if finite.size > 1 else float(np.abs(finite).max(initial=1.0))


@jax.jit
def _first(u):
    return jax.vmap(ADAM.init)(u)


@jax.jit
def _move(states, u, slopes):
    def one(state, u, slope):
        update, state = ADAM.update(slope, state, u)
        return optax.apply_updates(u, update), state

    return jax.vmap(one)(states, u, slopes)


def descend(swarm: Swarm, steps: int) -> None:
    """Up to `steps` steps of Adam from every start.

    A start stops where the last `PATIENCE` steps together gained less than `TOLERANCE` of the spread of the
    values, where it becomes not finite, and where it comes close to a better one.
    """
    kind = jnp.zeros(()).dtype
    states = _first(swarm.u.astype(kind))
    for step in range(steps + 1):
        active = np.flatnonzero(swarm.outcome == RUNNING)
        if not active.size:
            break
        found = swarm.evaluate(active, swarm.u[active], "descent")
        _judge(swarm, active, found, step)
        if step == steps:
            break
        slopes = np.zeros_like(swarm.u)
        ours = np.isfinite(found.merit)
        slopes[active[ours]] = found.slope[ours]
        moved, states = _move(states, swarm.u.astype(kind), slopes.astype(kind))
        swarm.u[active] = np.asarray(moved, dtype=float)[active]
    swarm.outcome[swarm.outcome == RUNNING] = USED_UP
    swarm.outcome[np.isfinite(swarm.best) & ~np.isfinite(swarm.value)] = ABSENT


def _judge(swarm: Swarm, active, found: Evaluated, step: int) -> None:
    """Decide which of the active starts stop after this evaluation."""
    finite = np.isfinite(found.merit) & np.isfinite(found.slope).all(axis=1)
    swarm.outcome[active[~finite]] = NOT_FINITE if step == 0 else LOST
    swarm.history.append(swarm.best.copy())
    if step >= PATIENCE:
        gained = swarm.history[-1 - PATIENCE][active] - swarm.best[active]
        still = finite & (gained < TOLERANCE * swarm.spread)
        swarm.outcome[active[still]] = CONVERGED
    if step >= PATIENCE // 2:
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


def distinct(swarm: Swarm, count: int, radius: float = SAME) -> np.ndarray:
    """Indices of the best `count` starts that are further than `radius` (share of the box) from each other."""
    z, chosen = squash(swarm.best_u), []
    for k in np.argsort(swarm.best, kind="stable"):
        apart = all(np.abs(z[k] - z[j]).max() > radius for j in chosen)
        if np.isfinite(swarm.value[k]) and apart and len(chosen) < count:
            chosen.append(k)
    return np.array(chosen, int)
