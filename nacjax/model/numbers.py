"""A number is declared once: its symbol, kind of unit, range, long name and default.

Constructors check by the declaration, printouts, sweeps, results and the command line read it.
"""

import dataclasses
import functools
import inspect
import re
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .checks import in_numpy, is_concrete, require, to_array
from .shown import Shown
from .units import KINDS, Internal, has_unit, is_pair, stated

if TYPE_CHECKING:
    Scalar = Any  # constructors take numbers and, in a metal, texts
else:
    Scalar = Float[Array, ""]


class Range(NamedTuple):
    """The values that a number may take: `says` completes "it must be", with {} for the kind of quantity."""

    says: str
    test: Callable[[np.ndarray], np.ndarray]


RANGES = {
    "positive": Range("a positive, finite {}", lambda x: (x > 0) & (x < np.inf)),
    "not negative": Range("zero or a positive, finite {}", lambda x: (x >= 0) & (x < np.inf)),
    "positive or inf": Range("a positive {} (inf is allowed)", lambda x: x > 0),
    "between 0 and 1": Range("between 0 and 1, ends excluded", lambda x: (x > 0) & (x < 1)),
    "from 0 to 1": Range("from 0 to 1", lambda x: (x >= 0) & (x <= 1)),
    "finite": Range("a finite {}", lambda x: abs(x) < np.inf),
}
"""Ranges by name."""


@dataclasses.dataclass(frozen=True)
class Number:
    """What `number` declares."""

    symbol: str
    kind: str
    allowed: Range
    long_name: str
    optional: bool = False

    @property
    def range(self) -> str:
        """The range in words."""
        return self.allowed.says.format(self.kind or "number")

    def check(self, name: str, value: Any) -> None:
        """Raise a `ValueError` that says the range, unless every entry of `value` lies in it; tracers pass."""
        if has_unit(value):
            shown = value if isinstance(value, str | list | tuple) else str(value)
            way_out = (
                " (nacjax.pulse and nacjax.field take units, for a metal)" if self.kind == "time" else ""
            )
            raise ValueError(
                f"{name} = {shown!r} is not allowed: it must be {self.range}, without a unit{way_out}"
            )
        require(name, value, self.range, self.allowed.test)


def converted(value: Any) -> Any:
    """An array, or a tuple of them; what carries a unit waits for the metal."""
    if isinstance(value, tuple) and not is_pair(value):
        return tuple(map(converted, value))
    try:
        return value if has_unit(value) or np.iscomplexobj(value) else to_array(value)
    except (TypeError, ValueError):  # no number, which the check of the range says with its name
        return value


def _waiting(value: Any) -> Any:
    """What is no JAX array yet stays as it is: the metal that it becomes part of says whether it needs a unit."""
    return to_array(value) if isinstance(value, jax.Array) else value


def number(
    symbol: str,
    kind: str = "",
    allowed: str | Range = "finite",
    long_name: str = "",
    default: Any = dataclasses.MISSING,
) -> Any:
    """The field of a module that holds a number: `rate: Array = nacjax.number("Γ", "rate", "positive")`.

    - `symbol`: as in formulas; `long_name`: in words, that of the field by default
    - `kind`: of quantity, a key of `nacjax.model.units.KINDS` ("energy", "rate", "time", …), "" for a pure number
    - `allowed`: "positive", "not negative", "positive or inf", "between 0 and 1", "from 0 to 1", "finite", or a
      `Range` of its own
    - `default`: its value where none is given

    The value becomes an array; in a process or a mode, where it may have a unit, when the metal takes it.
    Raises `ValueError` for a kind and a range that do not exist.

    >>> class Leak(nj.AbstractProcess):
    ...     rate: jax.Array = nj.number("Γ", "rate", "not negative")
    ...     def flow(self, now, ladder):
    ...         return nj.Flow(phonons=-self.rate * now.phonons)
    >>> Leak(rate=0.1)
    Leak(rate=0.1)
    """
    if kind and kind not in KINDS:
        raise ValueError(f"kind = {kind!r} is not allowed: it must be '' or one of {', '.join(KINDS)}")
    if not isinstance(allowed, Range) and allowed not in RANGES:
        raise ValueError(f"allowed = {allowed!r} is not allowed: it must be one of {', '.join(RANGES)}")
    within = allowed if isinstance(allowed, Range) else RANGES[allowed]
    declared = Number(symbol, kind, within, long_name, default is None)
    if kind and isinstance(default, float):
        default = Internal(default)
    given = {} if default is dataclasses.MISSING else {"default": default}
    return eqx.field(converter=converted, metadata={"number": declared}, **given)


@functools.cache
def numbers_of(kind: type) -> dict[str, Number]:
    """The numbers that a class declares, by the name of the field."""
    found = {}
    for field in dataclasses.fields(kind):
        declared = field.metadata.get("number")
        if declared is not None:
            words = declared.long_name or field.name.replace("_", " ")
            found[field.name] = dataclasses.replace(declared, long_name=words)
    return found


def check_numbers(module: Any) -> None:
    """Raise the `ValueError` of the first declared number that is out of its range; None is passed over."""
    for name, declared in numbers_of(type(module)).items():
        value = getattr(module, name)
        for entry in value if isinstance(value, tuple) and not is_pair(value) else (value,):
            waits = declared.kind and getattr(module, "in_metal", False) and has_unit(entry)
            if not (waits or (entry is None and declared.optional)):
                declared.check(name, entry)


