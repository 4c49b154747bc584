"""A study or a run in words that JSON can hold: its whole configuration, and the versions it ran with."""

import dataclasses
import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax
import numpy as np

from ..numerics.versions import __version__
from .identity import Unknowable, identity, in_library

LIBRARIES = ("jax", "jaxlib", "diffrax", "equinox", "lineax", "optimistix", "numpy", "xarray")

LONGEST = 512  # longer tables are recorded by a digest
UNKNOWN = "cannot be recognised"


def describe(thing: Any) -> Any:
    """Modules as {class, fields}, arrays as numbers or lists (long ones by a digest), functions by name and digest.

    The code of a class that belongs to no library is among its fields, as a digest.
    """
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {f.name: describe(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
        code = {} if in_library(type(thing)) else {"code": _digest(type(thing))}
        return {"class": type(thing).__name__, **code, **fields}
    if isinstance(thing, jax.Array | np.ndarray | np.generic):
        array = np.asarray(thing)
        if array.size > LONGEST:
            digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
            return {"shape": list(array.shape), "first": array.flat[0].item(), "sha256": digest}
        return describe(array.tolist())
    if isinstance(thing, dict):
        return {str(key): describe(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [describe(value) for value in thing]
    if isinstance(thing, float) and not np.isfinite(thing):
        return str(thing)  # JSON has no infinity
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing
    name = getattr(thing, "__qualname__", type(thing).__name__)
    return {"function": name, "code": _digest(thing)} if callable(thing) else name


def _digest(thing: Any) -> str:
    try:
        return identity(thing)
    except Unknowable as error:
        return f"{UNKNOWN}, since it refers to {error}"


def unrecognised(description: Any, path: str = "") -> list[str]:
    """Lines about what, in a description, another process cannot compare: path and why."""
    if isinstance(description, str):
        return [f"{path}: {description}"] if description.startswith(UNKNOWN) else []
    if isinstance(description, dict):
        inner = [unrecognised(value, f"{path}.{n}" if path else n) for n, value in description.items()]
    elif isinstance(description, list):
        inner = [unrecognised(value, path) for value in description]
    else:
        return []
    return [line for lines in inner for line in lines]


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide the numbers; "not installed" for one that is missing."""
    libraries = {name: version_of(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "nacjax": __version__, **libraries}


def version_of(name: str) -> str:
    """Version of an installed library, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def device_name(devices: list) -> str:
    """The devices as a short text, such as "2 × NVIDIA H200" or "cpu"."""
    kind = devices[0].device_kind
    return kind if len(devices) == 1 else f"{len(devices)} × {kind}"


def differences(kept: Any, asked: Any, path: str = "") -> list[str]:
    """What differs between two descriptions, one line each: path, value kept, value asked for."""
    if isinstance(kept, dict) and isinstance(asked, dict):
        names = [*kept, *(name for name in asked if name not in kept)]
        inner = [differences(kept.get(n), asked.get(n), f"{path}.{n}" if path else n) for n in names]
        return [line for lines in inner for line in lines]
    if kept == asked:
        return []
    return [f"{path}: {_short(kept)} in the store, {_short(asked)} asked for"]


def _short(value: Any) -> str:
    text = repr(value)
    if len(text) <= 70:
        return text
    return f"{text[:50]} … ({len(value)} values)" if isinstance(value, list) else f"{text[:70]} …"
