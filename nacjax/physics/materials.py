"""Real materials: K3C60, the metal of the experiment that the paper's ref. [9] reports."""

import functools

import jax
import jax.numpy as jnp

from .metal import Metal, Scales
from .tabulated import TabulatedDOS
from .tight_binding import TightBinding, fcc_t1u

K3C60_HOPPINGS_MEV = (-4.0, -33.9, 42.1, -18.7)
"""F1, F2, F3, F4 of fcc K3C60 in meV, nearest-neighbour Wannier integrals of the t1u bands:
Nomura, Nakamura, Arita, PRB 85, 155452 (2012), doi:10.1103/PhysRevB.85.155452."""

K3C60_LATTICE_ANGSTROM = 14.24
"""Cubic lattice constant of fcc K3C60 in Å."""

K3C60_PHONONS_MEV = (41.0, 71.0, 117.0, 170.0)
"""Intramolecular phonons of K3C60 in meV. The last, T1u(4), is the one pumped in the experiment."""

BOLTZMANN_MEV = 0.08617333262
"""k_B in meV/K (exact by the SI of 2019)."""


def k3c60_bands(hoppings=K3C60_HOPPINGS_MEV, lattice_constant=K3C60_LATTICE_ANGSTROM) -> TightBinding:
    """The t1u bands of fcc K3C60: `hoppings` F1…F4 in meV, `lattice_constant` in Å."""
    return fcc_t1u(*hoppings, a=lattice_constant)


def k3c60_dos(mesh: int = 32, points: int = 401) -> TabulatedDOS:
    """D(ε) and ⟨v²⟩D of K3C60 per t1u orbital, energies in meV from the level of the orbitals; cached."""
    return _k3c60_dos(mesh, points, bool(jax.config.jax_enable_x64))  # pyright: ignore[reportAttributeAccessIssue]


@functools.lru_cache(maxsize=8)
def _k3c60_dos(mesh: int, points: int, x64: bool) -> TabulatedDOS:
    with jax.ensure_compile_time_eval():  # a first call under jit must not cache its tracers
        return k3c60_bands().dos(mesh, points)


def k3c60(temperature=100.0, phonon_energy=170.0, *, mesh: int = 32, points: int = 401, **overrides) -> Metal:
    """K3C60 as a `Metal` in units of its own band width, W = 0.498 eV: t1u bands, half filled.

    - `temperature` in kelvin; `phonon_energy` in meV (see `K3C60_PHONONS_MEV`)
    - `mesh`, `points`: of the tetrahedron DoS
    - `overrides`: any other argument of `Metal`, in its units (`transport="band"` for the bands'
      own ⟨v²⟩ instead of a constant one: the sign of σ at 170 meV depends on it)

    `metal.scales` has eV per unit of energy and the lattice constant in Å. Raises what `Metal` raises.
    """
    table = k3c60_dos(mesh, points)
    with jax.ensure_compile_time_eval():
        width = float(table.width)
        dos = table.rescaled(width)
    arguments = {
        "dos": dos,
        "filling": 0.5,
        "temperature": BOLTZMANN_MEV * jnp.asarray(temperature) / width,
        "phonon_energy": jnp.asarray(phonon_energy) / width,
        "scales": Scales(energy_ev=width / 1000, length_angstrom=K3C60_LATTICE_ANGSTROM),
    }
    return Metal(**{**arguments, **overrides})
