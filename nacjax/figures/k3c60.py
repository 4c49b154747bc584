"""K3C60: the plateau's conductivity of its t1u bands, for two transport laws."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import xarray as xr

from ..model.checks import as_arrays
from ..model.field import NoField
from ..model.k3c60 import K3C60_PHONONS_MEV, k3c60
from ..model.names import System
from ..model.pump import Clamped
from .parts import Claim, Quality, plateaus, stamp

PANELS = {"k3c60": "σ(ω_p) of K3C60 for constant ⟨v²⟩τ and for the bands' own ⟨v²⟩"}
LAWS = ("constant", "band")
ZETA, KELVIN = 20.0, 100.0


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The panel, if it is wanted: σ over phonon energies from 100 to 450 meV and transport laws."""
    if not wanted:
        return {}
    curves, omega = [], np.linspace(100.0, 450.0, 4 * quality.points)
    for law in LAWS:
        say(f"k3c60: transport law {law!r}")
        metal = k3c60(temperature=KELVIN, transport=law)
        assert metal.scales is not None
        energies = np.append(omega, K3C60_PHONONS_MEV[-1]) / (1000 * metal.scales.energy_ev)
        system = as_arrays(System(metal, Clamped(ZETA), NoField()))  # pyright: ignore[reportCallIssue]
        curves.append(plateaus(system, {"phonon_energy": energies}, 2 * quality.cells))
    values = np.stack(curves)
    about = {"long_name": "phonon energy", "symbol": "ω_p", "units": "meV"}
    coordinates = {"transport": list(LAWS), "phonon_energy": ("phonon_energy", omega, about)}
    panel = xr.Dataset({"sigma": (("transport", "phonon_energy"), values[:, :-1])}, coordinates)
    panel["at_t1u4"] = ("transport", values[:, -1], {"long_name": "σ/σ_0 at the T1u(4) phonon", "units": "1"})
    panel.attrs["modes"] = list(K3C60_PHONONS_MEV)
    return {"k3c60": stamp(panel, metal=k3c60(temperature=KELVIN), zeta=ZETA, state="plateau")}


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the figure shows."""
    if "k3c60" not in panels:
        return []
    constant, band = (float(x) for x in panels["k3c60"]["at_t1u4"])
    return [
        Claim(
            "k3c60",
            "(beyond the paper) σ of K3C60 pumped at its T1u(4) phonon, 170 meV",
            f"σ/σ_0 = {constant:+.2f} with constant ⟨v²⟩τ_tr, {band:+.2f} with the bands' own ⟨v²⟩ at constant "
            "τ_tr: the transport law decides the sign",
            "not stated",
            f"published t1u hoppings, half filling, {KELVIN:g} K, ζ = {ZETA:g}, limit Γ_in → 0",
        )
    ]
