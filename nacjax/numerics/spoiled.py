"""NaN for what was not reached or did not converge, in the value and in its derivatives."""

import jax.numpy as jnp
from jaxtyping import Array


def unless(failed, value) -> Array:
    """`value` unless `failed` (broadcast together), then NaN; so are its derivatives of any order and mode.

    A `jnp.where` would give derivatives of zero there, which look like a result.
    """
    return value * jnp.where(failed, jnp.nan, 1.0).astype(jnp.result_type(value))
