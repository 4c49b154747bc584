"""The metal: a band, its filling and temperature, one phonon mode, and the rates between them."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..numerics.roots import increasing_root
from .checks import require, to_array
from .dos import AbstractDOS, safe_sqrt
from .mode import Mode
from .units import internal

TRANSPORT_LAWS: dict[str, Callable] = {
    "constant": lambda density, v_squared: density,  # ⟨v²⟩τ constant: σ̃ ∝ D
    "band": lambda density, v_squared: density * v_squared(),  # τ constant, the band's own ⟨v²⟩
    "impurity": lambda density, v_squared: jnp.where(density > 0, v_squared(), 0.0),  # τ ∝ 1/D
    "hard_sphere": lambda density, v_squared: density * safe_sqrt(v_squared()),  # vτ constant
}
"""Transport laws of the paper's ref. [18]: σ̃(ε) = ⟨v²⟩ D τ_tr up to a constant factor."""


@dataclasses.dataclass(frozen=True)
class Scales:
    """What the internal units of a metal are in physical ones, and what else a laboratory needs.

    - `energy_ev`: eV in one unit of energy; `time_fs`: fs in one unit of time (1/Γ_eph)
    - `length_angstrom`: lattice constant (Å); `cell_volume`: of the primitive cell (Å³)
    - `fermi_velocity` v_F (m/s) and `transport_time_fs` τ_tr (fs): for fields in kV/cm
    """

    energy_ev: float
    length_angstrom: float | None = None
    time_fs: float | None = None
    cell_volume: float | None = None
    fermi_velocity: float | None = None
    transport_time_fs: float | None = None


