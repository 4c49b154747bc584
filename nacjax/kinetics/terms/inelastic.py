"""Inelastic scattering of the electrons with a bath at T, Eq. (6) of PRB 101, 041105 (2020)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model.dos import floor
from ...model.metal import Metal
from ...model.process import AbstractProcess, Flow, Slopes
from ..ladder import Ladder


class Inelastic(AbstractProcess):
    """Drift down in energy and diffusion, (Γ_in/D_F) D² [f(1 − f) + T ∂f], through the faces between cells.

    With p = f_L(1 − f_R), q = f_R(1 − f_L) and x = δ/T the flux is (Γ_in/D_F) D_L D_R times
    (p + q)/2 − (p − q)/x − c max(p − q, 0)²/2(p + q): mean drift, diffusion, and what makes it vanish for a Fermi
    function at any x. The last is of second order where f is smooth, and of order one in a step that the mesh
    does not resolve: there it keeps f between 0 and 1, and entropy growing.

    `strength`, `ratio` 1/x and `blend` c, all (face,).
    """

    strength: Float[Array, " face"]
    ratio: Float[Array, " face"]
    blend: Float[Array, " face"]
    sign = -1

    @property
    def entry(self):
        """Heat that the bath gets."""
        return "bath"

    @classmethod
    def of(cls, metal: Metal, ladder: Ladder, fermi_density) -> "Inelastic":
        """The process of a metal on its ladder."""
        density = ladder.density.ravel()
        strength = metal.inelastic_rate / fermi_density * density[:-1] * density[1:]
        half = 0.5 * ladder.spacing / metal.temperature
        return cls(strength, 0.5 / half, vanishing(half))

    def _parts(self, f):
        """f of lower and upper cell, p + q, p − q, w = (p − q)/(p + q) kept between 0 and 1, and where that is w."""
        low, up = f.ravel()[:-1], f.ravel()[1:]
        both, difference = low * (1 - up) + up * (1 - low), low - up
        fall = jnp.maximum(difference, 0.0)
        inside = (both >= fall) & (both > floor(both) ** 0.5)  # f < 0 by an error of a step is not
        ratio = fall / jnp.where(inside, both, 1.0)  # pyright: ignore[reportOperatorIssue]
        step = jnp.where(inside, ratio, jnp.where(fall > 0, 1.0, 0.0))
        return low, up, both, difference, step, inside

    def flow(self, now, ladder):
        _, _, both, difference, step, _ = self._parts(now.f)
        drift = 0.5 * both * (1 - self.blend * step**2)
        return Flow(chain=self.strength * (drift - self.ratio * difference))

    def slopes(self, now, ladder):
        low, up, _, _, step, inside = self._parts(now.f)
        by_both = 0.5 * (1 + jnp.where(inside, self.blend, -self.blend) * step**2)
        by_difference = jnp.where(inside, self.blend * step, 0.0) + self.ratio
        by_low = by_both * (1 - 2 * up) - by_difference
        by_up = by_both * (1 - 2 * low) + by_difference
        return Slopes(chain=(self.strength * by_low, self.strength * by_up))


def vanishing(half: Float[Array, " face"]) -> Float[Array, " face"]:
    """The c at which 1 − c w² = w/y for w = tanh y, where a Fermi function is; y = δ/2T. From 1/3 (y → 0) to 1."""
    fine = half < 0.02
    y = jnp.where(fine, 1.0, half)
    series = 1 / 3 + 4 / 45 * half**2 - 4 / 315 * half**4
    return jnp.where(fine, series, (1 - jnp.tanh(y) / y) / jnp.tanh(y) ** 2)
