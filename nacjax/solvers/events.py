"""Events of a run: sign changes of σ, lifetimes of the anomalous and of the zero-conductivity state.

Everything is located between the saved times of the run, and differentiable with the run.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..model.checks import require_count, require_kind
from ..model.shown import Said
from ..numerics.program import program
from .run import Run

Interval = Float[Array, " interval"]


def _said(what: str, total: Any, cut: Any) -> str:
    """A time in words; of a batch, the range of them."""
    times, cuts = np.ravel(total), np.ravel(cut)
    shown = f"{times[0]:.4g}" if times.size == 1 else f"{np.nanmin(times):.4g} to {np.nanmax(times):.4g}"
    least = "at least " if cuts.any() else ""
    return f"{what} for {least}{shown}" + (", cut off by the saved times" if least else "")


class Events(Said, eqx.Module):
    """What happened in a run; times in the inverse unit of the rates.

    - `crossings` (event,): times at which σ changes sign, in order, NaN after the last
    - `anomalous`: total time with σ < 0, between the first and the last saved time
    - `held`: total time with σ held at zero by a `SelfTunedField` (0 for other fields)
    - `held_from`, `held_until`: first and last time of that state, NaN if there is none
    - `anomalous_cut`, `held_cut`: whether that state stands at the first or the last saved time, which cuts it off: the
      total time is then a lower bound

    >>> metal = nj.trial()
    >>> run = nj.evolve(metal, nj.Clamped(20.0), [0.2, 1.0, 10.0], cells=16)
    >>> bool(nj.events(run).anomalous_cut)  # σ < 0 at the last time still
    True
    """

    crossings: Float[Array, " event"]
    anomalous: Float[Array, ""]
    held: Float[Array, ""]
    held_from: Float[Array, ""]
    held_until: Float[Array, ""]
    anomalous_cut: Bool[Array, ""]
    held_cut: Bool[Array, ""]

    def __str__(self):
        lines = [
            _said("σ < 0", self.anomalous, self.anomalous_cut),
            _said("σ held at 0", self.held, self.held_cut),
        ]
        crossings = np.ravel(self.crossings)
        times = ", ".join(f"{t:.4g}" for t in crossings[np.isfinite(crossings)])
        return "\n".join([*lines, f"sign changes at t = {times or 'none'}"])


def events(run: Run, most: int = 8) -> Events:
    """Locate the events of a run between its saved times, up to `most` sign changes.

    σ is interpolated by the cubic through its values and dσ/dt (from the right-hand side of
    Eq. (2)) at the saved times: save at least a few between two events. Where a self-tuned field
    sets in, σ is extrapolated from before; where it ends, dσ/dt at E = 0 crosses zero. What stands at the first
    or the last saved time is cut off there, and marked so.

    >>> metal = nj.trial()
    >>> run = nj.evolve(metal, nj.Clamped(20.0), [0.2, 1.0, 10.0], cells=16)
    >>> found = nj.events(run)
    >>> print(found)  # doctest: +ELLIPSIS
    σ < 0 for at least ...
    """
    require_kind("run", run, Run, "a Run, as nacjax.evolve returns it")
    require_count("most", most)
    return _events(run, most)


@program
def _events(run: Run, most: int) -> Events:
    sigma, slope, drift, on = conductivity_rates(run)
    steps = jnp.diff(run.times)
    negative = (sigma < 0) & ~on  # held at zero up to round-off
    crossed = negative[1:] != negative[:-1]
    crossed = crossed & ~on[1:] & ~on[:-1]
    part = cubic_root(sigma, slope, steps, crossed)
    share = jnp.where(negative[1:], jnp.where(crossed, 1 - part, 1.0), jnp.where(crossed, part, 0.0))
    share = jnp.where(on[1:] | on[:-1], 0.0, share)
    at = jnp.flatnonzero(crossed, size=most, fill_value=-1)
    crossings = jnp.where(at >= 0, (run.times[:-1] + part * steps)[at], jnp.nan)
    held, held_from, held_until = _held(run.times, sigma, slope, drift, on)
    total = jnp.sum(share * steps)
    cut, held_cut = cut_off(run), on[0] | on[-1]
    return Events(crossings, total, held, held_from, held_until, cut, held_cut)  # pyright: ignore[reportArgumentType]


def cut_off(run: Run) -> Bool[Array, ""]:
    """Whether σ < 0 at the first (unless that is t = 0) or at the last saved time: a lifetime is then a lower bound."""
    negative = (run.sigma < 0) & ~((run.field > 0) & run.kinetics.field.holds)
    return (negative[0] & (run.times[0] > 0)) | negative[-1]


def conductivity_rates(run: Run) -> tuple[Float[Array, " time"], ...]:
    """σ, dσ/dt, dσ/dt at E = 0 (all over σ_0), and whether a self-tuned field is on; each (time,)."""
    kinetics, squared = run.kinetics, run.field**2

    def rates(t, state):
        drift, push = kinetics.drift_and_push(t, kinetics.unpack(state))
        return drift, push

    drift, push = jax.vmap(rates)(run.times, run.states)
    on = (squared > 0) & kinetics.field.holds
    return run.sigma, drift + squared * push, drift, on


def cubic_root(values, slopes, steps: Interval, where) -> Interval:
    """Where in each interval, from 0 to 1, its Hermite cubic vanishes; 0 outside `where`.

    Differentiable by one Newton step at the root.
    """
    low, high, left, right = values[:-1], values[1:], slopes[:-1] * steps, slopes[1:] * steps

    def cubic(x):
        basis = ((1 + 2 * x) * (1 - x) ** 2, x * (1 - x) ** 2, x**2 * (3 - 2 * x), x**2 * (x - 1))
        return basis[0] * low + basis[1] * left + basis[2] * high + basis[3] * right

    def bisect(_, bracket):
        x = 0.5 * (bracket[0] + bracket[1])
        same = jnp.sign(cubic(x)) == jnp.sign(low)
        return jnp.where(same, x, bracket[0]), jnp.where(same, bracket[1], x)

    ends = jax.lax.fori_loop(0, 50, bisect, (jnp.zeros_like(steps), jnp.ones_like(steps)))
    x = jax.lax.stop_gradient(0.5 * (ends[0] + ends[1]))
    value, tangent = jax.jvp(cubic, (x,), (jnp.ones_like(x),))
    tangent = jax.lax.stop_gradient(tangent)
    return jnp.where(where, x - value / jnp.where(where & (tangent != 0), tangent, 1.0), 0.0)  # pyright: ignore[reportReturnType]


def _held(times, sigma, slope, drift, on):
    """Total time, first and last time of the state that a self-tuned field holds."""
    steps = jnp.diff(times)
    begins, ends = on[1:] & ~on[:-1], on[:-1] & ~on[1:]
    bend = jnp.concatenate([jnp.zeros(1), jnp.diff(slope) / steps])[:-1]  # σ'' before each interval
    falling = jnp.where(begins & (slope[:-1] < 0), slope[:-1], -1.0)
    start = -jnp.where(begins, sigma[:-1], 0.0) / falling  # pyright: ignore[reportOperatorIssue]
    for _ in range(3):  # Newton for σ + σ'x + σ''x²/2 = 0
        start = start - (sigma[:-1] + falling * start + 0.5 * bend * start**2) / (falling + bend * start)
    start = jnp.clip(jnp.where(begins, start, 0.0), 0.0, steps)  # pyright: ignore[reportArgumentType]
    rise = drift[1:] - drift[:-1]
    stop = steps * jnp.clip(-drift[:-1] / jnp.where(ends & (rise > 0), rise, 1.0), 0.0, 1.0)
    inside = jnp.where(on[1:] & on[:-1], steps, 0.0) + jnp.where(begins, steps - start, 0.0)
    total = jnp.sum(inside + jnp.where(ends, stop, 0.0))
    first, last = jnp.argmax(begins), steps.size - 1 - jnp.argmax(ends[::-1])
    held_from = jnp.where(begins.any(), times[first] + start[first], jnp.nan)
    return total, held_from, jnp.where(ends.any(), times[last] + stop[last], jnp.nan)


def impulse(times, strength, start, end) -> Float[Array, ""]:
    """What a field has pushed between two times: the integral of its strength.

    ∫E dt from `start` to `end`, where the field vanishes; in the unit of the field × time.

    `strength` (time,) is the field at `times` (time,), linear in between; NaN counts as 0.

    >>> nj.impulse(jnp.array([1.0, 2.0]), jnp.array([3.0, 3.0]), 0.0, 3.0).item()
    6.0
    """
    inside = (times > start) & (times < end) & (strength > 0)
    nodes = jnp.where(inside, times, jnp.where(times <= start, start, end))
    heights = jnp.where(inside, strength, 0.0)
    nodes = jnp.concatenate([jnp.reshape(start, (1,)), nodes, jnp.reshape(end, (1,))])
    return jnp.trapezoid(jnp.concatenate([jnp.zeros(1), heights, jnp.zeros(1)]), nodes)  # pyright: ignore[reportArgumentType]
