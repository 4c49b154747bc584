"""Physical units at the boundary: texts such as "170 meV" into plain internal numbers, and back.

Inside, every number is plain: energies in one unit, times in the inverse unit of the rates. What
these are in eV and fs says the `Scales` of a metal. pint reads the texts; it is imported when the first
one comes.
"""

import functools
from typing import Any, NamedTuple

import numpy as np


class Kind(NamedTuple):
    """A kind of quantity: what is accepted, pint's unit of it here, and the scales it needs."""

    expected: str
    unit: str
    needs: tuple[str, ...]
    dimensions: tuple[str, ...]


KINDS = {
    "energy": Kind("an energy, such as '170 meV' (or '41 THz', '1370 / cm')", "eV", ("energy_ev",),
                   ("[energy]", "1/[time]", "1/[length]")),
    "temperature": Kind("a temperature or an energy, such as '100 K' or '8.6 meV'", "eV", ("energy_ev",),
                        ("[temperature]", "[energy]")),
    "time": Kind("a time, such as '300 fs'", "fs", ("time_fs",), ("[time]",)),
    "rate": Kind("a rate, such as '1 / ps'", "1/fs", ("time_fs",), ("1/[time]",)),
    "energy × rate": Kind("an energy times a rate, such as '0.5 meV / ps'", "eV/fs", ("energy_ev", "time_fs"),
                          ("[energy]/[time]",)),
    "field": Kind("an electric field, such as '10 kV / cm'", "V/m",
                  ("energy_ev", "time_fs", "fermi_velocity", "transport_time_fs"), ("[energy]/[charge]/[length]",)),
    "length": Kind("a length, such as '100 nm'", "angstrom", (), ("[length]",)),
    "volume": Kind("a volume, such as '722 angstrom^3'", "angstrom^3", (), ("[length]**3",)),
    "fluence": Kind("an energy per area, such as '1 mJ / cm^2'", "eV/angstrom^2", (), ("[energy]/[length]**2",)),
}  # fmt: skip
"""Kinds of quantities that may carry a unit. The last three have no internal unit: their number is in `unit`."""

BOLTZMANN_EV = 8.617333262145179e-05
"""k_B in eV/K (exact by the SI of 2019)."""


@functools.cache
def registry() -> Any:
    """pint's unit registry of this package."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


def has_unit(value: Any) -> bool:
    """Whether `value` is a text, a pint quantity, or a list with one of them."""
    if isinstance(value, list | tuple):
        return any(has_unit(entry) for entry in value)
    return isinstance(value, str) or (hasattr(value, "magnitude") and hasattr(value, "units"))


def unit_size(kind: str, scales: Any, name: str = "the quantity", value: Any = None) -> float:
    """One internal unit of a kind, in `KINDS[kind].unit`; `ValueError` where `scales` do not say it."""
    missing = [need for need in KINDS[kind].needs if getattr(scales, need, None) is None]
    if missing:
        given = "" if value is None else f" = {value!r}"
        arguments = ", ".join(f"{need}=..." for need in missing)
        raise ValueError(
            f"{name}{given} has a unit, but the metal has no scale for it: give scales=nacjax.Scales({arguments})"
        )
    energy, time = getattr(scales, "energy_ev", None) or 1.0, getattr(scales, "time_fs", None) or 1.0
    if kind == "field":  # F = E v_F √τ_tr, with v in m/fs
        return energy / np.sqrt(time * scales.transport_time_fs) / (scales.fermi_velocity * 1e-15)
    sizes = {
        "energy": energy,
        "temperature": energy,
        "time": time,
        "rate": 1 / time,
        "energy × rate": energy / time,
    }
    return sizes.get(kind, 1.0)


def internal(name: str, value: Any, kind: str, scales: Any = None) -> Any:
    """The internal number of a quantity; what carries no unit is returned as it is.

    - `name`: of the argument, for complaints; `value`: a text, a pint quantity, a list of them, or a number
    - `kind`: a key of `KINDS`; `scales`: the `Scales` of the metal

    A temperature may be in kelvin or an energy k_B T, an energy also a frequency E/h or a wave
    number E/hc. Raises `ValueError` naming the argument for a unit pint does not know, another
    dimension (naming the one expected), a negative quantity (but a field), or a scale that is missing.
    """
    if not has_unit(value):
        return value
    if isinstance(value, list | tuple):
        bare = [entry for entry in value if not has_unit(entry)]
        if bare:
            raise ValueError(f"{name} = {list(value)!r} is not allowed: all of it must have a unit, or none")
        return np.array([internal(name, entry, kind, scales) for entry in value])
    plain = _in_unit(name, value, kind)
    if kind != "field" and np.any(np.asarray(plain) < 0):
        raise ValueError(f"{name} = {str(value)!r} is not allowed: it must be positive")
    return plain / unit_size(kind, scales, name, str(value))


def physical(value: Any, kind: str, scales: Any = None, unit: str | None = None) -> Any:
    """The pint quantity of an internal number (or array), in `unit` or that of `KINDS`.

    Raises `ValueError` for a unit of another dimension and a scale that is missing.
    """
    found = registry().Quantity(
        np.asarray(value, dtype=float)[()] * unit_size(kind, scales, kind), KINDS[kind].unit
    )
    if unit is None:
        return found
    if kind == "temperature" and registry().Unit(unit).dimensionality == "[temperature]":
        return registry().Quantity(found.magnitude / BOLTZMANN_EV, "kelvin").to(unit)
    try:
        return found.to(unit, *(() if kind != "energy" else ("spectroscopy",)))
    except Exception as error:  # pint has several
        raise ValueError(
            f"unit = {unit!r} is not allowed: it must be one of {KINDS[kind].expected}"
        ) from error


def _quantity(name: str, value: Any) -> Any:
    import pint

    try:
        if isinstance(value, str):
            return registry().Quantity(value)
        return registry().Quantity(value.magnitude, str(value.units))
    except pint.UndefinedUnitError as error:
        raise ValueError(f"{name} = {value!r} is not allowed: {error}") from None
    except Exception:  # the tokenizer and the parser of pint raise many kinds
        raise ValueError(
            f"{name} = {value!r} is not allowed: it must be a number and a unit, such as '1 meV'"
        ) from None


def _in_unit(name: str, value: Any, kind: str) -> Any:
    """The plain number of a quantity in `KINDS[kind].unit`, whatever dimension it is given in."""
    expected, unit, _, dimensions = KINDS[kind]
    quantity = _quantity(name, value)
    given = quantity.dimensionality
    if not any(given == registry().get_dimensionality(allowed) for allowed in dimensions):
        what = "a number without unit" if quantity.dimensionless else f"of dimension {given}"
        raise ValueError(f"{name} = {str(value)!r} is not allowed: it must be {expected}; it is {what}")
    if kind == "temperature" and given == registry().get_dimensionality("[temperature]"):
        return quantity.to("kelvin").magnitude * BOLTZMANN_EV
    return quantity.to(unit, *(() if kind != "energy" else ("spectroscopy",))).magnitude
