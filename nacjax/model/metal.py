"""The metal: a band, its filling and temperature, one phonon mode, and the rates between them."""

import dataclasses
import operator
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..numerics.roots import increasing_root
from .checks import in_numpy, require, require_kind
from .dispersion import Dispersion, as_dispersion
from .dos import AbstractDOS
from .mode import Mode
from .numbers import Declared, Scalar, check_numbers, in_internal_units, number
from .portrait import portrait
from .process import AbstractProcess
from .transport import AbstractTransport, as_transport


@dataclasses.dataclass(frozen=True)
class Scales:
    """What the internal units of a metal are in physical ones, and what else a laboratory needs.

    - `energy_ev`: eV in one unit of energy; `time_fs`: fs in one unit of time (1/Γ_eph)
    - `length_angstrom`: lattice constant (Å); `cell_volume`: of the primitive cell (Å³)
    - `fermi_velocity` v_F (m/s) and `transport_time_fs` τ_tr (fs): for fields in kV/cm

    Raises `ValueError` for a scale that is not positive and finite.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, temperature="60 K", phonon_energy="330 meV", scales=scales)
    >>> round(float(metal.phonon_energy), 4)
    0.55
    """

    energy_ev: float = number("", "", "positive", "eV per unit of energy")
    length_angstrom: float | None = number("", "", "positive", "Å, lattice constant", default=None)
    time_fs: float | None = number("", "", "positive", "fs per unit of time", default=None)
    cell_volume: float | None = number("", "", "positive", "Å³, primitive cell", default=None)
    fermi_velocity: float | None = number("", "", "positive", "m/s, v_F", default=None)
    transport_time_fs: float | None = number("", "", "positive", "fs, τ_tr", default=None)

    def __post_init__(self):
        check_numbers(self)


class Metal(Declared):
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
    - `transport`: an `AbstractTransport`, or the name of one: "constant", "band", "impurity", "hard_sphere"
    - `dispersion`: of the phonon branch, as in Fig. 1e: a `Dispersion`, its relative width δω/ω_p, or None
    - `modes`: further phonon modes, `Mode` each; `processes`: further processes, `AbstractProcess` each. Their
      numbers may have units as well
    - `scales`: the physical scales of a real material, or None. With them quantities have units: "100 K", "170 meV",
      pint quantities, or pairs such as (t, "K") of a number, array or tracer and a unit. A plain number is refused,
      as it could be meant in either unit; JAX arrays are in internal units, as the metal holds them
    - `sources`: (argument, where its number comes from) pairs; `print(metal)` shows them

    Raises `ValueError` naming the argument for a value outside these ranges.
    Source: PRB 101, 041105 (2020), doi:10.1103/PhysRevB.101.041105, Eqs. (1)–(7).

    >>> metal = nj.Metal(nj.FlatTopDOS(), filling=0.5, temperature=0.003, phonon_energy=0.53)
    >>> abs(float(metal.fermi_energy)) < 1e-9
    True
    """

    dos: AbstractDOS
    filling: Scalar = number("ν", "", "between 0 and 1", "filling of the band")
    temperature: Scalar = number("T", "temperature", "positive", "bath temperature")
    phonon_energy: Scalar = number("ω_p", "energy", "positive", "phonon energy")
    coupling_rate: Scalar = number("Γ_eph", "rate", "not negative", "electron-phonon rate", default=1.0)
    inelastic_rate: Scalar = number("Γ_in", "energy × rate", "not negative", "inelastic rate", default=0.0)
    phonon_lifetime: Scalar = number("τ_ph", "time", "positive or inf", "phonon lifetime", default=np.inf)
    states_per_mode: Scalar = number("∫D dε", "", "positive", "electron states per phonon mode", default=1.0)
    transport: AbstractTransport = eqx.field(converter=as_transport, default="constant")  # pyright: ignore[reportAssignmentType]
    _: dataclasses.KW_ONLY
    dispersion: Dispersion | None = eqx.field(converter=as_dispersion, default=None)
    modes: tuple[Mode, ...] = ()
    processes: tuple[AbstractProcess, ...] = ()
    scales: Scales | None = eqx.field(static=True, default=None)
    sources: tuple[tuple[str, str], ...] = eqx.field(static=True, default=())

    def __post_init__(self):
        if self.scales is not None:
            require_kind("scales", self.scales, Scales, "nacjax.Scales(energy_ev=...)")
        for name, value in in_internal_units(self, self.scales).items():
            setattr(self, name, value)
        self.modes = _plain("modes", self.modes, Mode, "nacjax.Mode", self.scales)
        processes = _plain("processes", self.processes, AbstractProcess, "a process", self.scales)
        self.processes, self.sources = processes, tuple(self.sources)

    def __check_init__(self):
        if not isinstance(self.dos, AbstractDOS):
            raise ValueError(
                f"dos = {self.dos!r} is not allowed: it must be a DoS, such as nacjax.FlatTopDOS()"
            )
        super().__check_init__()  # each number by itself comes before two together
        require(
            "phonon_energy / band width",
            operator.truediv(*in_numpy((self.phonon_energy, self.dos.width))),
            "below 1: a phonon as wide as the band couples no two states",
            lambda x: x < 1,
        )

    @property
    def on_ladder(self) -> bool:
        """Whether every phonon has the energy ω_p and every process its slopes, so that solves keep the ladder."""
        return self.off_ladder == 0

    @property
    def off_ladder(self) -> int:
        """How many phonon branches and processes lead off the ladder, each coupling any two cells."""
        leading = sum(not process.structured for process in self.processes)
        return (self.dispersion is not None) + len(self.modes) + leading

    def __str__(self):
        return portrait(self, self.scales, dict(self.sources))

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
        level = self.fermi_energy if fermi_energy is None else fermi_energy
        return self.transport.ratio(self.dos, energy, level)


def _plain(argument: str, given: Any, kind: type, what: str, scales: Scales | None) -> tuple:
    """A list of modules in internal units, as a tuple; `ValueError` for what is no list of that kind."""
    if isinstance(given, eqx.Module) or not np.iterable(given):
        shown = f"{type(given).__name__}(...)" if isinstance(given, eqx.Module) else repr(given)
        raise ValueError(f"{argument} = {shown} is not allowed: it must be a list of {what}")
    found = []
    for entry in given:
        if not isinstance(entry, kind):
            raise ValueError(f"{argument}: {entry!r} is not allowed: it must be {what}")
        plain = in_internal_units(entry, scales, f"{argument}: ")
        found.append(_with(entry, plain) if plain else entry)
    return tuple(found)


def _with(entry: Any, numbers: dict[str, Any]) -> Any:
    """A mode or process with plain numbers in place of what was given; raises `ValueError` out of their range."""
    copy = object.__new__(type(entry))
    for field in dataclasses.fields(entry):
        object.__setattr__(copy, field.name, numbers.get(field.name, getattr(entry, field.name)))
    check_numbers(copy)
    return copy


def bose(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """1/(eˣ − 1) for x > 0, without overflow in value or derivative."""
    return jnp.exp(-x) / -jnp.expm1(-x)
