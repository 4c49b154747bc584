"""The sample of K3C60 in which the pump decays, which several panels draw from."""

import functools

import jax.numpy as jnp
import numpy as np

from ..kinetics.terms.electron_electron import ElectronElectron
from ..model.k3c60 import k3c60
from ..model.laboratory import pulse
from ..model.metal import Metal
from ..model.pulses import AnalyticPulse
from ..studies.probe.depth import Depth, depth
from ..studies.probe.reflectivity import Reflectivity, reflectivity
from .parts import Quality

PENETRATION_NM, THICKNESS_NM, LAYERS = 100.0, 400.0, 24
WINDOW, EPSILON_INF = 2.4, 5.0
MOMENT = 1.0
"""When the spectra are taken (ps)."""
CHOICE = (
    f"K3C60, 170 meV, 100 K, 300 fs, 8 mJ/cm² absorbed over {PENETRATION_NM:g} nm, ⟨v²⟩τ constant; assumed: "
    f"Γ_ee = 0.1/ps, τ_tr = 10 fs, ε_∞ = {EPSILON_INF:g}; behind a diamond window, n = {WINDOW:g}"
)


def film_metal() -> Metal:
    """K3C60 with electron–electron scattering, pumped at 170 meV."""
    return k3c60(processes=(ElectronElectron((0.1, "1/ps")),))


def film_pulse() -> AnalyticPulse:
    """8 mJ/cm² in 300 fs."""
    return pulse(film_metal(), "8 mJ/cm^2", "300 fs", penetration_depth=(PENETRATION_NM, "nm"))


def film_times(points: int) -> np.ndarray:
    """Times (ps) up to 15, denser at the start, with `MOMENT` among them."""
    return np.unique([*(15.0 * np.linspace(0, 1, points // 3 + 2)[1:] ** 2), MOMENT])


@functools.lru_cache(maxsize=1)
def sampled(quality: Quality) -> Depth:
    """The layers."""
    return depth(
        film_metal(), film_pulse(), (PENETRATION_NM, "nm"), (THICKNESS_NM, "nm"), layers=LAYERS,
        times=jnp.asarray(film_times(quality.points)), cells=max(16, quality.cells // 4), rtol=10 * quality.rtol,
    )  # fmt: skip


@functools.lru_cache(maxsize=1)
def lit(quality: Quality) -> Reflectivity:
    """Its reflectivity, R (time, freq)."""
    sample = sampled(quality)
    energies = (np.geomspace(1.0, 100.0, 60), "meV")
    return reflectivity(sample, energies, window=WINDOW, epsilon_inf=EPSILON_INF)


def energies_mev(light: Reflectivity) -> np.ndarray:
    """ħω in meV."""
    assert light.optics.photon_ev is not None
    return 1000 * np.asarray(light.optics.photon_ev)


def moment(quality: Quality) -> int:
    """The index of `MOMENT` among the times."""
    return int(np.argmin(abs(film_times(quality.points) - MOMENT)))
