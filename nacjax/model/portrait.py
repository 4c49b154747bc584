"""A metal in words: every number, in internal and physical units, and where it comes from."""

import dataclasses
from typing import Any

import equinox as eqx
import numpy as np

from .checks import is_concrete
from .numbers import Declared, numbers_of, shown
from .units import physical

UNITS = {"temperature": "K", "energy": "meV", "rate": "1/ps", "energy × rate": "meV/ps", "time": "ps"}
"""Kind of quantity → unit in which it is shown."""


def portrait(module: Declared, scales: Any, sources: dict[str, str]) -> str:
    """Lines of: name, symbol, value, value in physical units by the `scales`, source."""
    rows = []
    for field in dataclasses.fields(module):
        name, value = field.name, getattr(module, field.name)
        declared = module.declaration(name)
        if declared is not None:
            rows.append((name, declared.symbol, shown(value), with_unit(value, declared.kind, scales)))
        elif isinstance(value, tuple):
            rows += [(name, *several(entry, scales)) for entry in value if isinstance(entry, eqx.Module)]
        elif isinstance(value, Declared):
            rows.append((name, value.symbol, value.summary(), ""))
    for name, declared in numbers_of(type(scales)).items() if scales is not None else ():
        if getattr(scales, name) is not None:
            rows.append((f"scales.{name}", "", shown(getattr(scales, name)), declared.long_name))
    rows = [(*row, sources.get(row[0].removeprefix("scales."), "")) for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        "  ".join(text.ljust(w) for text, w in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    ]
    return "\n".join([type(module).__name__, *lines])


def several(module: eqx.Module, scales: Any) -> tuple[str, str, str]:
    """Symbols, values and physical values of a part with several numbers; of a process its name comes first."""
    declared = numbers_of(type(module))
    values = {f.name: getattr(module, f.name) for f in dataclasses.fields(module)}  # pyright: ignore[reportArgumentType]
    plain = {name: value for name, value in values.items() if name in declared or np.ndim(value) == 0}
    plain = {
        name: value
        for name, value in plain.items()
        if isinstance(value, float | int) or hasattr(value, "dtype")
    }
    symbols = [declared[name].symbol or name if name in declared else name for name in plain]
    units = [
        with_unit(value, declared[name].kind, scales) for name, value in plain.items() if name in declared
    ]
    texts = [*([module.name] if hasattr(module, "name") else []), *map(shown, plain.values())]  # pyright: ignore[reportAttributeAccessIssue]
    return ", ".join(symbols), ", ".join(texts), ", ".join(filter(None, units))


def with_unit(value: Any, kind: str, scales: Any) -> str:
    """A number in physical units, "" where it has none or they are not known."""
    if kind not in UNITS or scales is None or not is_concrete(value) or np.ndim(value):
        return ""
    try:
        return f"{physical(value, kind, scales, UNITS[kind]):.4g~P}"
    except ValueError:  # that scale is not known
        return ""
