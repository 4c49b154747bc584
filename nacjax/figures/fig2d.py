"""Fig. 2d: the conductivity against the phonon energy at three temperatures."""

import xarray as xr

from .claim import Claim, listed
from .fig2ab import HIGH, LOW, phonon_energies, with_landmarks
from .lines import plot_sigma
from .parts import INELASTIC, TIMES, Quality, stamp, states, trial_metal

PANELS = {"fig2d": "σ(ω_p) at three temperatures"}
TEMPERATURES = (0.003, 0.02, 0.08)


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ over T and ω_p at half filling, ζ = 20, t = 10/Γ_eph."""
    panel, _ = states(quality, temperature=TEMPERATURES, phonon_energy=phonon_energies(quality))
    panel = with_landmarks(panel, trial_metal())
    return stamp(panel, metal=trial_metal(), temperature=list(TEMPERATURES), time=TIMES[-1])


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How much of σ < 0 is left when it is hot."""
    curves = [panels[name]["sigma"].sel(temperature=t) for t in TEMPERATURES]
    at = [float(curve.interp(phonon_energy=0.53)) for curve in curves]
    share = [float((curve < 0).mean()) * (HIGH - LOW) for curve in curves]
    depth = [float(curve.min()) for curve in curves]
    return [
        Claim.check(
            name,
            "σ < 0 is suppressed at high temperature",
            f"at T = {listed(TEMPERATURES, 'g')} W: σ/σ_0 = {listed(at)} at ω_p = 0.53 W; σ < 0 over "
            f"{listed(share)} W; the minimum moves up in ω_p, its depth is {listed(depth)}",
            at[-1] > 0 and share[-1] < 0.5 * share[0] and abs(depth[-1]) < 0.5 * abs(depth[0]),
            f"T/W = 0.003, 0.02, 0.08, the temperatures of the paper's other figures; {INELASTIC}",
            sign=at[0] < at[1] < at[2] and share[0] > share[1] > share[2],
        )
    ]


draw = plot_sigma
"""A line a temperature."""
