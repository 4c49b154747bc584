"""Phonons off the ladder: a branch with dispersion (Fig. 1e), and further modes of any energy.

A transition from cell a to cell b below emits a phonon of the energy ω_ab between their centres,
however the two lie on the ladder. The strength of a pair is the overlap of the cells,

    S_ab = (Γ/D_0) D_a D_b ∫_a dε ∫_b dε' P(ε − ε' − ω),

with P the distribution of phonon energies around ω: exact integrals, so that no transition is lost
or doubled. Dense in cells, O(cells²) a step. A mode without width (P = δ) whose energy is a multiple of ω_p
stays on the ladder.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.metal import bose
from .collisions import Occupation, emission_slopes, net_emission
from .ladder import Ladder


class Pairs(eqx.Module):
    """All pairs of cells a mode couples: `strength` S_ab, `energy` ω_ab and `bose` b(ω_ab), each (a, b).

    Cells are numbered by energy; `mode_energy` is ω.
    """

    strength: Float[Array, "a b"]
    energy: Float[Array, "a b"]
    bose: Float[Array, "a b"]
    mode_energy: Float[Array, ""]

    def transitions(self, f: Occupation, zeta) -> Float[Array, "a b"]:
        """Net emissions a → b per unit time; zero for a Fermi function at ζ = 0, to round-off."""
        flat = f.ravel()
        return self.strength * net_emission(flat[None, :], flat[:, None], self.bose + zeta)

    def scatter(self, f: Occupation, zeta, ladder: Ladder) -> Occupation:
        """∂f/∂t: every transition takes an electron from one cell to another."""
        net = self.transitions(f, zeta)
        return (net.sum(axis=0) - net.sum(axis=1)).reshape(f.shape) * ladder.inverse

    def jacobian(self, f: Occupation, zeta, ladder: Ladder) -> Float[Array, "x x"]:
        """∂(scatter)/∂f, by cells in order of energy."""
        flat = f.ravel()
        by_low, by_up = emission_slopes(flat[None, :], flat[:, None], self.bose + zeta)
        by_low, by_up = (
            self.strength * by_low,
            self.strength * by_up,
        )  # of transitions a → b, by f_b and by f_a
        net = by_up.T - by_low + jnp.diag(by_low.sum(axis=0) - by_up.sum(axis=1))
        return ladder.inverse.ravel()[:, None] * net

    def emission(self, f: Occupation, zeta) -> Float[Array, ""]:
        """∂ζ/∂t by the electrons, Σ (ω_ab/ω) × transitions: ζ counts energy in units of ω, exactly conserved."""
        return jnp.sum(self.transitions(f, zeta) * self.energy) / self.mode_energy

    def production(self, f: Occupation, zeta, gain: Occupation) -> Float[Array, ""]:
        """Entropy production, Σ transitions × affinity ≥ 0; `gain` is ∂S/∂(electrons) of each cell."""
        g, number = gain.ravel(), self.bose + zeta
        affinity = g[None, :] - g[:, None] + jnp.log1p(1 / jnp.maximum(number, jnp.finfo(number.dtype).tiny))
        return jnp.sum(self.transitions(f, zeta) * jnp.where(self.strength > 0, affinity, 0.0))


def pair_coupling(
    metal, ladder: Ladder, energy, coupling_rate, spread=None, shape: str = "gaussian"
) -> Pairs:
    """The pairs of a mode of mean energy ω, whose energies have the standard deviation `spread` (0: None)."""
    centre, half = ladder.energy.ravel(), 0.5 * ladder.width.ravel()
    distance = centre[:, None] - centre[None, :]
    outer, inner = half[:, None] + half[None, :], half[:, None] - half[None, :]

    def primitive(u):
        return second_integral(u - energy, spread, shape)

    overlap = (primitive(distance + outer) - primitive(distance + inner)
               - primitive(distance - inner) + primitive(distance - outer))  # fmt: skip
    below = distance > 0
    density = ladder.density.ravel()
    strength = coupling_rate / metal.mean_density * density[:, None] * density[None, :]
    distance = jnp.where(below, distance, energy)
    return Pairs(
        strength=jnp.where(below, strength * jnp.maximum(overlap, 0.0), 0.0),
        energy=distance,
        bose=bose(distance / metal.temperature),
        mode_energy=jnp.asarray(energy),
    )


def second_integral(u: Float[Array, "*shape"], spread, shape: str) -> Float[Array, "*shape"]:
    """U with U'' = P and U(−∞) = 0: P a normalised peak at 0 of standard deviation `spread`, or δ for None."""
    if spread is None:
        return jnp.maximum(u, 0.0)
    if shape == "box":
        reach = jnp.sqrt(3.0) * spread
        return (jnp.maximum(u + reach, 0.0) ** 2 - jnp.maximum(u - reach, 0.0) ** 2) / (4 * reach)
    x = u / spread
    return u * jax.scipy.stats.norm.cdf(x) + spread * jax.scipy.stats.norm.pdf(x)
