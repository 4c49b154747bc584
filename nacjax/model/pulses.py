"""Pump pulses: the source I_p(t) of Eq. (3), differentiable in amplitude, duration and delay.

Times are in the inverse unit of the rates (1/Γ_eph). The derivative with respect to a delay is
that of a pulse that starts after t = 0: at delay = 0 its jump lies outside the integration.
"""

import abc
import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import require, to_array
from .numbers import Scalar, converted, number, subclasses
from .pump import PHONONS, AbstractPump


class AbstractPulse(AbstractPump):
    """A pulse that puts a number of phonons in altogether; the base of pulses of one's own.

    A pulse that puts `zeta0` phonons per mode in altogether; I_p = ζ_0 · `envelope`(t), 0 for t < 0.

    >>> isinstance(nj.ExponentialPulse(10.0, 0.3), nj.AbstractPulse)
    True
    """

    zeta0: eqx.AbstractVar[Float[Array, ""]]
    clamped: ClassVar[bool] = False
    scaled_by: ClassVar[str] = "zeta0"

    @abc.abstractmethod
    def envelope(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """I_p/ζ_0, with ∫_0^∞ dt = 1; inverse time."""

    def source(self, t):
        return self.zeta0 * self.envelope(t)


class AnalyticPulse(AbstractPulse):
    """A pulse of a given shape, made of `zeta0`, `duration` and `delay` in this order.

    A subclass gives `envelope`, and with a `shape_name` it becomes a shape of `nacjax.pulse` and of the command line.

    >>> class Sine(nj.AnalyticPulse):
    ...     def envelope(self, t):
    ...         x = (t - self.delay) / self.duration
    ...         return jnp.where((x > 0) & (x < 1), jnp.sin(jnp.pi * x), 0.0) * jnp.pi / 2 / self.duration
    >>> round(float(Sine(10.0, 0.3).source(0.15)), 3)
    52.36
    """

    shape_name: ClassVar[str] = ""

    zeta0: Scalar = number("ζ_0", "", PHONONS, "phonons per mode in the pulse")
    duration: Scalar = number("τ_pulse", "time", "positive", "duration of the pulse")
    delay: Scalar = number("", "time", "not negative", "delay of the pulse", default=0.0)


class ExponentialPulse(AnalyticPulse):
    """A pulse that sets in at once and decays exponentially, the one of Fig. 3.

    I_p = (ζ_0/τ_pulse) e^{−(t − delay)/τ_pulse} for t > delay, the pulse of Fig. 3.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0: τ_pulse (time);
    `delay` ≥ 0: its start (time).

    >>> round(float(nj.ExponentialPulse(10.0, 0.3).source(0.0)), 3)
    33.333
    """

    shape_name: ClassVar[str] = "exponential"

    def envelope(self, t):
        since = t - self.delay
        return jnp.where(
            since >= 0,
            jnp.exp(-jnp.where(since >= 0, since, 0.0) / self.duration) / self.duration,  # pyright: ignore[reportOperatorIssue]
            0.0,
        )

    def jumps(self):
        return self.delay[None]


class GaussianPulse(AnalyticPulse):
    """A pulse of Gaussian shape.

    I_p ∝ e^{−(t − delay)²/(2 duration²)} for t > 0, scaled so that ∫_0^∞ I_p dt = ζ_0.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0: standard deviation, 0.425 of the
    full width at half maximum (time); `delay` ≥ 0: the maximum (time), three durations or more for
    a pulse that starts from nothing.

    >>> pulse = nj.GaussianPulse(10.0, duration=0.1, delay=0.4)
    >>> bool(pulse.source(0.4) > pulse.source(0.5))
    True
    """

    shape_name: ClassVar[str] = "gaussian"

    def envelope(self, t):
        after_zero = jax.scipy.stats.norm.cdf(self.delay / self.duration)
        return jnp.where(t >= 0, jax.scipy.stats.norm.pdf(t, self.delay, self.duration) / after_zero, 0.0)

    def jumps(self):
        """No jumps, but places where no step may pass by without looking."""
        knots = self.delay + self.duration * jnp.array([-6.0, -4.0, -2.0, 0.0, 2.0, 4.0])
        return jax.lax.stop_gradient(knots)


class SquarePulse(AnalyticPulse):
    """A pulse of constant strength between two times.

    I_p = ζ_0/duration for delay < t < delay + duration, else 0.

    `zeta0` ≥ 0: phonons per mode in the whole pulse; `duration` > 0 and `delay` ≥ 0 (time).

    >>> float(nj.SquarePulse(6.0, duration=0.5).source(0.2))
    12.0
    """

    shape_name: ClassVar[str] = "square"

    def envelope(self, t):
        return jnp.where((t >= self.delay) & (t < self.delay + self.duration), 1 / self.duration, 0.0)

    def jumps(self):
        return self.delay + jnp.stack([jnp.zeros_like(self.duration), self.duration])


class SampledPulse(AbstractPulse):
    """A measured pulse: I_p linear between samples, 0 before the first and after the last.

    - `times` (sample,): increasing, ≥ 0; the integrator puts a step at each
    - `intensity` (sample,): ≥ 0, in any unit if `zeta0` is given, else phonons per mode and unit time; kept as
      I_p/ζ_0
    - `zeta0` ≥ 0: phonons per mode in the whole pulse; by default the integral of the samples
    - `delay` ≥ 0: added to all times
    - `stretch` > 0: multiplies all `times` before that (a number)

    >>> float(nj.SampledPulse(times=[0.0, 1.0, 2.0], intensity=[0.0, 3.0, 0.0]).zeta0)
    3.0
    """

    times: Float[Array, " sample"] = eqx.field(converter=converted)
    intensity: Float[Array, " sample"] = eqx.field(converter=converted)
    zeta0: Scalar = number("ζ_0", "", PHONONS, "phonons per mode in the pulse", default=None)
    delay: Scalar = number("", "time", "not negative", "delay of the pulse", default=0.0)
    stretch: Scalar = number("", "", "positive", "factor of all times of the pulse", default=1.0)

    def __post_init__(self):
        for name, samples in (("times", self.times), ("intensity", self.intensity)):
            require(
                name,
                samples,
                "zero or positive, finite numbers without a unit",
                lambda x: (x >= 0) & np.isfinite(x),
            )
        times, intensity = to_array(self.times), to_array(self.intensity)
        if times.ndim != 1 or times.shape != intensity.shape or times.size < 2:
            raise ValueError(
                f"times and intensity of shapes {times.shape} and {intensity.shape} are not allowed: "
                "they must be equally long lists of at least two samples"
            )
        require("times", times, "strictly increasing", lambda x: np.all(np.diff(x) > 0))
        require("intensity", intensity, "positive somewhere", lambda x: np.any(x > 0))
        total = jnp.trapezoid(intensity, times)
        self.intensity = intensity / total
        self.zeta0 = total if self.zeta0 is None else self.zeta0

    def valid(self):
        return super().valid() & jnp.all(jnp.diff(self.times) > 0) & jnp.all(self.intensity >= 0)

    def envelope(self, t):
        place = (t - self.delay) / self.stretch
        return jnp.interp(place, self.times, self.intensity, left=0.0, right=0.0) / self.stretch

    def jumps(self):
        return self.stretch * self.times + self.delay


class PulseTrain(AbstractPump):
    """Several pulses one after the other, or together.

    Several pulses, I_p = Σ I_p,k(t). Argument: `pulses`, a list of pulses, each with its own delay (time).

    `PulseTrain.repeat(pulse, delays)` repeats one pulse. Its strength is Σ ζ_0, which scales all pulses alike.

    >>> float(nj.PulseTrain.repeat(nj.SquarePulse(5.0, 0.3), delays=[0.0, 2.0]).strength)
    10.0
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
        return cls([dataclasses.replace(pulse, delay=d) for d in delays])

    @property
    def strength(self):
        return sum((p.strength for p in self.pulses), jnp.zeros(()))

    def with_strength(self, strength):
        require(
            "strength of the pulses", self.strength, "positive, or nothing can be scaled", lambda x: x > 0
        )
        factor = strength / self.strength
        return PulseTrain([p.with_strength(factor * p.strength) for p in self.pulses])  # pyright: ignore[reportArgumentType]

    def source(self, t):
        return sum((p.source(t) for p in self.pulses), jnp.zeros(()))

    def jumps(self):
        return jnp.concatenate([p.jumps() for p in self.pulses])


def pulse_shapes() -> dict[str, type[AnalyticPulse]]:
    """The pulses that have a name, by it."""
    return {kind.shape_name: kind for kind in subclasses(AnalyticPulse) if kind.shape_name}
