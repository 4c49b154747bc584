"""Roots of increasing functions, differentiable to any order through the implicit function theorem."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

MOST_STEPS = 100


class _Search(NamedTuple):
    """Where the root is looked for: the latest point, the bracket, the latest step; all of one shape."""

    x: Array
    lower: Array
    upper: Array
    step: Array
    count: Array


def increasing_root(
    fn: Callable[[Array], Array],
    lower: Float[Array, "*shape"],
    upper: Float[Array, "*shape"],
    start: Float[Array, "*shape"] | None = None,
) -> Float[Array, "*shape"]:
    """The x in [lower, upper] with fn(x) = 0, for an `fn` that acts elementwise and increases.

    Newton's method from `start` (the middle unless given); steps that leave the bracket, or are not half as
    long as the one before, go to the middle of the bracket instead: the root is found to round-off however
    steep `fn` is. Derivatives of any order with respect to whatever `fn` closes over follow from the implicit
    function theorem, under any nesting of jvp, vjp and vmap.
    """
    pure, closed_over = jax.closure_convert(fn, lower)
    middle = 0.5 * (lower + upper) if start is None else start
    return _root(pure, lower, upper, middle, *closed_over)


def _slope(pure, x, values):
    """fn(x) and its slope."""
    return jax.jvp(lambda x: pure(x, *values), (x,), (jnp.ones_like(x),))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _root(pure, lower, upper, start, *values):
    """`increasing_root` of pure(x, *values)."""

    def narrow(search: _Search) -> _Search:
        value, slope = _slope(pure, search.x, values)
        rises = slope > 0
        step = -value / jnp.where(rises, slope, 1.0)
        lower = jnp.where(value < 0, search.x, search.lower)
        upper = jnp.where(value < 0, search.upper, search.x)
        target = search.x + step
        good = (target >= lower) & (target <= upper) & (jnp.abs(step) <= 0.5 * jnp.abs(search.step))
        target = jnp.where(good & (rises | (value == 0)), target, 0.5 * (lower + upper))
        target = jnp.where(jnp.abs(search.step) > tolerance, target, search.x)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return _Search(target, lower, upper, target - search.x, search.count + 1)

    def unfinished(search: _Search):
        return jnp.any(jnp.abs(search.step) > tolerance) & (search.count < MOST_STEPS)

    # the error left is of the order of the square of the last step
    rounding = 4 * jnp.finfo(lower.dtype).eps
    size = jnp.maximum(jnp.abs(lower), jnp.abs(upper))
    tolerance = jnp.maximum(max(1e-9, rounding) * (upper - lower), rounding * size)
    first = _Search(start, lower, upper, upper - lower, jnp.array(0))
    return jax.lax.while_loop(unfinished, narrow, first).x


@_root.defjvp
def _(pure, primals, tangents):
    root, values = _root(pure, *primals), primals[3:]
    push = jax.jvp(lambda *values: pure(root, *values), values, tangents[3:])[1]
    slope = _slope(pure, root, values)[1]
    return root, -push / jnp.where(slope > 0, slope, 1.0)
