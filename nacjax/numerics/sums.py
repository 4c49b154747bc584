"""Sums over cells that are fast on a CPU."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_jvp
def total(x: Float[Array, "*shape n"]) -> Float[Array, "*shape"]:
    """Σ over the last axis, by halves: vectors stay wide, and rounding grows with ln n only.

    XLA adds up a row number by number on a CPU, which takes five times as long.
    """
    while x.shape[-1] > 8:
        half = -(-x.shape[-1] // 2)
        rest = x[..., half:]
        short = [(0, 0)] * (x.ndim - 1) + [(0, half - rest.shape[-1])]
        x = x[..., :half] + jnp.pad(rest, short)
    return jnp.sum(x, axis=-1)


@total.defjvp
def _(primals, tangents):
    return total(*primals), jnp.sum(tangents[0], axis=-1)  # its transpose is a plain broadcast
