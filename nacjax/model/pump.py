"""What drives the phonons: the source I_p(t) of Eq. (3), or ζ prescribed.

Times are in the inverse unit of the rates (1/Γ_eph); the clock starts at t = 0 in equilibrium.
"""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require, to_array

_STEPS = np.linspace(-3.0, 3.0, 65)
SHARES = 1 / (1 + np.exp(-np.pi * np.sinh(_STEPS)))
WEIGHTS = np.pi * np.cosh(_STEPS) * SHARES * (1 - SHARES) * (_STEPS[1] - _STEPS[0])
"""The tanh–sinh rule for an interval, in shares of it: close to both ends, where pulses start and stop."""


def not_negative(x):
    """Whether zero or positive, and finite."""
    return (x >= 0) & np.isfinite(x)


class AbstractPump(eqx.Module):
    """A pump gives ζ at t = 0 and the source I_p(t), phonons per mode and unit time.

    `clamped` pumps hold ζ at its first value for ever; `jumps` are the times at which I_p or its
    slope jumps. The integrator ends a step there, and derivatives with respect to a jump time go
    through the lengths of the steps.
    """

    clamped: eqx.AbstractClassVar[bool]

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
    """ζ held fixed: the steady drive of Figs. 1 and 2. Argument: `zeta` ≥ 0, phonons per mode."""

    zeta: Float[Array, ""] = eqx.field(converter=to_array)
    clamped: ClassVar[bool] = True

    def free_phonons(self, t, lifetime):
        return self.zeta

    def held_phonons(self):
        return self.zeta

    def __check_init__(self):
        require("zeta", self.zeta, "zero or a positive, finite number of phonons per mode", not_negative)

    def initial_phonons(self):
        return self.zeta

    def source(self, t):
        return jnp.zeros_like(t)


class Kick(AbstractPump):
    """ζ set to `zeta0` ≥ 0 at t = 0 and then free to evolve by Eq. (3)."""

    zeta0: Float[Array, ""] = eqx.field(converter=to_array)
    clamped: ClassVar[bool] = False

    def __check_init__(self):
        require("zeta0", self.zeta0, "zero or a positive, finite number of phonons per mode", not_negative)

    def initial_phonons(self):
        return self.zeta0

    def source(self, t):
        return jnp.zeros_like(t)