def declared_in(*things: Any) -> Iterator["Declared"]:
    """The modules with declared numbers among some things, and those inside them."""
    for thing in things:
        if isinstance(thing, Declared):
            yield thing
            yield from declared_in(*(getattr(thing, field.name) for field in dataclasses.fields(thing)))
        elif isinstance(thing, tuple):
            yield from declared_in(*thing)


def within_range(*modules: Any) -> Bool[Array, ""]:
    """Whether modules, and those inside them, hold what is allowed, numbers that JAX is transforming too."""
    return functools.reduce(
        jnp.logical_and, [part.valid() for part in declared_in(*modules)], jnp.asarray(True)
    )


def check_within(*modules: Any) -> None:
    """Raise the `ValueError` of what `within_range` finds, once numbers are known."""
    for part in declared_in(*modules):
        check_numbers(part)
        if not np.all(np.asarray(in_numpy(part).valid())):
            raise ValueError(f"{type(part).__name__} holds arrays that are not allowed")


def in_internal_units(module: Any, scales: Any, prefix: str = "") -> dict[str, Any]:
    """The declared numbers of a module that are no JAX arrays yet, as such, by the `Scales` of its metal.

    `prefix` stands before the names in complaints. Raises `ValueError` for a wrong dimension, for a unit where the
    metal has no scale, and for a plain number where it has one (see `nacjax.model.units`).
    """

    def plain(name: str, value: Any, kind: str) -> Any:
        if isinstance(value, tuple) and not is_pair(value):
            return tuple(plain(name, entry, kind) for entry in value)
        return to_array(stated(name, value, kind, scales))

    return {
        name: plain(prefix + name, getattr(module, name), declared.kind)
        for name, declared in numbers_of(type(module)).items()
        if declared.kind and not isinstance(getattr(module, name), jax.Array | None)
    }


SENTENCE = re.compile(r"(?<!Fig)(?<!Figs)(?<!Eq)(?<!Eqs)\.\s")
"""Where a sentence of a docstring ends."""


class Declared(Shown, eqx.Module):
    """A module whose numbers are declared by `number` and checked on construction.

    - `symbol`: of the whole in printouts
    - `in_metal`: whether its numbers may have units. They stay as they are given until the metal that it becomes part
      of converts them
    """

    symbol: ClassVar[str] = ""
    in_metal: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        for field in vars(cls).values() if cls.in_metal else ():
            if isinstance(field, dataclasses.Field) and getattr(field.metadata.get("number"), "kind", ""):
                field.metadata = types.MappingProxyType({**field.metadata, "converter": _waiting})

    def __check_init__(self):
        check_numbers(self)

    def valid(self) -> Bool[Array, ""]:
        """Whether its numbers lie in their ranges, for those that JAX is transforming too."""
        good = np.True_
        for name, declared in numbers_of(type(self)).items():
            for value in jax.tree.leaves(getattr(self, name)):
                try:
                    fits = declared.allowed.test(value)
                except jax.errors.TracerArrayConversionError:  # a range in NumPy, which sees numbers only
                    continue
                good = good & (np.all(fits) if is_concrete(fits) else jnp.all(fits))
        return good  # pyright: ignore[reportReturnType]

    def declaration(self, name: str) -> Number | None:
        """The declaration of one of its numbers as it stands in this object, or None."""
        return numbers_of(type(self)).get(name)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{n}={t}' for n, t in _parts(self))})"

    def __str__(self):
        """What it is, and a line for each of its numbers."""
        first = SENTENCE.split((inspect.getdoc(type(self)) or "").split("\n\n")[0])[0].replace("\n", " ")
        lines = []
        for name, text in _parts(self):
            declared = self.declaration(name)
            about = (
                "" if declared is None else f"  {declared.long_name}{declared.kind and f' ({declared.kind})'}"
            )
            lines.append(f"  {name} = {text}{about}")
        return "\n".join([f"{type(self).__name__}: {first}", *lines])

    def summary(self) -> str:
        """The module in a few words, for printouts."""
        values = [f"{name} {shown(getattr(self, name))}" for name in numbers_of(type(self))]
        return ", ".join([type(self).__name__, *values])


def _parts(module: Any) -> list[tuple[str, str]]:
    """Name and text of what a module was made of, without what it was not given."""
    given = [(f.name, getattr(module, f.name, None)) for f in dataclasses.fields(module) if f.init]
    return [
        (name, _brief(value))
        for name, value in given
        if value is not None and not (isinstance(value, tuple) and not value)
    ]


def _brief(value: Any) -> str:
    if isinstance(value, jax.Array | np.ndarray):
        return f"array {np.shape(value)}" if np.ndim(value) else shown(value)
    return repr(value)


def shown(value: Any) -> str:
    """A number as text; what is no single number now is said to be so."""
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))})"
    try:
        return f"{float(value):.6g}"
    except TypeError:  # a tracer, or several numbers
        return f"traced or many {np.shape(value)}"


Kind = TypeVar("Kind", bound=type)


def subclasses(kind: Kind) -> Iterator[Kind]:
    """All classes below a class that can be made, each once, in order of definition."""
    seen = set()
    for child in kind.__subclasses__():
        for found in (child, *subclasses(child)):
            if found not in seen and not inspect.isabstract(found):
                seen.add(found)
                yield found
