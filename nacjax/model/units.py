"""Physical units at the boundary: texts such as "170 meV" into plain internal numbers, and back.

Inside, every number is plain: energies in one unit, times in the inverse unit of the rates. What
these are in eV and fs says the `Scales` of a metal. pint reads the texts; it is imported when the first
one comes.

One rule for whatever is given to a metal with scales: a quantity with a dimension has its unit, as a text
("100 K"), a pint quantity, or a pair of a number, an array or a tracer and a unit, (t, "K"), through which
derivatives pass. A plain number of Python or NumPy is refused, as it could mean two things; 0 and inf, which mean
the same in any unit, are not. JAX arrays and tracers without a unit are internal numbers, as a metal and its results
hold them: `jnp.asarray(0.3)` is 0.3 of the unit of the metal. A metal without scales takes plain numbers.

Pumps and fields are made without a metal, and so know no scales: the numbers of `ExponentialPulse(10.0, 0.3)` are in
units of the rates of whatever metal it drives. `nacjax.pulse` and `nacjax.field` make them from quantities with a unit,
for a metal; an axis or a bound of a study that varies them has a unit again, as everything that is given to a metal.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .checks import is_concrete


class Kind(NamedTuple):
    """A kind of quantity: what is accepted, pint's unit of it here, the scales it needs, and the usual unit."""

    expected: str
    unit: str
    needs: tuple[str, ...]
    dimensions: tuple[str, ...]
    usual: str


KINDS = {
    "energy": Kind("an energy, such as '170 meV' (or '41 THz', '1370 / cm')", "eV", ("energy_ev",),
                   ("[energy]", "1/[time]", "1/[length]"), "meV"),
    "temperature": Kind("a temperature or an energy, such as '100 K' or '8.6 meV'", "eV", ("energy_ev",),
                        ("[temperature]", "[energy]"), "K"),
    "time": Kind("a time, such as '300 fs'", "fs", ("time_fs",), ("[time]",), "fs"),
    "rate": Kind("a rate, such as '1 / ps'", "1/fs", ("time_fs",), ("1/[time]",), "1/ps"),
    "energy × rate": Kind("an energy times a rate, such as '0.5 meV / ps'", "eV/fs", ("energy_ev", "time_fs"),
                          ("[energy]/[time]",), "meV/ps"),
    "field": Kind("an electric field, such as '10 kV / cm'", "V/m",
                  ("energy_ev", "time_fs", "fermi_velocity", "transport_time_fs"),
                  ("[energy]/[charge]/[length]",), "kV/cm"),
    "length": Kind("a length, such as '100 nm'", "angstrom", (), ("[length]",), "nm"),
    "volume": Kind("a volume, such as '722 angstrom^3'", "angstrom^3", (), ("[length]**3",), "angstrom^3"),
    "fluence": Kind("an energy per area, such as '1 mJ / cm^2'", "eV/angstrom^2", (),
                    ("[energy]/[length]**2",), "mJ/cm^2"),
}  # fmt: skip
"""Kinds of quantities that may carry a unit. The last three have no internal unit: their number is in `unit`."""

BOLTZMANN_EV = 8.617333262145179e-05
"""k_B in eV/K (exact by the SI of 2019)."""


@functools.cache
def registry() -> Any:
    """pint's unit registry of this package."""
    import pint

    return pint.UnitRegistry(autoconvert_offset_to_baseunit=True)


class Internal(float):
    """A plain number that is meant in internal units, such as a default: it is asked for no unit."""


def is_pair(value: Any) -> bool:
    """Whether `value` is a pair of a plain number, an array, a tracer or a list of numbers, and a unit: (0.3, "eV")."""
    return (
        isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str) and not has_unit(value[0])
    )


def has_unit(value: Any) -> bool:
    """Whether `value` is a text, a pint quantity, a pair of a number and a unit, or a list with one of them."""
    if isinstance(value, list | tuple):
        return any(has_unit(entry) for entry in value)
    return isinstance(value, str) or (hasattr(value, "magnitude") and hasattr(value, "units"))


