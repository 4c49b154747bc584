"""Real materials: K3C60, the metal of the experiment that the paper's ref. [9] reports."""

import functools
import math

import jax
import jax.numpy as jnp

from .metal import Metal, Scales
from .presets import assemble
from .tabulated import TabulatedDOS
from .tight_binding import FINE, TightBinding, fcc_t1u

K3C60_HOPPINGS_MEV = (-4.0, -33.9, 42.1, -18.7)
"""F1, F2, F3, F4 of fcc K3C60 in meV, nearest-neighbour Wannier integrals of the t1u bands:
Nomura, Nakamura, Arita, PRB 85, 155452 (2012), doi:10.1103/PhysRevB.85.155452."""

K3C60_LATTICE_ANGSTROM = 14.24
"""Cubic lattice constant of fcc K3C60 in Å."""

K3C60_PHONONS_MEV = (41.0, 71.0, 117.0, 170.0)
"""Intramolecular phonons of K3C60 in meV. The last, T1u(4), is the one pumped in the experiment."""


def k3c60_bands(hoppings=K3C60_HOPPINGS_MEV, lattice_constant=K3C60_LATTICE_ANGSTROM) -> TightBinding:
    """The t1u bands of fcc K3C60: `hoppings` F1…F4 in meV, `lattice_constant` in Å."""
    return fcc_t1u(*hoppings, a=lattice_constant)


def k3c60_dos(mesh: int = FINE, points: int = 401) -> TabulatedDOS:
    """D(ε) and ⟨v²⟩D of K3C60 per t1u orbital, energies in meV from the level of the orbitals; cached."""
    return _k3c60_dos(mesh, points, bool(jax.config.jax_enable_x64))  # pyright: ignore[reportAttributeAccessIssue]


@functools.lru_cache(maxsize=8)
def _k3c60_dos(mesh: int, points: int, x64: bool) -> TabulatedDOS:
    with jax.ensure_compile_time_eval():  # a first call under jit must not cache its tracers
        return k3c60_bands().dos(mesh, points)


NOMURA = "Nomura, Nakamura, Arita, PRB 85, 155452 (2012)"
MITRANO = "Mitrano et al., Nature 530, 461 (2016)"

K3C60_SOURCES = {
    "dos": f"t1u bands of fcc K3C60, nearest neighbours, transfer integrals of {NOMURA}",
    "filling": "3 electrons in 6 t1u spin states",
    "temperature": "chosen, well above T_c = 20 K",
    "phonon_energy": f"T1u(4), pumped by {MITRANO}",
    "coupling_rate": "unit of rates",
    "inelastic_rate": "assumed, not measured: Γ_in ≪ Γ_eph W as in PRB 101, 041105 (2020)",
    "phonon_lifetime": "assumed, not measured: Γ_eph τ_ph = 5 of PRB 101, 041105 (2020), Fig. 3",
    "states_per_mode": "6 t1u spin states for the one component of the T1u mode along the pump's polarisation",
    "transport": "⟨v²⟩τ constant; compare transport='band': the sign of σ depends on it",
    "energy_ev": "width of the bands",
    "time_fs": f"1/Γ_eph, assumed: pulses of 300 fs, as in {MITRANO}, are then Γ_eph τ_pulse = 0.3 of "
    "PRB 101, 041105 (2020), Fig. 3",
    "length_angstrom": f"lattice constant, {NOMURA}",
    "cell_volume": "a³/4",
    "fermi_velocity": "√⟨v²⟩ of the bands at the Fermi energy",
    "transport_time_fs": "assumed, not measured",
}
"""Where each number of `k3c60` comes from, by argument."""

HBAR_EV_FS = 0.6582119569
"""ħ in eV fs (exact by the SI of 2019)."""


UNITS = {"temperature": "'K'", "phonon_energy": "'meV'"}
"""The usual unit of what `k3c60` takes."""


def k3c60(temperature=None, phonon_energy=None, *, mesh: int = FINE, points: int = 401, **overrides) -> Metal:
    """K3C60 as a `Metal` in units of its own band width, W = 0.498 eV: t1u bands, half filled.

    - `temperature`: "100 K" by default; `phonon_energy`: "170 meV" by default (see `K3C60_PHONONS_MEV`); with their
      unit, as texts, pint quantities or pairs such as (t, "K") with an array or a tracer
    - `mesh`, `points`: of the tetrahedron DoS
    - `overrides`: any other argument of `Metal` (`transport="band"` for the bands' own ⟨v²⟩ instead of a constant one:
      the sign of σ at 170 meV depends on it)

    `print(metal)` shows every number and where it comes from (`K3C60_SOURCES`), `metal.scales` has the
    physical scales. Raises what `Metal` raises.

    >>> metal = nj.k3c60(mesh=8, phonon_energy="170 meV")
    >>> round(metal.scales.energy_ev, 1)
    0.5
    """
    given = {"temperature": temperature, "phonon_energy": phonon_energy}
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, jax.Array):  # the metal would take it as internal
            raise ValueError(
                f"{name} is an array or a tracer without a unit; give a pair, such as ({name}, {UNITS[name]})"
            )
    table = k3c60_dos(mesh, points)
    with jax.ensure_compile_time_eval():
        width = float(table.width)
        dos = table.rescaled(width)
        fermi = float(jnp.interp(0.5, table.filled, table.energy))
        speed = math.sqrt(float(table.velocity_squared(jnp.asarray(fermi)))) / 1000 / HBAR_EV_FS  # Å/fs
    scales = Scales(
        energy_ev=width / 1000,
        length_angstrom=K3C60_LATTICE_ANGSTROM,
        time_fs=1000.0,
        cell_volume=K3C60_LATTICE_ANGSTROM**3 / 4,
        fermi_velocity=1e5 * speed,
        transport_time_fs=10.0,
    )
    arguments = {
        "dos": dos,
        "filling": 0.5,
        "temperature": "100 K",
        "phonon_energy": "170 meV",
        "inelastic_rate": 1e-3,
        "phonon_lifetime": 5.0,
        "states_per_mode": 6.0,
        "scales": scales,
    }
    return assemble(arguments, K3C60_SOURCES, {**given, **overrides})
