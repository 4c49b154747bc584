"""The table of minima of σ(ω_p) beside the commensurability criterion."""

import json
from typing import Any

import numpy as np

from ..studies.commensurate import Landmark, commensurate, landmarks, minima


def minima_table(result: Any, metal: Any) -> str:
    """Minima of σ(ω_p), a line each, beside the nearest phonon energy that the criterion names; as text.

    `result` is a sweep over phonon_energy and zeta; `metal` gives the scale in eV, if it has one.
    """
    known = json.loads(result.attrs.get("landmarks", "null"))
    marks = landmarks(metal) if known is None else [Landmark(*pair) for pair in known]
    omega = result["phonon_energy"].to_numpy()
    near = commensurate(marks, 0.8 * omega[0], omega[-1])
    unit = None if metal.scales is None else 1000 * metal.scales.energy_ev
    known_marks = ", ".join(f"{mark.name} = {_energy(mark.distance, unit)}" for mark in marks)
    lines = [f"distances from the chemical potential: {known_marks}", ""]
    lines.append(
        f"{'':20}{'minimum at':24}{'σ/σ_0':>8}   {'commensurate energy':24}{'difference':12}distance"
    )
    sigma = result["sigma"].transpose(..., "phonon_energy")
    rows = sigma.stack(point=[d for d in sigma.dims if d != "phonon_energy"]).transpose("point", ...)
    for row in rows[:40]:
        where = ", ".join(f"{name} = {float(row[name]):g}" for name in rows.indexes["point"].names)
        found = minima(omega, row.to_numpy())
        for place in found:
            nearest = min(near, key=lambda mark: abs(mark.distance - place.phonon_energy), default=None)
            at = f"{_energy(place.phonon_energy, unit):24}{place.sigma:8.4f}"
            lines.append(f"{where:20}{at}   {_compared(nearest, place, unit)}")
        if not found:
            lines.append(f"{where:20}no minimum inside the range; lowest σ/σ_0 = {np.nanmin(row):.4f}")
    if rows.sizes["point"] > 40:
        lines.append(f"… and {rows.sizes['point'] - 40} more lines of the sweep, in the file")
    return "\n".join(lines)


def _compared(mark: Landmark | None, place: Any, unit: float | None) -> str:
    if mark is None:
        return "none in the range"
    return f"{_energy(mark.distance, unit):24}{place.phonon_energy - mark.distance:<+12.4f}{mark.name}"


def _energy(energy: float, unit: float | None) -> str:
    """An energy in W, and in meV for a real material."""
    return f"{energy:.4f} W" + ("" if unit is None else f" ({energy * unit:.0f} meV)")
