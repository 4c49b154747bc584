"""Roots of increasing functions, differentiable to any order through the implicit function theorem."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def increasing_root(
    fn: Callable[[Array], Array],
    lower: Float[Array, "*shape"],
    upper: Float[Array, "*shape"],
    bisections: int = 16,
    newtons: int = 8,
) -> Float[Array, "*shape"]:
    """The x in [lower, upper] with fn(x) = 0, for an `fn` that acts elementwise and increases.

    Bisection brings every element into Newton's basin; Newton steps that leave the bracket
    fall back to its middle, so the root is found to round-off however steep `fn` is.
    Derivatives with respect to whatever `fn` closes over come from `jax.lax.custom_root`.
    """

    def value_and_slope(x):
        return jax.jvp(fn, (x,), (jnp.ones_like(x),))

    def narrow(x, value, lo, hi):
        return jnp.where(value < 0, x, lo), jnp.where(value < 0, hi, x)

    def bisect(_, bracket):
        x = 0.5 * (bracket[0] + bracket[1])
        return narrow(x, fn(x), *bracket)

    def newton(_, state):
        x, lo, hi = state
        value, slope = value_and_slope(x)
        lo, hi = narrow(x, value, lo, hi)
        step = x - value / jnp.where(slope > 0, slope, 1)
        inside = (step >= lo) & (step <= hi) & (slope > 0)
        return jnp.where(inside, step, 0.5 * (lo + hi)), lo, hi

    def solve(_, guess):
        lo, hi = jax.lax.fori_loop(0, bisections, bisect, (lower, upper)) if bisections else (lower, upper)
        return jax.lax.fori_loop(0, newtons, newton, (0.5 * (lo + hi), lo, hi))[0]

    def tangent_solve(linear, y):
        slope = linear(jnp.ones_like(y))
        return y / jnp.where(slope == 0, 1, slope)

    lower, upper = jax.lax.stop_gradient((lower, upper))
    return jax.lax.custom_root(fn, 0.5 * (lower + upper), solve, tangent_solve)
