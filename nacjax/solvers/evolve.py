"""`evolve`: integrate the kinetic equations (2)–(3) from equilibrium at t = 0."""

import inspect
import warnings
from typing import NamedTuple

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from ..kinetics.equations import Kinetics
from ..kinetics.ladder import Mesh, count_rungs
from ..model.checks import as_arrays, is_concrete, to_array
from ..model.field import AbstractField
from ..model.metal import Metal
from ..model.names import system_of
from ..model.pump import AbstractPump
from ..model.units import stated
from ..numerics.carried import carried
from ..numerics.spoiled import unless
from ..numerics.sums import total
from ..numerics.ticker import Ticker
from ..numerics.two_way import two_way
from .chord import mend
from .controller import FixedEndsController
from .options import check_options
from .rosenbrock import ROS34PW2, Rosenbrock
from .run import Run
from .sound import check_times, in_order

DEFAULT_CELLS = 128
DEFAULT_RTOL = 1e-3

FEW = 8
"""Up to so many numbers under a transformation derivatives are carried forward, beyond by either mode of its own."""


class Numerics(NamedTuple):
    """How to integrate: all that is fixed when a program is compiled.

    `derivatives`: "carried" (all directions at once, for forward and reverse mode), "either" (each mode by its own
    algorithm), or "forward" and "reverse", which allow that mode alone and cost one solve less than "either".
    """

    mesh: Mesh
    rungs: int
    solver: dfx.AbstractSolver
    tolerances: tuple[float, float]
    max_steps: int
    budget: bool
    derivatives: str


def evolve(
    metal: Metal,
    pump: AbstractPump,
    times,
    *,
    field: AbstractField | None = None,
    cells: int = DEFAULT_CELLS,
    mesh: Mesh | None = None,
    rungs: int | None = None,
    solver: dfx.AbstractSolver | None = None,
    rtol: float = DEFAULT_RTOL,
    atol: float | None = None,
    max_steps: int = 10_000,
    budget: bool = True,
) -> Run:
    """Follow electrons and phonons in time from equilibrium.

    Integrate Eqs. (2)–(3) of PRB 101, 041105 (2020) from equilibrium and return a `Run`.

    - `metal`, `pump`, `field`: what is integrated; any number in them may be a JAX tracer
    - `times`: increasing times ≥ 0 to report, in the inverse unit of the rates (1/Γ_eph); where the metal has its
      scales with a unit (["300 fs", "1 ps"], or a pair of an array and a unit); (time,)
    - `cells`: cells per rung, or `mesh`: a `Mesh` in full
    - `rungs`: number of rungs, needed only where ω_p or W is being transformed by JAX
    - `solver`: any diffrax solver; the structured `Rosenbrock()` by default
    - `rtol`, `atol`: tolerances of a step on f, ζ and field; `atol` defaults to rtol/10
    - `max_steps`: most steps before the integration gives up
    - `budget`: also integrate the energies in `Run.budget`

    Differentiable in forward and in reverse mode. With few numbers under a transformation (`FEW`, scalars and entries
    of arrays together) their tangents are carried along, and a gradient costs no more than they do, also a second
    one; with many, such as a sampled pulse, reverse mode integrates backwards, and has first derivatives only.

    Raises `ValueError` for bad arguments. A solve that fails warns, keeps the times it reached
    (the others are NaN), and says why in `run.result`.

    >>> metal = nj.trial()
    >>> run = nj.evolve(metal, nj.Clamped(20.0), [0.2, 1.0, 10.0], cells=16)
    >>> print(run)  # doctest: +ELLIPSIS
    σ/σ_0 = -0... at t = 10: negative...
    """
    system_of(metal, pump, field)
    times = stated("times", times, "time", metal.scales)
    options = dict(
        cells=cells, mesh=mesh, rungs=rungs, solver=solver, rtol=rtol, atol=atol, max_steps=max_steps
    )
    with Ticker("evolve"):
        run = trajectory(metal, pump, times, field, derivatives=None, budget=budget, **options)
        if is_concrete(run.sigma):
            jax.block_until_ready(run.sigma)
    if is_concrete(run.outcome._value) and not run.reached_all:
        last = "not every time"
        if is_concrete(run.sigma) and is_concrete(run.times):
            reached = np.asarray(run.times)[np.isfinite(np.asarray(run.sigma))]
            last = f"t = {reached.max():g} only" if reached.size else "no requested time"
        warnings.warn(f"evolve reached {last}: {run.result}", RuntimeWarning, stacklevel=2)
    elif is_concrete(run.occupation) and not run.ok:
        warnings.warn(f"evolve: {run.result}", RuntimeWarning, stacklevel=2)
    return run


def trajectory(
    metal: Metal, pump, times, field=None, *, derivatives: str | None = "forward", **options
) -> Run:
    """`evolve` without units and warnings, for callers that know which derivatives they take.

    - `derivatives`: of `Numerics`; None chooses by what is under a transformation
    - `options`: those of `evolve`
    """
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"{name!r} is no option of evolve; known: {', '.join(OPTIONS)}")
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
    return _evolve(varied, fixed, structure, numerics(metal, derivatives=derivatives, **options))


