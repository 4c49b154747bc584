"""The step-size controller of `evolve`."""

from typing import Any

import diffrax as dfx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.equations import Kinetics


class FixedEndsController(dfx.PIDController):
    """`diffrax.PIDController` for a `Kinetics`, with four amendments.

    - Step ends have no derivative. diffrax stops that of the step-size factor alone. A step cut short
      at a jump of the pump ends at a differentiable time; the tangent of its length would be multiplied
      by every later factor, and the derivative drown in amplified truncation errors.
    - A step in which the field law switches is retried until it is as short as the law asks for, and steps
      before it close in on the switch. The error of the state does not see it, and the field would chatter.
    - The first step is `first_step`, since diffrax knows none for our system and would take 0.01.
    - A state that is not finite ends the integration, and so does a step too short to move the clock: retried
      `max_steps` times, one such point would hold up its whole batch.
    """

    def init(self, terms, t0, t1, y0, dt0, args, func, error_order):
        return super().init(terms, t0, t1, y0, first_step(args, t1), args, func, error_order)

    def adapt_step_size(self, t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state):
        kinetics, longest = args, jnp.inf
        if kinetics.field.reacts:
            ends = (kinetics.response(t, kinetics.unpack(y)) for t, y in ((t0, y0), (t1, y1_candidate)))
            too_long, longest = kinetics.field.pace(*ends, t1 - t0)
            y_error = jnp.where(too_long, jnp.inf, y_error)  # pyright: ignore[reportArgumentType]
        keep, next_t0, next_t1, *rest, result = super().adapt_step_size(
            t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state
        )
        next_t1 = jnp.where(keep, jnp.minimum(next_t1, next_t0 + longest), next_t1)
        result = dfx.RESULTS.where(next_t1 > next_t0, result, dfx.RESULTS.dt_min_reached)
        result = dfx.RESULTS.where(jnp.isfinite(y0).all(), result, dfx.RESULTS.nonfinite)  # pyright: ignore[reportArgumentType]
        return keep, next_t0, jax.lax.stop_gradient(next_t1), *rest, result


def first_step(kinetics: Kinetics, end: Any) -> Float[Array, ""]:
    """A step in which f and ζ begin to move: a strong pump or field acts within the first of a longer one.

    The end of such a step would be right, for the solvers damp what has decayed, but not the times saved within it.
    """
    # without the barrier XLA finds no custom call of the program where a process has one core (jaxlib 0.9.0.1)
    y = jax.lax.optimization_barrier(kinetics.initial_state())
    rate = jnp.max(jnp.abs(kinetics(jnp.zeros(()), y)) / (1 + jnp.abs(y)))
    return jax.lax.stop_gradient(1 / (10 * rate + 100 * kinetics.metal.coupling_rate + 1 / end))
