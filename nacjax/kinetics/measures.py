"""What is measured on a state: conductivity, numbers, energies."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..numerics.sums import total
from .ladder import Ladder


def conductivity(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """σ/σ_0 = Σ_faces (σ̃/σ_0)(f_L − f_R), Eq. (9) of PRB 101, 041105; dimensionless."""
    return total(face_conductivity(f, ladder))


def face_conductivity(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time face"]:
    """What each face contributes to `conductivity`."""
    return -ladder.transport * jnp.diff(f.reshape(*f.shape[:-2], -1), axis=-1)


def distance(fine, ladder: Ladder, coarse, halved: Ladder) -> Float[Array, "*time"]:
    """How far f on a ladder and f on every second face of it are apart: Σ over energies of |∫^ε σ̃ (−∂f/∂ε) dε/σ_0|
    of their difference.

    The energies are the centres of the coarse cells: there the two meshes know the same, and nothing that cancels in
    σ is missed.
    """
    each = face_conductivity(fine, ladder)
    half = 0.5 * jnp.append(each, jnp.zeros_like(each[..., :1]), axis=-1)[..., 2::2]
    up_to = jnp.cumsum(each, axis=-1)[..., 1::2] + half
    return total(jnp.abs(up_to - jnp.cumsum(face_conductivity(coarse, halved), axis=-1)))


def electron_number(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """Σ n f, electrons per mode; conserved by every collision integral."""
    return jnp.sum(ladder.states * f, axis=(-2, -1))


def electron_energy(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """Σ n ε f with ε the cell centre, energy per mode."""
    return jnp.sum(ladder.states * ladder.energy * f, axis=(-2, -1))
