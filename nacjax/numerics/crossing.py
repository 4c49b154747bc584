"""Where curves cross zero first: bracketed by a scan, finished by regula falsi, differentiable."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

Curves = Float[Array, " curve"]


class Crossing(NamedTuple):
    """Where each curve crosses zero first, `x` (curve,), and whether it does, `found`.

    - `miss` (curve,): where there is no crossing, the value at the scanned place that comes closest, which `x` is
      then: the first place if the curve begins beyond zero; 0 where there is a crossing
    - `seen`: all that `curves` gave at the last place that was tried, (curve,) each
    """

    x: Curves
    found: Bool[Array, " curve"]
    miss: Curves
    seen: tuple[Curves, ...]


class _Bracket(NamedTuple):
    """A point beyond the root, the latest one before or beyond it, what was seen there, and what the scan told."""

    other: tuple[Curves, Curves]
    latest: tuple[Curves, Curves]
    seen: tuple[Curves, ...]
    found: Curves
    place: Curves
    miss: Curves

    @property
    def next(self) -> Curves:
        """Where the secant crosses zero, (curve,)."""
        (a, fa), (b, fb) = self.other, self.latest
        x = b - fb * (b - a) / jnp.where(fb == fa, 1.0, fb - fa)
        return jnp.clip(x, jnp.minimum(a, b), jnp.maximum(a, b))  # where there is no root, stay


def crossing(
    curves: Callable[[Any, Float[Array, " place"]], tuple[Float[Array, "place curve"], ...]],
    residual: Callable[[Any, Curves], Curves],
    numbers: Any,
    grid: np.ndarray,
    *,
    upward: bool,
    refinements: int,
    together: bool = False,
    steepness: Callable[[Any, Curves], Curves] | None = None,
) -> Crossing:
    """The lowest x at which each of several curves passes zero, `upward` or downward, for curves that begin before it.

    - `curves`: of `numbers` (a pytree of floats) and places, to all curves at all of them, and whatever else is to
      be known there; `residual`: each curve at a place of its own
    - `grid` (place,): the places of the scan, increasing. It may be no tracer, nor may the functions close over one
    - `refinements`: steps of the Illinois method (regula falsi of order 1.44) that finish what the scan brackets
    - `together`: take them by `curves`, which is compiled once then, all curves in one batch of the size of the
      grid (at least the number of curves); else by `residual`
    - `steepness`: d(residual)/dx where another way than differentiating `residual` is better

    Derivatives of `x` and `miss` in `numbers`, forward and reverse, by the implicit function theorem at the root.
    """

    @jax.custom_jvp
    def root(numbers):
        return _find(curves, residual, numbers, grid, upward, refinements, together)

    @root.defjvp
    def _(primals, tangents):
        (numbers,) = primals
        x, found, miss, seen = root(numbers)
        push = jax.jvp(lambda numbers: residual(numbers, x), primals, tangents)[1]
        slope = _slope(residual, numbers, x) if steepness is None else steepness(numbers, x)
        moved = jnp.where(found > 0, -push / jnp.where(slope != 0, slope, 1.0), 0.0)
        pushed = jnp.where(found > 0, 0.0, push)
        unknown = jax.tree.map(lambda s: jnp.full_like(s, jnp.nan), seen)
        return (x, found, miss, seen), (moved, jnp.zeros_like(found), pushed, unknown)

    x, found, miss, seen = root(numbers)
    return Crossing(x, found > 0, miss, seen)


def _slope(residual, numbers, x):
    return jax.jvp(lambda x: residual(numbers, x), (x,), (jnp.ones_like(x),))[1]


def _find(curves, residual, numbers, grid, upward: bool, refinements: int, together: bool):
    """(x, 1 where there is a crossing, miss, seen), each (curve,); see `crossing`."""
    grid = jnp.asarray(grid, float)
    shapes = jax.eval_shape(curves, numbers, grid)
    count = shapes[0].shape[1]
    own = jnp.arange(count)

    def bracket(seen) -> _Bracket:
        values = seen[0]
        before, beyond = (values < 0, values >= 0) if upward else (values >= 0, values < 0)
        crosses = before[:-1] & beyond[1:]
        at, found = jnp.argmax(crosses, axis=0), crosses.any(axis=0) & before[0]
        closest = jnp.where(before[0], jnp.argmax(values if upward else -values, axis=0), 0)
        low, high = ((grid[k], values[k, own]) for k in (at, at + 1))
        miss = jnp.where(found, 0.0, values[closest, own])
        return _Bracket(low, high, tuple(s[at, own] for s in seen), found * 1.0, grid[closest], miss)  # pyright: ignore[reportArgumentType]

    def narrowed(state: _Bracket, x, seen) -> _Bracket:
        (a, fa), (b, fb) = state.other, state.latest
        turned = seen[0] * fb < 0
        other = jnp.where(turned, b, a), jnp.where(turned, fb, 0.5 * fa)
        return state._replace(other=other, latest=(x, seen[0]), seen=seen)

    def alone(_, state: _Bracket) -> _Bracket:
        x = state.next
        return narrowed(state, x, (residual(numbers, x), *state.seen[1:]))

    def shared(step, state: _Bracket) -> _Bracket:
        x, first = state.next, step == 0
        places = jnp.concatenate([x, jnp.full(grid.size - count, grid[0])])
        seen = curves(numbers, jnp.where(first, grid, places))
        later = narrowed(state, x, tuple(s[own, own] for s in seen))
        return jax.tree.map(functools.partial(jnp.where, first), bracket(seen), later)

    if together:
        nothing = jnp.zeros(count, shapes[0].dtype)
        ends = (nothing, nothing)
        start = _Bracket(ends, ends, (nothing,) * len(shapes), nothing, nothing, nothing)
        state = jax.lax.fori_loop(0, refinements + 1, shared, start)
    else:
        state = jax.lax.fori_loop(0, refinements, alone, bracket(curves(numbers, grid)))
    return jnp.where(state.found > 0, state.next, state.place), state.found, state.miss, state.seen
