"""Fig. 1a–b: the electron distribution under steadily driven phonons, ω_p-periodic and inverted."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.metal import Metal
from ..solvers.plateau import plateau
from .claim import Claim, listed
from .distribution import draw_distribution
from .parts import TRIAL_DOS, ZETA, Quality, largest_rise, profile, stamp, trial_metal

PANELS = {
    "fig1a": "f(ε) at half filling, ω_p = W/2",
    "fig1b": "f(ε) at 1/3 filling, ω_p = 0.36 W",
}
THIRD = {"filling": 1 / 3, "phonon_energy": 0.36}
"""What Figs. 1b–1e change in the metal of Fig. 1."""


def metal_of(name: str) -> Metal:
    """The metal of a panel."""
    return trial_metal(phonon_energy=0.5) if name == "fig1a" else trial_metal(**THIRD)


def compute(name: str, quality: Quality) -> xr.Dataset:
    """f of the plateau against ε; how far it is from periodic in the attributes."""
    metal = metal_of(name)
    state = plateau(metal, ZETA, cells=2 * quality.cells)
    f, states = np.asarray(state.occupation), np.asarray(state.ladder.states)
    both = (states[1:] > 0) & (states[:-1] > 0)
    panel = profile(metal, state.ladder, f)
    panel.attrs |= {
        "sigma": float(state.sigma),
        "phonon_energy": float(metal.phonon_energy),
        "aperiodic": float(np.max(np.abs(np.diff(f, axis=0))[both])),
    }
    return stamp(panel, metal=metal, zeta=ZETA)


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Period, steps and inversion."""
    panel = panels[name]
    mu, omega = panel.attrs["chemical_potential"], panel.attrs["phonon_energy"]
    energy, f = panel["energy"].to_numpy(), panel["occupation"].to_numpy()
    steps = [mu + j * omega for j in range(-3, 4)]
    steps = [step for step in steps if energy[0] + 0.05 < step < energy[-1] - 0.05]
    drops = [np.interp(step - 0.03, energy, f) - np.interp(step + 0.03, energy, f) for step in steps]
    aperiodic = panel.attrs["aperiodic"]
    return [
        Claim.check(
            name,
            "f is ω_p-periodic, rises smoothly inside a period and steps down at μ − jω_p",
            f"|f(ε+ω_p) − f(ε)| ≤ {aperiodic:.3f}; f falls by {listed(drops)} at ε = {listed(steps)}; "
            f"largest rise {largest_rise(f):.2f}",
            aperiodic < 0.02 and min(drops) > 0.2 and largest_rise(f) > 0.2,
            f"{TRIAL_DOS}; limit Γ_in → 0, t → ∞",
        )
    ]


def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """f, where it started, and D."""
    return draw_distribution(panel, [("occupation", "-", "f, ζ = 20")], ax)
