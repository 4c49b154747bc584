"""Options that are numbers, laws or pulses of the model: names, ranges and units are what the model declares."""

import inspect
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..model.names import unit_of
from ..model.numbers import numbers_of
from ..model.pulses import pulse_shapes
from ..model.transport import transport_names


def _quantity(nargs: Any, read: Any, write: Any) -> Any:
    """The annotation of an option that takes quantities, numbers or texts with a unit."""
    spec = tyro.constructors.PrimitiveConstructorSpec(
        nargs=nargs,
        metavar="QUANTITY",
        instance_from_str=read,
        is_instance=lambda _: True,
        str_from_instance=write,
    )
    return Annotated[Any, spec]


def _word(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


if TYPE_CHECKING:
    TransportLaw = PulseShape = PumpName = str
    Quantity = QuantityPair = Quantities = Any
else:
    TransportLaw = Literal[tuple(transport_names())]
    PulseShape = Literal[tuple(pulse_shapes())]
    PumpName = Literal[("clamped", *pulse_shapes())]
    Quantity = _quantity(1, lambda words: number_or_text(words[0]), lambda value: [_word(value)])
    QuantityPair = _quantity(
        2, lambda words: tuple(map(number_or_text, words)), lambda pair: list(map(_word, pair))
    )
    Quantities = _quantity(
        "*", lambda words: tuple(map(number_or_text, words)), lambda many: list(map(_word, many))
    )


def number_or_text(word: str) -> float | str:
    """A quantity of the command line: a plain number, or a text with a unit, which a metal with scales needs."""
    try:
        return float(word)
    except ValueError:
        return word


def listed(texts: list[str]) -> Any:
    """Several numbers, or a pair of them and the unit: ["100 K", "300 K"] or ["100", "300 K"]; raises `ValueError`."""
    parts = [NUMBER.fullmatch(text) for text in texts]
    if not texts or any(part is None for part in parts):
        raise ValueError
    values, units = [float(part[1]) for part in parts], {(part[2] or "").strip() for part in parts} - {""}  # pyright: ignore[reportOptionalSubscript]
    if len(units) > 1:
        raise ValueError
    return (values, units.pop()) if units else values


NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf)\s*([^\d\s].*)?")
"""A number and perhaps a unit."""

DURATION = "Decay time, standard deviation or length of the pulse."
DELAY = "Start (exponential, square) or maximum (gaussian) of the pulse."


def explained(kind: type, name: str, note: str = "", unit: str | None = None) -> Any:
    """What the annotation of an option says that sets the number `name` of the class `kind`.

    `note` is added to long name, symbol, unit and range; `unit` stands for that of the model, W and Γ_eph.
    """
    declared = numbers_of(kind)[name]
    words = f"{declared.long_name[0].upper()}{declared.long_name[1:]} {declared.symbol}".strip()
    text = f"{words} ({unit or unit_of(declared.kind) or 'no unit'}): {declared.range}. {note}"
    return tyro.conf.arg(help=text.strip())


def transport_help(default: str = "") -> Any:
    """What the annotation of an option says that names transport laws, and what stands where none is given."""
    about = {
        name: (inspect.getdoc(law) or "").split(". ")[0].splitlines()[0]
        for name, law in transport_names().items()
    }
    laws = [f"{name}, {text.split(':')[0].rstrip('.').lower()}" for name, text in about.items()]
    return tyro.conf.arg(help=". ".join(filter(None, ["Transport law: " + "; ".join(laws), default])))
