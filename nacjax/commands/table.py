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
    lines = [
        "distances from the chemical potential: "
        + ", ".join(f"{m.name} = {_energy(m.distance, unit)}" for m in marks)
    ]
    lines += [
        "",
        f"{'':28}{'minimum of σ':26}{'commensurate energy':24}",
        f"{'':28}{'ω_p (W)':10}{'σ/σ_0':>9}",
    ]
    sigma = result["sigma"].transpose(..., "phonon_energy")
    rows = sigma.stack(point=[d for d in sigma.dims if d != "phonon_energy"]).transpose("point", ...)
    for row in rows[:40]:
        where = ", ".join(f"{name} = {float(row[name]):g}" for name in rows.indexes["point"].names)
        found = minima(omega, row.to_numpy())
        for place in found:
            nearest = min(near, key=lambda mark: abs(mark.distance - place.phonon_energy), default=None)
            lines.append(
                f"{where:28}{place.phonon_energy:7.4f}   {place.sigma:9.4f}       "
                + _compared(nearest, place, unit)
            )
        if not found:
            lines.append(f"{where:28}no minimum inside the range; lowest σ/σ_0 = {np.nanmin(row):.4f}")
    if rows.sizes["point"] > 40:
        lines.append(f"… and {rows.sizes['point'] - 40} more lines of the sweep, in the file")
    return "\n".join(lines)


def _compared(mark: Landmark | None, place: Any, unit: float | None) -> str:
    if mark is None:
        return "none in the range"
    return f"{_energy(mark.distance, unit):18} {place.phonon_energy - mark.distance:+.4f}   {mark.name}"


def _energy(energy: float, unit: float | None) -> str:
    """An energy in W, and in meV for a real material."""
    return f"{energy:.4f} W" + ("" if unit is None else f" ({energy * unit:.0f} meV)")