def first_bare(value: Any) -> float | None:
    """The first number of Python or NumPy in `value`, a list perhaps, that would mean something else in another unit.

    0, inf and NaN, JAX arrays, tracers, `Internal` numbers and what is no number are passed over;
    None if nothing is left.
    """
    if isinstance(value, list | tuple):
        return next((found for found in map(first_bare, value) if found is not None), None)
    if has_unit(value) or isinstance(value, Internal | bool | jax.Array) or value is None:
        return None
    try:
        numbers = np.ravel(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        return None
    numbers = numbers[np.isfinite(numbers) & (numbers != 0)]
    return float(numbers[0]) if numbers.size else None


def stated(name: str, value: Any, kind: str, scales: Any = None) -> Any:
    """The internal number of a quantity that a user gives to a metal of these scales, by the rule of this file.

    Arguments, results and errors of `internal`; besides, `ValueError` for a plain number where the scales know its
    unit, with the two things it could mean.
    """
    bare = None if is_pair(value) else first_bare(value)
    if bare is None or has_unit(value) or not knows(kind, scales):
        return internal(name, value, kind, scales)
    _, unit, needs, _, usual = KINDS[kind]
    size = f"{unit_size(kind, scales):.4g} {unit}"
    other = f"{bare:g} internal units of {size}" if needs else f"{bare:g} {unit}"
    way_out = "; a JAX array without a unit counts as internal" if needs else ""
    raise ValueError(
        f"{name} = {value!r} is not clear: {bare:g} could be '{bare:g} {usual}' or {other}; give it with its unit, "
        f"as a text or as a pair ({bare:g}, '{usual}'){way_out}"
    )


def stated_difference(name: str, value: Any, kind: str, scales: Any = None) -> Any:
    """As `stated`, for a difference, such as a standard deviation: "5 degC" are 5 K."""
    plain = stated(name, value, kind, scales)
    if not has_unit(value) and not is_pair(value):
        return plain
    unit = value[1] if is_pair(value) else str(_quantity(name, value).units)
    return plain - internal(name, (0.0, unit), kind, scales)


def knows(kind: str, scales: Any) -> bool:
    """Whether quantities of a kind can be given with a unit to a metal of these scales."""
    return scales is not None and all(getattr(scales, need, None) is not None for need in KINDS[kind].needs)


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

    - `name`: of the argument, for complaints; `value`: a text, a pint quantity, a pair (number, array or tracer,
      unit), a list of them, or a number
    - `kind`: a key of `KINDS`; `scales`: the `Scales` of the metal

    A temperature may be in kelvin or an energy k_B T, an energy also a frequency E/h or a wave
    number E/hc. Raises `ValueError` naming the argument for a unit pint does not know, another
    dimension (naming the one expected), a negative quantity (but a field), or a scale that is missing.
    """
    if not has_unit(value):
        return value
    if is_pair(value):
        return _of_pair(name, value[0], value[1], kind, scales)
    if isinstance(value, list | tuple):
        if any(not has_unit(entry) for entry in value):
            raise ValueError(f"{name} = {list(value)!r} is not allowed: all of it must have a unit, or none")
        found = [internal(name, entry, kind, scales) for entry in value]
        return jnp.stack(found) if any(isinstance(x, jax.Array) for x in found) else np.array(found)
    if not isinstance(value, str) and isinstance(value.magnitude, jax.Array):
        return _of_pair(name, value.magnitude, str(value.units), kind, scales)
    return _positive(name, value, _in_unit(name, value, kind), kind, scales)


def _of_pair(name: str, number: Any, unit: str, kind: str, scales: Any) -> Any:
    """The internal number of (number, unit), for arrays and tracers too: units are linear, some with an offset."""
    plain = number if isinstance(number, jax.Array) else np.asarray(number, dtype=float)[()]
    try:
        zero, one = (registry().Quantity(x, unit) for x in (0.0, 1.0))
    except Exception as error:  # pint has several
        raise ValueError(
            f"{name} = {(number, unit)!r} is not allowed: {unit!r} is no unit ({error})"
        ) from None
    offset = _in_unit(name, zero, kind)
    slope = _in_unit(name, one, kind) - offset
    return _positive(name, (number, unit), slope * plain + offset, kind, scales)


def _positive(name: str, value: Any, plain: Any, kind: str, scales: Any) -> Any:
    """Internal from the unit of `KINDS`; raises `ValueError` for what is negative."""
    shown = str(value)
    if kind != "field" and is_concrete(plain) and np.any(np.asarray(plain) < 0):
        raise ValueError(f"{name} = {shown!r} is not allowed: it must be positive")
    return plain / unit_size(kind, scales, name, shown)


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
    expected, unit, _, dimensions, _ = KINDS[kind]
    quantity = _quantity(name, value)
    given = quantity.dimensionality
    if not any(given == registry().get_dimensionality(allowed) for allowed in dimensions):
        what = "a number without unit" if quantity.dimensionless else f"of dimension {given}"
        raise ValueError(f"{name} = {str(value)!r} is not allowed: it must be {expected}; it is {what}")
    if kind == "temperature" and given == registry().get_dimensionality("[temperature]"):
        return quantity.to("kelvin").magnitude * BOLTZMANN_EV
    return quantity.to(unit, *(() if kind != "energy" else ("spectroscopy",))).magnitude
