"""The threshold field 𝓔*(t).

Two fields bear the name E* in PRB 101, 041105 (2020): the constant field at which σ(t) = 0 (here;
Fig. 2e), and the one that the instability builds (`SelfTunedField`; Fig. 3b).
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ..kinetics.ladder import count_rungs
from ..model.checks import as_arrays, require, to_array
from ..model.field import ConstantField, require_field_unit
from ..model.metal import Metal
from ..model.pump import AbstractPump
from .evolve import trajectory

Times = Float[Array, " time"]


def threshold_field(
    metal: Metal,
    pump: AbstractPump,
    times: ArrayLike,
    *,
    weakest: float = 1e-3,
    strongest: float = 1e2,
    **options,
) -> Times:
    """𝓔*(t): the constant field, acting from t = 0, with σ(t) = 0; normalised as in Fig. 2e, (time,).

    `metal` and `pump` as in `evolve`, `times` (time,) > 0, in the inverse unit of the rates. NaN where
    σ(t) ≥ 0 without a field, and where no field up to `strongest` lifts it to zero. A scan between `weakest`
    and `strongest` brackets the lowest root of σ(t; ln 𝓔), the Illinois method finishes it, all times at
    once; derivatives come from the implicit function theorem.

    `options` are those of `evolve`. Raises `ValueError` at Γ_in = 0, where 𝓔 has no meaning.
    """
    return threshold_and_excess(metal, pump, times, weakest=weakest, strongest=strongest, **options)[0]


def threshold_and_excess(
    metal: Metal, pump: AbstractPump, times: ArrayLike, **options
) -> tuple[Times, Times]:
    """𝓔*(t), and by how much σ(t) misses being negative, each (time,); `options` are those of `threshold_field`.

    The excess is σ/σ_0 without a field, with its derivatives, where that is not negative, else 0.
    """
    field, _, excess = _threshold(*_checked(metal, pump, times, **options), False)
    return field, excess


def threshold_and_response(
    metal: Metal, pump: AbstractPump, times: ArrayLike, **options
) -> tuple[Times, Times]:
    """(𝓔*(t), ω_E(t)/σ_0 at that field), each (time,): `threshold_field` and `omega_e` in one program.

    `options` are those of `threshold_field`. The derivatives of ω_E are NaN here: `omega_e` has them.
    """
    return _threshold(*_checked(metal, pump, times, **options), True)[:2]


def _checked(metal, pump, times, weakest=1e-3, strongest=1e2, **options):
    """Arguments of `_threshold` as arrays; raises `ValueError`."""
    require_field_unit("ConstantField", jnp.asarray(strongest), metal)
    require("times", times, "positive, finite times", lambda t: (t > 0) & (t < jnp.inf))
    require("times", times, "increasing", lambda t: np.all(np.diff(t) > 0))
    inputs = as_arrays((metal, pump, jnp.atleast_1d(to_array(times))))
    return inputs, (weakest, strongest), _frozen(metal, options)


def _frozen(metal: Metal, options: dict) -> tuple:
    """Options of `evolve` as a hashable; the number of rungs is read while the metal is concrete."""
    rungs = count_rungs(metal, options.get("rungs"))
    return tuple(sorted(({"budget": False} | options | {"rungs": rungs}).items()))


@eqx.filter_jit
def _threshold(inputs, limits, options, response):
    numbers, rest = eqx.partition(inputs, eqx.is_inexact_array)
    options = {"derivatives": None} | dict(options)
    forward = {**options, "derivatives": "forward"}

    def residual(numbers, x, options=options):
        """σ at each time in the field exp(x) for it; one time after the other."""
        metal, pump, times = eqx.combine(numbers, rest)

        def sigma(at):
            return trajectory(metal, pump, at[1][None], field=ConstantField(jnp.exp(at[0])), **options).sigma[
                0
            ]

        return jax.lax.map(sigma, (x, times))

    @jax.custom_jvp
    def root(numbers):
        metal, pump, times = eqx.combine(numbers, rest)

        def sigma(strength):
            return trajectory(metal, pump, times, field=ConstantField(strength), **forward).sigma

        def with_slope(strength):  # the tangent of ln 𝓔
            return jax.jvp(sigma, (strength,), (strength,))

        return _roots(jax.vmap(with_slope if response else lambda e: (sigma(e),) * 2), times.size, limits)

    @root.defjvp
    def _(primals, tangents):
        (numbers,) = primals
        x, steepness, excess = root(numbers)
        push = jax.jvp(lambda numbers: residual(numbers, x), primals, tangents)[1]
        slope = jax.jvp(lambda x: residual(numbers, x, forward), (x,), (jnp.ones_like(x),))[1]
        change = -push / jnp.where(slope != 0, slope, 1.0)
        pushed = jnp.where(excess > 0, push, 0.0)  # x is −∞ there: no field
        return (x, steepness, excess), (change, jnp.full_like(x, jnp.nan), pushed)

    x, steepness, excess = root(numbers)
    exists = x > -jnp.inf
    field = jnp.where(exists, jnp.exp(jnp.where(exists, x, 0.0)), jnp.nan)
    return field, 0.5 * steepness, excess  # without `response` the second is no slope


SCANNED = 22
"""Field strengths, zero among them, of the scan that brackets the threshold (more for more times)."""


def _roots(sigma, count: int, limits, refinements: int = 7) -> tuple[Times, Times, Times]:
    """(ln 𝓔 of the lowest upward zero of σ at each of `count` times, slope there, max(σ, 0) without a field).

    Where there is no zero the first is −∞ and the second NaN.

    `sigma` maps field strengths (strength,) to σ and its slope (strength, time). It is compiled once: the
    first pass of the loop scans the strengths, the others try one for each time (regula falsi of Illinois,
    order 1.44). The slope is the last one seen, a root's but for rounding.
    """
    size = max(SCANNED, count)
    grid = jnp.linspace(jnp.log(limits[0]), jnp.log(limits[1]), size - 1)
    grid = jnp.concatenate([grid[:1] - 3 * jnp.log(10.0), grid])  # stands for no field
    own = jnp.arange(count)

    def bracket(values, slopes):
        crossing = (values[:-1] < 0) & (values[1:] >= 0)
        at = jnp.argmax(crossing, axis=0)
        found = crossing.any(axis=0) & (values[0] < 0)
        ends = (grid[at], values[at, own]), (grid[at + 1], values[at + 1, own])
        return *ends, slopes[at, own], found, jnp.maximum(values[0], 0.0)

    def narrowed(state, values, slopes):
        (a, fa), (b, fb), _, *kept = state  # b is the latest point, a the other side of the root
        x, value = _secant(a, fa, b, fb), values[own, own]
        turned = value * fb < 0
        other = jnp.where(turned, b, a), jnp.where(turned, fb, 0.5 * fa)
        return other, (x, value), slopes[own, own], *kept

    def step(i, state):
        trial = jnp.exp(_secant(*state[0], *state[1]))
        scanned = jnp.exp(grid).at[0].set(0.0)
        seen = sigma(jnp.where(i == 0, scanned, jnp.pad(trial, (0, size - count))))
        return jax.tree.map(functools.partial(jnp.where, i == 0), bracket(*seen), narrowed(state, *seen))

    nothing = jnp.zeros(count)
    start = ((nothing, nothing), (nothing, nothing), nothing, jnp.zeros(count, bool), nothing)
    lower, upper, slope, found, excess = jax.lax.fori_loop(0, refinements + 1, step, start)
    return jnp.where(found, _secant(*lower, *upper), -jnp.inf), jnp.where(found, slope, jnp.nan), excess


def _secant(a, fa, b, fb):
    x = b - fb * (b - a) / jnp.where(fb == fa, 1.0, fb - fa)
    return jnp.clip(x, jnp.minimum(a, b), jnp.maximum(a, b))  # where there is no root, stay
