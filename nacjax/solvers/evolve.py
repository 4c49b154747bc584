"""`evolve`: integrate the kinetic equations (2)–(3) from equilibrium at t = 0."""

import inspect
import warnings

import diffrax as dfx
import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from ..kinetics.ladder import Mesh, count_rungs
from ..model.checks import as_arrays, is_concrete, to_array
from ..model.field import AbstractField
from ..model.metal import Metal
from ..model.names import system_of
from ..model.pump import AbstractPump
from ..model.units import stated
from ..numerics.program import program
from ..numerics.ticker import Ticker
from ..numerics.two_way import two_way
from .accuracy import Fineness, fineness, until_sure
from .carried_run import carried_along
from .chord import mend
from .options import check_known, check_options
from .rosenbrock import ROS34PW2, Rosenbrock
from .run import Run
from .solved import Numerics, run_of
from .sound import check_times

OPTIONS = ("solver", "atol", "max_steps")
"""Options of the integrator alone."""

FEW = 8
"""Up to so many numbers under a transformation derivatives are carried forward, beyond by either mode of its own."""


def evolve(
    metal: Metal,
    pump: AbstractPump,
    times,
    *,
    field: AbstractField | None = None,
    accuracy: float | None = None,
    cells: int | None = None,
    mesh: Mesh | None = None,
    rtol: float | None = None,
    rungs: int | None = None,
    budget: bool = True,
    **options,
) -> Run:
    """Follow electrons and phonons in time from equilibrium: Eqs. (2)–(3) of PRB 101, 041105 (2020), to a `Run`.

    - `metal`, `pump`, `field`: what is integrated; any number in them may be a JAX tracer
    - `times`: increasing times ≥ 0 to report, in the inverse unit of the rates (1/Γ_eph); where the metal has its
      scales with a unit (["300 fs", "1 ps"], or a pair of an array and a unit); (time,)
    - `accuracy`: the largest error of σ/σ_0 that is wanted, 1e-6 to 0.1, 1e-3 by default; chooses cells and tolerance,
      finer ones where `Run.sigma_error` is larger (not under a transformation of JAX)
    - in its place `cells` in a rung or a `mesh`, and `rtol`: tolerance of a step on f, ζ and field, 1e-3 by default.
      With one of them σ is that of this one mesh, and its error is not known
    - `rungs`: number of rungs, needed only where ω_p or W is being transformed by JAX
    - `budget`: also integrate the energies in `Run.budget`; options `solver`: any diffrax solver, `Rosenbrock()` by
      default; `atol` of a step, rtol/10 by default; `max_steps` before the integration gives up, 10 000

    Differentiable in forward and in reverse mode. With few numbers under a transformation (`FEW`) their tangents are
    carried along, also for a second derivative; with many, such as a sampled pulse, reverse mode integrates
    backwards, and has first derivatives only.

    Raises `ValueError` for bad arguments. A solve that fails warns and keeps what it reached; `run.result` says why.

    >>> metal = nj.trial()
    >>> run = nj.evolve(metal, nj.Clamped(20.0), [0.2, 1.0, 10.0], cells=16)
    >>> print(run)  # doctest: +ELLIPSIS
    σ/σ_0 = -0... at t = 10: negative...
    """
    system_of(metal, pump, field)
    times = stated("times", times, "time", metal.scales)
    check_known("evolve", options, OPTIONS)
    check_options(mesh, rtol=rtol)
    chosen = {"accuracy": accuracy, "cells": cells, "mesh": mesh, "rtol": rtol}
    options = {"rungs": rungs, "budget": budget, **options}
    with Ticker("evolve"):
        run = until_sure(
            lambda fine: trajectory(metal, pump, times, field, derivatives=None, fine=fine, **options),
            fineness(**chosen).for_metal(metal),
        )
        if is_concrete(run.sigma):
            jax.block_until_ready(run.sigma)
    if is_concrete(run.outcome._value) and not run.reached_all:
        last = "not every time"
        if is_concrete(run.sigma) and is_concrete(run.times):
            reached = np.asarray(run.times)[np.isfinite(np.asarray(run.sigma))]
            last = f"t = {reached.max():g} only" if reached.size else "no requested time"
        warnings.warn(f"evolve reached {last}: {run.result}", RuntimeWarning, stacklevel=2)
    elif is_concrete(run.occupation) and not (run.ok and run.sure):
        warnings.warn(f"evolve: {run.result}", RuntimeWarning, stacklevel=2)
    return run


