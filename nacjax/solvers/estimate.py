"""Eq. (10) of PRB 101, 041105 (2020): σ of a pumped metal from its density of states alone."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.ladder import count_rungs
from ..model.metal import Metal

POINTS = 128
"""Points of the midpoint rule for ∫σ̃ dε, where the transport law leaves one to do."""


def conductivity_estimate(metal: Metal, rungs: int | None = None) -> Float[Array, ""]:
    """The paper's estimate of the conductivity for strong driving in the cold.

    σ/σ_0 ≈ Σ_j σ̃(μ + jω_p)/σ_0 − ∫σ̃ dε/(ω_p σ_0) for T → 0 and ζ → ∞, Eq. (10); dimensionless.

    Good for where to look, at next to no cost: it is lowest where ω_p is commensurate with the distance of μ
    from the band edges; there it is too low by a factor of two or more, and the minima of the kinetic equations
    lie at slightly larger ω_p.

    - `metal`: a `Metal`; its filling, phonon energy, DoS and transport law count, its rates and temperature do not
    - `rungs`: how many steps of ω_p to go up and down, as in `evolve`; needed where ω_p or W is a JAX tracer

    Differentiable in every number that counts. Source: doi:10.1103/PhysRevB.101.041105, Eq. (10).

    >>> metal = nj.trial()
    >>> bool(nj.conductivity_estimate(metal) < 0)
    True
    """
    reach = count_rungs(metal, rungs)
    fermi_energy, omega = metal.fermi_energy, metal.phonon_energy
    steps = metal.transport_ratio(fermi_energy + omega * jnp.arange(-reach, reach + 1), fermi_energy)
    if metal.transport.follows_dos:  # σ̃/σ_0 = D/D_F, and ∫D dε is known
        integral = 1 / metal.dos.density(fermi_energy)
    else:
        width = metal.dos.width / POINTS
        band = metal.dos.bottom + width * (jnp.arange(POINTS) + 0.5)
        integral = width * jnp.sum(metal.transport_ratio(band, fermi_energy))
    return jnp.sum(steps) - integral / omega
