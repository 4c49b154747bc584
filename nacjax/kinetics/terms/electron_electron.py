"""Relaxation of the electrons among themselves, which the paper leaves out and every metal has."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model.numbers import Scalar, number
from ...model.process import AbstractProcess, Cells, Flow, Slopes
from ...numerics.sums import total

MOST_STEPS = 60


class ElectronElectron(AbstractProcess):
    """Electrons relax among themselves, at one rate, towards the Fermi function with their own particles and energy.

    −Γ_ee (f − f_eq), with f_eq = 1/(e^{βε − α} + 1) of the particles and the energy of f itself.

    It mixes the ladders, whose separate conservation keeps f inverted, and so decides how long σ < 0 can live. A
    pumped band passes through β = 0 to negative β. Particles and energy are conserved to round-off, every Fermi
    function is a fixed point, and entropy grows.

    - `rate`: Γ_ee ≥ 0 (rate)

    Raises `ValueError` for a rate that is negative or not finite. Not in the paper; a conserving relaxation time in
    the sense of Mermin, doi:10.1103/PhysRevB.1.2362.

    >>> nj.trial(processes=(nj.ElectronElectron(0.1),)).processes
    (ElectronElectron(rate=0.1),)
    """

    rate: Scalar = number("Γ_ee", "rate", "not negative", "electron-electron rate")
    bath = False

    def flow(self, now, ladder):
        return Flow(cells=self.rate * ladder.states * (equilibrium(now.f, ladder)[0] - now.f))

    def slopes(self, now, ladder):
        """−Γ_ee, and rank two by what particles and energy do to α and β."""
        _, moments = equilibrium(now.f, ladder)
        weight, distance = self.rate * moments.weight, moments.distance
        us = jnp.stack([weight / moments.number, weight * distance / moments.spread])
        vs = jnp.stack([ladder.states, ladder.states * distance])
        return Slopes(cells=-self.rate * ladder.states, low_rank=(us, vs))

    def fastest(self, metal):
        return self.rate


class Moments(NamedTuple):
    """Σ w and Σ w d² of w = n f(1 − f) (rung, cell), with d the energy from its mean under w."""

    weight: Cells
    distance: Cells
    number: Float[Array, ""]
    spread: Float[Array, ""]

    @classmethod
    def of(cls, f: Cells, ladder) -> "Moments":
        """Moments of an occupation."""
        weight = ladder.states * f * (1 - f)
        number = jnp.maximum(total(weight.ravel()), jnp.finfo(f.dtype).tiny)
        distance = ladder.energy - total((weight * ladder.energy).ravel()) / number
        spread = jnp.maximum(total((weight * distance**2).ravel()), jnp.finfo(f.dtype).tiny)
        return cls(weight, distance, number, spread)


class _Search(NamedTuple):
    """Newton's method for logit f_eq = x: x (rung, cell), Φ to be lowered, the step, its size, steps so far."""

    x: Cells
    potential: Float[Array, ""]
    step: Cells
    size: Float[Array, ""]
    count: Array


def equilibrium(f: Cells, ladder) -> tuple[Cells, Moments]:
    """(f_eq with the particles and the energy of f, its moments); any order of derivatives of f_eq.

    α and β minimise Φ = Σ n [ln(1 + e^x) − x f] with x = α − βε, which is convex: Newton's method with shorter steps
    where Φ would grow, from the line that fits logit f best under n f(1 − f), exact for a Fermi function.
    """
    fixed_f, fixed = jax.lax.stop_gradient((f, ladder))
    x = _newton(fixed_f, fixed)
    # lines in ε from constants: two steps carry derivatives to third order
    x = _as_line(x, fixed, ladder)
    for _ in range(2):
        x = x + _step(x, f, ladder)
    occupied = jax.nn.sigmoid(x)
    return occupied, Moments.of(occupied, ladder)


def _as_line(x: Cells, fixed, ladder) -> Cells:
    """The same α and β at the energies of a ladder that is differentiated."""
    first, last = x[0, 0], x[-1, -1]
    slope = (last - first) / (fixed.energy[-1, -1] - fixed.energy[0, 0])
    return first + slope * (ladder.energy - fixed.energy[0, 0])


def _step(x: Cells, f: Cells, ladder) -> Cells:
    """Newton's step of x, a line in ε."""
    occupied = jax.nn.sigmoid(x)
    moments = Moments.of(occupied, ladder)
    missing = ladder.states * (f - occupied)
    by_number = total(missing.ravel()) / moments.number
    by_energy = total((missing * moments.distance).ravel()) / moments.spread
    return by_number + by_energy * moments.distance


def _potential(x: Cells, f: Cells, ladder) -> Float[Array, ""]:
    return total((ladder.states * (jax.nn.softplus(x) - x * f)).ravel())


def _newton(f: Cells, ladder) -> Cells:
    """logit f_eq to about the square root of round-off, without derivatives."""
    inside = jnp.clip(f, jnp.finfo(f.dtype).tiny, 1 - jnp.finfo(f.dtype).epsneg)
    moments, logit = Moments.of(inside, ladder), jnp.log(inside) - jnp.log1p(-inside)
    mean = total((moments.weight * logit).ravel()) / moments.number
    slope = total((moments.weight * moments.distance * logit).ravel()) / moments.spread
    start = mean + slope * moments.distance
    tolerance = jnp.sqrt(jnp.finfo(f.dtype).eps)

    def unfinished(search: _Search):
        return (jnp.max(jnp.abs(search.step)) > tolerance) & (search.count < MOST_STEPS)

    def advance(search: _Search) -> _Search:
        x = search.x + search.size * search.step
        potential = _potential(x, f, ladder)
        lower = potential <= search.potential + tolerance * jnp.abs(search.potential)
        x, potential = jnp.where(lower, x, search.x), jnp.where(lower, potential, search.potential)
        step = jnp.where(lower, _step(x, f, ladder), search.step)
        size = jnp.where(lower, jnp.minimum(1.0, 2 * search.size), 0.25 * search.size)
        return _Search(x, potential, step, size, search.count + 1)

    first = _Search(start, _potential(start, f, ladder), _step(start, f, ladder), jnp.ones(()), jnp.array(0))
    return jax.lax.while_loop(unfinished, advance, first).x