def trajectory(
    metal: Metal, pump, times, field=None, *, derivatives: str | None = "forward", **options
) -> Run:
    """`evolve` without units and warnings, for callers that know which derivatives they take.

    - `derivatives`: of `Numerics`; None chooses by what is under a transformation
    - `options`: those of `evolve`
    """
    check_known("evolve", options, NUMERICAL)
    metal, pump, field = system_of(metal, pump, field)
    times = _checked_times(times)
    field.check(metal)
    leaves, structure = jax.tree.flatten(as_arrays((metal, pump, field, times)))
    moving = [eqx.is_inexact_array(x) and not is_concrete(x) for x in leaves]
    few = sum(x.size for x, moves in zip(leaves, moving, strict=True) if moves) <= FEW
    if derivatives is None:
        derivatives = "carried" if few else "either"
    varied = [x if moves else None for x, moves in zip(leaves, moving, strict=True)]
    fixed = [None if moves else x for x, moves in zip(leaves, moving, strict=True)]
    how = numerics(metal, derivatives=derivatives if any(moving) else "forward", **options)
    return (carried_along if how.derivatives == "carried" else _evolve)(varied, fixed, structure, how)


def numerics(
    metal: Metal,
    *,
    derivatives: str,
    accuracy: float | None = None,
    cells: int | None = None,
    mesh: Mesh | None = None,
    rungs: int | None = None,
    solver: dfx.AbstractSolver | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    max_steps: int = 10_000,
    budget: bool = True,
    fine: Fineness | None = None,
) -> Numerics:
    """The checked `Numerics` of options of `evolve`; `fine` says what they choose. Raises `ValueError`."""
    check_options(mesh, solver, max_steps, rtol=rtol, atol=atol)
    return Numerics(
        fine or fineness(accuracy, cells, mesh, rtol).for_metal(metal),
        count_rungs(metal, rungs),
        default_solver(metal) if solver is None else mend(solver),
        atol,
        max_steps,
        budget,
        derivatives,
    )


NUMERICAL = tuple(inspect.signature(numerics).parameters)[2:]
"""Options of `evolve` that say how, not what, is computed."""


def default_solver(metal: Metal) -> Rosenbrock:
    """RODAS5P with the exact Jacobian, or a W-method where dispersion or further modes leave the ladder."""
    return Rosenbrock() if metal.on_ladder else Rosenbrock(tableau=ROS34PW2)


def _checked_times(times) -> Float[Array, " time"]:
    times = to_array(times)
    times = times if times.ndim else times[None]
    if is_concrete(times) and (times.ndim != 1 or times.size == 0):
        raise ValueError(
            f"times of shape {times.shape} is not allowed: it must be a list of at least one time"
        )
    check_times(times)
    return times


@program
def _evolve(varied, fixed, structure, numerics: Numerics) -> Run:
    """The run of the inputs whose leaves are `varied` (under a transformation) or `fixed`."""

    def forward(varied, fixed):
        return run_of(varied, fixed, structure, numerics, dfx.ForwardMode())

    def backward(varied, fixed):
        return run_of(varied, fixed, structure, numerics, dfx.RecursiveCheckpointAdjoint())

    if numerics.derivatives == "either":
        return two_way(forward, backward, varied, fixed)
    return (forward if numerics.derivatives == "forward" else backward)(varied, fixed)
