"""`search`: where an objective is smallest, by gradients from many starts at once."""

import dataclasses
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
import optax

from ..physics.checks import as_arrays
from ..physics.field import AbstractField, NoField
from ..physics.ladder import Mesh
from ..physics.metal import Metal
from ..physics.pump import AbstractPump
from .bounds import Box, check_corners, corners, make_box, resolve_all, squash, stretch
from .chunks import default_size, rung_counts
from .curvature import look_around
from .descent import REASONS, Swarm, descend, distinct
from .kernel import Study
from .objectives import constraints_for, objective_for
from .optimum import Optimum
from .outcome import to_optimum
from .polish import polish
from .problem import FORWARD_AT_MOST, Problem, Recipe, coarser, finer
from .quantities import System
from .sweep import check_state, make_study

ADAM = optax.adam(0.15)
"""The optimiser of a search unless another is given; it moves in u, where the box is about 6 wide."""

SEARCH_CELLS = 96


def search(
    metal: Metal | Callable[..., Metal],
    pump: AbstractPump,
    *,
    over: Mapping[str, Sequence[Any]],
    objective: str | Callable = "sigma",
    maximise: bool | None = None,
    constraints: Mapping[str, tuple] | None = None,
    penalty: float = 10.0,
    field: AbstractField | None = None,
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    optimizer: Any = None,
    starts: int = 64,
    steps: int = 60,
    seed: int = 0,
    scan: int = 0,
    coarse: int | None = None,
    polished: int = 3,
    tolerance: float = 1e-4,
    patience: int = 8,
    cells: int = SEARCH_CELLS,
    mesh: Mesh | None = None,
    rungs: int | None = None,
    **options: Any,
) -> Optimum:
    """The point of a box where an objective is smallest (or largest), and what is known about it.

    - `metal`, `pump`, `field`: as in `evolve`; `metal` may be a function that makes a `Metal` from some of
      the quantities in `over`, its arguments (hopping integrals, for instance)
    - `over`: name → (low, high), or (low, high, "log"): any number that `sweep` can vary
    - one of `times`, `plateau=True`, `steady=True`; with none of them `times` is 10
    - `objective`: "sigma" (at one time, or of the plateau or steady state), "min_sigma", "nac_lifetime",
      "negative_area" (of many times), "threshold_field", "threshold_pump", or a function of a `Run`
      (`Plateau`, `SteadyState`) with one number as result. Functions are minimised unless `maximise`
    - `constraints`: name → (function of a run, low, high), None for no bound; violations are penalised by
      `penalty` times their square, in units of the bound, and 100 times that while polishing
    - `optimizer`: any optax optimiser, moving in the unbounded u with value = low + (high − low)/(1 + e^{−u});
      Adam by default. `steps` at most, from `starts` points of a Latin hypercube drawn with `seed`
    - `scan`: evaluate so many points first without gradients (of the plateau, for "sigma" under `Clamped`),
      and start from the best of them
    - `coarse`: cells of a mesh for the scan, the descents and a first polish (a run on it has `rtol` 0.1);
      only the polished points, one at least, see the full mesh then. Worth compiling where solves are slow
    - `polished`: how many of the best distinct points L-BFGS finishes
    - `tolerance`: a start stops where `patience` steps gain less than this share of the objective's spread
    - `cells`, `mesh`, `rungs`, `options`: as in `evolve`. `rungs` defaults to what the whole box needs

    Where σ is not negative there is no threshold; starts there first lower σ until there is one.

    Returns an `Optimum`. Starts that fail say why and stop no other; NaN is never best. Raises `ValueError`
    for bounds that are reversed or outside physics, an unknown quantity or objective, an objective that is
    not one number, and one that is not finite at any start.
    """
    began = time.perf_counter()
    _check_counts(
        starts=(starts, 1), steps=(steps, 0), scan=(scan, 0), polished=(polished, 0), patience=(patience, 1)
    )
    system, maker = _system(metal, pump, field, over)
    study = _study(system, times, plateau, steady, cells, mesh, options)
    if coarse is not None:
        _check_counts(coarse=(coarse, 4))
        if coarse >= study.cells:
            raise ValueError(f"coarse = {coarse!r} is not allowed: it must be below cells = {study.cells}")
    problem, box = _problem(system, maker, study, over, objective, maximise, constraints, rungs, starts)
    problem.penalty = float(penalty)
    rough = problem if coarse is None else coarser(problem, coarse)
    swarm = Swarm(rough, _first_points(rough, box, starts, seed, scan))
    descend(swarm, ADAM if optimizer is None else optimizer, steps, tolerance, patience)
    if not np.isfinite(swarm.value).any():
        raise ValueError(
            f"objective = {problem.recipe.objective.name} is not finite at any of the {starts} starts: "
            f"{REASONS[int(swarm.outcome[0])]} Narrow the bounds, or give more starts or a scan."
        )
    if polished or coarse:
        finish(swarm, problem, max(polished, 1), 1e-2 * tolerance)
    return to_optimum(swarm, finer(problem), time.perf_counter() - began)


def finish(swarm: Swarm, problem: Problem, polished: int, tolerance: float) -> None:
    """L-BFGS on the best distinct points, and again from a neighbour of the best one that lies lower (a kink)."""
    which = distinct(swarm, polished)
    if swarm.problem is not problem:
        polish(swarm, which, 40, 1e3 * tolerance)
        swarm.move_to(problem)
    if problem.recipe.constraints:
        problem.penalty *= 100
        again = problem.evaluate(swarm.best_u, "polish", gradient=False)
        swarm.best = np.where(np.isfinite(again.merit), again.merit, np.inf)
    polish(swarm, which, 40, tolerance)
    for _ in range(4):
        k = int(np.argmin(swarm.best))
        around = look_around(problem, squash(swarm.best_u[k]), swarm.spread)
        swarm.around = around
        if not around.lowest_merit < swarm.best[k] - tolerance * swarm.spread:
            break
        swarm.best_u[k], swarm.best[k] = stretch(around.lowest), around.lowest_merit
        polish(swarm, np.array([k]), 40, tolerance)


