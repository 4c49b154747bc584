"""The commensurability criterion of PRB 101, 041105: where σ(ω_p) should have its minima, and where it has.

σ is lowest where ω_p, times a whole number, slightly exceeds the distance from the chemical
potential to a band edge (Fig. 2a–b) or to a minimum of the density of states (Fig. 2c).
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from ..physics.metal import Metal


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
    from scipy.signal import find_peaks  # slow to import

    mu, bottom, top = (float(x) for x in (metal.chemical_potential, metal.dos.bottom, metal.dos.top))
    found = [Landmark("μ − bottom", mu - bottom), Landmark("top − μ", top - mu)]
    width, reach = top - bottom, (top - bottom) / 50
    energy = np.linspace(bottom + reach, top - reach, 401)
    count = metal.dos.cumulative
    states = np.asarray(count(jnp.asarray(energy + reach)) - count(jnp.asarray(energy - reach)))
    density = states * width / (2 * reach)  # in units of the mean DoS
    for place in find_peaks(-density, prominence=0.2)[0]:
        sign = "DoS minimum − μ" if energy[place] > mu else "μ − DoS minimum"
        found.append(Landmark(sign, abs(float(energy[place]) - mu)))
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
    from scipy.signal import find_peaks

    known = np.isfinite(sigma)
    omega, sigma = np.asarray(phonon_energy)[known], np.asarray(sigma)[known]
    found = []
    for place in find_peaks(-sigma, prominence=prominence)[0]:
        near = slice(place - 1, place + 2)
        curve = np.polynomial.Polynomial.fit(omega[near], sigma[near], 2)
        best = float(np.clip(curve.deriv().roots().real[0], omega[place - 1], omega[place + 1]))
        found.append(Minimum(best, float(curve(best))))
    return found
