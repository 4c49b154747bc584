"""Transport laws: how σ̃(ε) = D⟨v²⟩τ_tr follows from the density of states; ref. [18] of PRB 101, 041105 (2020).

A law says how fast electrons of energy ε lose their direction, 1/τ_tr(ε). Only ratios to the Fermi level count.
"""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require
from .dos import AbstractDOS, Energies, floor, safe_sqrt
from .numbers import Declared, Scalar, number, shown, subclasses
from .units import has_unit

Fermi = Float[Array, ""]


class AbstractTransport(Declared):
    """A transport law. A subclass gives `scattering`, and `conductivity` where D⟨v²⟩/scattering is 0/0.

    - `name`: by which `Metal(transport=...)` and the command line know it; "" for none
    - `follows_dos`: whether σ̃ ∝ D, whatever the DoS is

    All methods take the DoS, energies ε of any shape, and the Fermi energy ε_F (energies).

    >>> isinstance(nj.trial(transport="band").transport, nj.AbstractTransport)
    True
    """

    name: ClassVar[str] = ""
    follows_dos: ClassVar[bool] = False
    symbol: ClassVar[str] = "σ̃(ε)"

    @abc.abstractmethod
    def scattering(self, dos: AbstractDOS, energy: Energies, fermi_energy: Fermi) -> Energies:
        """1/τ_tr(ε) ≥ 0 up to a constant factor, finite everywhere."""

    def conductivity(self, dos: AbstractDOS, energy: Energies, fermi_energy: Fermi) -> Energies:
        """σ̃(ε) = D⟨v²⟩τ_tr up to a constant factor; 0 where there are no states."""
        density = dos.density(energy)
        return density * dos.velocity_squared(energy) * self._lifetime(dos, energy, fermi_energy)

    def _lifetime(self, dos, energy, fermi_energy) -> Energies:
        rate = self.scattering(dos, energy, fermi_energy)
        return 1 / jnp.maximum(rate, floor(rate))

    def relaxation_time(self, dos: AbstractDOS, energy: Energies, fermi_energy: Fermi) -> Energies:
        """τ_tr(ε)/τ_tr(ε_F), dimensionless; very large, but finite, where nothing scatters."""
        return self._lifetime(dos, energy, fermi_energy) / self._lifetime(dos, fermi_energy, fermi_energy)

    def ratio(self, dos: AbstractDOS, energy: Energies, fermi_energy: Fermi) -> Energies:
        """σ̃(ε)/σ_0 with σ_0 = σ̃(ε_F), dimensionless."""
        at_fermi = self.conductivity(dos, fermi_energy, fermi_energy)
        return self.conductivity(dos, energy, fermi_energy) / at_fermi

    def summary(self) -> str:
        """Its name, or its numbers, for printouts."""
        return self.name or super().summary()

    def __str__(self):
        return self.summary()


class ConstantTransport(AbstractTransport):
    """Transport as in the paper's figures: the conductivity of an energy follows the density of states.

    ⟨v²⟩τ_tr constant, so that σ̃ ∝ D: the law of the paper's figures.

    >>> nj.trial().transport
    ConstantTransport()
    """

    name: ClassVar[str] = "constant"
    follows_dos: ClassVar[bool] = True

    def scattering(self, dos, energy, fermi_energy):
        return dos.velocity_squared(energy)

    def conductivity(self, dos, energy, fermi_energy):
        return dos.density(energy)


class BandTransport(AbstractTransport):
    """Transport with one relaxation time at all energies, and the band's own velocities.

    τ_tr constant at all energies, with the band's own ⟨v²⟩: σ̃ ∝ D⟨v²⟩.

    >>> nj.trial(transport="band").transport
    BandTransport()
    """

    name: ClassVar[str] = "band"

    def scattering(self, dos, energy, fermi_energy):
        return jnp.ones_like(energy)

    def conductivity(self, dos, energy, fermi_energy):
        return dos.density(energy) * dos.velocity_squared(energy)


class ImpurityTransport(AbstractTransport):
    """Transport limited by impurities, which scatter into all states alike.

    τ_tr ∝ 1/D, scattering by impurities at all energies alike: σ̃ ∝ ⟨v²⟩.

    >>> nj.trial(transport="impurity").transport
    ImpurityTransport()
    """

    name: ClassVar[str] = "impurity"

    def scattering(self, dos, energy, fermi_energy):
        return dos.density(energy)

    def conductivity(self, dos, energy, fermi_energy):
        return jnp.where(dos.density(energy) > 0, dos.velocity_squared(energy), 0.0)


class HardSphereTransport(AbstractTransport):
    """Transport with one mean free path at all energies.

    v τ_tr constant at all energies, a mean free path: σ̃ ∝ D√⟨v²⟩.

    >>> nj.trial(transport="hard_sphere").transport
    HardSphereTransport()
    """

    name: ClassVar[str] = "hard_sphere"

    def scattering(self, dos, energy, fermi_energy):
        return safe_sqrt(dos.velocity_squared(energy))

    def conductivity(self, dos, energy, fermi_energy):
        return dos.density(energy) * safe_sqrt(dos.velocity_squared(energy))


