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

from ...model.metal import Metal, bose
from ...model.process import AbstractProcess, Flow
from ..ladder import Ladder
from ..steps import Steps
from .electron_phonon import ElectronPhonon


class PairScattering(AbstractProcess):
    """Steps of a phonon mode between any two cells.

    - `steps` between all pairs, numbered by energy (upper, lower); `energy`: their distances ω_ab, of the same shape
    - `mode_energy`: ω; `number`: which of the `modes` phonon modes of the metal it is
    - `bare`: the scattering on the ladder that stands for it in the structured matrix, or None
    """

    steps: Steps
    energy: Float[Array, "upper lower"]
    mode_energy: Float[Array, ""]
    bare: ElectronPhonon | None
    number: int = eqx.field(static=True)
    modes: int = eqx.field(static=True)
    structured = False

    @property
    def name(self):
        """Scattering by phonons, whatever their energy."""
        return "electron_phonon"

    @property
    def entry(self):
        """None: what the electrons lose, the phonons get."""
        return None

    def flow(self, now, ladder):
        """ζ counts energy in units of ω, so that Σ (ω_ab/ω) × steps keeps it exactly."""
        net = self.steps.net(now.f, now.phonons[self.number])
        gains = (net.sum(axis=0) - net.sum(axis=1)).reshape(now.f.shape)
        emitted = jnp.sum(net * self.energy) / self.mode_energy
        return Flow(cells=gains, phonons=jnp.zeros(self.modes).at[self.number].set(emitted))

    def on_ladder(self):
        return self.bare

    def dense_slopes(self, now, ladder):
        by_low, by_up = self.steps.slopes(now.f, now.phonons[self.number])
        return by_up.T - by_low + jnp.diag(by_low.sum(axis=0) - by_up.sum(axis=1))


def driven_branch(metal: Metal, ladder: Ladder) -> PairScattering:
    """The driven mode of a metal with dispersion: energies around ω_p."""
    bare, dispersion = ElectronPhonon.of(metal, ladder), metal.dispersion
    assert dispersion is not None
    spread = dispersion.relative_width * metal.phonon_energy
    steps, energy = pair_steps(
        metal, ladder, metal.phonon_energy, metal.coupling_rate, spread, dispersion.shape
    )
    return PairScattering(steps, energy, metal.phonon_energy, bare, 0, 1 + len(metal.modes))


def further_mode(metal: Metal, ladder: Ladder, number: int) -> PairScattering:
    """Mode number 1, 2, … of a metal: `metal.modes[number − 1]`."""
    mode = metal.modes[number - 1]
    steps, energy = pair_steps(metal, ladder, mode.energy, mode.coupling_rate)
    return PairScattering(steps, energy, mode.energy, None, number, 1 + len(metal.modes))


def pair_steps(
    metal: Metal, ladder: Ladder, energy, coupling_rate, spread=None, shape: str = "gaussian"
) -> tuple[Steps, Float[Array, "upper lower"]]:
    """Steps and their energies for a mode of mean energy ω, whose energies have the standard deviation `spread`."""
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
    strength = jnp.where(below, strength * jnp.maximum(overlap, 0.0), 0.0)
    distance = jnp.where(below, distance, energy)
    return Steps(strength, bose(distance / metal.temperature), "pairs"), distance  # pyright: ignore[reportArgumentType, reportReturnType]


def second_integral(u: Float[Array, "*shape"], spread, shape: str) -> Float[Array, "*shape"]:
    """U with U'' = P and U(−∞) = 0: P a normalised peak at 0 of standard deviation `spread`, or δ for None."""
    if spread is None:
        return jnp.maximum(u, 0.0)
    if shape == "box":
        reach = jnp.sqrt(3.0) * spread
        return (jnp.maximum(u + reach, 0.0) ** 2 - jnp.maximum(u - reach, 0.0) ** 2) / (4 * reach)
    x = u / spread
    return u * jax.scipy.stats.norm.cdf(x) + spread * jax.scipy.stats.norm.pdf(x)
