"""The numbers of a metal, its pump and its field, by name: what they are, and how to change them."""

import difflib
import inspect
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .checks import as_arrays, require_kind, to_array
from .dos import AbstractDOS
from .field import AbstractField, NoField
from .metal import Metal
from .numbers import Declared, Number, declared_in, in_internal_units, numbers_of, subclasses
from .pump import AbstractPump
from .units import has_unit


class System(NamedTuple):
    """What a study is about: a metal, its pump and its field."""

    metal: Metal
    pump: AbstractPump
    field: AbstractField


def system_of(metal: Any, pump: Any, field: Any = None) -> System:
    """A checked `System`, without a field where None is given; raises `ValueError` for what is none of these."""
    field = NoField() if field is None else field  # pyright: ignore[reportCallIssue]
    require_kind("metal", metal, Metal, "a nacjax.Metal (the metal comes first, then the pump)")
    require_kind(
        "pump",
        pump,
        AbstractPump,
        "a pump, such as nacjax.Clamped(20.0) or nacjax.ExponentialPulse(10.0, 0.3)",
    )
    require_kind("field", field, AbstractField, "a field, such as nacjax.ConstantField(0.4)")
    for part in (metal, metal.dos, pump, field):
        require_one_each(part)
    return System(metal, pump, field)


def require_one_each(module: Any) -> None:
    """Raise `ValueError` for a number that is an array, where one value is needed.

    Of a metal also for what was put into it past its constructor, which would have asked for the unit.
    """
    for part in declared_in(module) if isinstance(module, Metal) else ():
        for name, given in in_internal_units(part, module.scales).items():  # refuses plain numbers
            if has_unit(getattr(part, name)):
                raise ValueError(
                    f"{name} = {getattr(part, name)!r} is not allowed: it came into the metal past its constructor, "
                    f"which converts units; use dataclasses.replace, or internal units, jax.numpy.asarray({given:g})"
                )
    for name in numbers_of(type(module)):
        value = getattr(module, name)
        if not isinstance(value, tuple) and np.ndim(value):
            raise ValueError(
                f"{name} of shape {np.shape(value)} is not allowed: it must be one number; several values go through "
                "nacjax.sweep(axes={...}), or jax.vmap"
            )


TIME = ("time since the start of the pump", "t", "time")
"""Long name, symbol and kind of the time of a run."""

LISTED = re.compile(r"(\w+)\.(\d+)(?:\.|$)")
"""What the path of a quantity in a list has in it: metal.modes.0.energy, pump.pulses.1.zeta0."""

ONE = {"modes": "mode", "pulses": "pulse", "processes": "process", "laws": "law", "weights": "weight"}
"""What one of a list is called; "number" where nothing is said."""


def declaration(path: str, system: System) -> Number | None:
    """What the number at a path is declared to be; None for a plain array field."""
    part: Any = system
    found = None
    for name in path.split("."):
        if isinstance(part, Declared):
            found = part.declaration(name)
        elif not isinstance(part, tuple) or isinstance(
            part, System
        ):  # an entry of a tuple is what the tuple is
            found = numbers_of(type(part)).get(name) if isinstance(part, eqx.Module) else None
        part = part[int(name)] if isinstance(part, tuple) and name.isdecimal() else getattr(part, name)
    return found


def about(path: str, system: System) -> tuple[str, str, str]:
    """Long name, symbol and kind of the quantity at a path ("1" for pure numbers); in a list, its number too."""
    declared, listed = declaration(path, system), LISTED.search(path)
    if declared is None:
        long_name, symbol, kind = path.rsplit(".", 1)[-1].replace("_", " "), "", ""
    else:
        long_name, symbol, kind = declared.long_name, declared.symbol, declared.kind or "1"
    if listed:
        several, number = listed.groups()
        long_name = f"{long_name}, {ONE.get(several, 'number')} {number}"
        symbol = symbol and f"{symbol}[{number}]"
    return long_name, symbol, kind


def about_name(name: str) -> tuple[str, str, str]:
    """Long name, symbol and kind of what a metal, DoS, pump or field declares under a name; empty if nothing."""
    if name == "time":
        return TIME
    for kind in (
        Metal,
        *(found for base in (AbstractDOS, AbstractPump, AbstractField) for found in subclasses(base)),
    ):
        if name in numbers_of(kind):
            declared = numbers_of(kind)[name]
            return declared.long_name, declared.symbol, declared.kind or "1"
    return "", "", ""


def kind_of(path: str, system: System) -> str:
    """The kind of quantity at a path, as `nacjax.model.units.KINDS` calls it; "" for pure numbers."""
    declared = declaration(path, system)
    return "" if declared is None else declared.kind