class Metal(eqx.Module):
    """A metal coupled to a phonon mode, and to others if `modes` has any; ħ = k_B = e = 1.

    Energies are in the unit of the DoS (the band width for `FlatTopDOS()`), rates in any
    one unit (Γ_eph by default). Every number may be a JAX tracer.

    - `dos`: an `AbstractDOS`
    - `filling`: ν, occupied fraction of the band, 0 < ν < 1
    - `temperature`: T > 0 of the bath and of the initial state (energy)
    - `phonon_energy`: ω_p, 0 < ω_p < band width (energy)
    - `coupling_rate`: Γ_eph = 2π|M|²D_0 ≥ 0 (rate), Eq. (4)
    - `inelastic_rate`: Γ_in ≥ 0 (energy × rate), Eq. (6)
    - `phonon_lifetime`: τ_ph > 0 (time), may be infinite, Eq. (3)
    - `states_per_mode`: electron states per phonon mode, ∫D dε > 0, Eq. (5)
    - `transport`: a key of `TRANSPORT_LAWS`
    - `dispersion`: relative width δω/ω_p of the phonon branch (standard deviation), 0 < δω/ω_p ≤ 0.2, as in
      Fig. 1e, or None; `dispersion_shape`: "gaussian" or "box"
    - `modes`: further phonon modes, `Mode` each; their numbers may have units as well
    - `scales`: the physical scales of a real material, or None. With them numbers may have units:
      `temperature="100 K"`, `phonon_energy="170 meV"`, `phonon_lifetime="5 ps"`; inside they are plain
    - `sources`: (argument, where its number comes from) pairs; `print(metal)` shows them

    Raises `ValueError` naming the argument for a value outside these ranges.
    Source: PRB 101, 041105 (2020), doi:10.1103/PhysRevB.101.041105, Eqs. (1)–(7).
    """

    dos: AbstractDOS
    filling: Float[Array, ""]
    temperature: Float[Array, ""]
    phonon_energy: Float[Array, ""]
    coupling_rate: Float[Array, ""]
    inelastic_rate: Float[Array, ""]
    phonon_lifetime: Float[Array, ""]
    states_per_mode: Float[Array, ""]
    transport: str = eqx.field(static=True)
    dispersion: Float[Array, ""] | None
    dispersion_shape: str = eqx.field(static=True)
    modes: tuple[Mode, ...]
    processes: tuple
    scales: Scales | None = eqx.field(static=True)
    sources: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def __init__(
        self,
        dos,
        filling,
        temperature,
        phonon_energy,
        coupling_rate=1.0,
        inelastic_rate=0.0,
        phonon_lifetime=np.inf,
        states_per_mode=1.0,
        transport="constant",
        scales=None,
        sources=(),
        dispersion=None,
        dispersion_shape="gaussian",
        modes=(),
        processes=(),
    ):
        def plain(name, value, kind):
            return to_array(internal(name, value, kind, scales))

        self.dos, self.filling, self.states_per_mode = dos, to_array(filling), to_array(states_per_mode)
        self.temperature = plain("temperature", temperature, "temperature")
        self.phonon_energy = plain("phonon_energy", phonon_energy, "energy")
        self.coupling_rate = plain("coupling_rate", coupling_rate, "rate")
        self.inelastic_rate = plain("inelastic_rate", inelastic_rate, "energy × rate")
        self.phonon_lifetime = plain("phonon_lifetime", phonon_lifetime, "time")
        self.transport, self.scales, self.sources = transport, scales, tuple(sources)
        self.dispersion = None if dispersion is None else to_array(dispersion)
        self.dispersion_shape = dispersion_shape
        self.modes = _plain_modes(modes, scales)
        self.processes = tuple(processes)

    def __check_init__(self):
        if not isinstance(self.dos, AbstractDOS):
            raise ValueError(
                f"dos = {self.dos!r} is not allowed: it must be a DoS, such as nacjax.FlatTopDOS()"
            )
        require("filling", self.filling, "between 0 and 1, ends excluded", lambda x: (x > 0) & (x < 1))
        finite_positive = ("a positive, finite energy", lambda x: (x > 0) & (x < np.inf))
        require("temperature", self.temperature, *finite_positive)
        require("phonon_energy", self.phonon_energy, *finite_positive)
        require(
            "phonon_energy / band width",
            self.phonon_energy / self.dos.width,
            "below 1: a phonon as wide as the band couples no two states",
            lambda x: x < 1,
        )
        not_negative = ("zero or a positive, finite rate", lambda x: (x >= 0) & (x < np.inf))
        require("coupling_rate", self.coupling_rate, *not_negative)
        require("inelastic_rate", self.inelastic_rate, *not_negative)
        require(
            "phonon_lifetime", self.phonon_lifetime, "a positive time (inf for no decay)", lambda x: x > 0
        )
        require(
            "states_per_mode",
            self.states_per_mode,
            "a positive, finite number",
            lambda x: (x > 0) & (x < np.inf),
        )
        if self.transport not in TRANSPORT_LAWS:
            raise ValueError(
                f"transport = {self.transport!r} is not allowed: it must be one of {', '.join(TRANSPORT_LAWS)}"
            )

        if self.dispersion is not None:
            allowed = "above 0 and at most 0.2; for no dispersion give None"
            require("dispersion", self.dispersion, allowed, lambda x: (x > 0) & (x <= 0.2))
        if self.dispersion_shape not in ("gaussian", "box"):
            raise ValueError(
                f"dispersion_shape = {self.dispersion_shape!r} is not allowed: it must be 'gaussian' or 'box'"
            )

    @property
    def on_ladder(self) -> bool:
        """Whether every phonon has the energy ω_p, so that electrons stay on their ladder."""
        return self.off_ladder == 0 and all(p.structured for p in self.processes)

    @property
    def off_ladder(self) -> int:
        """How many phonon branches lead off the ladder, each coupling any two cells."""
        return (self.dispersion is not None) + len(self.modes)

    def __str__(self):
        from .portrait import portrait

        return portrait(self)

    @property
    def mean_density(self) -> Float[Array, ""]:
        """D_0 = ∫D dε / W, in states per mode and unit energy."""
        return self.states_per_mode / self.dos.width

    @property
    def fermi_energy(self) -> Float[Array, ""]:
        """The chemical potential at T → 0: where the cumulative DoS equals the filling."""
        return increasing_root(lambda e: self.dos.cumulative(e) - self.filling, self.dos.bottom, self.dos.top)

    @property
    def fermi_density(self) -> Float[Array, ""]:
        """D_F = D(μ) at T → 0, in states per mode and unit energy."""
        return self.density(self.fermi_energy)

    def density(self, energy: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """D(ε), in states per mode and unit energy; shape of `energy`."""
        return self.states_per_mode * self.dos.density(energy)

    @property
    def chemical_potential(self) -> Float[Array, ""]:
        """μ(T), from ν = ∫D f_T dε = ∫C(μ + Tx) [4 cosh²(x/2)]⁻¹ dx with the cumulative DoS C.

        The trapezoid rule in x converges exponentially while the band edges are many T away (and leaves
        about 1e-5 in ν at T = 0.08 W); the bracket covers 0 < ν < 1 to the exponential tails.
        """
        x = jnp.arange(-40.0, 40.125, 0.25)
        weight = 0.25 * jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)

        def excess(mu):
            return jnp.sum(weight * self.dos.cumulative(mu + self.temperature * x)) - self.filling

        reach = 40 * self.temperature
        return increasing_root(excess, self.dos.bottom - reach, self.dos.top + reach)

    @property
    def bose(self) -> Float[Array, ""]:
        """b = 1/(e^{ω_p/T} − 1), the equilibrium phonon number."""
        return bose(self.phonon_energy / self.temperature)

    def transport_ratio(
        self, energy: Float[Array, "*shape"], fermi_energy: Float[Array, ""] | None = None
    ) -> Float[Array, "*shape"]:
        """σ̃(ε)/σ_0 with σ_0 = σ̃ at the Fermi energy (solved for unless given); dimensionless, shape of `energy`."""
        law = TRANSPORT_LAWS[self.transport]

        def transport(e):
            return law(self.dos.density(e), lambda: self.dos.velocity_squared(e))

        return transport(energy) / transport(self.fermi_energy if fermi_energy is None else fermi_energy)


def _plain_modes(modes: Any, scales: Scales | None) -> tuple[Mode, ...]:
    """The further modes of a metal in its internal units."""
    if isinstance(modes, Mode):
        raise ValueError("modes = Mode(...) is not allowed: it must be a list of nacjax.Mode")
    for mode in modes:
        if not isinstance(mode, Mode):
            raise ValueError(f"modes: {mode!r} is not allowed: it must be a nacjax.Mode")
    return tuple(mode.plain(scales) for mode in modes)


def bose(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """1/(eˣ − 1) for x > 0, without overflow in value or derivative."""
    return jnp.exp(-x) / -jnp.expm1(-x)
