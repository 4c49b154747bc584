"""The threshold pump strength ζ_c with σ(ζ_c) = 0, differentiable through the implicit function theorem."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..numerics.crossing import crossing

SCANNED = 25
"""Strengths of the scan that brackets the threshold: four in a decade."""
REFINEMENTS = 10
"""Steps from there to round-off."""


def threshold_pump(
    sigma: Callable[[Float[Array, ""]], Float[Array, ""]], weakest: float = 1e-3, strongest: float = 1e3
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(ζ_c, excess): ζ_c is the lowest pump strength between `weakest` and `strongest` at which σ turns negative.

    `sigma` is σ/σ_0 as a function of the strength. A scan in ln ζ brackets the first change of sign,
    regula falsi finishes it. Derivatives in whatever `sigma` closes over, forward and
    reverse. Where σ does not turn negative ζ_c is NaN, and the excess, 0 elsewhere, is the lowest
    σ/σ_0 of the scan, or NaN if that is below zero: σ < 0 from the weakest pump on.
    """
    pure, closed_over = jax.closure_convert(lambda x: sigma(jnp.exp(x)), jnp.zeros(()))

    def curves(numbers, places):
        return (jax.vmap(lambda x: pure(x, *numbers))(places)[:, None],)

    def residual(numbers, x):
        return pure(x[0], *numbers)[None]

    grid = np.linspace(np.log(weakest), np.log(strongest), SCANNED)
    root = crossing(curves, residual, closed_over, grid, upward=False, refinements=REFINEMENTS)
    missing = jnp.where(root.miss >= 0, root.miss, jnp.nan)
    return jnp.where(root.found, jnp.exp(root.x), jnp.nan)[0], jnp.where(root.found, 0.0, missing)[0]
