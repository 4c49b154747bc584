"""What phonons do without electrons: decay and pump, Eq. (3) of PRB 101, 041105 (2020), for every mode."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model.metal import Metal
from ...model.process import AbstractProcess, Flow
from ...model.pump import AbstractPump


class PhononDecay(AbstractProcess):
    """−ζ/τ_ph into a bath at T; `lifetimes` (mode,)."""

    lifetimes: Float[Array, " mode"]
    sign = -1

    @property
    def entry(self):
        """Energy that the phonons lose."""
        return "decay"

    @classmethod
    def of(cls, metal: Metal) -> "PhononDecay":
        """The process of all modes of a metal."""
        return cls(jnp.stack([metal.phonon_lifetime, *(mode.lifetime for mode in metal.modes)]))

    def flow(self, now, ladder):
        return Flow(phonons=-now.phonons / self.lifetimes)


class Drive(AbstractProcess):
    """The sources I_p(t) of the modes; `pumps`: one a mode, None where it is not driven."""

    pumps: tuple[AbstractPump | None, ...]
    bath = False
    inflow = True

    @property
    def name(self):
        """Energy and entropy that come in with the pump."""
        return "pump"

    def flow(self, now, ladder):
        sources = [jnp.zeros(()) if pump is None else pump.source(now.t) for pump in self.pumps]
        return Flow(phonons=jnp.stack(sources))
