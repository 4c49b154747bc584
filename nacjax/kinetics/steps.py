"""The Bose-weighted step between two states, of which Eq. (4) of PRB 101, 041105 (2020) is made.

A quantum is emitted by a step down and absorbed by a step up. In Eq. (4) it is the phonon ω_p between neighbouring
rungs; with dispersion and for further modes it is the distance of any two cells.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

Pair = tuple[Array, Array]

ENDS: dict[str, Callable[[Array], Pair]] = {
    "rungs": lambda x: (x[:-1], x[1:]),
    "pairs": lambda x: (x.ravel()[None, :], x.ravel()[:, None]),
}
"""Between which states: (lower, upper) entries of an array (rung, cell), for neighbouring rungs at equal cell, and for
any two cells (upper, lower)."""


def net_emission(f_low, f_up, number):
    """q = N(f_up − f_low) + f_up(1 − f_low): emission minus absorption, per pair of states.

    It vanishes for a Fermi function when N is the Bose number of the energy difference.
    """
    return number * (f_up - f_low) + f_up * (1 - f_low)


class Steps(eqx.Module):
    """All steps of one process: `strength` (electrons per unit time and q) and Bose number `bose` of each quantum.

    `between`: a key of `ENDS`. `extra` below is the number ζ of quanta beyond equilibrium, a scalar.
    """

    strength: Float[Array, "*pairs"]
    bose: Float[Array, "*pairs"]
    between: str = eqx.field(static=True)

    def net(self, f: Float[Array, "rung cell"], extra: Any = 0.0) -> Float[Array, "*pairs"]:
        """Electrons that go down, less those that go up, per mode and unit time."""
        return self.strength * net_emission(*ENDS[self.between](f), self.bose + extra)

    def slopes(self, f: Float[Array, "rung cell"], extra: Any = 0.0) -> Pair:
        """∂net/∂f of the lower and of the upper state."""
        low, up = ENDS[self.between](f)
        number = self.bose + extra
        return -self.strength * (number + up), self.strength * (number + 1 - low)

    def by_number(self, f: Float[Array, "rung cell"]) -> Float[Array, "*pairs"]:
        """∂net/∂(number of quanta)."""
        low, up = ENDS[self.between](f)
        return self.strength * (up - low)

    def production(self, f, gain: Float[Array, "rung cell"], extra: Any = 0.0) -> Float[Array, ""]:
        """Entropy production, Σ net × affinity ≥ 0 term by term; `gain` = ln(1/f − 1)."""
        low, up = ENDS[self.between](gain)
        number = jnp.maximum(self.bose + extra, jnp.finfo(gain.dtype).tiny)
        affinity = low - up + jnp.log1p(1 / number)
        return jnp.sum(self.net(f, extra) * jnp.where(self.strength > 0, affinity, 0.0))
