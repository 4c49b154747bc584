"""L-BFGS with backtracking from the best points of a search, all in one batch, one evaluation a step."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from .descent import CONVERGED, KINK, RUNNING, USED_UP, Swarm

LBFGS = optax.scale_by_lbfgs(memory_size=8)

HALVINGS = 8
"""Halvings in turn after which a point counts as stuck at a kink."""

LONGEST = 2.0
"""Longest step in any u; the box is about 6 wide."""


@eqx.filter_jit
def _directions(states, u, slopes):
    updates, states = jax.vmap(LBFGS.update)(slopes, states, u)
    return -jnp.asarray(updates), states


class _Lines:
    """Points (point, quantity) with their merits, gradients, search directions and lengths along them."""

    def __init__(self, u: np.ndarray, merit: np.ndarray, slope: np.ndarray):
        self.u, self.merit, self.slope = u.copy(), merit.copy(), slope.copy()
        self.states: Any = jax.vmap(LBFGS.init)(self._typed(u))
        self.direction = np.zeros_like(u)
        self.length, self.halvings = np.ones(len(u)), np.zeros(len(u), int)
        self.turn(np.arange(len(u)))

    @staticmethod
    def _typed(x: np.ndarray) -> np.ndarray:
        return x.astype(jnp.zeros(()).dtype)

    def turn(self, which: np.ndarray) -> None:
        """New directions of the points `which`: quasi-Newton, or downhill where that would lead up."""
        found, states = _directions(self.states, self._typed(self.u), self._typed(self.slope))
        keep = np.isin(np.arange(len(self.u)), which)

        def choose(new, old):
            return jnp.where(keep.reshape((-1,) + (1,) * (new.ndim - 1)), new, old)

        self.states = jax.tree.map(choose, states, self.states)
        direction = np.array(found, dtype=float)
        up = np.sum(direction * self.slope, axis=1) >= 0
        direction[up] = -self.slope[up]
        self.direction[which] = direction[which]
        size = np.abs(self.direction).max(axis=1)
        self.length[which] = np.minimum(1.0, LONGEST / np.maximum(size, 1e-300))[which]
        self.halvings[which] = 0

    @property
    def promise(self) -> np.ndarray:
        """By how much a full step lowers the linear model, (point,)."""
        return -np.sum(self.direction * self.slope, axis=1)

    def take(self, go: np.ndarray, trial: np.ndarray, found) -> None:
        """Accept the trials of points `go` that lower the merit enough (Armijo), halve the other steps."""
        enough = found.merit <= self.merit[go] - 1e-4 * self.length[go] * self.promise[go]
        enough &= np.isfinite(found.slope).all(axis=1)
        self.length[go[~enough]] *= 0.5
        self.halvings[go[~enough]] += 1
        took = go[enough]
        if took.size:
            self.u[took], self.merit[took] = trial[enough], found.merit[enough]
            self.slope[took] = found.slope[enough]
            self.turn(took)


def polish(swarm: Swarm, which: np.ndarray, steps: int, tolerance: float) -> None:
    """Up to `steps` evaluations from the best point of each of the starts `which`.

    A start stops where the next step promises less than `tolerance` of the spread of the merit, or where
    several halvings in turn bring nothing: a kink.
    """
    first = swarm.evaluate(which, swarm.best_u[which], "polish")
    lines = _Lines(swarm.best_u[which], first.merit, first.slope)
    outcome = np.full(len(which), RUNNING)
    for _ in range(steps):
        running = outcome == RUNNING
        outcome[running & (lines.promise < tolerance * swarm.spread)] = CONVERGED
        outcome[(outcome == RUNNING) & (lines.halvings >= HALVINGS)] = KINK
        go = np.flatnonzero(outcome == RUNNING)
        if not go.size:
            break
        trial = lines.u[go] + lines.length[go, None] * lines.direction[go]
        lines.take(go, trial, swarm.evaluate(which[go], trial, "polish"))
    outcome[outcome == RUNNING] = USED_UP
    swarm.outcome[which] = outcome
