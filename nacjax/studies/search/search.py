"""`search`: where an objective is smallest, by gradients from many starts at once."""

import dataclasses
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...model.checks import as_arrays, require_count
from ...model.field import AbstractField
from ...model.metal import Metal
from ...model.names import System, system_of
from ...model.pump import AbstractPump
from ...model.units import stated
from ...numerics.ticker import Ticker
from ...solvers.way import AbstractWay
from ...solvers.ways import way_to
from ..sweep.chunks import rung_counts
from .bounds import Box, check_corners, corners, make_box, plain_bounds, resolve_all, squash, stretch
from .curvature import look_around
from .descent import REASONS, SAME, TOLERANCE, Swarm, descend, distinct
from .merit import FORWARD_AT_MOST, Problem, Recipe, finer
from .objectives import NAMED, constraints_for, objective_for
from .optimum import Optimum
from .outcome import to_optimum
from .plan import plans
from .polish import AGAIN, FIRST, polish
from .starts import in_batches

PENALTY, STERNER = 10.0, 100.0
"""Weight of squared violations of constraints, in units of the bound; and how much more it is in the last polish."""

ROUGHLY, CLOSELY = 3, 0.1
"""What a polish stops at, in tolerances: on what stands for the run at about the error of that, and on the run."""


def search(
    metal: Metal | Callable[..., Metal],
    pump: AbstractPump,
    *,
    over: Mapping[str, Sequence[Any]],
    objective: str | Callable = "sigma",
    maximise: bool | None = None,
    constraints: Mapping[str, tuple] | None = None,
    field: AbstractField | None = None,
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    seed: int = 0,
    **options: Any,
) -> Optimum:
    """The point of a box where an objective is smallest (or largest), and what is known about it.

    - `metal`, `pump`, `field`: as in `evolve`; `metal` may be a function that makes a `Metal` from some of
      the quantities in `over`, its arguments (hopping integrals, for instance)
    - `over`: name → (low, high), or (low, high, "log"): any number that `sweep` can vary; with units where the
      metal has scales: ("100 K", "300 K") or ((100, 300), "K")
    - one of `times`, `plateau=True`, `steady=True`; with none of them `times` is 10
    - `objective`: "sigma" (at one time, or of the plateau or steady state), "min_sigma", "nac_lifetime",
      "negative_area" (of many times), "threshold_field", "threshold_pump", "threshold_rate" (of many times), or a
      function of a `Run` (`Plateau`, `SteadyState`) with one number as result, minimised unless `maximise`
    - `constraints`: name → (function of a run, low, high), None for no bound; violations are penalised
    - `seed`: of the points that it begins with
    - options of `evolve`: `accuracy`, `cells`, `mesh`, `rtol`, `atol`, `solver`, `max_steps`; `rungs`, by default what
      the whole box needs

    It chooses by itself where to start and what to compute there, see `plan`: the result says `how`. Where σ is
    not negative there is no threshold; starts there first lower σ until there is one.

    Returns an `Optimum`. Starts that fail say why and stop no other; NaN is never best. Raises `ValueError`
    for bounds that are reversed or outside physics, an unknown quantity or objective, an objective that is
    not one number, and one that is not finite at any start.

    >>> found = nj.search(nj.trial(), nj.Clamped(20.0), over={"phonon_energy": (0.5, 0.8)}, plateau=True, cells=16)
    >>> found.value < -0.3
    True
    """
    began = time.perf_counter()
    require_count("seed", seed, 0)
    if not isinstance(over, Mapping):
        raise ValueError(f"over = {over!r} is not allowed: it must be like {{'phonon_energy': (0.2, 0.8)}}")
    system, maker, own = _system(metal, pump, field, over)
    over = plain_bounds(over, system, own)
    rungs, way = options.pop("rungs", None), _way(system, times, plateau, steady, options)
    recipe = _recipe(system, maker, way, over, rungs)
    goal, limits = objective_for(objective, way, maximise), constraints_for(constraints)
    recipe = dataclasses.replace(recipe, objective=goal, constraints=limits)
    with Ticker("search"):
        swarm, how = _best_of(Problem(recipe, system, make_box(over), 1, PENALTY), seed)
        return to_optimum(swarm, finer(swarm.problem), how, time.perf_counter() - began)


def _best_of(problem: Problem, seed: int) -> tuple[Swarm, str]:
    """The finished swarm of the first plan with a finite start, and what was done; raises `ValueError` for none."""
    swarm, goal = None, problem.recipe.objective
    for plan in plans(problem):
        begun = plan.begin(problem, seed)
        if begun is None:
            continue
        swarm, others = begun
        if np.isfinite(swarm.value).any():
            finish(swarm, in_batches(problem, plan.starts), plan.polished, others)
            if np.isfinite(swarm.best).any():  # else what stood for the run was, and the run is not
                return swarm, plan.how
    why = "" if swarm is None else f" of the {len(swarm.u)} starts: {REASONS[int(swarm.outcome[0])]}"
    raise ValueError(f"objective = {goal.name} is not finite at any{why} Narrow the bounds.")


