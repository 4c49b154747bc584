"""A metal in words: every number, in internal and physical units, and where it comes from."""

from typing import TYPE_CHECKING, Any

from .checks import is_concrete
from .units import physical

if TYPE_CHECKING:
    from .metal import Metal
    from .mode import Mode

NUMBERS = {
    "filling": ("ν", None, None),
    "temperature": ("T", "temperature", "K"),
    "phonon_energy": ("ω_p", "energy", "meV"),
    "coupling_rate": ("Γ_eph", "rate", "1/ps"),
    "inelastic_rate": ("Γ_in", "energy × rate", "meV/ps"),
    "phonon_lifetime": ("τ_ph", "time", "ps"),
    "states_per_mode": ("∫D dε", None, None),
}
"""Argument of `Metal` → symbol, kind of quantity, unit in which it is shown."""

SCALES = {
    "energy_ev": "eV per unit of energy",
    "time_fs": "fs per unit of time",
    "length_angstrom": "Å, lattice constant",
    "cell_volume": "Å³, primitive cell",
    "fermi_velocity": "m/s, v_F",
    "transport_time_fs": "fs, τ_tr",
}


def portrait(metal: "Metal") -> str:
    """Lines of: name, symbol, value, value in physical units, source."""
    sources = dict(metal.sources)
    rows = [("dos", "D(ε)", _band(metal), "", sources.get("dos", ""))]
    for name, (symbol, kind, unit) in NUMBERS.items():
        value = getattr(metal, name)
        rows.append(
            (name, symbol, _number(value), _with_unit(metal, value, kind, unit), sources.get(name, ""))
        )
    rows.append(("transport", "σ̃(ε)", metal.transport, "", sources.get("transport", "")))
    if metal.dispersion is not None:
        width = f"{_number(metal.dispersion)} ({metal.dispersion_shape})"
        rows.append(("dispersion", "δω/ω_p", width, "", sources.get("dispersion", "")))
    for mode in metal.modes:
        rows.append(("modes", "ω_m, Γ_m, τ_m", *_mode(metal, mode), sources.get("modes", "")))
    for name, meaning in SCALES.items():
        value = getattr(metal.scales, name, None)
        if value is not None:
            rows.append((f"scales.{name}", "", f"{value:.6g}", meaning, sources.get(name, "")))
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        "  ".join(text.ljust(w) for text, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    ]
    return "\n".join(["Metal", *lines])


def _number(value: Any) -> str:
    return (
        f"{float(value):.6g}" if is_concrete(value) and value.ndim == 0 else f"traced or many {value.shape}"
    )


def _with_unit(metal: "Metal", value: Any, kind: str | None, unit: str | None) -> str:
    if kind is None or metal.scales is None or not is_concrete(value) or value.ndim:
        return ""
    try:
        return f"{physical(value, kind, metal.scales, unit):.4g~P}"
    except ValueError:  # that scale is not known
        return ""


def _mode(metal: "Metal", mode: "Mode") -> tuple[str, str]:
    """ω_m, Γ_m and τ_m of a further mode, in internal and, where they are known, in physical units."""
    rows = [("energy", "energy", "meV"), ("coupling_rate", "rate", "1/ps"), ("lifetime", "time", "ps")]
    units = [_with_unit(metal, getattr(mode, name), kind, unit) for name, kind, unit in rows]
    return ", ".join(_number(getattr(mode, name)) for name, _, _ in rows), ", ".join(filter(None, units))


def _band(metal: "Metal") -> str:
    source = getattr(metal.dos, "source", None)
    if source is not None:
        return str(source)
    width = metal.dos.width
    return f"{type(metal.dos).__name__}, width {_number(width)}"
