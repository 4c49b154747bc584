"""`evolve`: integrate the kinetic equations (2)–(3) from equilibrium at t = 0."""

import warnings

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..kinetics.equations import Kinetics
from ..kinetics.ladder import Mesh, count_rungs
from ..model.checks import as_arrays, is_concrete, to_array
from ..model.field import AbstractField, NoField
from ..model.metal import Metal
from ..model.pump import AbstractPump
from ..model.units import internal
from ..numerics.sums import total
from ..numerics.two_way import two_way
from .chord import mend
from .controller import FixedEndsController
from .rosenbrock import ROS34PW2, Rosenbrock
from .run import Run

DEFAULT_CELLS = 128
DEFAULT_RTOL = 1e-3


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
    adjoint: str = "both",
) -> Run:
    """Integrate Eqs. (2)–(3) of PRB 101, 041105 (2020) from equilibrium and return a `Run`.

    - `metal`, `pump`, `field`: what is integrated; any number in them may be a JAX tracer
    - `times`: increasing times ≥ 0 to report, in the inverse unit of the rates (1/Γ_eph), or with a unit
      ("300 fs") where the metal has its scales; (time,)
    - `cells`: cells per rung, or `mesh`: a `Mesh` in full
    - `rungs`: number of rungs, needed only where ω_p or W is being transformed by JAX
    - `solver`: any diffrax solver; the structured `Rosenbrock()` by default
    - `rtol`, `atol`: tolerances of a step on f, ζ and field; `atol` defaults to rtol/10
    - `max_steps`: most steps before the integration gives up
    - `budget`: also integrate the energies in `Run.budget`
    - `adjoint`: "both" allows jvp and vjp; "forward" or "reverse" alone cost one solve less

    Raises `ValueError` for bad arguments. A solve that fails warns, keeps the times it reached
    (the others are NaN), and says why in `run.result`.
    """
    times = _checked_times(internal("times", times, "time", metal.scales))
    field = NoField() if field is None else field
    field.check(metal)
    if adjoint not in ("both", "forward", "reverse"):
        raise ValueError(f"adjoint = {adjoint!r} is not allowed: it must be 'both', 'forward' or 'reverse'")
    for name, value in (("rtol", rtol), ("atol", rtol / 10 if atol is None else atol)):
        if not value > 0:
            raise ValueError(f"{name} = {value!r} is not allowed: it must be positive")
    mesh = Mesh(cells=cells) if mesh is None else mesh
    run = _evolve(
        as_arrays((metal, pump, field, times)),
        mesh,
        count_rungs(metal, rungs),
        default_solver(metal) if solver is None else mend(solver),
        (rtol, rtol / 10 if atol is None else atol),
        max_steps,
        budget,
        adjoint,
    )
    if is_concrete(run.outcome._value) and not run.ok:
        reached = np.asarray(run.times)[np.isfinite(np.asarray(run.sigma))]
        last = f"t = {reached.max():g}" if reached.size else "no requested time"
        warnings.warn(f"evolve reached {last} only: {run.result}", RuntimeWarning, stacklevel=2)
    return run


def default_solver(metal: Metal) -> Rosenbrock:
    """RODAS3 with the exact Jacobian, or a W-method where dispersion or further modes leave the ladder."""
    return Rosenbrock() if metal.on_ladder else Rosenbrock(tableau=ROS34PW2)


def _checked_times(times) -> Float[Array, " time"]:
    times = jnp.atleast_1d(to_array(times))
    if is_concrete(times):
        values = np.asarray(times)
        if values.ndim != 1 or values.size == 0:
            raise ValueError(f"times = {times!r} is not allowed: it must be a non-empty list of times")
        if not np.all(np.isfinite(values)) or values[0] < 0 or np.any(np.diff(values) <= 0):
            raise ValueError(f"times = {values.tolist()} is not allowed: times must be finite, not before the "
                             "start of the pulse at t = 0, and increasing")  # fmt: skip
    return times


@eqx.filter_jit
def _evolve(inputs, mesh, rungs, solver, tolerances, max_steps, budget, adjoint) -> Run:
    numbers, rest = eqx.partition(inputs, eqx.is_inexact_array)

    def solve(numbers, diffrax_adjoint):
        metal, pump, field, times = eqx.combine(numbers, rest)
        kinetics = Kinetics.build(metal, pump, field, mesh, rungs, ledger=budget)
        solution = integrate(kinetics, times, solver, tolerances, max_steps, diffrax_adjoint)
        # saved alone, the end is where the solve stopped, which may be too early
        reached = (solution.result == dfx.RESULTS.successful) | (times.size > 1)
        states = jax.tree.map(lambda y: jnp.where(reached, y, jnp.nan), solution.ys)
        counts = {k: v for k, v in solution.stats.items() if k != "max_steps"}
        # integers leave as floats: tangents of integers confuse the transposition
        return kinetics, states, jax.tree.map(lambda x: x * 1.0, (solution.result._value, counts))

    def forward(numbers):
        return solve(numbers, dfx.ForwardMode())

    def backward(numbers):
        return solve(numbers, dfx.RecursiveCheckpointAdjoint())

    if adjoint == "both":
        kinetics, states, outcome = two_way(forward, backward, numbers)
    else:
        kinetics, states, outcome = (forward if adjoint == "forward" else backward)(numbers)
    return Run.collect(kinetics, inputs[3], states, outcome)


def integrate(kinetics: Kinetics, times, solver, tolerances, max_steps, adjoint) -> dfx.Solution:
    """diffrax's `diffeqsolve` of a `Kinetics` from its initial state, saved at `times`."""
    size = kinetics.ladder.states.size
    filled = kinetics.ladder.states.ravel() > 0
    count, ledger = jnp.sum(filled), len(kinetics.entries)

    def norm(error):
        """RMS over f in the band, and each of ζ and the field variables on its own; the ledger just follows."""
        scalars = jnp.abs(error[size : error.size - ledger])
        mean_square = total(jnp.where(filled, error[:size], 0.0) ** 2) / count
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
