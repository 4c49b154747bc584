"""Heating of the electrons by a dc field, Eq. (7) of PRB 101, 041105 (2020)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model.process import AbstractProcess, Flow, Slopes
from ..ladder import Ladder


class Heating(AbstractProcess):
    """Diffusion of the electrons in energy, per unit F² = E²v_F²τ_tr.

    `conductance` (face,): D_F σ̃/(3 σ_0 δ) of the faces between consecutive cells.
    """

    conductance: Float[Array, " face"]
    bath = False

    @property
    def name(self):
        """Its work is Joule's."""
        return "joule"

    @classmethod
    def of(cls, ladder: Ladder, fermi_density) -> "Heating":
        """The process on a ladder."""
        return cls(fermi_density * ladder.transport / (3 * ladder.spacing))

    def flow(self, now, ladder):
        return Flow(chain=self.conductance * jnp.diff(now.f.ravel()))

    def slopes(self, now, ladder):
        return Slopes(chain=(-self.conductance, self.conductance))
