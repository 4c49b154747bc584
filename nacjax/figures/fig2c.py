"""Fig. 2c: the conductivity of p-like electrons, whose density of states has two peaks."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.k3c60 import k3c60_dos
from ..model.metal import Metal
from ..model.tight_binding import simple_cubic_p
from ..studies.commensurate import landmarks
from .claim import Claim
from .fig2ab import ZETAS, phonon_energies, with_landmarks
from .lines import plot_sigma
from .parts import (
    INELASTIC,
    TIMES,
    ZETA,
    Quality,
    driven,
    member,
    plateaus,
    profile,
    stamp,
    states,
    trial_metal,
)
from .style import BLUE, ORANGE, SKY, styled

PANELS = {"fig2c": "σ(ω_p) for a double-peaked density of states"}
QUARTER, T_PI = 0.25, -0.1
"""Filling and t_π/t_σ of the simple cubic p bands that are asked the same question."""


def fullerene() -> Metal:
    """p-like electrons in cubic symmetry: the t1u bands of K3C60, half filled, in units of their width."""
    dos = k3c60_dos()
    return trial_metal(dos=dos.rescaled(float(dos.width)))


def cubic() -> Metal:
    """p orbitals on the simple cubic lattice, quarter filled; half filled, μ lies on the minimum of D itself."""
    dos = simple_cubic_p(1.0, T_PI).dos()
    return trial_metal(dos=dos.rescaled(float(dos.width)), filling=QUARTER)


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ over ζ and ω_p with D and, at the ω_p of the first minimum above the distance to that of D, f."""
    metal = fullerene()
    distance = dip_distance(metal)
    omega = phonon_energies(quality, (distance,))
    panel, runs = states(quality, metal, zeta=ZETAS, phonon_energy=omega)
    curve = panel["sigma"].sel(zeta=ZETA).to_numpy()
    near = (omega > distance) & (omega < distance + 0.1)
    lowest = int(np.argmin(np.where(near, curve, np.inf)))
    place = list(panel["sigma"].dims).index("zeta")
    index = np.ravel_multi_index((lowest, 2) if place else (2, lowest), panel["sigma"].shape)
    one = member(runs, int(index))
    shape = profile(one.kinetics.metal, one.ladder, one.occupation[-1])
    other = cubic()
    system, far = driven(other), dip_distance(other)
    panel.attrs |= {
        "marked": float(omega[lowest]),
        "sigma_marked": float(curve[lowest]),
        "dip": distance,
        "sigma_dip": float(np.interp(distance, omega, curve)),
        "chemical_potential": shape.attrs["chemical_potential"],
        "cubic_dip": far,
        "cubic_sigma": float(plateaus(system, {"phonon_energy": np.array([far])}, quality.cells, batch=1)[0]),
    }
    panel = with_landmarks(panel.merge(shape), metal)
    return stamp(panel, metal=metal, zeta=list(ZETAS), time=TIMES[-1])


def dip_distance(metal: Metal) -> float:
    """Distance from μ up to the minimum of the density of states (W)."""
    return next(m.distance for m in landmarks(metal) if m.name == "DoS minimum − μ")


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """σ at the distance from μ to the minimum of D, for two kinds of p bands."""
    about = panels[name].attrs
    says = "σ < 0 also where ω_p matches the distance from μ to the minimum of D"
    gap = about["marked"] - about["dip"]
    return [
        Claim.check(
            name,
            says,
            f"half-filled t1u bands of K3C60: σ/σ_0 = {about['sigma_dip']:+.2f} at {about['dip']:.3f} W, the distance; "
            f"the next minimum, {about['sigma_marked']:+.2f}, lies {gap:.3f} W above it, by half the distance to the "
            "upper edge",
            about["sigma_dip"] < 0 and 0 <= gap < 0.05,
            f"bands not stated; {INELASTIC}",
        ),
        Claim.check(
            name,
            f"{says} (other p bands)",
            f"quarter-filled p bands of the simple cubic lattice: σ/σ_0 = {about['cubic_sigma']:+.2f} at "
            f"{about['cubic_dip']:.3f} W, the distance",
            about["cubic_sigma"] < 0,
            f"t_π/t_σ = {T_PI:g}; half filled, as the paper has it, μ lies on the minimum; limit Γ_in → 0",
        ),
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p) with D and f in the inset, at the ω_p marked by a dot."""
    ax = plot_sigma(panel, ax)
    ax.plot(panel.attrs["marked"], panel.attrs["sigma_marked"], "o", color="k", ms=3)
    ax.axvline(panel.attrs["dip"], color=ORANGE, lw=0.9, ls=":")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.75 * (top - bottom))
    place: Any = {"xycoords": ("data", "axes fraction"), "rotation": 90, "va": "top", "fontsize": 6}
    ax.annotate("minimum of D", (panel.attrs["dip"] + 0.008, 0.97), color=ORANGE, **place)
    inset = ax.inset_axes((0.58, 0.68, 0.4, 0.29))
    inset.plot(panel["energy"], panel["density"] / panel["density"].max(), color=SKY, ls="-.", lw=0.7)
    inset.plot(panel["energy"], panel["occupation"], color=BLUE, lw=0.8)
    inset.axvline(panel.attrs["chemical_potential"], color="0.4", lw=0.5)
    inset.set_xlabel("ε (W), μ: line", fontsize=6, labelpad=1)
    inset.set_ylabel("f, D (–·)", fontsize=6, labelpad=1)
    inset.tick_params(labelsize=5, pad=1.5)
    ax.legend(loc="upper left", bbox_to_anchor=(0.24, 1.0), handlelength=1.2)
    return ax
