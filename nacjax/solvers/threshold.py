"""The threshold field 𝓔*(t), and ω_E, the response of σ to the energy of the field.

Two fields bear the name E* in PRB 101, 041105 (2020): the constant field at which σ(t) = 0 (here;
Fig. 2e), and the one that the instability builds (`SelfTunedField`; Fig. 3b).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..physics.checks import as_arrays, require, to_array
from ..physics.field import AbstractField, ConstantField, SampledField, require_field_unit
from ..physics.ladder import count_rungs
from ..physics.metal import Metal
from ..physics.pump import AbstractPump
from .evolve import evolve

Times = Float[Array, " time"]


def threshold_field(
    metal: Metal,
    pump: AbstractPump,
    times: Times,
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
    require_field_unit("ConstantField", jnp.asarray(strongest), metal)
    require("times", times, "positive, finite times", lambda t: (t > 0) & (t < jnp.inf))
    require("times", times, "increasing", lambda t: np.all(np.diff(t) > 0))
    inputs = as_arrays((metal, pump, jnp.atleast_1d(to_array(times))))
    return _threshold(inputs, (weakest, strongest), _frozen(metal, options))


def _frozen(metal: Metal, options: dict) -> tuple:
    """Options of `evolve` as a hashable; the number of rungs is read while the metal is concrete."""
    rungs = count_rungs(metal, options.get("rungs"))
    return tuple(sorted(({"budget": False} | options | {"rungs": rungs}).items()))


@eqx.filter_jit
def _threshold(inputs, limits, options):
    options = dict(options)

    def sigma(inputs, log_strength, t, **more):
        """σ(t) with the field 𝓔."""
        metal, pump, _ = inputs
        field = ConstantField(jnp.exp(log_strength))
        return evolve(metal, pump, t[None], field=field, **options, **more).sigma[0]

    def residual(x):  # traced always, run for derivatives only: one time after the other
        return jax.lax.map(lambda at: sigma(inputs, *at), (x, inputs[2]))

    def solve(_, guess):
        fixed = jax.lax.stop_gradient(inputs)
        all_times = jax.vmap(lambda x, t: sigma(fixed, x, t, adjoint="forward"))
        lower, upper, found = _bracket(fixed, limits, options)
        root = _illinois(lambda x: all_times(x, fixed[2]), lower, upper)
        return jnp.where(found, root, jnp.nan)

    def tangent_solve(linear, y):
        return y / linear(jnp.ones_like(y))

    return jnp.exp(jax.lax.custom_root(residual, jnp.zeros_like(inputs[2]), solve, tangent_solve))


def _bracket(inputs, limits, options):
    """(ln 𝓔, σ) at both ends of the first change of sign from below, and whether there is one."""
    metal, pump, times = inputs
    logs = jnp.linspace(jnp.log(limits[0]), jnp.log(limits[1]), 21)
    strengths = jnp.concatenate([jnp.zeros(1), jnp.exp(logs)])

    def scan(strength):
        return evolve(metal, pump, times, field=ConstantField(strength), adjoint="forward", **options).sigma

    sigma = jax.vmap(scan)(strengths)
    crossing = (sigma[:-1] < 0) & (sigma[1:] >= 0)
    at = jnp.argmax(crossing, axis=0)
    columns = jnp.arange(times.size)
    logs = jnp.concatenate([logs[:1] - 3 * jnp.log(10.0), logs])
    ends = [(logs[k], sigma[k, columns]) for k in (at, at + 1)]
    return *ends, crossing.any(axis=0) & (sigma[0] < 0)


def _illinois(fn, lower, upper, iterations: int = 7):
    """Roots of `fn`, elementwise, between brackets (x, fn(x)); regula falsi of order 1.44."""

    def secant(a, fa, b, fb):
        x = b - fb * (b - a) / jnp.where(fb == fa, 1.0, fb - fa)
        return jnp.clip(x, jnp.minimum(a, b), jnp.maximum(a, b))  # where there is no root, stay

    def step(_, state):
        (a, fa), (b, fb) = state  # b is the latest point, a the other side of the root
        x = secant(a, fa, b, fb)
        value = fn(x)
        turned = value * fb < 0
        a, fa = jnp.where(turned, b, a), jnp.where(turned, fb, 0.5 * fa)
        return (a, fa), (x, value)

    (a, fa), (b, fb) = jax.lax.fori_loop(0, iterations, step, (lower, upper))
    return secant(a, fa, b, fb)


def omega_e(
    metal: Metal, pump: AbstractPump, times: Times, field: AbstractField, *, samples: int = 500, **options
) -> Times:
    """ω_E/σ_0 = dσ(t)/d ln E² of a `metal` under a `pump` at the given `field` and `times`; (time,).

    - `ConstantField`: E² ∂σ/∂E². `strength` may be (time,), one field for each time, such as the
      `threshold_field` (with 0 for NaN; ω_E is 0 there).
    - any other field: the trajectory E²(t') of `evolve` is replayed from `samples` samples, and σ(t)
      differentiated with respect to a relative change of E²(t') at all t' ≤ t.

    `options` are those of `evolve`.
    """
    inputs = as_arrays((metal, pump, jnp.atleast_1d(to_array(times)), field))
    if isinstance(field, ConstantField):
        return _omega_constant(inputs, _frozen(metal, options))
    if not isinstance(field, SampledField):
        dense = jnp.linspace(0.0, inputs[2][-1], samples)
        record = evolve(metal, pump, dense, field=field, **options)
        inputs = (*inputs[:3], SampledField(dense, record.field))
    return _omega_replay(inputs, _frozen(metal, options))


@eqx.filter_jit
def _omega_constant(inputs, options):
    metal, pump, times, field = inputs
    strength = jnp.broadcast_to(field.strength, times.shape)

    def sigma(log_square, strength, t):
        scaled = ConstantField(strength * jnp.exp(0.5 * log_square), absolute=field.absolute)
        return evolve(metal, pump, t[None], field=scaled, **dict(options)).sigma[0]

    def response(strength, t):
        return jax.jvp(lambda x: sigma(x, strength, t), (0.0,), (1.0,))[1]

    return jax.vmap(response)(strength, times)


@eqx.filter_jit
def _omega_replay(inputs, options):
    metal, pump, times, field = inputs

    def sigma(scale):
        scaled = eqx.tree_at(lambda f: f.scale, field, scale)
        return evolve(metal, pump, times, field=scaled, **dict(options)).sigma

    return jax.jvp(sigma, (field.scale,), (field.scale,))[1]
