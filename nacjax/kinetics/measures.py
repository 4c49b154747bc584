"""What is measured on a state: conductivity, numbers, energies."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..numerics.sums import total
from .ladder import Ladder


def conductivity(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """σ/σ_0 = Σ_faces (σ̃/σ_0)(f_L − f_R), Eq. (9) of PRB 101, 041105; dimensionless."""
    flat = f.reshape(*f.shape[:-2], -1)
    return -total(ladder.transport * jnp.diff(flat, axis=-1))


def electron_number(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """Σ n f, electrons per mode; conserved by every collision integral."""
    return jnp.sum(ladder.states * f, axis=(-2, -1))


def electron_energy(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """Σ n ε f with ε the cell centre, energy per mode."""
    return jnp.sum(ladder.states * ladder.energy * f, axis=(-2, -1))
