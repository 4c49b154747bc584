"""Remark [18] of the paper: other transport laws than constant ⟨v²⟩τ, on the trial DoS."""

import numpy as np
import xarray as xr

from ..studies.transport_laws import transport_laws
from .claim import Claim
from .lines import plot_transport
from .parts import TRIAL_DOS, ZETA, Quality, clamped, plateaus, stamp, trial_metal

PANELS = {"transport": "σ(ω_p) for the transport laws of remark [18]"}
LAWS = ("constant", "hard_sphere", "impurity")


def compute(name: str, quality: Quality) -> xr.Dataset:
    """The plateau's σ(ω_p) at half filling under each law, from the same f."""
    omega, laws = np.linspace(0.2, 0.9, 2 * quality.points), transport_laws(*LAWS)
    sigma = plateaus(clamped(), {"phonon_energy": omega}, quality.cells, laws=tuple(laws.values()))
    about = {"long_name": "conductivity σ/σ_0", "units": "1"}
    curves = {law: ("phonon_energy", sigma[:, k], about) for k, law in enumerate(laws)}
    panel = xr.Dataset(curves, {"phonon_energy": omega})
    return stamp(panel, metal=trial_metal(), zeta=ZETA, state="plateau")


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Depth and range of σ < 0 under each law."""
    panel = panels[name]
    omega = panel["phonon_energy"].to_numpy()
    curves = [panel[law].to_numpy() for law in LAWS]
    lowest = [curve.min() for curve in curves]
    widths = [np.sum(curve < 0) * (omega[1] - omega[0]) for curve in curves]
    words = [
        f"{law}: lowest {curve.min():.2f} at {omega[curve.argmin()]:.2f} W, < 0 over {width:.2f} W"
        for law, curve, width in zip(LAWS, curves, widths, strict=True)
    ]
    return [
        Claim.check(
            name,
            "remark [18]: other transport laws give qualitatively equivalent results, with only slight "
            "quantitative differences",
            f"σ/σ_0 {'; '.join(words)}: depths differ by a factor of {min(lowest) / max(lowest):.0f}",
            max(lowest) < 0.75 * min(lowest) and min(widths) > 0.75 * max(widths),
            f"σ < 0 just above ω_p = W/2 under every law; {TRIAL_DOS}, its ⟨v²⟩ that of an isotropic band; "
            "limit Γ_in → 0",
            sign=max(lowest) < 0,
        )
    ]


draw = plot_transport
"""A line a law."""
