"""Where the descents of a search start: spread over the box, after a scan, or where Eq. (10) points to."""

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
from .merit import Problem, Recipe, closed
from .objectives import NAMED


def first_points(
    problem: Problem, starts: int, seed: int, scan: int = 0, analytic: int = 0
) -> Float[np.ndarray, "start quantity"]:
    """Unbounded u of the starts.

    A Latin hypercube; of `analytic` points those that Eq. (10) prefers; of `scan` points those with the lowest
    values (of the best `scan` of `analytic` ones if both are given).
    """
    rng, count = np.random.default_rng(seed), max(scan, starts)
    z = latin_hypercube(rng, max(count, analytic), problem.box.size)
    if analytic:
        _check_analytic(problem)
        z = _by_estimate(problem, z, count)
    if scan:
        scanned = in_batches(_scanned(problem), count)
        z = z[lowest_valleys(z, scanned.at(z, "scan", gradient=False).merit, starts)]
    return stretch(z)


def _check_analytic(problem: Problem) -> None:
    """Raise `ValueError` where Eq. (10) says nothing about what is searched."""
    goal = problem.recipe.objective
    if goal.name not in NAMED or goal.maximise != NAMED[goal.name].maximise:
        raise ValueError(
            f"analytic is not allowed with objective = {goal.name}, maximise = {goal.maximise}: Eq. (10) tells "
            "where σ is low only. Use scan= instead"
        )


def _by_estimate(problem: Problem, z: np.ndarray, count: int) -> np.ndarray:
    """The `count` points of z that Eq. (10) prefers, moved to the middle of what does not enter there."""
    size, few = problem.box.size, min(8, len(z))
    moved = np.repeat(z[None, :few], size, axis=0)  # (quantity, point, quantity)
    moved[np.arange(size), :, np.arange(size)] = 0.5
    kind = jnp.zeros(()).dtype
    points, ends = np.concatenate([z, *moved]).astype(kind), problem.box.ends.astype(kind)
    found = np.asarray(_estimates(problem.recipe, problem.system, ends, jnp.asarray(points)), dtype=float)
    estimates, others = found[: len(z)], found[len(z) :].reshape(size, few)
    best = z[lowest_valleys(z, estimates, count)]
    absent = [np.allclose(other, estimates[:few], rtol=1e-4, equal_nan=True) for other in others]
    return np.where(absent, 0.5, best)


@eqx.filter_jit
def _estimates(recipe: Recipe, system: System, ends, points: Float[Array, "point quantity"]):
    """Eq. (10) at shares of the box, some at a time: a density of states may be large."""

    def one(z):
        here = recipe.system(system, physical(z, ends, recipe.log))
        return conductivity_estimate(here.metal, recipe.rungs)

    return jax.lax.map(one, points, batch_size=64)


def _scanned(problem: Problem) -> Problem:
    """The problem whose values a scan takes: the plateau where it stands for σ, else the problem itself."""
    evolving = problem.recipe.study.state == "evolve"
    if problem.recipe.objective.name != "sigma" or not evolving or not problem.system.pump.clamped:
        return problem
    return dataclasses.replace(closed(problem), mark="")


def lowest_valleys(z: np.ndarray, merit: np.ndarray, count: int, neighbours: int = 5) -> np.ndarray:
    """Indices of `count` points to start from: first those lower than their neighbours, then the lowest others."""
    merit = np.where(np.isfinite(merit), merit, np.inf)
    _, near = KDTree(z).query(z, min(neighbours + 1, len(z)), p=np.inf)
    valley = merit <= merit[near].reshape(len(z), -1).min(axis=1)
    return np.lexsort((merit, ~valley))[:count]


def in_batches(problem: Problem, count: int) -> Problem:
    """The problem in as few and equal batches for `count` points as memory and caches like."""
    study, devices, pairs = problem.recipe.study, jax.local_devices()[:1], problem.system.metal.off_ladder
    most = default_size(study.state, problem.recipe.rungs, study.cells, len(study.times), devices, pairs)
    return dataclasses.replace(problem, width=-(-count // -(-count // most)))
