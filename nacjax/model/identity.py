"""What a function is, whatever its name: a digest of its code and of everything it refers to.

Two lambdas, closures or partials of one qualified name are told apart; the same one, defined again in another
process, is recognised. Nothing is called.
"""

import dataclasses
import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np

PLAIN = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis))


class Unknowable(ValueError):
    """Something a function refers to cannot be recognised in another process."""


def identity(function: Any) -> str:
    """Digest of a callable (16 hexadecimal digits); raises `Unknowable`, a `ValueError`, with what is in the way."""
    try:
        return hashlib.sha256(_essence(function, {}).encode()).hexdigest()[:16]
    except RecursionError:
        raise Unknowable("a list or dictionary that contains itself") from None


def in_library(thing: Any) -> bool:
    """Whether a function, class or module belongs to Python, nacjax or an installed library; versions tell those."""
    name = thing.__name__ if isinstance(thing, types.ModuleType) else getattr(thing, "__module__", None)
    top = (name or "").partition(".")[0]
    if top == __name__.partition(".")[0] or top in sys.stdlib_module_names - {"__main__"}:
        return True
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return any(file.startswith(sysconfig.get_path(kind)) for kind in ("purelib", "platlib"))


def _essence(thing: Any, met: dict[int, int]) -> str:
    """A text that is equal for equal things; `met`: functions and objects described before, by `id`."""

    def listed(things) -> str:
        return "[" + ", ".join(_essence(x, met) for x in things) + "]"

    kind = f"{type(thing).__module__}.{type(thing).__qualname__}"
    if isinstance(thing, PLAIN):
        return f"{kind}:{thing!r}"
    if isinstance(thing, jax.Array | np.ndarray | np.generic):
        return _array(np.asarray(thing))
    if isinstance(thing, tuple | list):
        return kind + listed(thing)
    if isinstance(thing, set | frozenset):
        return kind + str(sorted(_essence(x, met) for x in thing))
    if isinstance(thing, dict):
        return kind + listed(thing.items())
    if isinstance(thing, types.ModuleType):
        return f"module:{thing.__name__}"
    if isinstance(thing, functools.partial):
        return "partial" + listed((thing.func, thing.args, thing.keywords))
    if isinstance(thing, types.MethodType):
        return "method" + listed((thing.__func__, thing.__self__))
    if isinstance(thing, types.CodeType):
        return "code" + listed(
            (thing.co_code, thing.co_consts, thing.co_names, thing.co_argcount, thing.co_flags)
        )
    if isinstance(thing, types.CellType):
        return "cell" + (listed((thing.cell_contents,)) if _filled(thing) else "[]")
    if id(thing) in met:
        return f"again:{met[id(thing)]}"
    met[id(thing)] = len(met)
    return _object(thing, kind, met, listed)


def _object(thing: Any, kind: str, met: dict[int, int], listed: Callable[[Iterable], str]) -> str:
    """`_essence` of a class, a function or another object."""
    if isinstance(thing, type) or (callable(thing) and hasattr(thing, "__qualname__") and in_library(thing)):
        return _named(thing, met)
    if isinstance(thing, types.FunctionType):
        parts = thing.__code__, thing.__defaults__, thing.__kwdefaults__, thing.__closure__
        return "function" + listed((*parts, _globals(thing)))
    if callable(getattr(thing, "__wrapped__", None)):
        return kind + listed((thing.__wrapped__,))
    return kind + listed((type(thing), _state(thing)))


def _array(array: np.ndarray) -> str:
    if array.dtype.hasobject:
        raise Unknowable(f"an array of {array.dtype}")
    content = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    return f"array:{array.shape}:{array.dtype}:{content}"


def _named(thing: Any, met: dict[int, int]) -> str:
    """A class, or a function of a library: its name, and the functions of a class that is no library's."""
    name = f"named:{thing.__module__}.{thing.__qualname__}"
    if not isinstance(thing, type) or in_library(thing):
        return name
    own = [(k, v) for k, v in vars(thing).items() if isinstance(v, types.FunctionType) and not _made(v)]
    return name + str([(k, _essence(v, met)) for k, v in own]) + str([b.__qualname__ for b in thing.__mro__])


def _made(function: types.FunctionType) -> bool:
    """Whether a decorator of a library made a method, such as `__init__` of a dataclass."""
    return (function.__code__.co_filename.startswith("<") and function.__name__.startswith("__")) or (
        in_library(inspect.unwrap(function))
    )


def _filled(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _globals(function: types.FunctionType) -> dict[str, Any]:
    """What a function reads of its module, by the names in its code and in that of functions inside it."""
    names, codes = set(), [function.__code__]
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}


def _state(thing: Any) -> Any:
    """What an object consists of."""
    if dataclasses.is_dataclass(thing):
        return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
    hidden = type(thing).__basicsize__ > object.__basicsize__ + 16  # more than __dict__ and __weakref__
    if hasattr(thing, "__dict__") and not hidden:
        return vars(thing)
    raise Unknowable(f"an object of the class {type(thing).__qualname__}")
