"""Scattering of electrons by the phonons of the ladder, Eqs. (4)–(5) of PRB 101, 041105 (2020)."""

import equinox as eqx
import jax.numpy as jnp

from ...model.metal import Metal
from ...model.process import AbstractProcess, Flow, Slopes
from ...numerics.sums import total
from ..ladder import Ladder
from ..steps import Steps


class ElectronPhonon(AbstractProcess):
    """Steps of one phonon ω_p between neighbouring rungs; ζ counts what is emitted.

    `steps` between the rungs; `modes`: how many phonon modes the metal has, of which this is the first.
    """

    steps: Steps
    modes: int = eqx.field(static=True)

    @property
    def entry(self):
        """None: what the electrons lose, the phonons get."""
        return None

    @classmethod
    def of(cls, metal: Metal, ladder: Ladder) -> "ElectronPhonon":
        """The process of a metal on its ladder: (Γ_eph/D_0) D_up n_low for each pair of cells."""
        rate = metal.coupling_rate / metal.mean_density
        strength = rate * ladder.density[1:] * ladder.density[:-1] * ladder.width[1:]
        return cls(Steps(strength, metal.bose, "rungs"), 1 + len(metal.modes))

    def flow(self, now, ladder):
        net = self.steps.net(now.f, now.phonons[0])
        emitted = jnp.zeros(self.modes).at[0].set(total(net.ravel()))
        return Flow(rungs=net, phonons=emitted)

    def slopes(self, now, ladder):
        by_phonons = Flow(rungs=self.steps.by_number(now.f))
        return Slopes(rungs=self.steps.slopes(now.f, now.phonons[0]), by_phonons=by_phonons)

    def production(self, now, gain):
        return self.steps.production(now.f, gain, now.phonons[0])
