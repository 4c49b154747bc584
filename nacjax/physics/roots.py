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
    Derivatives with respect to whatever `fn` closes over follow from two Newton corrections of zero
    value: they are exact to third order, under any nesting of jvp, vjp and vmap.
    """
    pure, closed_over = jax.closure_convert(fn, lower)
    frozen = jax.lax.stop_gradient(closed_over)

    def value_and_slope(x, values):
        return jax.jvp(lambda x: pure(x, *values), (x,), (jnp.ones_like(x),))

    def narrow(x, value, lo, hi):
        return jnp.where(value < 0, x, lo), jnp.where(value < 0, hi, x)

    def bisect(_, bracket):
        x = 0.5 * (bracket[0] + bracket[1])
        return narrow(x, pure(x, *frozen), *bracket)

    def newton(_, state):
        x, lo, hi = state
        value, slope = value_and_slope(x, frozen)
        lo, hi = narrow(x, value, lo, hi)
        step = x - value / jnp.where(slope > 0, slope, 1)
        inside = (step >= lo) & (step <= hi) & (slope > 0)
        return jnp.where(inside, step, 0.5 * (lo + hi)), lo, hi

    def carry_derivative(x):
        value, slope = value_and_slope(x, closed_over)
        step = -value / jnp.where(slope > 0, slope, 1)
        return x + step - jax.lax.stop_gradient(step)

    lo, hi = jax.lax.stop_gradient((lower, upper))
    if bisections:
        lo, hi = jax.lax.fori_loop(0, bisections, bisect, (lo, hi))
    x, _, _ = jax.lax.fori_loop(0, newtons, newton, (0.5 * (lo + hi), lo, hi))
    return carry_derivative(carry_derivative(x))
