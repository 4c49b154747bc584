"""Units of energy that files name: which one."""

import re

from ..model.source import EV

FOREIGN = r"cm\^?-1|cm⁻¹|1/cm|THz|kJ/mol|kcal/mol|kelvin|\bJ\b|\bK\b|\bMeV\b|\bkeV\b"
"""Units of energy that are refused by their name."""

WORDS = {"ev": "eV", "mev": "meV", "ha": "Ha", "hartree": "Ha", "hartrees": "Ha", "ry": "Ry", "rydberg": "Ry",
         "rydbergs": "Ry", "a.u.": "Ha", "au": "Ha", "electronvolt": "eV", "e_h": "Ha"}  # fmt: skip

TOKEN = re.compile(
    r"(?<![A-Za-z])(electron ?volts?|m?e[Vv]|M?EV|[Hh]artrees?|HARTREES?|Ha|E_h|[Rr]ydbergs?|RYDBERGS?|R[yY]|"
    r"a\.u\.)(?![A-Za-z])"
)
"""A unit as people write it."""


def units_named(text: str) -> set[str]:
    """The units of energy that a text names."""
    return {WORDS[word.lower().replace(" ", "").removesuffix("s")] for word in TOKEN.findall(text)}


def unit_named(text: str) -> str | None:
    """The unit of energy that a text names once or several times alike, or None."""
    found = units_named(text)
    return found.pop() if len(found) == 1 else None


def check_unit(unit: str) -> str:
    """A unit that a caller states, in the spelling of `EV`; raises `ValueError`."""
    known = WORDS.get(unit.strip().lower())
    if known is None or unit == "MeV":
        raise ValueError(
            f"unit = {unit!r} is not allowed: it must be one of {', '.join(EV)} (Hartree, Rydberg)"
        )
    return known
