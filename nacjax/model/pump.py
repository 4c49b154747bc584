"""What drives the phonons: the source I_p(t) of Eq. (3), or ζ prescribed.

Times are in the inverse unit of the rates (1/Γ_eph); the clock starts at t = 0 in equilibrium.
"""

import abc
import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .numbers import Declared, Range, Scalar, number

_STEPS = np.linspace(-3.0, 3.0, 65)
SHARES = 1 / (1 + np.exp(-np.pi * np.sinh(_STEPS)))
WEIGHTS = np.pi * np.cosh(_STEPS) * SHARES * (1 - SHARES) * (_STEPS[1] - _STEPS[0])
"""The tanh–sinh rule for an interval, in shares of it: close to both ends, where pulses start and stop."""

PHONONS = Range("zero or a positive, finite number of phonons per mode", lambda x: (x >= 0) & (x < np.inf))
"""The range of ζ and ζ_0."""


class AbstractPump(Declared):
    """What drives the phonons; the base of pumps of one's own.

    A pump gives ζ at t = 0 and the source I_p(t), phonons per mode and unit time.

    `clamped` pumps hold ζ at its first value for ever; `jumps` are the times at which I_p or its
    slope jumps. The integrator ends a step there, and derivatives with respect to a jump time go
    through the lengths of the steps. `scaled_by` names the number that scales ζ and I_p at all times, "" for none.

    >>> nj.Clamped(20.0).with_strength(5.0)
    Clamped(zeta=5)
    """

    clamped: eqx.AbstractClassVar[bool]
    scaled_by: ClassVar[str] = ""

    @property
    def strength(self) -> Float[Array, ""]:
        """What scales this pump: ζ, or ζ_0 of a pulse, phonons per mode; `ValueError` where nothing does."""
        self._require_scale()
        return getattr(self, self.scaled_by)

    def with_strength(self, strength: Float[Array, ""] | float) -> "AbstractPump":
        """The same pump of another `strength` ≥ 0 (phonons per mode); `ValueError` where nothing scales it."""
        self._require_scale()
        return dataclasses.replace(self, **{self.scaled_by: strength})

    def _require_scale(self) -> None:
        if not self.scaled_by:
            raise ValueError(
                f"pump = {type(self).__name__} is not allowed here: no number scales it; name one as `scaled_by`"
            )

    def initial_phonons(self) -> Float[Array, ""]:
        """ζ(0), the non-equilibrium phonon number at the start."""
        return jnp.zeros(())

    @abc.abstractmethod
    def source(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """I_p(t) in phonons per mode and unit time."""

    def held_phonons(self) -> Float[Array, ""]:
        """The ζ that this pump holds for ever; raises `ValueError` where it holds none."""
        raise ValueError(
            f"pump = {type(self).__name__} is not allowed here: ζ must be held fixed, as by nacjax.Clamped(zeta)"
        )

    def jumps(self) -> Float[Array, " jump"]:
        """Times at which the source or its slope jumps."""
        return jnp.zeros(0)

    def free_phonons(self, t, lifetime) -> Float[Array, ""]:
        """ζ(t) if electrons neither took nor gave a phonon: ζ(0) e^{−t/τ} + ∫_0^t I_p(s) e^{−(t − s)/τ} ds.

        `t` ≥ 0 and `lifetime` τ > 0: times, scalars. The tanh–sinh rule from jump to jump, to about 1e-4.
        """
        edges = jnp.sort(jnp.clip(jnp.concatenate([jnp.zeros(1), self.jumps(), jnp.full(1, t)]), 0.0, t))
        length = jnp.diff(edges)[:, None]
        times = edges[:-1, None] + length * SHARES
        pumped = jax.vmap(self.source)(times.ravel()).reshape(times.shape) * jnp.exp(-(t - times) / lifetime)
        return self.initial_phonons() * jnp.exp(-t / lifetime) + jnp.sum(length * WEIGHTS * pumped)


class Clamped(AbstractPump):
    """A pump that holds the phonon number ζ fixed: the steady drive of Figs. 1 and 2.

    ζ held fixed: the steady drive of Figs. 1 and 2. Argument: `zeta` ≥ 0, phonons per mode.

    >>> nj.Clamped(20.0).held_phonons().item()
    20.0
    """

    zeta: Scalar = number("ζ", "", PHONONS, "non-equilibrium phonons per mode")
    clamped: ClassVar[bool] = True
    scaled_by: ClassVar[str] = "zeta"

    def free_phonons(self, t, lifetime):
        return self.zeta

    def held_phonons(self):
        return self.zeta

    def initial_phonons(self):
        return self.zeta

    def source(self, t):
        return jnp.zeros_like(t)


class Kick(AbstractPump):
    """A pump that sets the phonon number at t = 0 and then leaves it alone.

    ζ set to `zeta0` ≥ 0 at t = 0 and then free to evolve by Eq. (3).

    >>> nj.Kick(3.0).initial_phonons().item()
    3.0
    """

    zeta0: Scalar = number("ζ_0", "", PHONONS, "phonons per mode at the start")
    clamped: ClassVar[bool] = False
    scaled_by: ClassVar[str] = "zeta0"

    def initial_phonons(self):
        return self.zeta0

    def source(self, t):
        return jnp.zeros_like(t)
