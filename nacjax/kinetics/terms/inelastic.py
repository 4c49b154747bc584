"""Inelastic scattering of the electrons with a bath at T, Eq. (6) of PRB 101, 041105 (2020)."""

from ...model.metal import Metal, bose
from ...model.process import AbstractProcess, Flow, Slopes
from ..ladder import Ladder
from ..steps import Steps


class Inelastic(AbstractProcess):
    """Steps between consecutive cells, whose energy the bath takes: flux (Γ_in/D_F) D_L D_R q through each face.

    It tends to (Γ_in/D_F) D² [T ∂f + f(1 − f)] for fine cells, and vanishes exactly for a Fermi function.
    """

    steps: Steps
    sign = -1

    @property
    def entry(self):
        """Heat that the bath gets."""
        return "bath"

    @classmethod
    def of(cls, metal: Metal, ladder: Ladder, fermi_density) -> "Inelastic":
        """The process of a metal on its ladder."""
        density = ladder.density.ravel()
        strength = metal.inelastic_rate / fermi_density * density[:-1] * density[1:]
        return cls(Steps(strength, bose(ladder.spacing / metal.temperature), "chain"))

    def flow(self, now, ladder):
        return Flow(chain=self.steps.net(now.f))

    def slopes(self, now, ladder):
        return Slopes(chain=self.steps.slopes(now.f))