def _system(metal, pump, field, over) -> tuple[System, Callable | None]:
    """The system around which the search varies, and the function that makes its metal, if there is one."""
    field = NoField() if field is None else field
    if isinstance(metal, Metal) or not callable(metal):
        return as_arrays(System(metal, pump, field)), None  # pyright: ignore[reportReturnType]
    box = make_box(over)
    own = [name for name in inspect.signature(metal).parameters if name in box.names]
    middle = dict(zip(box.names, box.values(np.full(box.size, 0.5)), strict=True))
    made = metal(**{name: middle[name] for name in own})
    if not own or not isinstance(made, Metal):
        raise ValueError(
            f"metal = {metal!r} is not allowed: it must be a Metal, or a function of quantities in `over` that "
            "makes one"
        )
    return as_arrays(System(made, pump, field)), metal


def _study(system, times, plateau, steady, cells, mesh, options) -> Study:
    if times is None and not plateau and not steady:
        times = 10.0
    grid = Mesh(cells=cells).cells if mesh is None else mesh
    study = make_study(system, times, plateau, steady, ("sigma",), grid, options)
    check_state(study, system)
    return dataclasses.replace(study, observables=())


def _problem(
    system, maker, study, over, objective, maximise, constraints, rungs, starts
) -> tuple[Problem, Box]:
    box = make_box(over)
    own = set() if maker is None else set(inspect.signature(maker).parameters) & set(box.names)
    plain = [name for name in box.names if name not in own]
    resolved = dict(zip(plain, resolve_all(plain, system), strict=True))
    paths = tuple(resolved.get(name) for name in box.names)
    if box.size > FORWARD_AT_MOST and study.state == "evolve":
        study = dataclasses.replace(
            study, options=tuple(sorted({**dict(study.options), "adjoint": "reverse"}.items()))
        )
    goal = objective_for(objective, study.state, study.times, maximise)
    limits = constraints_for(constraints)
    bare = dataclasses.replace(study, system=None, paths=())  # pyright: ignore[reportArgumentType]
    recipe = Recipe(bare, box.names, paths, box.log, 1, goal, limits, maker)
    if maker is None:
        check_corners(box, resolve_all(plain, system), system)
    recipe = dataclasses.replace(recipe, rungs=_rungs(recipe, box, system, rungs))
    return _in_batches(Problem(recipe, system, box, starts), starts), box


def _in_batches(problem: Problem, count: int) -> Problem:
    """The problem in as few and equal batches for `count` points as memory and caches like."""
    study, devices, pairs = problem.recipe.study, jax.local_devices()[:1], problem.system.metal.off_ladder
    most = default_size(study.state, problem.recipe.rungs, study.cells, len(study.times), devices, pairs)
    return dataclasses.replace(problem, width=-(-count // -(-count // most)))


def _rungs(recipe: Recipe, box: Box, system: System, given: int | None) -> int:
    """Rungs that every point of the box can do with: what its corners, and its middle, need."""
    points = np.concatenate([corners(box), box.values(np.full((1, box.size), 0.5))])
    if recipe.maker is None:
        needed = int(rung_counts(recipe.system(system, points.T), len(points)).max())
    else:
        systems = [recipe.system(system, point) for point in points]
        needed = max(int(rung_counts(each, 1)[0]) for each in systems)
    if given is not None and given < needed:
        raise ValueError(
            f"rungs = {given} is not allowed: the box needs at least {needed} (width / phonon_energy)"
        )
    return needed if given is None else int(given)


def _first_points(problem: Problem, box: Box, starts: int, seed: int, scan: int) -> np.ndarray:
    """Unbounded u of the starts, (start, quantity): a Latin hypercube, or the best points of a larger one."""
    rng, count = np.random.default_rng(seed), max(scan, starts)
    strata = rng.permuted(np.tile(np.arange(count), (box.size, 1)), axis=1).T
    z = 0.01 + 0.98 * (strata + rng.random((count, box.size))) / count
    if not scan:
        return stretch(z)
    merit = _in_batches(_scanned(problem), count).at(z, "scan", gradient=False).merit
    return stretch(z[seeds(z, merit, starts)])


def _scanned(problem: Problem) -> Problem:
    """The problem whose values a scan takes: the plateau where it stands for σ, else the problem itself."""
    study = problem.recipe.study
    if (
        problem.recipe.objective.name != "sigma"
        or study.state == "plateau"
        or not problem.system.pump.clamped
    ):
        return problem
    closed = dataclasses.replace(study, state="plateau", times=(), options=())
    recipe = dataclasses.replace(problem.recipe, study=closed, constraints=())
    return dataclasses.replace(problem, recipe=recipe)


def seeds(z: np.ndarray, merit: np.ndarray, count: int, neighbours: int = 5) -> np.ndarray:
    """Indices of `count` points to start from: first those lower than their neighbours, then the lowest others."""
    merit = np.where(np.isfinite(merit), merit, np.inf)
    distance = np.abs(z[:, None] - z[None]).max(axis=2)
    near = np.argsort(distance, axis=1)[:, : neighbours + 1]
    valley = merit <= merit[near].min(axis=1)
    return np.lexsort((merit, ~valley))[:count]


def _check_counts(**counts: tuple[int, int]) -> None:
    for name, (value, least) in counts.items():
        if value != int(value) or value < least:
            raise ValueError(
                f"{name} = {value!r} is not allowed: it must be a whole number, at least {least}"
            )
