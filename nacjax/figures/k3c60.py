"""K3C60: the plateau's conductivity of its t1u bands, for two transport laws."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.k3c60 import K3C60_PHONONS_MEV, k3c60
from .claim import Claim
from .parts import ZETA, Quality, clamped, plateaus, stamp
from .style import BLUE, CONDUCTIVITY, ORANGE, axes_or_new, mark_top, styled, zero_line

PANELS = {"k3c60": "σ(ω_p) of K3C60 for constant ⟨v²⟩τ and for the bands' own ⟨v²⟩"}
LAWS = ("constant", "band")
KELVIN, LOW, HIGH = 100.0, 35.0, 450.0
"""Temperature; lowest and highest phonon energy (meV)."""


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ over phonon energies and transport laws, and at the phonons of the material."""
    curves, omega = [], np.linspace(LOW, HIGH, 4 * quality.points)
    for law in LAWS:
        metal = k3c60(temperature=(KELVIN, "K"), transport=law)
        assert metal.scales is not None
        width = 1000 * metal.scales.energy_ev
        energies = np.append(omega, K3C60_PHONONS_MEV) / width
        curves.append(
            plateaus(clamped(metal), {"phonon_energy": energies}, quality.cells, int(np.ceil(width / LOW)))
        )
    values = np.stack(curves)
    about = {"long_name": "phonon energy", "symbol": "ω_p", "units": "meV"}
    at = {"long_name": "σ/σ_0 at the phonons of the material", "units": "1"}
    data = {
        "sigma": (("transport", "phonon_energy"), values[:, : omega.size]),
        "at_mode": (("transport", "mode"), values[:, omega.size :], at),
    }
    coordinates = {
        "transport": list(LAWS),
        "phonon_energy": ("phonon_energy", omega, about),
        "mode": ("mode", list(K3C60_PHONONS_MEV), {"units": "meV"}),
    }
    panel = xr.Dataset(data, coordinates)
    return stamp(panel, metal=k3c60(temperature=(KELVIN, "K")), zeta=ZETA, state="plateau")


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the transport law decides."""
    constant, band = (float(x) for x in panels[name]["at_mode"][:, -1])
    return [
        Claim(
            name,
            "(beyond the paper) σ of K3C60 pumped at its T1u(4) phonon, 170 meV",
            f"σ/σ_0 = {constant:+.2f} with constant ⟨v²⟩τ_tr, {band:+.2f} with the bands' own ⟨v²⟩ at constant "
            "τ_tr: the transport law decides the sign",
            "not stated",
            f"published t1u hoppings, half filling, {KELVIN:g} K, ζ = {ZETA:g}, limit Γ_in → 0",
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p) of K3C60 for both transport laws, with its phonons marked."""
    ax = axes_or_new(ax)
    zero_line(ax)
    omega = panel["phonon_energy"]
    labels = {"constant": "⟨v²⟩τ$_{tr}$ constant", "band": "bands' own ⟨v²⟩, τ$_{tr}$ constant"}
    for law, colour, style in (("constant", BLUE, "-"), ("band", ORANGE, "--")):
        ax.plot(omega, panel["sigma"].sel(transport=law), color=colour, ls=style, label=labels[law])
    ax.set(xlabel="phonon energy ω$_p$ (meV)", ylabel=CONDUCTIVITY, ylim=(-1.05, 1.6))
    ax.set_xlim(float(omega[0]), float(omega[-1]))
    modes = panel["mode"].to_numpy().tolist()
    mark_top(ax, modes, [f"{mode:g}" for mode in modes], "intramolecular phonons (meV)")
    ax.legend(loc="upper right")
    return ax
