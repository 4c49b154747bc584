"""A further phonon mode of a metal, besides the one that makes the ladder."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .numbers import Declared, Scalar, number
from .pump import AbstractPump


class Mode(Declared):
    """A further phonon mode of a metal, with its own phonon number ζ_m above equilibrium.

    - `energy`: ω_m > 0, `coupling_rate`: Γ_m ≥ 0, `lifetime`: τ_m > 0 or inf, in the units of the metal or,
      where the metal has `scales`, texts with a unit: `Mode("41 meV", lifetime="2 ps")`. The metal
      converts them; `metal.modes` holds plain numbers
    - `pump`: what drives it (`Clamped`, `Kick`, a pulse); nothing by default. One in laboratory units is a
      pulse for a metal that is driven at this energy: `nacjax.pulse(nacjax.k3c60(phonon_energy="41 meV"), ...)`

    Raises `ValueError` naming the argument.

    >>> nj.trial(modes=(nj.Mode(0.2, coupling_rate=0.5),)).off_ladder
    1
    """

    energy: Scalar = number("ω_m", "energy", "positive", "phonon energy")
    coupling_rate: Scalar = number("Γ_m", "rate", "not negative", "electron-phonon rate", default=1.0)
    lifetime: Scalar = number("τ_m", "time", "positive or inf", "phonon lifetime", default=np.inf)
    pump: AbstractPump | None = None
    in_metal: ClassVar[bool] = True

    def __check_init__(self):
        if self.pump is not None and not isinstance(self.pump, AbstractPump):
            raise ValueError(
                f"pump = {self.pump!r} is not allowed: it must be a pump, such as nacjax.Clamped(5.0)"
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
