"""Options that are numbers, laws or pulses of the model: names, ranges and units are what the model declares."""

import inspect
from typing import TYPE_CHECKING, Any, Literal

import tyro

from ..model.names import unit_of
from ..model.numbers import numbers_of
from ..model.pulses import pulse_shapes
from ..model.transport import transport_names

if TYPE_CHECKING:
    TransportLaw = PulseShape = PumpName = str
else:
    TransportLaw = Literal[tuple(transport_names())]
    PulseShape = Literal[tuple(pulse_shapes())]
    PumpName = Literal[("clamped", *pulse_shapes())]


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
    laws = [f"{name}, {inspect.getdoc(law)}".split(":")[0] for name, law in transport_names().items()]
    return tyro.conf.arg(help=". ".join(filter(None, ["Transport law: " + "; ".join(laws), default])))