def numerics(
    metal: Metal,
    *,
    derivatives: str,
    cells: int = DEFAULT_CELLS,
    mesh: Mesh | None = None,
    rungs: int | None = None,
    solver: dfx.AbstractSolver | None = None,
    rtol: float = DEFAULT_RTOL,
    atol: float | None = None,
    max_steps: int = 10_000,
    budget: bool = True,
) -> Numerics:
    """The checked `Numerics` of options of `evolve`; raises `ValueError`."""
    check_options(mesh, solver, max_steps, rtol=rtol, atol=atol)
    atol = rtol / 10 if atol is None else atol
    return Numerics(
        Mesh(cells=cells) if mesh is None else mesh,
        count_rungs(metal, rungs),
        default_solver(metal) if solver is None else mend(solver),
        (rtol, atol),
        max_steps,
        budget,
        derivatives,
    )


OPTIONS = tuple(inspect.signature(numerics).parameters)[2:]
"""Options of `evolve` that say how, not what, is computed."""


def default_solver(metal: Metal) -> Rosenbrock:
    """RODAS3 with the exact Jacobian, or a W-method where dispersion or further modes leave the ladder."""
    return Rosenbrock() if metal.on_ladder else Rosenbrock(tableau=ROS34PW2)


def _checked_times(times) -> Float[Array, " time"]:
    times = jnp.atleast_1d(to_array(times))
    if is_concrete(times) and (times.ndim != 1 or times.size == 0):
        raise ValueError(
            f"times of shape {times.shape} is not allowed: it must be a list of at least one time"
        )
    check_times(times)
    return times


@eqx.filter_jit
def _evolve(varied, fixed, structure, numerics: Numerics) -> Run:
    """The run of the inputs whose leaves are `varied` (under a transformation) or `fixed`."""

    def solve(varied, fixed, adjoint):
        leaves = [b if a is None else a for a, b in zip(varied, fixed, strict=True)]
        metal, pump, field, times = jax.tree.unflatten(structure, leaves)
        kinetics = Kinetics.build(metal, pump, field, numerics.mesh, numerics.rungs, ledger=numerics.budget)
        # diffrax would raise from within the program
        safe = jnp.where(in_order(times), times, 1e-6 * jnp.arange(1, times.size + 1))
        solution = integrate(
            kinetics, safe, numerics.solver, numerics.tolerances, numerics.max_steps, adjoint
        )
        # saved alone, the end is where the solve stopped, which may be too early
        reached = (solution.result == dfx.RESULTS.successful) | (times.size > 1)
        states = unless(~reached, solution.ys)
        counts = {k: v for k, v in solution.stats.items() if k != "max_steps"}
        # integers leave as floats: tangents of integers confuse the transposition
        return kinetics, times, states, jax.tree.map(lambda x: x * 1.0, (solution.result._value, counts))

    def forward(varied, fixed=fixed):
        return solve(varied, fixed, dfx.ForwardMode())

    def backward(varied):
        return solve(varied, fixed, dfx.RecursiveCheckpointAdjoint())

    match numerics.derivatives:
        case "carried":
            found = carried_along(forward, varied, fixed)
        case "either":
            found = two_way(forward, backward, varied)
        case mode:
            found = (forward if mode == "forward" else backward)(varied)
    return Run.collect(*found, tolerance=sum(numerics.tolerances))  # pyright: ignore[reportArgumentType]


def carried_along(forward, varied, fixed):
    """forward(varied, fixed), whose derivatives in the few numbers `varied` are carried along with it."""
    flat, unravel = ravel_pytree(varied)
    if not flat.size:
        return forward(varied, fixed)
    arrays, rest = eqx.partition(fixed, eqx.is_array)

    back = []  # how to unravel the result, known once it has been traced

    def vector(x, arrays):
        # all results in one array: JAX wants primal and tangent of each batched alike
        found, unravelled = ravel_pytree(forward(unravel(x), eqx.combine(arrays, rest)))
        back.append(unravelled)
        return found

    found = carried(vector)(flat, arrays)
    return back[0](found)


def integrate(kinetics: Kinetics, times, solver, tolerances, max_steps, adjoint) -> dfx.Solution:
    """diffrax's `diffeqsolve` of a `Kinetics` from its initial state, saved at `times`."""
    size = kinetics.ladder.states.size
    filled = kinetics.ladder.states.ravel() > 0
    count, ledger = jnp.sum(filled), len(kinetics.ledger)

    def norm(error):
        """RMS over f in the band, and each of ζ and the field variables on its own; the ledger just follows."""
        scalars = jnp.abs(error[size : error.size - ledger])
        mean_square = total(jnp.where(filled, error[:size], 0.0) ** 2) / count  # pyright: ignore[reportOperatorIssue]
        return jnp.max(jnp.append(scalars, jnp.sqrt(mean_square)))

    rtol, atol = tolerances
    controller = FixedEndsController(rtol=rtol, atol=atol, norm=norm)
    jumps = kinetics.jumps
    if jumps.size:
        controller = dfx.ClipStepSizeController(controller, jump_ts=jumps)
    return dfx.diffeqsolve(
        dfx.ODETerm(lambda t, y, args: args(t, y)),
        solver,
        t0=0.0,
        t1=times[-1],
        dt0=None,
        y0=kinetics.initial_state(),
        args=kinetics,
        saveat=dfx.SaveAt(t1=True) if times.size == 1 else dfx.SaveAt(ts=times),
        stepsize_controller=controller,
        max_steps=max_steps,
        adjoint=adjoint,
        throw=False,
    )