def unit_of(kind: str, metal: Metal | None = None) -> str:
    """The unit of a kind of quantity: W and Γ_eph where the metal (or none) is given in them, else plain words."""
    energy = "W" if metal is None or _is_one(metal.dos.width) else "unit of energy of the DoS"
    one = metal is None or _is_one(metal.coupling_rate)
    rate, time = ("Γ_eph", "1/Γ_eph") if one else ("unit of rate", "1/(unit of rate)")
    units = {"energy": energy, "temperature": energy, "rate": rate, "time": time}
    units["energy × rate"] = f"{energy} {rate}"
    units["field"] = units["energy × √rate"] = f"{energy} √{rate}"
    return units.get(kind, kind)


def _is_one(value) -> bool:
    return bool(np.all(np.abs(np.asarray(value) - 1) < 1e-6))


def arguments(module: Any) -> dict[str, Any] | None:
    """Constructor arguments of a module with their present values; None where it does not keep them.

    Those of a tuple are its entries, called by their number.
    """
    if isinstance(module, tuple):
        return {str(number): entry for number, entry in enumerate(module)}
    names = [name for name in inspect.signature(type(module).__init__).parameters if name != "self"]
    if not all(hasattr(module, name) for name in names):
        return None
    return {name: getattr(module, name) for name in names}


def quantities(module: Any, prefix: str) -> dict[str, Any]:
    """Every scalar number below `module`, by its dotted path from `prefix` ("metal.dos.width").

    The modules of a tuple are numbered from 0: "metal.modes.0.energy".
    """
    found = {}
    for name, value in (arguments(module) or {}).items():
        path = f"{prefix}.{name}"
        if isinstance(value, eqx.Module | tuple):
            found.update(quantities(value, path))
        elif isinstance(value, jax.Array) and value.ndim == 0 and jnp.issubdtype(value.dtype, jnp.floating):
            found[path] = value
    return found


def all_quantities(system: System) -> dict[str, Any]:
    """Every scalar number of the metal, the pump and the field, by dotted path."""
    found = {}
    for prefix, module in system._asdict().items():
        found.update(quantities(module, prefix))
    return found


def resolve(name: str, system: System, argument: str = "axes") -> str:
    """The path of a quantity from its name, or from as much of its path as makes it unique.

    The name of a part that holds one number means that number ("dispersion"), and a name that one quantity outside
    of lists has means that one: with further modes "coupling_rate" is still
    Γ_eph, and "modes.0.coupling_rate" that of the first of them. `argument` is what errors call the argument
    that holds the name.

    Raises `ValueError` for an unknown name (the nearest is suggested) and for an ambiguous one.
    """
    paths = list(all_quantities(system))
    found = [path for path in paths if path == name or path.endswith("." + name)]
    found = [path for path in found if not LISTED.search(path)] or found
    if not found:  # a part that holds one number only may be called for it
        found = [path for path in paths if f".{path.rpartition('.')[0]}".endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{argument}: {name!r} is ambiguous; write one of {', '.join(found)}")
    short = [shortened(path) for path in paths]
    nearest = difflib.get_close_matches(name, short + paths, n=1, cutoff=0.4)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    absent = "" if system.field.acts else " (there is no field)"
    if "modes." in name:
        absent += f"; the metal has {len(system.metal.modes)} in modes, numbered from 0"
    raise ValueError(
        f"{argument}: there is no quantity {name!r}{hint} Known here: {', '.join(short)}{absent}"
    )


def shortened(path: str) -> str:
    """The last part of a path; for what is in a list, the path from the list on."""
    listed = LISTED.search(path)
    return path[listed.start() :] if listed else path.rsplit(".", 1)[1]


def replaced(module: Any, changes: Mapping[str, Any]) -> Any:
    """`module` rebuilt by its constructor (which checks) with `changes`, dotted path to value."""
    here: dict[str, Any] = {}
    below: dict[str, dict[str, Any]] = {}
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        if rest:
            below.setdefault(name, {})[rest] = value
        else:
            here[name] = value
    if not changes:
        return module
    values = arguments(module)
    assert values is not None
    inner = {name: replaced(values[name], deeper) for name, deeper in below.items()}
    new = {**values, **inner, **here}
    return tuple(new.values()) if isinstance(module, tuple) else type(module)(**new)


def changed(system: System, changes: Mapping[str, Any]) -> System:
    """The system with quantities changed, by full path; values, tracers or arrays of points, are in internal units.

    Raises the `ValueError` of the constructor that refuses a value.
    """
    parts = system._asdict()
    for prefix, module in parts.items():
        inner = {
            path.partition(".")[2]: to_array(v)
            for path, v in changes.items()
            if path.startswith(prefix + ".")
        }
        parts[prefix] = replaced(module, inner)
    return as_arrays(System(**parts))
