"""One function, differentiable in forward and in reverse mode, each by its own algorithm.

An adaptive solve is a while loop: forward mode runs through it, reverse mode needs the
checkpointed loop of diffrax, and neither form allows the other. Here the tangent map
T: dp → d(out) is the solution of the linear system [[1, 0], [−T, 1]] (dp, d) = (dp, 0), handed to
`jax.lax.custom_linear_solve` as such: its solve is the jvp of one form, its transposed solve the
vjp of the other, and JAX transposes and batches the two in any order.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree


def two_way(forward: Callable, backward: Callable, parameters, fixed):
    """forward(parameters, fixed), with jvp through `forward` and vjp through `backward`.

    Both compute the same function from one pytree of floating-point arrays to another; what is `fixed` has no
    derivative, and is an argument since a transposed function must not close over tracers. First derivatives only: a
    second one raises `NotImplementedError`.
    """
    # Vectors in and out: JAX wants all of a linear system linear in the tangents, and primal and
    # tangent of every output batched alike
    flat, unravel = ravel_pytree(parameters)
    arrays, rest = eqx.partition(fixed, eqx.is_array)
    structure = jax.eval_shape(lambda p: forward(p, fixed), parameters)

    def vector(fn, arrays):
        barrier = jax.lax.optimization_barrier  # else XLA tries in vain to simplify slices of concatenations
        return lambda x: barrier(ravel_pytree(fn(unravel(barrier(x)), eqx.combine(arrays, rest)))[0])

    @jax.custom_jvp
    def value(x, arrays):
        return vector(forward, arrays)(x)

    @value.defjvp
    def _(primals, tangents):
        (x, arrays), (dx, _) = primals, tangents

        def matvec(v):
            # stands for [[1, 0], [−T, 1]], which only a second derivative would apply
            return _differentiated_once(x, v)

        def solve(_, v):
            return v[0], v[1] + jax.jvp(vector(forward, arrays), (x,), (v[0],))[1]

        def transpose_solve(_, v):
            return v[0] + jax.vjp(vector(backward, arrays), x)[1](v[1])[0], v[1]

        out = vector(forward, arrays)(x)
        target = (dx, jnp.zeros_like(out) + 0.0 * jnp.sum(dx))
        # `symmetric` only says that matvec need not be transposed
        return out, jax.lax.custom_linear_solve(matvec, target, solve, transpose_solve, symmetric=True)[1]

    zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), structure)
    return ravel_pytree(zeros)[1](value(flat, arrays))


@jax.custom_jvp
def _differentiated_once(p, vector):
    return vector


@_differentiated_once.defjvp
def _(primals, tangents):
    raise NotImplementedError(
        "with many numbers under a transformation (a sampled pulse, a table) a run has first derivatives only; for "
        "second ones close over all but a few numbers, or take differences of gradients"
    )
