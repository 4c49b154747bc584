"""A further phonon mode of a metal, besides the one that makes the ladder."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require, to_array
from .pump import AbstractPump


class Mode(eqx.Module):
    """A further phonon mode of a metal, with its own phonon number ζ_m above equilibrium.

    - `energy`: ω_m > 0, `coupling_rate`: Γ_m ≥ 0, `lifetime`: τ_m > 0 or inf, in the units of the metal
    - `pump`: what drives it (`Clamped`, `Kick`, a pulse); nothing by default

    Raises `ValueError` naming the argument.
    """

    energy: Float[Array, ""]
    coupling_rate: Float[Array, ""]
    lifetime: Float[Array, ""]
    pump: AbstractPump | None

    def __init__(self, energy, coupling_rate=1.0, lifetime=np.inf, pump: AbstractPump | None = None):
        self.energy, self.coupling_rate = to_array(energy), to_array(coupling_rate)
        self.lifetime, self.pump = to_array(lifetime), pump
        require("energy", self.energy, "a positive, finite energy", lambda x: (x > 0) & (x < np.inf))
        require("coupling_rate", self.coupling_rate, "zero or a positive, finite rate",
                lambda x: (x >= 0) & (x < np.inf))  # fmt: skip
        require("lifetime", self.lifetime, "a positive time (inf for no decay)", lambda x: x > 0)
        if pump is not None and not isinstance(pump, AbstractPump):
            raise ValueError(
                f"pump = {pump!r} is not allowed: it must be a pump, such as nacjax.Clamped(5.0)"
            )

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
