"""The commensurability criterion of PRB 101, 041105: where σ(ω_p) should have its minima, and where it has.

σ is lowest where ω_p, times a whole number, slightly exceeds the distance from the chemical
potential to a band edge (Fig. 2a–b) or to a minimum of the density of states (Fig. 2c).
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..model.metal import Metal

LEVEL = 0.01
"""Where D exceeds its minimum by less, in units of its mean, the minimum is flat, and its place the middle of that."""


class Landmark(NamedTuple):
    """A distance from the chemical potential (energy), and what lies there."""

    name: str
    distance: float


class Minimum(NamedTuple):
    """A minimum of σ(ω_p): the phonon energy and σ/σ_0 there."""

    phonon_energy: float
    sigma: float


def landmarks(metal: Metal) -> list[Landmark]:
    """Distances from μ(T) to the band edges and to the pronounced minima of the DoS between its peaks."""
    mu, bottom, top, energy, density = (np.asarray(x, dtype=float) for x in _band(metal))
    found = [Landmark("μ − bottom", float(mu - bottom)), Landmark("top − μ", float(top - mu))]
    for place in dips(density, prominence=0.2):
        distance = float(np.mean(energy[stretch(density, place, LEVEL)][[0, -1]]) - mu)
        found.append(Landmark("DoS minimum − μ" if distance > 0 else "μ − DoS minimum", abs(distance)))
    return found


@eqx.filter_jit
def _band(metal: Metal) -> tuple[Array, ...]:
    """μ, the band edges, and the DoS in units of its mean, averaged over W/25, at 401 energies."""
    bottom, top = metal.dos.bottom, metal.dos.top
    reach = (top - bottom) / 50
    energy = jnp.linspace(bottom + reach, top - reach, 401)
    states = metal.dos.cumulative(energy + reach) - metal.dos.cumulative(energy - reach)
    return metal.chemical_potential, bottom, top, energy, 25 * states


def stretch(values: np.ndarray, place: int, level: float) -> slice:
    """The places around one where values exceed that there by less than `level`."""
    higher = np.flatnonzero(values >= values[place] + level)
    before, after = higher[higher < place], higher[higher > place]
    return slice(before[-1] + 1 if before.size else 0, after[0] if after.size else values.size)


def dips(values: np.ndarray, prominence: float) -> list[int]:
    """Places of local minima (point,) that lie `prominence` below the higher ground on both sides."""
    found = []
    inner = np.flatnonzero((values[1:-1] < values[:-2]) & (values[1:-1] <= values[2:])) + 1
    for place in inner:
        lower = np.flatnonzero(values < values[place])
        left = max((k for k in lower if k < place), default=-1) + 1
        right = min((k for k in lower if k > place), default=values.size)
        if min(values[left:place].max(), values[place:right].max()) - values[place] >= prominence:
            found.append(int(place))
    return found


def commensurate(marks: list[Landmark], low: float, high: float) -> list[Landmark]:
    """Distances over whole numbers that fall between two phonon energies, increasing; equal ones once."""
    found: list[Landmark] = []
    for mark in marks:
        for m in range(1, round(mark.distance / low) + 1 if low > 0 else 2):
            energy = mark.distance / m
            if low * (1 - 1e-9) <= energy <= high:
                found.append(Landmark(mark.name if m == 1 else f"({mark.name})/{m}", energy))
    found.sort(key=lambda mark: mark.distance)
    distinct: list[Landmark] = []
    for mark in found:
        if distinct and mark.distance - distinct[-1].distance < 1e-3 * mark.distance:
            distinct[-1] = Landmark(f"{distinct[-1].name} = {mark.name}", distinct[-1].distance)
        else:
            distinct.append(mark)
    return distinct


def minima(phonon_energy: np.ndarray, sigma: np.ndarray, prominence: float = 0.02) -> list[Minimum]:
    """Local minima of σ(ω_p) (both (energy,)), refined by a parabola; NaN are left out."""
    known = np.isfinite(sigma)
    omega, sigma = np.asarray(phonon_energy)[known], np.asarray(sigma)[known]
    found = []
    for place in dips(sigma, prominence):
        near = slice(place - 1, place + 2)
        curve = np.polynomial.Polynomial.fit(omega[near], sigma[near], 2)
        best = float(np.clip(curve.deriv().roots().real[0], omega[place - 1], omega[place + 1]))
        found.append(Minimum(best, float(curve(best))))
    return found
