"""`vmap` with the batch axis last, so that small blocks stay vectorised over the batch.

A scan over cells with rungs × rungs blocks runs about five times slower when `jax.vmap` puts the
batch in front of the blocks than when consecutive numbers belong to consecutive batch members.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap


def batch_last(fn: Callable, columns: int | None = None) -> Callable:
    """Wrap `fn`, whose array arguments and results all end in one batch axis of equal size.

    The wrapped function takes and returns arrays without that axis; `vmap` of it, also nested,
    calls `fn` with all batches merged in the last axis.

    - `columns`: axis of the last argument and of the result along which `fn` acts on each slice alone. A batch
      of the last argument only is merged into that axis, so that the others are neither copied nor read anew.
    """

    @custom_vmap
    def core(*args):
        return fn(*jax.lax.optimization_barrier(args))  # else XLA computes the arguments again at every use

    @core.def_vmap
    def _(axis_size, in_batched, *args):
        if columns is not None and not any(jax.tree.leaves(in_batched[:-1])):
            out = core(*args[:-1], _join(args[-1], columns))
            return _part(out, columns, axis_size), True

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


def _join(x, axis):
    """The first axis of x merged into the one that is number `axis` without it."""
    x = jnp.moveaxis(x, 0, axis)
    return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _part(x, axis, size):
    """The inverse of `_join`."""
    return jnp.moveaxis(x.reshape(*x.shape[:axis], size, -1, *x.shape[axis + 1 :]), axis, 0)
