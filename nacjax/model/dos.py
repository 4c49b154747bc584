"""Densities of states: D(ε), its exact integral, the mean squared velocity, and where the kinks are.

Every density here integrates to one; `Metal` multiplies it by `states_per_mode`.
"""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .numbers import Declared, Scalar, number, shown

Energies = Float[Array, "*shape"]


class AbstractDOS(Declared):
    """A band between `bottom` and `top` (energies, any one unit).

    Subclasses give `density` (per unit energy, integral one, zero outside the band) and
    `cumulative` (its exact integral from the bottom, 0 to 1): finite volumes take their
    states from the latter, so particle number is exact on any mesh.

    `smooth`: whether D has a finite slope everywhere, at the edges too; errors of σ are smaller then, and known better.

    >>> isinstance(nj.FlatTopDOS(), nj.AbstractDOS)
    True
    """

    bottom: eqx.AbstractVar[Float[Array, ""]]
    top: eqx.AbstractVar[Float[Array, ""]]
    symbol: ClassVar[str] = "D(ε)"
    smooth: ClassVar[bool] = False

    def summary(self) -> str:
        """The band in a few words, for printouts."""
        return f"{type(self).__name__}, width {shown(self.width)}"

    @property
    def width(self) -> Float[Array, ""]:
        """Band width W = top − bottom, in the unit of energy."""
        return self.top - self.bottom

    @abc.abstractmethod
    def density(self, energy: Energies) -> Energies:
        """D(ε) in states per unit energy; shape of `energy`."""

    @abc.abstractmethod
    def cumulative(self, energy: Energies) -> Energies:
        """∫D dε from the band bottom to ε, between 0 and 1; shape of `energy`."""

    def velocity_squared(self, energy: Energies) -> Energies:
        """⟨v²⟩(ε) up to a constant factor (only ratios to the Fermi level are used).

        A DoS alone does not fix the velocities. The default is the isotropic band in three
        dimensions with this DoS, N(ε) ∝ k³ counted from the nearer edge, for which
        v ∝ [N(1 − N)]^{2/3} / D.
        """
        density = self.density(energy)
        filled = self.cumulative(energy)
        inside = (density > 0) & (filled > 0) & (filled < 1)
        product = jnp.where(inside, filled * (1 - filled), 1.0)
        return jnp.where(inside, product ** (4 / 3) / jnp.where(inside, density, 1) ** 2, 0.0)

    def features(self) -> Float[Array, " kinks"]:
        """Energies of kinks inside the band (van Hove points), which the mesh must resolve."""
        return jnp.zeros(0)


def floor(like: Energies) -> float:
    """A number that stands for 0 where derivatives must stay finite, √(the smallest one).

    To choose by `where` between a formula and 0 is not safe: XLA may compute the same argument twice in one
    program, with and without a fused multiply-add, and take the formula at a point that the other excludes.
    """
    return float(jnp.finfo(jnp.result_type(like, float)).tiny) ** 0.5


def safe_sqrt(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """√x with derivative 0 (not ∞) where x ≤ 0, which gives 0."""
    return jnp.sqrt(jnp.maximum(x, floor(x))) - floor(x) ** 0.5


class FlatTopDOS(AbstractDOS):
    """The trial density of states of the paper: flat inside, with soft edges.

    D ∝ 1 − |2ε/W|ⁿ between −W/2 and W/2: the trial DoS, flat inside with soft edges.

    Arguments: `width` W > 0 (energy) and `exponent` n > 0; n = 8 reproduces the frequencies
    of Figs. 1–3, n = 2 is a parabola, n → ∞ a box.

    >>> float(nj.FlatTopDOS(width=2.0).cumulative(0.0))
    0.5
    """

    smooth: ClassVar[bool] = True

    width: Scalar = number("W", "energy", "positive", "band width", default=1.0)
    exponent: Scalar = number("n", "", "positive", "exponent of the density of states", default=8.0)

    @property
    def bottom(self):
        return -0.5 * self.width

    @property
    def top(self):
        return 0.5 * self.width

    def _power(self, energy, exponent):
        """|2ε/W|ᵖ clipped to the band, with finite derivatives at ε = 0."""
        x = jnp.clip(jnp.abs(2 * energy / self.width), floor(energy), 1)
        return jnp.exp(exponent * jnp.log(x))  # XLA vectorises it, and pow it does not

    def density(self, energy):
        n = self.exponent
        return (1 - self._power(energy, n)) * (n + 1) / (n * self.width)

    def cumulative(self, energy):
        n = self.exponent
        x = jnp.clip(2 * energy / self.width, -1, 1)
        signed = jnp.sign(x) * self._power(energy, n + 1)
        return 0.5 * ((x + 1) * (n + 1) - (signed + 1)) / n


class SemiEllipticDOS(AbstractDOS):
    """The density of states of the Bethe lattice, a semi-ellipse.

    D ∝ √(1 − (2ε/W)²): the Bethe lattice. Argument: `width` W > 0 (energy).

    >>> round(float(nj.SemiEllipticDOS().density(0.0)), 4)
    1.2732
    """

    width: Scalar = number("W", "energy", "positive", "band width", default=1.0)

    @property
    def bottom(self):
        return -0.5 * self.width

    @property
    def top(self):
        return 0.5 * self.width

    def _sine_cosine(self, energy):
        """x = 2ε/W clipped to the band, and √(1 − x²) with a finite derivative at the edges."""
        x = jnp.clip(2 * energy / self.width, -1, 1)
        return x, safe_sqrt(1 - x**2)

    def density(self, energy):
        _, root = self._sine_cosine(energy)
        return 4 / (jnp.pi * self.width) * root

    def cumulative(self, energy):
        x, root = self._sine_cosine(energy)
        return 0.5 + (x * root + jnp.arctan2(x, root)) / jnp.pi
