"""`apparent`: the conductivity that an analysis of the reflected amplitude arrives at, whatever the sample is.

Such analyses take the change of σ for uniform over the penetration depth of the pump, or for one that decays like
e^{−z/d} (see arXiv 2210.01114, 2307.00204, 2303.10169). Where σ saturates in the pump neither is so.
"""

from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from ...model.checks import require, require_kind
from ...model.units import stated
from .reflectivity import Reflectivity, Setup

STEPS = 24
"""Steps of the path from the sample that is not pumped to the measured one, each with two of Newton's."""
LAYERS, DEEP = 24, 6.0
"""Layers of the exponential profile, and how many penetration depths they reach down to."""


def apparent(
    measured: Reflectivity,
    penetration_depth: Any,
    *,
    profile: Literal["uniform", "exponential"] = "exponential",
) -> Complex[Array, "*state freq"]:
    """What an analysis with a fixed profile would take the conductivity at the surface to be.

    σ(ω)/σ_0 at the surface that an analysis with a fixed profile extracts from r(ω), (*state, freq), complex.

    - `measured`: with the amplitude r and its phase, as time-domain spectroscopy gives them
    - `penetration_depth` d that the analysis assumes, with a unit ("100 nm")
    - `profile`: of the change of σ, "uniform" down to d, or "exponential", e^{−z/d}; below is the metal that is not
      pumped

    The solution that is connected with the unpumped metal, found by Newton's method along r_0 + s(r − r_0). NaN where
    that path is lost. Differentiable in the measurement and in d.

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> optics = nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"])
    >>> nj.apparent(nj.reflectivity(optics), "100 nm").shape
    (1,)
    """
    require_kind("measured", measured, Reflectivity, "a Reflectivity, as nacjax.reflectivity returns it")
    if profile not in ("uniform", "exponential"):
        raise ValueError(f"profile = {profile!r} is not allowed: it must be 'uniform' or 'exponential'")
    d = jnp.asarray(stated("penetration_depth", penetration_depth, "length", True), float)
    require("penetration_depth", d, "a positive, finite length", lambda x: (x > 0) & (x < jnp.inf))
    return _apparent(measured, d, profile == "uniform")


@eqx.filter_jit
def _apparent(measured: Reflectivity, d, uniform: bool):
    seen = measured.optics
    if uniform:
        width, shape = jnp.reshape(d, (1,)), jnp.ones(1)
    else:
        width = jnp.full(LAYERS, DEEP * d / LAYERS)
        shape = jnp.exp(-(jnp.arange(LAYERS) + 0.5) * DEEP / LAYERS)
    below = seen.permittivity(seen.equilibrium)
    setup = eqx.tree_at(lambda s: s.back, measured.setup, below)

    def reflected(change: Complex[Array, "*state freq"]) -> Complex[Array, "*state freq"]:
        sigma = seen.equilibrium + shape.reshape(-1, *(1,) * change.ndim) * change
        return _amplitude(setup, seen.permittivity(sigma), width)

    target = measured.light.amplitude
    start = jnp.zeros_like(target)
    origin = reflected(start)

    def newton(change, goal):
        value, slope = jax.jvp(reflected, (change,), (jnp.ones_like(change),))  # elementwise and analytic
        return change - (value - goal) / slope

    def follow(change, share):
        goal = origin + share * (target - origin)
        return newton(newton(change, goal), goal), None

    found = jax.lax.scan(follow, start, jnp.linspace(0.0, 1.0, STEPS + 1)[1:])[0]
    found = jax.lax.stop_gradient(newton(newton(found, target), target))
    value, slope = jax.jvp(reflected, (found,), (jnp.ones_like(found),))
    off = jnp.abs(jax.lax.stop_gradient(value - target)) > 1e-6
    change = found - (value - target) / jax.lax.stop_gradient(slope)
    return seen.equilibrium + jnp.where(off, jnp.nan, 1.0) * change


def _amplitude(setup: Setup, permittivity, width: Float[Array, " layer"]):
    return setup.light(permittivity, width).amplitude
