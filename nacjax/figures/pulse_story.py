"""Beyond Fig. 3: who pays for σE² < 0 during a pulse, and f(ε, t) as a film."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import xarray as xr

from ..model.checks import as_arrays
from ..model.field import ConstantField
from ..model.names import System
from .fig3 import UNTIL, pulse, pulse_metal
from .parts import Claim, Quality, largest_rise, many, member, profile, stamp

PANELS = {
    "entropy": "entropy balance through a pulse, with a weak probe field: who pays for σE² < 0",
    "film": "f(ε, t) through a pulse, as an animation",
}
PROBE = 0.2
"""Probe field 𝓔 of the entropy balance."""


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The wanted panels, both from one program."""
    panels = {}
    if not wanted:
        return panels
    say(f"{', '.join(wanted)}: the pulse of Fig. 3 with and without a probe field")
    system = as_arrays(System(pulse_metal(), pulse(), ConstantField(PROBE)))  # pyright: ignore[reportCallIssue]
    times = UNTIL * np.linspace(0, 1, 81)[1:] ** 2
    runs = many(system, {"strength": np.array([PROBE, 0.0])}, quality, times, rungs=2, batch=2)
    if "entropy" in wanted:
        panels["entropy"] = _entropy(member(runs, 0))
    if "film" in wanted:
        panels["film"] = _film(member(runs, 1))
    for panel in panels.values():
        stamp(panel, metal=pulse_metal(), pump=pulse())
    return panels


def _entropy(run: Any) -> xr.Dataset:
    data = {name: ("time", np.asarray(values)) for name, values in run.entropy.items()}
    panel = xr.Dataset(data, {"time": run.times}, {"probe": PROBE})
    for name in data:
        panel[name].attrs |= {"long_name": f"entropy per mode, {name.replace('_', ' ')}", "units": "Γ_eph"}
    panel["sigma"] = ("time", run.sigma)
    return panel


def _film(run: Any) -> xr.Dataset:
    metal, ladder = run.kinetics.metal, run.ladder
    panel = profile(metal, ladder, run.occupation[0])
    f = np.stack([profile(metal, ladder, f)["occupation"] for f in run.occupation])
    panel["occupation"] = (("time", "energy"), f, {"long_name": "occupation f"})
    panel = panel.assign_coords(time=np.asarray(run.times))
    panel["sigma"], panel["phonons"] = ("time", run.sigma), ("time", run.phonons)
    panel["phonons"].attrs["long_name"] = "non-equilibrium phonons per mode ζ"
    panel.attrs["largest_rise"] = max(largest_rise(row) for row in f)
    return panel


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Who pays."""
    if "entropy" not in panels:
        return []
    panel = panels["entropy"]
    lowest = int(np.argmin(panel["work_over_temperature"].to_numpy()))
    productions = ("joule", "inelastic", "electron_phonon", "phonon_decay")
    at = {name: float(panel[name][lowest]) for name in (*productions, "work_over_temperature", "total")}
    shown = ", ".join(f"{name.replace('_', ' ')} {at[name]:.2g}" for name in productions)
    least = min(float(panel[name].min()) for name in productions)
    return [
        Claim.check(
            "entropy",
            "other sources of entropy production compensate σE² < 0",
            f"where σE²/T is lowest ({at['work_over_temperature']:.2g} Γ_eph per mode, "
            f"t = {float(panel['time'][lowest]):.2g}) the others produce: {shown}; "
            f"none is ever negative (least {least:.1g})",
            at["work_over_temperature"] < 0 < at["total"] and least > -1e-9,
            f"pulse of Fig. 3a with a constant probe field 𝓔 = {PROBE:g}",
        )
    ]
