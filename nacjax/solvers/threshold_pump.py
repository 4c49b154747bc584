"""The threshold pump strength ζ_c with σ(ζ_c) = 0, differentiable through the implicit function theorem."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def threshold_pump(
    sigma: Callable[[Float[Array, ""]], Float[Array, ""]],
    weakest: float = 1e-3,
    strongest: float = 1e3,
    scan: int = 25,
    iterations: int = 9,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(ζ_c, excess): ζ_c is the lowest pump strength between `weakest` and `strongest` at which σ turns negative.

    `sigma` is σ/σ_0 as a function of the strength. A scan in ln ζ brackets the first change of sign,
    regula falsi (Illinois) finishes it. Derivatives in whatever `sigma` closes over, forward and
    reverse. Where σ does not turn negative ζ_c is NaN, and the excess, 0 elsewhere, is the lowest
    σ/σ_0 of the scan, or NaN if that is below zero: σ < 0 from the weakest pump on.
    """
    pure, closed_over = jax.closure_convert(lambda x: sigma(jnp.exp(x)), jnp.zeros(()))
    frozen = jax.lax.stop_gradient(closed_over)
    logs = jnp.linspace(jnp.log(weakest), jnp.log(strongest), scan)
    values = jax.lax.stop_gradient(jax.vmap(lambda x: pure(x, *frozen))(logs))
    falls = (values[:-1] >= 0) & (values[1:] < 0)
    at, exists = jnp.argmax(falls), falls.any()

    def step(_, state):
        (a, fa), (b, fb) = state  # b is the latest point, a the other side of the root
        x = b - fb * (b - a) / jnp.where(fb == fa, 1.0, fb - fa)
        x = jnp.clip(x, jnp.minimum(a, b), jnp.maximum(a, b))
        value = pure(x, *frozen)
        turned = value * fb < 0
        return (jnp.where(turned, b, a), jnp.where(turned, fb, 0.5 * fa)), (x, value)

    ends = (logs[at], values[at]), (logs[at + 1], values[at + 1])
    _, (root, _) = jax.lax.fori_loop(0, iterations, step, ends)
    root = jax.lax.stop_gradient(jnp.where(exists, root, logs[jnp.argmin(values)]))
    value, slope = jax.jvp(lambda x: pure(x, *closed_over), (root,), (jnp.ones_like(root),))
    newton = root - value / jax.lax.stop_gradient(jnp.where(slope != 0, slope, 1.0))
    missing = jnp.where(jnp.all(values >= 0), value, jnp.nan)
    return jnp.where(exists, jnp.exp(newton), jnp.nan), jnp.where(exists, 0.0, missing)
