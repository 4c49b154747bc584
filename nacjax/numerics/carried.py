"""Functions of a few numbers that carry their Jacobian: a derivative in any direction is then a product with it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def carried(fn: Callable, *higher: Callable) -> Callable:
    """`fn` (x, *fixed) → arrays that depend on x; derivatives in x (number,) by forward tangents, all at once.

    `higher`: `with_columns(fn)`, and that of it for a second derivative, ...; computed by whoever knows how to.

    Differentiated in forward or in reverse mode, in any nesting with vmap, it costs one evaluation of `fn` with as
    many tangents as x has entries, and no more for many results: the transpose of a product is a product. `fn` need
    not be differentiable in reverse mode. What is `fixed` has no derivative.
    """

    @jax.custom_jvp
    def value(x: Float[Array, " number"], *fixed):
        return fn(x, *fixed)

    @value.defjvp
    def _(primals, tangents):
        out, columns = carried(*higher)(*primals)
        return out, jax.tree.map(lambda c: jnp.tensordot(tangents[0], c, 1), columns)

    return value if higher else fn


def with_columns(fn: Callable) -> Callable:
    """(fn(x, *fixed), its derivatives along each entry of x in front of every result)."""

    def both(x, *fixed):
        def along(direction):
            return jax.jvp(lambda x: fn(x, *fixed), (x,), (direction,))

        return jax.vmap(along, out_axes=(None, 0))(jnp.eye(x.size, dtype=x.dtype))

    return both
