"""One solve in time: diffrax's, with our norm, controller and first step."""

import diffrax as dfx
import equinox as eqx
import jax.numpy as jnp

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
        dfx.ODETerm(_slope),
        solver,
        t0=0.0,
        t1=times[-1],
        dt0=None,  # the controller's; diffrax would check one of ours by a callback, and such programs cannot be kept
        y0=kinetics.initial_state(),
        args=kinetics,
        saveat=dfx.SaveAt(t1=True) if times.size == 1 else dfx.SaveAt(ts=times),
        stepsize_controller=controller,
        max_steps=max_steps,
        adjoint=adjoint,
        throw=False,
    )


@eqx.filter_jit
def _slope(t, y, kinetics: Kinetics):
    """The right-hand side, one function for all solves: a step is traced once for each kind of it."""
    return kinetics(t, y)