class PowerLawTransport(AbstractTransport):
    """Transport whose relaxation time is a power of the density of states and the velocity.

    τ_tr ∝ D^−p ⟨v²⟩^−q: (p, q) = (0, 0) is "band", (1, 0) "impurity", (0, ½) "hard_sphere", (0, 1) "constant".

    - `exponent`: p ≥ 0, of the density of states (a number)
    - `velocity_exponent`: q from 0 to 1, of ⟨v²⟩ (a number)

    >>> nj.trial(transport=nj.PowerLawTransport(0.5)).transport
    PowerLawTransport(exponent=0.5, velocity_exponent=0)
    """

    exponent: Scalar = number("p", "", "not negative", "exponent of D in 1/τ_tr")
    velocity_exponent: Scalar = number("q", "", "from 0 to 1", "exponent of ⟨v²⟩ in 1/τ_tr", default=0.0)

    def scattering(self, dos, energy, fermi_energy):
        density, squared = dos.density(energy), dos.velocity_squared(energy)
        return jnp.where(density > 0, _power(density, squared, self.exponent, self.velocity_exponent), 0.0)

    def conductivity(self, dos, energy, fermi_energy):
        density, squared = dos.density(energy), dos.velocity_squared(energy)
        power = _power(density, squared, 1 - self.exponent, 1 - self.velocity_exponent)
        return jnp.where(density > 0, power, 0.0)


def _power(density: Energies, squared: Energies, p, q) -> Energies:
    """D^p ⟨v²⟩^q with finite derivatives also where ⟨v²⟩ = 0; D = 0 is taken for 1."""
    density = jnp.where(density > 0, density, 1.0)
    return jnp.exp(p * jnp.log(density) + q * jnp.log(jnp.maximum(squared, floor(squared))))


class MixedTransport(AbstractTransport):
    """Transport with several mechanisms at once, by Matthiessen's rule.

    Several mechanisms at once by Matthiessen's rule, τ_tr(ε_F)/τ_tr(ε) = Σ_i w_i τ_i(ε_F)/τ_i(ε).

    - `laws`: the mechanisms, laws or names of laws
    - `weights`: w_i ≥ 0, not all 0: the share of each in the scattering at the Fermi level (numbers, any sum)

    Raises `ValueError` for lists of different lengths and weights that are all 0.

    >>> law = nj.MixedTransport(("band", "impurity"), (0.3, 0.7))
    >>> nj.trial(transport=law).transport.weights[0].item()
    0.3
    """

    laws: tuple[AbstractTransport, ...] = eqx.field(
        converter=lambda laws: tuple(as_transport(x) for x in laws)
    )
    weights: tuple[Scalar, ...] = number("w", "", "not negative", "share in the scattering at ε_F")

    def __post_init__(self):
        self.weights = tuple(self.weights) if np.iterable(self.weights) else (self.weights,)

    def __check_init__(self):
        if len(self.laws) != len(self.weights) or not self.laws:
            raise ValueError(f"weights = {shown(self.weights)} is not allowed: it must hold one number for each of "
                             f"the {len(self.laws)} laws, at least one")  # fmt: skip
        if not any(map(has_unit, self.weights)):
            require("sum of weights", sum(self.weights), "positive", lambda x: x > 0)

    def scattering(self, dos, energy, fermi_energy):
        times = (law.relaxation_time(dos, energy, fermi_energy) for law in self.laws)
        return sum(w / time for w, time in zip(self.weights, times, strict=True)) / sum(self.weights)

    def conductivity(self, dos, energy, fermi_energy):
        """The harmonic mean of the σ̃_i/σ_0: where one of them vanishes, σ̃ does."""
        parts = (law.ratio(dos, energy, fermi_energy) for law in self.laws)
        resistance = sum(w / jnp.maximum(x, floor(x)) for w, x in zip(self.weights, parts, strict=True))
        return jnp.where(dos.density(energy) > 0, sum(self.weights) / resistance, 0.0)

    def summary(self):
        return " + ".join(f"{shown(w)} × {law}" for w, law in zip(self.weights, self.laws, strict=True))


def transport_names() -> dict[str, AbstractTransport]:
    """The laws that have a name, by it."""
    named: list[Any] = [kind for kind in subclasses(AbstractTransport) if kind.name]
    return {kind.name: kind() for kind in named}


def as_transport(given: Any) -> AbstractTransport:
    """A law from itself or from its name; raises `ValueError` for anything else."""
    if isinstance(given, AbstractTransport):
        return given
    known = transport_names()
    if not isinstance(given, str) or given not in known:
        raise ValueError(f"transport = {given!r} is not allowed: it must be one of {', '.join(known)}, or a law "
                         "such as nacjax.PowerLawTransport(0.5)")  # fmt: skip
    return known[given]
