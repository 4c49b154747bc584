"""`search`: where an objective is smallest, by gradients from many starts at once."""

import dataclasses
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optax

from ...kinetics.ladder import Mesh
from ...model.checks import as_arrays
from ...model.field import AbstractField, NoField
from ...model.metal import Metal
from ...model.names import System
from ...model.pump import AbstractPump
from ..sweep.batch import Study
from ..sweep.chunks import rung_counts
from ..sweep.sweep import check_state, make_study
from .bounds import Box, check_corners, corners, make_box, resolve_all, squash, stretch
from .curvature import look_around
from .descent import REASONS, Swarm, descend, distinct
from .merit import FORWARD_AT_MOST, Problem, Recipe, closed, coarser, finer
from .objectives import NAMED, constraints_for, objective_for
from .optimum import Optimum
from .outcome import to_optimum
from .polish import AGAIN, FIRST, polish
from .starts import first_points, in_batches

ADAM = optax.adam(0.15)
"""The optimiser of a search unless another is given; it moves in u, where the box is about 6 wide."""

SEARCH_CELLS = 96

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
    analytic: int = 0,
    coarse: int | str | None = None,
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
    - `optimizer`: any optax optimiser, moving in the u of a box 6 wide, mirrored at its bounds (`squash`);
      Adam by default. `steps` at most, from `starts` points of a Latin hypercube drawn with `seed`
    - `scan`: evaluate so many points first without gradients (of the plateau, for "sigma" under `Clamped`),
      and start from the best of them
    - `analytic`: look at so many points by Eq. (10) of the paper first, which costs next to nothing, and start
      (or scan) where it is lowest, in the middle of what it does not know; for the named objectives
    - `coarse`: what stands for a run in the scan, the descents and a first polish: "plateau", for "sigma" or
      "threshold_pump" at one time, is the closed plateau at the ζ that free phonons have then, without
      constraints: a good guide while Γ_in t is small and σ(ω_p) smooth; a number is the cells of a coarser
      mesh (with `rtol` 0.1). Only the polished points, one at least, see the run itself
    - `polished`: how many of the best distinct points L-BFGS finishes
    - `tolerance`: a start stops where `patience` steps gain less than this share of the objective's spread,
      a polish where the next step promises less than a tenth of it
    - `cells`, `mesh`, `rungs`, `options`: as in `evolve`. `rungs` defaults to what the whole box needs

    Where σ is not negative there is no threshold; starts there first lower σ until there is one.

    Returns an `Optimum`. Starts that fail say why and stop no other; NaN is never best. Raises `ValueError`
    for bounds that are reversed or outside physics, an unknown quantity or objective, an objective that is
    not one number, and one that is not finite at any start.
    """
    began = time.perf_counter()
    _check_counts(
        starts=(starts, 1),
        steps=(steps, 0),
        scan=(scan, 0),
        analytic=(analytic, 0),
        polished=(polished, 0),
        patience=(patience, 1),
    )
    system, maker = _system(metal, pump, field, over)
    study = _study(system, times, plateau, steady, cells, mesh, options)
    problem = _problem(system, maker, study, over, objective, maximise, constraints, rungs, starts)
    problem.penalty = float(penalty)
    rough = problem if coarse is None else _stand_in(problem, coarse)
    swarm = Swarm(rough, first_points(rough, starts, seed, scan, analytic))
    descend(swarm, ADAM if optimizer is None else optimizer, steps, tolerance, patience)
    if not np.isfinite(swarm.value).any():
        raise ValueError(
            f"objective = {problem.recipe.objective.name} is not finite at any of the {starts} starts: "
            f"{REASONS[int(swarm.outcome[0])]} Narrow the bounds, or give more starts or a scan."
        )
    if polished or coarse:
        finish(swarm, problem, max(polished, 1), tolerance)
    return to_optimum(swarm, finer(problem), time.perf_counter() - began)


def finish(swarm: Swarm, problem: Problem, polished: int, tolerance: float) -> None:
    """L-BFGS on the best distinct points, and again from a neighbour of the best one that lies lower (a kink)."""
    which, first = distinct(swarm, polished), FIRST
    if swarm.problem is not problem:
        polish(swarm, which, 60, ROUGHLY * tolerance)
        swarm.move_to(problem)
        first = AGAIN
    if problem.recipe.constraints:
        problem.penalty *= 100
        again = problem.evaluate(swarm.best_u, "polish")
        swarm.best = np.where(np.isfinite(again.merit), again.merit, np.inf)
        swarm.best_slope = again.slope
    polish(swarm, which, 40, CLOSELY * tolerance, first)
    for _ in range(4):
        k = int(np.argmin(swarm.best))
        around = look_around(problem, squash(swarm.best_u[k]), swarm.spread)
        swarm.around = around
        if not around.lowest_merit < swarm.best[k] - tolerance * swarm.spread:
            break
        swarm.best_u[k], swarm.best[k] = stretch(around.lowest), around.lowest_merit
        swarm.best_slope[k] = np.nan
        polish(swarm, np.array([k]), 40, CLOSELY * tolerance, AGAIN)


def _stand_in(problem: Problem, coarse: int | str) -> Problem:
    """What `coarse` asks for; raises `ValueError` where there is none."""
    recipe, (metal, _, field) = problem.recipe, problem.system
    if coarse == "plateau":
        goal = recipe.objective
        known = "plateau" in goal.states and goal.name in NAMED
        if not (known and recipe.study.state == "evolve" and isinstance(field, NoField) and metal.on_ladder):
            raise ValueError(
                "coarse = 'plateau' is not allowed here: the plateau stands for sigma or threshold_pump at one of "
                "times=, without a field, dispersion and further modes. Give the cells of a coarser mesh"
            )
        return closed(problem)
    if isinstance(coarse, str):
        raise ValueError(f"coarse = {coarse!r} is not allowed: it must be 'plateau' or a number of cells")
    _check_counts(coarse=(coarse, 4))
    if coarse >= recipe.study.cells:
        raise ValueError(f"coarse = {coarse!r} is not allowed: it must be below cells = {recipe.study.cells}")
    return coarser(problem, coarse)


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


def _problem(system, maker, study, over, objective, maximise, constraints, rungs, starts) -> Problem:
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
    return in_batches(Problem(recipe, system, box, starts), starts)


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


def _check_counts(**counts: tuple[int, int]) -> None:
    for name, (value, least) in counts.items():
        if value != int(value) or value < least:
            raise ValueError(
                f"{name} = {value!r} is not allowed: it must be a whole number, at least {least}"
            )
