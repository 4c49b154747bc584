"""Entropy of electrons and phonons, and which process produces it.

Negative absolute conductivity, σE² < 0, is allowed because other terms pay: the field does no more
than diffuse electrons in energy, which produces entropy whatever the sign of σ, while the work it
takes out comes from the free energy that the pump put in. Every entry of `Production` is ≥ 0.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from . import collisions
from .equations import Kinetics, State
from .ladder import Ladder

Scalar = Float[Array, ""]


class Production(NamedTuple):
    """Rates of entropy (per mode and unit time; k_B = 1) at one state.

    - `joule`: diffusion of the electrons in energy by the field, Eq. (7)
    - `inelastic`: electrons and the heat their bath takes at T, Eq. (6)
    - `electron_phonon`: electrons and phonons, Eqs. (4)–(5)
    - `phonon_decay`: phonons and the heat their bath takes at T, Eq. (3)
    - `pump`: entropy of the phonons that the pump (or the clamp) brings in; an inflow, no production
    - `work_over_temperature`: σE²/T with its sign, the Joule heat of ordinary transport, for comparison
    """

    joule: Scalar
    inelastic: Scalar
    electron_phonon: Scalar
    phonon_decay: Scalar
    pump: Scalar
    work_over_temperature: Scalar

    @property
    def total(self) -> Scalar:
        """Σ of the four productions, ≥ 0: d/dt of S of electrons, phonons and baths, less the pump's."""
        return self.joule + self.inelastic + self.electron_phonon + self.phonon_decay


def electron_entropy(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """S = −Σ n [f ln f + (1 − f) ln(1 − f)], per mode."""
    f = _inside(f)
    return -jnp.sum(ladder.states * (f * jnp.log(f) + (1 - f) * jnp.log1p(-f)), axis=(-2, -1))


def phonon_entropy(zeta: Float[Array, "*time"], kinetics: Kinetics) -> Float[Array, "*time"]:
    """S = (N + 1) ln(N + 1) − N ln N with N = ζ + b, per mode."""
    number = _positive(zeta + kinetics.bose)
    return (number + 1) * jnp.log1p(number) - number * jnp.log(number)


def entropy_production(kinetics: Kinetics, t, state: State) -> Production:
    """Who produces entropy at a state; each term is a sum of (rate) × (affinity), both of one sign."""
    metal, ladder = kinetics.metal, kinetics.ladder
    temperature, omega = metal.temperature, metal.phonon_energy
    f, number = _inside(state.f), _positive(kinetics.bose + state.zeta)
    gain = jnp.log1p(-f) - jnp.log(f)  # ∂S/∂(electrons in a state)
    per_phonon = jnp.log1p(1 / number)

    if kinetics.branch is None:
        q = kinetics.rate * collisions.net_emission(f[:-1], f[1:], number)
        pairs = ladder.density[1:] * ladder.states[:-1] * q
        scattering = jnp.sum(pairs * (gain[:-1] - gain[1:] + per_phonon))
    else:
        scattering = kinetics.branch.production(f, state.zeta, gain)
    for other, zeta in zip(kinetics.others, state.modes, strict=True):
        if other is not None:
            scattering = scattering + other.production(f, zeta, gain)
    drop = (gain.ravel()[:-1] - gain.ravel()[1:]) * (ladder.states.ravel()[1:] > 0)
    drop = drop * (ladder.states.ravel()[:-1] > 0)
    cooling = collisions.inelastic_flux(f, kinetics.inelastic)
    heating = kinetics.field.squared(kinetics, t, state) * collisions.field_flux(f, kinetics.conductance)
    if kinetics.pump.clamped:
        decay, source = jnp.zeros(()), -kinetics.emission(state.f, state.zeta)
    else:
        decay, source = state.zeta / metal.phonon_lifetime, kinetics.pump.source(t)
    return Production(
        joule=jnp.sum(heating * drop),
        inelastic=jnp.sum(cooling * (drop + ladder.spacing / temperature)),
        electron_phonon=scattering,
        phonon_decay=decay * (omega / temperature - per_phonon),
        pump=source * per_phonon,
        work_over_temperature=-jnp.sum(ladder.spacing * heating) / temperature,
    )


def _inside(f):
    """f kept off 0 and 1, where the logarithms end."""
    limits = jnp.finfo(f.dtype)
    return jnp.clip(f, limits.tiny, 1 - limits.epsneg)


def _positive(number):
    return jnp.maximum(number, jnp.finfo(number.dtype).tiny)
