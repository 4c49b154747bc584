"""The table of minima of σ(ω_p) beside the commensurability criterion."""

import json
from typing import Any

import numpy as np

from ..model.names import System, changed, quantities
from ..studies.commensurate import Landmark, commensurate, landmarks, minima


def minima_table(result: Any, metal: Any) -> str:
    """Minima of σ(ω_p), a line each, beside the nearest phonon energy that the criterion names; as text.

    `result` is a sweep over phonon_energy and zeta; `metal` gives the scale in eV, if it has one.
    """
    own = _marks_of_rows(result, metal)
    omega = result["phonon_energy"].to_numpy()
    unit = None if metal.scales is None else 1000 * metal.scales.energy_ev
    lines = []
    for name, marks in own.items():
        distances = ", ".join(f"{mark.name} = {_energy(mark.distance, unit)}" for mark in marks)
        lines.append(f"distances from the chemical potential{name and f' at {name}'}: {distances}")
    lines.append("")
    lines.append(
        f"{'':20}{'minimum at':24}{'σ/σ_0':>8}   {'commensurate energy':24}{'difference':12}distance"
    )
    sigma = result["sigma"].transpose(..., "phonon_energy")
    rows = sigma.stack(point=[d for d in sigma.dims if d != "phonon_energy"]).transpose("point", ...)
    for row in rows[:40]:
        where = ", ".join(f"{name} = {float(row[name]):g}" for name in rows.indexes["point"].names)
        found = minima(omega, row.to_numpy())
        near = commensurate(own[_place(result, row)], 0.8 * omega[0], omega[-1])
        for place in found:
            nearest = min(near, key=lambda mark: abs(mark.distance - place.phonon_energy), default=None)
            at = f"{_energy(place.phonon_energy, unit):24}{place.sigma:8.4f}"
            lines.append(f"{where:20}{at}   {_compared(nearest, place, unit)}")
        if not found:
            lines.append(f"{where:20}no minimum inside the range; lowest σ/σ_0 = {np.nanmin(row):.4f}")
    if rows.sizes["point"] > 40:
        lines.append(f"… and {rows.sizes['point'] - 40} more lines of the sweep, in the file")
    return "\n".join(lines)


MOVING = ("filling", "temperature", "width", "exponent")
"""What moves the chemical potential and the features of the band."""


def _place(result: Any, row: Any) -> str:
    """Where in the varied quantities that move the landmarks a row of σ stands, in words; "" where none is varied."""
    return ", ".join(f"{name} = {float(row[name]):g}" for name in MOVING if name in result.coords)


def _marks_of_rows(result: Any, metal: Any) -> dict[str, list[Landmark]]:
    """The landmarks of each metal among the rows, by where it stands."""
    known, system = result.attrs.get("landmarks"), System(metal, None, None)  # pyright: ignore[reportArgumentType]
    varied = [name for name in MOVING if name in result.coords]
    if not varied:
        return {"": landmarks(metal) if known is None else [Landmark(*pair) for pair in json.loads(known)]}
    dims = {dim for name in varied for dim in result[name].dims}
    points = result[varied].stack(point=sorted(dims)) if dims else result[varied].expand_dims("point")
    paths = {name: next(p for p in quantities(metal, "metal") if p.endswith(f".{name}")) for name in varied}
    found = {}
    for k in range(points.sizes["point"]):
        row = points.isel(point=k)
        there = changed(system, {path: float(row[name]) for name, path in paths.items()}).metal
        found[_place(result, row)] = landmarks(there)
    return found


def _compared(mark: Landmark | None, place: Any, unit: float | None) -> str:
    if mark is None:
        return "none in the range"
    return f"{_energy(mark.distance, unit):24}{place.phonon_energy - mark.distance:<+12.4f}{mark.name}"


def _energy(energy: float, unit: float | None) -> str:
    """An energy in W, and in meV for a real material."""
    return f"{energy:.4f} W" + ("" if unit is None else f" ({energy * unit:.0f} meV)")
