"""The collision integrals, Eqs. (4)–(7) of PRB 101, 041105 (2020), as conservative finite volumes.

Eq. (4) and Eq. (6) are one process: a quantum is emitted by a step down and absorbed by a
step up, with Bose weights. In Eq. (4) the quantum is the phonon ω_p between neighbouring
rungs; in Eq. (6) it is the distance of two neighbouring cells, taken by the bath.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.metal import bose
from ..numerics.sums import total
from .ladder import Ladder

Occupation = Float[Array, "rung cell"]
Faces = Float[Array, " face"]


def net_emission(f_low, f_up, number):
    """q = N(f_up − f_low) + f_up(1 − f_low): emission minus absorption, per pair of states.

    It vanishes for a Fermi function when N is the Bose number of the energy difference.
    """
    return number * (f_up - f_low) + f_up * (1 - f_low)


def emission_slopes(f_low, f_up, number):
    """(∂q/∂f_low, ∂q/∂f_up) of `net_emission`."""
    return -(number + f_up), number + 1 - f_low


def exchange_rates(rate, ladder: Ladder) -> tuple[Float[Array, "rung-1 cell"], Float[Array, "rung-1 cell"]]:
    """What one net emission adds to f of the lower cell and takes from the upper: (Γ_eph/D_0)(D_up, D_low).

    `rate` is Γ_eph/D_0; cells without states keep their f.
    """
    return rate * ladder.density[1:], rate * jnp.where(ladder.states[1:] > 0, ladder.density[:-1], 0.0)


def electron_phonon(f: Occupation, number: Float[Array, ""], exchange) -> Occupation:
    """St_el of Eq. (4): what the steps between rungs change in f (per unit time).

    `number` is N = ζ + b, `exchange` the `exchange_rates`. For each pair of rungs the lower cell gains
    D_up q and the upper loses D_low q.
    """
    gain, loss = exchange
    q = net_emission(f[:-1], f[1:], number)
    return jnp.pad(gain * q, ((0, 1), (0, 0))) - jnp.pad(loss * q, ((1, 0), (0, 0)))


def phonon_emission(f: Occupation, number: Float[Array, ""], rate, ladder: Ladder) -> Float[Array, ""]:
    """St_ph of Eq. (5): phonons emitted per mode and unit time, Σ D_up n_low q."""
    q = rate * net_emission(f[:-1], f[1:], number)
    return total((ladder.density[1:] * ladder.states[:-1] * q).ravel())


def inelastic_coefficients(inelastic_rate, temperature, fermi_density, ladder: Ladder) -> tuple[Faces, Faces]:
    """(A, b) of the inelastic flux A·q(f_L, f_R, b): b is the Bose number of the cell distance."""
    d = ladder.density.ravel()
    return inelastic_rate / fermi_density * d[:-1] * d[1:], bose(ladder.spacing / temperature)


def field_coefficient(fermi_density, ladder: Ladder) -> Faces:
    """Conductance of the faces per unit F² = E²v_F²τ_tr: D_F σ̃/(3 σ_0 δ), Eq. (7)."""
    return fermi_density * ladder.transport / (3 * ladder.spacing)


def inelastic_flux(f: Occupation, coefficients: tuple[Faces, Faces]) -> Faces:
    """Downward flux of St_in, Eq. (6), through the face between consecutive cells (states per unit time)."""
    flat = f.ravel()
    strength, number = coefficients
    return strength * net_emission(flat[:-1], flat[1:], number)


def field_flux(f: Occupation, conductance: Faces) -> Faces:
    """Downward flux of −St_E, Eq. (7), through the faces, per unit F²."""
    return conductance * jnp.diff(f.ravel())


def divergence(flux: Faces, ladder: Ladder) -> Occupation:
    """∂f/∂t of a downward flux through the faces: the lower cell gains it, the upper loses it."""
    change = jnp.append(flux, 0.0) - jnp.concatenate([jnp.zeros(1, flux.dtype), flux])
    return change.reshape(ladder.states.shape) * ladder.inverse
