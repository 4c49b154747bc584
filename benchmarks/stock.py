"""The same equations on the same mesh in diffrax's own solvers (and ours) with tolerances as run-time numbers."""

import diffrax as dfx
import jax
import jax.numpy as jnp

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.measures import conductivity
from nacjax.solvers.chord import mend

SOLVERS = {
    "nacjax Rosenbrock": lambda: nj.Rosenbrock(),
    "diffrax Tsit5": dfx.Tsit5,
    "diffrax Kvaerno5": dfx.Kvaerno5,
    "diffrax Kvaerno3": dfx.Kvaerno3,
    "diffrax KenCarp4": dfx.KenCarp4,
}
"""Root finders of the implicit ones are mended, see `nacjax.solvers.chord`."""


def terms(solver):
    """dy/dt; all of it implicit where a solver takes an explicit and an implicit part."""
    term = dfx.ODETerm(lambda t, y, kinetics: kinetics(t, y))
    if isinstance(solver, dfx.AbstractImplicitSolver) and "KenCarp" in type(solver).__name__:
        return dfx.MultiTerm(dfx.ODETerm(lambda t, y, kinetics: jnp.zeros_like(y)), term)
    return term


def trajectory(case, solver, max_steps=1_000_000):
    """(point, rtol, atol) -> (σ(t_end), steps)."""
    solver = mend(solver)

    def solve(point, rtol, atol):
        kinetics = Kinetics.build(*case.build(point), case.mesh, case.rungs)
        solution = dfx.diffeqsolve(
            terms(solver), solver, t0=0.0, t1=case.t_end, dt0=None, y0=kinetics.initial_state(), args=kinetics,
            stepsize_controller=dfx.PIDController(rtol=rtol, atol=atol), max_steps=max_steps, throw=False,
            adjoint=dfx.ForwardMode(),
        )  # fmt: skip
        good = solution.result == dfx.RESULTS.successful
        f = kinetics.unpack(solution.ys[-1]).f
        return jnp.where(good, conductivity(f, kinetics.ladder), jnp.nan), solution.stats["num_steps"]

    return solve


def at_tolerance(case, solver, chunk):
    """(points, rtol, atol) -> (σ, steps) of a batch, `chunk` trajectories side by side."""
    solve = trajectory(case, solver)

    def run(points, rtol, atol):
        size = min(chunk, len(points))
        return jax.lax.map(lambda p: solve(p, rtol, atol), points, batch_size=size)

    return run
