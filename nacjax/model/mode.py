"""A further phonon mode of a metal, besides the one that makes the ladder."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require, to_array
from .pump import AbstractPump
from .units import has_unit, internal


class Mode(eqx.Module):
    """A further phonon mode of a metal, with its own phonon number ζ_m above equilibrium.

    - `energy`: ω_m > 0, `coupling_rate`: Γ_m ≥ 0, `lifetime`: τ_m > 0 or inf, in the units of the metal or,
      where the metal has `scales`, texts with a unit: `Mode("41 meV", lifetime="2 ps")`. The metal
      converts them; `metal.modes` holds plain numbers
    - `pump`: what drives it (`Clamped`, `Kick`, a pulse); nothing by default. One in laboratory units is a
      pulse for a metal that is driven at this energy: `nacjax.pulse(nacjax.k3c60(phonon_energy="41 meV"), ...)`

    Raises `ValueError` naming the argument.
    """

    energy: Float[Array, ""]
    coupling_rate: Float[Array, ""]
    lifetime: Float[Array, ""]
    pump: AbstractPump | None

    def __init__(
        self,
        energy: Any,
        coupling_rate: Any = 1.0,
        lifetime: Any = np.inf,
        pump: AbstractPump | None = None,
    ):
        self.energy = _number("energy", energy, "a positive, finite energy", lambda x: (x > 0) & (x < np.inf))
        self.coupling_rate = _number("coupling_rate", coupling_rate, "zero or a positive, finite rate",
                                     lambda x: (x >= 0) & (x < np.inf))  # fmt: skip
        self.lifetime = _number("lifetime", lifetime, "a positive time (inf for no decay)", lambda x: x > 0)
        self.pump = pump
        if pump is not None and not isinstance(pump, AbstractPump):
            raise ValueError(
                f"pump = {pump!r} is not allowed: it must be a pump, such as nacjax.Clamped(5.0)"
            )

    def plain(self, scales: Any) -> "Mode":
        """The mode in plain numbers, by the `Scales` of its metal; `ValueError` for a wrong dimension."""
        kinds = {"energy": "energy", "coupling_rate": "rate", "lifetime": "time"}
        numbers = {
            name: internal(f"modes: {name}", getattr(self, name), kind, scales)
            for name, kind in kinds.items()
        }
        return Mode(**numbers, pump=self.pump)

    @property
    def clamped(self) -> bool:
        """Whether ζ_m is held fixed."""
        return self.pump is not None and self.pump.clamped

    def initial_phonons(self) -> Float[Array, ""]:
        """ζ_m at the start."""
        return jnp.zeros(()) if self.pump is None else self.pump.initial_phonons()

    def source(self, t) -> Float[Array, ""]:
        """What the pump adds, phonons per mode and unit time."""
        return jnp.zeros(()) if self.pump is None else self.pump.source(t)


def _number(name: str, value: Any, allowed: str, test: Callable) -> Any:
    """`value` as a checked array; what carries a unit waits for the metal."""
    if has_unit(value):
        return value
    value = to_array(value)
    require(name, value, allowed, test)
    return value
