"""The result of a search from the swarm that made it."""

from typing import Any

import numpy as np
import xarray as xr

from ...model.names import about, unit_of
from .bounds import squash
from .curvature import look_around
from .descent import CUT_OFF, REASONS, Swarm
from .merit import Problem
from .optimum import Optimum


def to_optimum(swarm: Swarm, fine: Problem, how: str, seconds: float) -> Optimum:
    """The `Optimum` of a finished swarm; `fine` is the problem on a finer mesh, `how` what was done in words."""
    problem, k = swarm.problem, int(np.argmin(swarm.best))
    box, recipe = problem.box, problem.recipe
    sign = recipe.objective.sign
    z = squash(swarm.best_u[k])
    around = swarm.around
    if around is None:
        around = look_around(problem, z, swarm.spread)
    slopes = box.slopes(z)
    gradient, hessian = sign * around.gradient / slopes, sign * around.hessian / np.outer(slopes, slopes)
    values, vectors = np.linalg.eigh(np.nan_to_num(sign * around.hessian))
    here = problem.at(z[None], "check")
    again = fine.at(z[None], "check", gradient=False)
    limits = dict(zip((c.name for c in recipe.constraints), here.limits[0].tolist(), strict=True))
    names = list(box.names)
    metal = problem.system.metal
    return Optimum(
        objective=recipe.objective.long_name or recipe.objective.name,
        maximised=recipe.objective.maximise,
        unit=unit_of(recipe.objective.kind, metal),
        value=float(here.value[0]),
        value_fine=float(again.value[0]),
        best=dict(zip(names, box.values(z).tolist(), strict=True)),
        bounds={n: (float(a), float(b)) for n, a, b in zip(names, box.low, box.high, strict=True)},
        units={name: labels(name, problem)["units"] for name in names},
        gradient=xr.DataArray(gradient, {"quantity": names}, ("quantity",)),
        hessian=xr.DataArray(hessian, {"quantity": names, "other": names}, ("quantity", "other")),
        curvature=xr.Dataset(
            {"eigenvalue": ("mode", values), "direction": (("mode", "quantity"), vectors.T)},
            {"quantity": names},
        ),
        kinks={n: float(sign * j) for n, j in zip(names, around.jumps / slopes, strict=True) if j != 0},
        constraints=limits,
        feasible={c.name: bool(c.violation(limits[c.name]) < 0.01) for c in recipe.constraints},
        paths=to_paths(swarm),
        how=how,
        solves=dict(problem.solves),
        seconds=seconds,
        cut_off=bool(here.cut[0] > 0),
    )


def labels(name: str, problem: Problem) -> dict[str, str]:
    """Long name, symbol and unit of a quantity that is varied."""
    recipe = problem.recipe
    path = dict(zip(recipe.names, recipe.paths, strict=True))[name]
    long_name, symbol, kind = (
        (name.replace("_", " "), "", "") if path is None else about(path, problem.system)
    )
    return {"long_name": long_name, "symbol": symbol, "units": unit_of(kind, problem.system.metal)}


def to_paths(swarm: Swarm) -> xr.Dataset:
    """Every start's way: quantities, objective, merit and gradient norm over (start, step); NaN at rest."""
    problem, trail = swarm.problem, swarm.trail
    box, metal = problem.box, problem.system.metal
    goal = problem.recipe.objective
    values = box.values(np.stack(trail.shares, axis=1))  # (start, step, quantity)
    along = ("start", "step")
    variables: dict[str, Any] = {
        n: (along, values[:, :, k], labels(n, problem)) for k, n in enumerate(box.names)
    }
    about = {"long_name": goal.long_name or goal.name, "units": unit_of(goal.kind, metal)}
    variables["objective"] = (along, np.stack(trail.values, axis=1), about)
    merit = {"long_name": "what is minimised: ± objective + penalties"}
    variables["merit"] = (along, np.stack(trail.merits, axis=1), merit)
    slope = {"long_name": "norm of d(merit)/du, u the unbounded variables"}
    variables["gradient_norm"] = (along, np.stack(trail.slopes, axis=1), slope)
    best = np.where(np.isfinite(swarm.best), swarm.best, np.nan)
    variables["best"] = (
        "start",
        best,
        {"long_name": "lowest merit of the run; NaN where only a stand-in was seen"},
    )
    variables["stage"] = ("step", np.array(trail.stages, dtype=object), {"long_name": "stage of the search"})
    variables["solves"] = ("start", swarm.steps, {"long_name": "evaluations with gradient"})
    outcome = np.where(swarm.cut, CUT_OFF, swarm.outcome)
    variables["outcome"] = ("start", outcome, {"long_name": "why the start stopped, as a code"})
    reasons = np.array([REASONS[int(code)] for code in outcome], dtype=object)
    variables["reason"] = ("start", reasons, {"long_name": "why the start stopped"})
    return xr.Dataset(variables)