def finish(swarm: Swarm, problem: Problem, polished: int, rivals: np.ndarray) -> None:
    """L-BFGS on the best distinct points, and again from a neighbour of the best one that lies lower (a kink).

    `rivals` (point, quantity) are followed down in what the swarm has seen so far; one that gets lower is polished.
    """
    which, first, rough = distinct(swarm, polished), FIRST, swarm.problem
    if rough.mark:  # it stood for the run
        polish(swarm, which, 60, ROUGHLY * TOLERANCE)
    level = float(swarm.best.min())
    if rough.mark:
        swarm.move_to(problem)
        first = AGAIN
    if problem.recipe.constraints:
        swarm.problem.penalty *= STERNER
        again = swarm.problem.evaluate(swarm.best_u, "polish")
        swarm.best = np.where(np.isfinite(again.merit), again.merit, np.inf)
        swarm.best_slope = again.slope
    polish(swarm, which, 40, CLOSELY * TOLERANCE, first)
    if len(rivals):
        level = level if rough.mark else float(swarm.best.min())
        lower, best = lower_rival(rough, rivals, level, swarm.spread), swarm.best_u[np.argmin(swarm.best)]
        if lower is not None and np.abs(squash(lower) - squash(best)).max() > SAME:
            swarm.join(lower)
            polish(swarm, np.array([len(swarm.u) - 1]), 40, CLOSELY * TOLERANCE, AGAIN)
    _round_kinks(swarm)


def lower_rival(problem: Problem, u: np.ndarray, level: float, spread: float) -> np.ndarray | None:
    """Where the best of the points u gets by L-BFGS, (quantity,), if that is below `level`."""
    rival = Swarm(in_batches(dataclasses.replace(problem, mark=f"{problem.mark}rival "), len(u)), u)
    descend(rival, 0)
    which = np.flatnonzero(np.isfinite(rival.value))
    if not which.size:
        return None
    polish(rival, which, 40, ROUGHLY * TOLERANCE)
    k = int(np.argmin(rival.best))
    return rival.best_u[k] if rival.best[k] < level - ROUGHLY * TOLERANCE * spread else None


def _round_kinks(swarm: Swarm) -> None:
    """Go on from a neighbour of the best point that lies lower than a polish got, while there is one."""
    for _ in range(4):
        k = int(np.argmin(swarm.best))
        around = look_around(swarm.problem, squash(swarm.best_u[k]), swarm.spread)
        swarm.around = around
        if not around.lowest_merit < swarm.best[k] - TOLERANCE * swarm.spread:
            break
        swarm.best_u[k], swarm.best[k] = stretch(around.lowest), around.lowest_merit
        swarm.best_slope[k] = np.nan
        polish(swarm, np.array([k]), 40, CLOSELY * TOLERANCE, AGAIN)


def _system(metal, pump, field, over) -> tuple[System, Callable | None, list[str]]:
    """The system around which the search varies, the function that makes its metal, if any, and its own names."""
    if isinstance(metal, Metal) or not callable(metal):
        return as_arrays(system_of(metal, pump, field)), None, []
    own = [name for name in inspect.signature(metal).parameters if name in over]
    box = make_box({name: over[name] for name in own} or over)
    middle = dict(zip(box.names, jnp.asarray(box.values(np.full(box.size, 0.5))), strict=True))
    made = metal(**{name: middle[name] for name in own})
    if not own or not isinstance(made, Metal):
        raise ValueError(
            f"metal = {metal!r} is not allowed: it must be a Metal, or a function of quantities in `over` that "
            "makes one"
        )
    return as_arrays(system_of(made, pump, field)), metal, own


def _way(system: System, times, plateau, steady, options) -> AbstractWay:
    """The way to a state; raises `ValueError` and `TypeError` as `way_to` does, and where it leads nowhere."""
    if times is None and not plateau and not steady:
        times = 10.0
    times = stated("times", times, "time", system.metal.scales)
    way = way_to(times, plateau, steady, **options)
    way.check(system)
    return way


def _recipe(system: System, maker: Callable | None, way: AbstractWay, over, rungs: int | None) -> Recipe:
    """What is compiled, but for the objective."""
    box = make_box(over)
    own = set() if maker is None else set(inspect.signature(maker).parameters) & set(box.names)
    plain = [name for name in box.names if name not in own]
    resolved = dict(zip(plain, resolve_all(plain, system), strict=True))
    paths = tuple(resolved.get(name) for name in box.names)
    if box.size > FORWARD_AT_MOST:
        way = way.in_reverse()
    if maker is None:
        check_corners(box, resolve_all(plain, system), system)
    recipe = Recipe(way, box.names, paths, box.log, 1, NAMED["sigma"], (), maker)
    needed, fewest = _rungs(recipe, box, system, rungs)
    return dataclasses.replace(recipe, rungs=needed, way=way.for_metal(system.metal, fewest))


def _rungs(recipe: Recipe, box: Box, system: System, given: int | None) -> tuple[int, int]:
    """Rungs that every point of the box can do with, and the fewest: what its corners, and its middle, need."""
    points = np.concatenate([corners(box), box.values(np.full((1, box.size), 0.5))])
    if recipe.maker is None:
        counts = rung_counts(recipe.system(system, points.T), len(points))
    else:
        systems = [recipe.system(system, point) for point in points]
        counts = np.array([int(rung_counts(each, 1)[0]) for each in systems])
    needed = int(counts.max())
    if given is not None and given < needed:
        raise ValueError(
            f"rungs = {given} is not allowed: the box needs at least {needed} (width / phonon_energy)"
        )
    return needed if given is None else int(given), int(counts.min())
