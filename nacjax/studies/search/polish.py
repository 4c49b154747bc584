"""L-BFGS with backtracking from the best points of a search, all in one batch, one evaluation a step."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from .descent import CONVERGED, KINK, RUNNING, USED_UP, Swarm

LBFGS = optax.scale_by_lbfgs(memory_size=8)

FIRST = 0.3
"""Length of a first step, downhill, in any u: a twentieth of the box."""

AGAIN = 0.03
"""The same where an earlier polish has been close already."""

LONGEST = 2.0
"""Longest step in any u; the box is 6 wide."""

SHORTENINGS = 8
"""Shorter steps in turn after which a point counts as stuck at a kink."""

RESTARTS = 1
"""How often L-BFGS forgets what it knew and goes downhill again where it promises nothing more."""


@eqx.filter_jit
def _directions(states, u, slopes):
    updates, states = jax.vmap(LBFGS.update)(slopes, states, u)
    return -jnp.asarray(updates), states


class _Lines:
    """Points (point, quantity) with their merits, gradients, search directions and lengths along them."""

    def __init__(self, u: np.ndarray, merit: np.ndarray, slope: np.ndarray, first: float):
        self.u, self.merit, self.slope = u.copy(), merit.copy(), slope.copy()
        self.fresh: Any = jax.vmap(LBFGS.init)(self._typed(u))
        self.states, self.direction = self.fresh, np.zeros_like(u)
        self.length, self.shortenings = np.ones(len(u)), np.zeros(len(u), int)
        self.first, self.restarts = np.full(len(u), first), np.zeros(len(u), int)
        self.start(np.arange(len(u)))

    @staticmethod
    def _typed(x: np.ndarray) -> np.ndarray:
        return x.astype(jnp.zeros(()).dtype)

    def start(self, which: np.ndarray) -> None:
        """Forget the curvature at the points `which` and go downhill, by `first`."""
        self._keep(which, self.fresh)
        self.turn(which)
        size = np.abs(self.direction[which]).max(axis=1)
        self.length[which] = self.first[which] / np.maximum(size, 1e-300)

    def restart(self, which: np.ndarray) -> None:
        """The same with a quarter of the first step, for points where a step promises nothing."""
        self.first[which] *= 0.25
        self.restarts[which] += 1
        self.start(which)

    def turn(self, which: np.ndarray) -> None:
        """New directions of the points `which`: quasi-Newton, or downhill where that would lead up."""
        found, states = _directions(self.states, self._typed(self.u), self._typed(self.slope))
        self._keep(which, states)
        direction = np.array(found, dtype=float)
        down = np.sum(direction * self.slope, axis=1) < 0  # not so where it is NaN
        direction[~down] = -self.slope[~down]
        self.direction[which] = direction[which]
        size = np.abs(self.direction).max(axis=1)
        self.length[which] = np.minimum(1.0, LONGEST / np.maximum(size, 1e-300))[which]
        self.shortenings[which] = 0

    def _keep(self, which: np.ndarray, states: Any) -> None:
        """Take the `states` of L-BFGS at the points `which`."""
        keep = np.isin(np.arange(len(self.u)), which)

        def choose(new, old):
            return jnp.where(keep.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

        self.states = jax.tree.map(choose, states, self.states)

    @property
    def promise(self) -> np.ndarray:
        """By how much the next step lowers the linear model, (point,)."""
        return -self.length * np.sum(self.direction * self.slope, axis=1)

    def take(self, go: np.ndarray, trial: np.ndarray, found) -> None:
        """Accept the trials of points `go` that lower the merit enough (Armijo), shorten the other steps."""
        enough = found.merit <= self.merit[go] - 1e-4 * self.promise[go]
        enough &= np.isfinite(found.slope).all(axis=1)
        for k, merit, slope in zip(go[~enough], found.merit[~enough], found.slope[~enough], strict=True):
            ends = -self.promise[k], self.length[k] * (self.direction[k] @ slope)
            self.length[k] *= lowest_between(float(merit - self.merit[k]), *map(float, ends))
            self.shortenings[k] += 1
        took = go[enough]
        if took.size:
            self.u[took], self.merit[took] = trial[enough], found.merit[enough]
            self.slope[took] = found.slope[enough]
            self.turn(took)


def lowest_between(rise: float, slope: float, slope_there: float) -> float:
    """Where the cubic with p(0) = 0, p(1) = `rise` and these slopes is lowest, kept within 0.1 to 0.6."""
    middle = slope + slope_there - 3 * rise
    root = np.sqrt(max(middle**2 - slope * slope_there, 0.0)) if np.isfinite(middle) else np.nan
    below = slope_there - slope + 2 * root
    place = 1 - (slope_there + root - middle) / below if below else np.nan
    return float(np.clip(place, 0.1, 0.6)) if np.isfinite(place) else 0.3


def polish(swarm: Swarm, which: np.ndarray, steps: int, tolerance: float, first: float = FIRST) -> None:
    """Up to `steps` evaluations from the best point of each of the starts `which`.

    A start stops where the next step promises less than `tolerance` of the spread of the merit, also downhill,
    or where several shorter steps in turn bring nothing: a kink.
    """
    unknown = which[~np.isfinite(swarm.best_slope[which]).all(axis=1)]
    if unknown.size:
        here = swarm.evaluate(unknown, swarm.best_u[unknown], "polish")
        swarm.best[unknown] = np.where(np.isfinite(here.merit), here.merit, np.inf)
        swarm.best_slope[unknown] = here.slope
    lines = _Lines(swarm.best_u[which], swarm.best[which], swarm.best_slope[which], first)
    outcome = np.full(len(which), RUNNING)
    for _ in range(steps):
        idle = (outcome == RUNNING) & (lines.promise < tolerance * swarm.spread)
        lines.restart(np.flatnonzero(idle & (lines.restarts < RESTARTS)))
        idle &= lines.promise < tolerance * swarm.spread
        outcome[idle] = CONVERGED
        outcome[(outcome == RUNNING) & (lines.shortenings >= SHORTENINGS)] = KINK
        go = np.flatnonzero(outcome == RUNNING)
        if not go.size:
            break
        trial = lines.u[go] + lines.length[go, None] * lines.direction[go]
        lines.take(go, trial, swarm.evaluate(which[go], trial, "polish"))
    outcome[outcome == RUNNING] = USED_UP
    swarm.outcome[which] = outcome
