"""One solve in time: diffrax's, with our norm, controller and first step."""

import diffrax as dfx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.equations import Kinetics
from ..numerics.sums import total
from .controller import FixedEndsController


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
        dt0=first_step(kinetics, times[-1]),
        y0=kinetics.initial_state(),
        args=kinetics,
        saveat=dfx.SaveAt(t1=True) if times.size == 1 else dfx.SaveAt(ts=times),
        stepsize_controller=controller,
        max_steps=max_steps,
        adjoint=adjoint,
        throw=False,
    )


def first_step(kinetics: Kinetics, end: Float[Array, ""]) -> Float[Array, ""]:
    """A step in which f and ζ begin to move: a strong pump or field acts within the first of a longer one.

    The end of such a step would be right, for the solvers damp what has decayed, but not the times saved within it.
    """
    y = kinetics.initial_state()
    rate = jnp.max(jnp.abs(kinetics(jnp.zeros(()), y)) / (1 + jnp.abs(y)))
    return jax.lax.stop_gradient(1 / (10 * rate + 100 * kinetics.metal.coupling_rate + 1 / end))
