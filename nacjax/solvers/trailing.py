"""`vmap` with the batch axis last, so that small blocks stay vectorised over the batch.

A scan over cells with rungs × rungs blocks runs about five times slower when `jax.vmap` puts the
batch in front of the blocks than when consecutive numbers belong to consecutive batch members.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap


def batch_last(fn: Callable) -> Callable:
    """Wrap `fn`, whose array arguments and results all end in one batch axis of equal size.

    The wrapped function takes and returns arrays without that axis; `vmap` of it, also nested,
    calls `fn` with all batches merged in the last axis.
    """

    @custom_vmap
    def core(*args):
        return fn(*jax.lax.optimization_barrier(args))  # else XLA computes the arguments again at every use

    @core.def_vmap
    def _(axis_size, in_batched, *args):
        def merge(x, batched):
            x = jnp.moveaxis(x, 0, -1) if batched else jnp.broadcast_to(x[..., None], (*x.shape, axis_size))
            return x.reshape(*x.shape[:-2], -1)

        def split(x):
            return jnp.moveaxis(x.reshape(*x.shape[:-1], -1, axis_size), -1, 0)

        out = jax.tree.map(split, core(*jax.tree.map(merge, args, tuple(in_batched))))
        return out, jax.tree.map(lambda _: True, out)

    def wrapped(*args):
        out = core(*jax.tree.map(lambda x: x[..., None], args))
        return jax.tree.map(lambda x: x[..., 0], out)

    return wrapped
