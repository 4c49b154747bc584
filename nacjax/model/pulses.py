"""Pump pulses: the source I_p(t) of Eq. (3), differentiable in amplitude, duration and delay.

Times are in the inverse unit of the rates (1/Γ_eph). The derivative with respect to a delay is
that of a pulse that starts after t = 0: at delay = 0 its jump lies outside the integration.
"""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require, to_array
from .pump import AbstractPump, not_negative


class AbstractPulse(AbstractPump):
    """A pulse that puts `zeta0` phonons per mode in altogether; I_p = ζ_0 · `shape`(t), 0 for t < 0."""

    zeta0: eqx.AbstractVar[Float[Array, ""]]
    clamped: ClassVar[bool] = False

    @abc.abstractmethod
    def shape(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """I_p/ζ_0, with ∫_0^∞ dt = 1; inverse time."""

    def source(self, t):
        return self.zeta0 * self.shape(t)


class ExponentialPulse(AbstractPulse):
    """I_p = (ζ_0/τ_pulse) e^{−(t − delay)/τ_pulse} for t > delay, the pulse of Fig. 3.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0: τ_pulse (time);
    `delay` ≥ 0: its start (time).
    """

    zeta0: Float[Array, ""] = eqx.field(converter=to_array)
    duration: Float[Array, ""] = eqx.field(converter=to_array)
    delay: Float[Array, ""] = eqx.field(converter=to_array, default=0.0)

    def __check_init__(self):
        _check_pulse(self)

    def shape(self, t):
        since = t - self.delay
        return jnp.where(
            since >= 0, jnp.exp(-jnp.where(since >= 0, since, 0.0) / self.duration) / self.duration, 0.0
        )

    def jumps(self):
        return self.delay[None]


class GaussianPulse(AbstractPulse):
    """I_p ∝ e^{−(t − delay)²/(2 duration²)} for t > 0, scaled so that ∫_0^∞ I_p dt = ζ_0.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0: standard deviation, 0.425 of the
    full width at half maximum (time); `delay` ≥ 0: the maximum (time), three durations or more for
    a pulse that starts from nothing.
    """

    zeta0: Float[Array, ""] = eqx.field(converter=to_array)
    duration: Float[Array, ""] = eqx.field(converter=to_array)
    delay: Float[Array, ""] = eqx.field(converter=to_array, default=0.0)

    def __check_init__(self):
        _check_pulse(self)

    def shape(self, t):
        after_zero = jax.scipy.stats.norm.cdf(self.delay / self.duration)
        return jnp.where(t >= 0, jax.scipy.stats.norm.pdf(t, self.delay, self.duration) / after_zero, 0.0)

    def jumps(self):
        """No jumps, but places where no step may pass by without looking."""
        knots = self.delay + self.duration * jnp.array([-6.0, -4.0, -2.0, 0.0, 2.0, 4.0])
        return jax.lax.stop_gradient(knots)


class SquarePulse(AbstractPulse):
    """I_p = ζ_0/duration for delay < t < delay + duration, else 0.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0 and `delay` ≥ 0 (time).
    """

    zeta0: Float[Array, ""] = eqx.field(converter=to_array)
    duration: Float[Array, ""] = eqx.field(converter=to_array)
    delay: Float[Array, ""] = eqx.field(converter=to_array, default=0.0)

    def __check_init__(self):
        _check_pulse(self)

    def shape(self, t):
        return jnp.where((t >= self.delay) & (t < self.delay + self.duration), 1 / self.duration, 0.0)

    def jumps(self):
        return self.delay + jnp.stack([jnp.zeros_like(self.duration), self.duration])


class SampledPulse(AbstractPulse):
    """A measured pulse: I_p linear between samples, 0 before the first and after the last.

    - `times` (sample,): increasing, ≥ 0; the integrator puts a step at each
    - `intensity` (sample,): ≥ 0, in any unit if `zeta0` is given, else phonons per mode and unit time
    - `zeta0` ≥ 0: phonons per mode in the whole pulse; by default the integral of the samples
    - `delay` ≥ 0: added to all times
    """

    times: Float[Array, " sample"] = eqx.field(converter=to_array)
    profile: Float[Array, " sample"]
    zeta0: Float[Array, ""]
    delay: Float[Array, ""]

    def __init__(self, times, intensity, zeta0=None, delay=0.0):
        self.times, intensity, self.delay = to_array(times), to_array(intensity), to_array(delay)
        if self.times.ndim != 1 or self.times.shape != intensity.shape or self.times.size < 2:
            raise ValueError(
                f"times and intensity of shapes {self.times.shape} and {intensity.shape} are not allowed: "
                "they must be equally long lists of at least two samples"
            )
        require("times", self.times, "finite and not before t = 0", not_negative)
        require("times", self.times, "strictly increasing", lambda x: np.all(np.diff(x) > 0))
        require("intensity", intensity, "zero or positive, and finite", not_negative)
        total = jnp.trapezoid(intensity, self.times)
        require("intensity", intensity, "positive somewhere", lambda x: np.any(x > 0))
        self.profile = intensity / total
        self.zeta0 = total if zeta0 is None else to_array(zeta0)
        require("zeta0", self.zeta0, "zero or a positive, finite number of phonons per mode", not_negative)
        require("delay", self.delay, "zero or a positive, finite time", not_negative)

    def shape(self, t):
        return jnp.interp(t - self.delay, self.times, self.profile, left=0.0, right=0.0)

    def jumps(self):
        return self.times + self.delay


class PulseTrain(AbstractPump):
    """Several pulses, I_p = Σ I_p,k(t). Argument: `pulses`, a list of pulses, each with its own delay (time).

    `PulseTrain.repeat(pulse, delays)` repeats one pulse.
    """

    pulses: tuple[AbstractPulse, ...] = eqx.field(converter=tuple)
    clamped: ClassVar[bool] = False

    def __check_init__(self):
        wrong = [p for p in self.pulses if not isinstance(p, AbstractPulse)]
        if wrong or not self.pulses:
            raise ValueError(
                f"pulses = {self.pulses!r} is not allowed: it must list at least one pulse, and pulses only"
            )

    @classmethod
    def repeat(cls, pulse: AbstractPulse, delays) -> "PulseTrain":
        """The same pulse, starting anew at each of the `delays` (list of times ≥ 0)."""
        return cls([eqx.tree_at(lambda p: p.delay, pulse, to_array(d)) for d in delays])

    def source(self, t):
        return sum((p.source(t) for p in self.pulses), jnp.zeros(()))

    def jumps(self):
        return jnp.concatenate([p.jumps() for p in self.pulses])


def _check_pulse(pulse) -> None:
    require("zeta0", pulse.zeta0, "zero or a positive, finite number of phonons per mode", not_negative)
    require("duration", pulse.duration, "a positive, finite time", lambda x: (x > 0) & np.isfinite(x))
    require("delay", pulse.delay, "zero or a positive, finite time", not_negative)
