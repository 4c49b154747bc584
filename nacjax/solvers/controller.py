"""The step-size controller of `evolve`."""

import diffrax as dfx
import jax
import jax.numpy as jnp


class FixedEndsController(dfx.PIDController):
    """`diffrax.PIDController` for a `Kinetics`, with three amendments.

    - Step ends have no derivative. diffrax stops that of the step-size factor alone. A step cut short
      at a jump of the pump ends at a differentiable time; the tangent of its length would be multiplied
      by every later factor, and the derivative drown in amplified truncation errors.
    - A step in which the field law switches is retried until it is as short as the law asks for, and steps
      before it close in on the switch. The error of the state does not see it, and the field would chatter.
    - A state that is not finite ends the integration, and so does a step too short to move the clock: retried
      `max_steps` times, one such point would hold up its whole batch.
    """

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
