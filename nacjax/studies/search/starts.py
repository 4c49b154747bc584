"""Where the descents of a search start: spread over the box, or where Eq. (10) points to."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.spatial import KDTree

from ...model.names import System
from ...solvers.estimate import conductivity_estimate
from ..sweep.chunks import default_size
from .bounds import latin_hypercube, physical, stretch
from .merit import Problem, Recipe

GLANCES = 300
"""Points for each quantity in which Eq. (10) is looked at: 600 of two take the time of a solve."""


def spread_points(problem: Problem, starts: int, seed: int) -> Float[np.ndarray, "start quantity"]:
    """Unbounded u of a Latin hypercube."""
    return stretch(latin_hypercube(np.random.default_rng(seed), starts, problem.box.size))


def guided_points(
    problem: Problem, seed: int, starts: int, scan: int = 0, rivals: int = 0
) -> tuple[Float[np.ndarray, "start quantity"], Float[np.ndarray, "rival quantity"]] | None:
    """Unbounded u of the starts that Eq. (10) prefers and of `rivals` next to them; None if no quantity enters there.

    It is looked at in `GLANCES` points for each quantity, which takes no solve. With `scan` the best so many of
    them are evaluated, and those with the lowest values are the starts.
    """
    rng, count, size = np.random.default_rng(seed), max(scan, starts), problem.box.size
    z = _by_estimate(problem, latin_hypercube(rng, GLANCES * size, size), count + rivals)
    if z is None:
        return None
    first = np.arange(starts)
    if scan:
        scanned = in_batches(problem, count)
        first = lowest_valleys(z[:count], scanned.at(z[:count], "scan", gradient=False).merit, starts)
    return stretch(z[first]), stretch(np.delete(z, first, axis=0)[:rivals])


def _by_estimate(problem: Problem, z: np.ndarray, count: int) -> np.ndarray | None:
    """The `count` points of z that Eq. (10) prefers, moved to the middle of what does not enter there."""
    size, few = problem.box.size, min(8, len(z))
    moved = np.repeat(z[None, :few], size, axis=0)  # (quantity, point, quantity)
    moved[np.arange(size), :, np.arange(size)] = 0.5
    kind = jnp.zeros(()).dtype
    points, ends = np.concatenate([z, *moved]).astype(kind), problem.box.ends.astype(kind)
    found = np.asarray(_estimates(problem.recipe, problem.system, ends, jnp.asarray(points)), dtype=float)
    estimates, others = found[: len(z)], found[len(z) :].reshape(size, few)
    absent = [np.allclose(other, estimates[:few], rtol=1e-4, equal_nan=True) for other in others]
    if all(absent):
        return None
    return np.where(absent, 0.5, z[lowest_valleys(z, estimates, count)])


@eqx.filter_jit
def _estimates(recipe: Recipe, system: System, ends, points: Float[Array, "point quantity"]):
    """Eq. (10) at shares of the box, some at a time: a density of states may be large."""

    def one(z):
        here = recipe.system(system, physical(z, ends, recipe.log))
        return conductivity_estimate(here.metal, recipe.rungs)

    return jax.lax.map(one, points, batch_size=64)


def lowest_valleys(z: np.ndarray, merit: np.ndarray, count: int, neighbours: int = 5) -> np.ndarray:
    """Indices of `count` points to start from: first those lower than their neighbours, then the lowest others."""
    merit = np.where(np.isfinite(merit), merit, np.inf)
    _, near = KDTree(z).query(z, min(neighbours + 1, len(z)), p=np.inf)
    valley = merit <= merit[near].reshape(len(z), -1).min(axis=1)
    return np.lexsort((merit, ~valley))[:count]


def in_batches(problem: Problem, count: int) -> Problem:
    """The problem in as few and equal batches for `count` points as memory and caches like."""
    recipe, metal = problem.recipe, problem.system.metal
    most = default_size(recipe.way, recipe.rungs, jax.local_devices()[:1], metal)
    return dataclasses.replace(problem, width=-(-count // -(-count // most)))
