"""Fields that the instability at σ < 0 builds itself, PRB 101, 041105 (2020), Fig. 3b.

For σ < 0 any charge fluctuation grows, within the Maxwell time τ_M, until its field has brought
the conductivity back to zero: σ ≥ 0, E² ≥ 0, σE² = 0 for τ_M → 0.
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .field import AbstractField, Response, require_field_unit
from .numbers import Scalar, number


class MaxwellField(AbstractField):
    """The field that the instability at σ < 0 builds within a finite Maxwell time.

    dE/dt = −[(σ/σ_0) E − seed]/τ_M: charge relaxation at finite Maxwell time.

    - `tau` > 0: τ_M = ε/σ_0 (time)
    - `seed` > 0: a small current in units of σ_0, which breaks the symmetry E → −E; also E(0). It is the
      paper's 𝓔 (field where σ = σ_0), or E v_F √τ_tr with `absolute=True`, needed at Γ_in = 0.

    The variable is ln E, which follows growth and decay over any number of decades. The law tends to
    `SelfTunedField` for τ_M → 0: σ overshoots by O(√(τ_M ln(1/seed))) as the field switches on, and is
    O(τ_M) while it is held.

    >>> field = nj.MaxwellField(tau=1e-3)
    >>> field.reacts
    True
    """

    tau: Scalar = number("τ_M", "time", "positive", "Maxwell relaxation time")
    seed: Scalar = number("", "", "positive", "seed current of the field", default=1e-6)
    absolute: bool = eqx.field(static=True, default=False)
    variables: ClassVar[int] = 1
    reacts: ClassVar[bool] = True

    def check(self, metal):
        if not self.absolute:
            require_field_unit("MaxwellField", self.seed, metal)

    def initial(self):
        return jnp.log(self.seed)[None]

    def squared(self, t, variables, response):
        return jnp.exp(2 * variables[0]) * (1.0 if self.absolute else response.unit)

    def rates(self, t, variables, response):
        return (self.seed * jnp.exp(-variables) - response.sigma) / self.tau


class SelfTunedField(AbstractField):
    """The field that the instability at σ < 0 builds at once, and that holds σ at zero.

    The limit τ_M → 0: E² = max(0, −(σ/τ_r + a)/c), which holds σ ≥ 0, E² ≥ 0, σE² = 0.

    a = dσ/dt at E = 0 and c = dσ/dt per unit E² are linear in the state; with the field on,
    dσ/dt = −σ/τ_r. `relaxation` > 0: τ_r (time); the field sets in at σ = |a|τ_r rather than 0.
    Where c ≤ 0 a field lowers σ at first, as close to a sharp Fermi step, and so feeds itself: |c| takes the
    place of c, and E² surges for a few τ_r until heating raises σ again, as it does for τ_M → 0.

    >>> nj.SelfTunedField().holds  # nj.evolve(metal, pump, times, field=nj.SelfTunedField())
    True
    """

    relaxation: Scalar = number(
        "τ_r", "time", "positive", "relaxation time of the self-tuned field", default=1e-5
    )
    variables: ClassVar[int] = 0
    reacts: ClassVar[bool] = True
    holds: ClassVar[bool] = True

    def squared(self, t, variables, response):
        wanted = self.wanted(response)
        # where c passes through 0
        size = jnp.maximum(jnp.abs(response.push), jax.lax.stop_gradient(0.05 * response.stirred))
        return jnp.where(wanted > 0, wanted / jnp.where(wanted > 0, size, 1.0), 0.0)

    def wanted(self, response: Response) -> Float[Array, ""]:
        """What the field has to make up for, −(σ/τ_r + a); it is on where that is positive."""
        return -(response.sigma / self.relaxation + response.drift)

    def pace(self, before, after, duration):
        """Whether a step was too long, and the longest that may follow it.

        A step in which the field switches may not last beyond 2τ_r; and as the field sets in, the finest
        cells diffuse at once: c may not change by half in that step. The steps before it close in on the
        switch, which is extrapolated, so that few are tried in vain.
        """
        wanted, push = [self.wanted(end) for end in (before, after)], (before.push, after.push)
        coarse = (jnp.abs(push[1] - push[0]) > 0.5 * jnp.abs(push[0])) & (duration > 1e-3 * self.relaxation)
        switched = (wanted[0] > 0) != (wanted[1] > 0)
        too_long = switched & (coarse | (duration > 2 * self.relaxation))
        nearing = ~switched & (jnp.abs(wanted[1]) < jnp.abs(wanted[0]))
        nearing &= jnp.abs(wanted[1]) * self.relaxation > 1e-12  # a field that dies away never switches
        left = duration * wanted[1] / jnp.where(nearing, wanted[0] - wanted[1], 1.0)
        longest = jnp.where(left > self.relaxation, 0.98 * left, left + self.relaxation)
        return too_long, jnp.where(nearing, longest, jnp.inf)
