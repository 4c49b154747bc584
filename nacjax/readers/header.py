"""What the header of a table says: the meaning of its columns, the unit of energy, the Fermi level."""

import dataclasses
import re

from ..model.source import EV
from .text import NUMBER, Lines
from .units import FOREIGN, TOKEN, unit_named, units_named

V2 = r"(?<![a-z])v\s*(?:\^|\*\*)?\s*[2²]"
MEANINGS = {
    "Energy": r"^(energy|e|ε)\s*([-–(\[]|$)",
    "skip": r"^(index|unnamed.*|#|no\.?|nr\.?|row|point|idx|i)$",
    "integral": r"integ|cumul|idos|∫|\bint\b|^int|\bnos\b|number of (states|electrons)",
    "v2dos": rf"{V2}.*(d|weight)|(dos|(?<![a-z])d)\W*{V2}|veloc.*(d|weight)|vvdos|transport",
    "dos": r"^[dgnt]$|^[dgn]\([eεω]\)$",
    "other": r"occ|std|\berr|sigma|uncert|tsmear|charge|moment|magn|^f$|^f\(",
    "partial": r"pdos|ldos|partial|proj|local|\bsite|atom|orb|muffin|interst|tot-|(?<![a-z0-9])[spdf](?![a-z0-9_²^])",
    "up": r"(dos|spin|^|[^a-z])up(?![a-z])|alpha|↑|major|spin[ _]?1\b",
    "down": r"(dos|spin|^|[^a-z])(down|dn|dw|dwn)(?![a-z])|beta|↓|minor|spin[ _]?2\b",
    "DOS": r"dos|densit|states|total|(^|[^a-z])tot(?![a-z-])",
    "energy": r"energ|^[eεω](?![a-z])|^hw|^omega",
}
"""Meaning of a column → what its name looks like (lower case); the first that is found holds."""

SPINS = ("up", "down")

REFERENCE = re.compile(
    r"(?i)(reference[^.]*(chemical potential|fermi)|(shifted|relative|measured|counted)[^.]*fermi|"
    r"fermi\s*(level|energy)?\s*(lies|is)?\s*(at|set to|=|as)\s*(the\s*)?(0|zero)\b(?!\.\d*[1-9])|"
    r"\be(nergy)?\s*[-–]\s*e_?\{?f(ermi)?\b)"
)
"""Sentences by which energies are counted from the Fermi level."""

FERMI = re.compile(
    r"(?i)(?:\be_?f(?:ermi)?|fermi[ _-]*(?:energy|level)?)(?![a-z])([^=:\d+.-]{0,40})[=:]?\s*(.*)"
)


@dataclasses.dataclass
class Header:
    """What a header says, and in which line.

    - `names` are as many as columns, or empty; `meanings` what they say
    - `unit` and `density_unit`: of energy and DoS; `several`: the units among which it leaves the choice
    - `fermi`: the Fermi level (two numbers for two spins), said in `fermi_line`
    """

    names: list[str]
    meanings: list[str]
    unit: str | None
    several: str
    density_unit: str | None
    fermi: tuple[float, ...]
    fermi_line: int | None


def meaning(name: str) -> str:
    """What a column of that name holds: a key of `MEANINGS`, or "?"."""
    plain = name.strip().lower()
    if not plain:
        return "skip"
    unit = r"[\[(][^\])]*(?:\be_?v|mev|\bha\b|hartree|\bry|a\.u\.|electron|state)[^\])]*[\])]"
    plain = re.sub(r"^\d+\s*[:=]\s*", "", re.sub(unit, "", plain).strip()) or plain
    return next((kind.lower() for kind, form in MEANINGS.items() if re.search(form, plain)), "?")


def read_header(lines: Lines, header: list[tuple[int, str]], width: int, separator: str) -> Header:
    """What the lines of a header say about a table of `width` columns; raises `ValueError` for a foreign unit."""
    names, meanings, place = _names(header, width, separator)
    unit = density = None
    for name, kind in zip(names, meanings, strict=True):
        if kind == "energy":
            if foreign := re.search(FOREIGN, name):
                lines.fail(place, f"energies in {foreign[0]!r}: convert them to eV, meV, Ha or Ry")
            unit = unit or unit_named(name)
        elif kind in ("dos", *SPINS):
            density = density or unit_named(name)
    units = {unit} if unit else _units(header) or ({density} if density else set())
    unit = units.pop() if len(units) == 1 else None
    for number, text in [] if unit else header:
        if foreign := re.search(rf"[(\[]\s*({FOREIGN})\s*[)\]]", text):
            lines.fail(number, f"energies in {foreign[1]!r}: convert them to eV, meV, Ha or Ry")
    fermi, line = _fermi(lines, header, unit)
    return Header(names, meanings, unit, " or ".join(sorted(units)), density, fermi, line)


def _names(header: list[tuple[int, str]], width: int, separator: str) -> tuple[list[str], list[str], int]:
    """Names of the columns, their meanings and their line: the last line that names as many."""
    listed = {}
    for number, text in header:  # "# 2  DOS (electrons per eV)"
        if found := re.match(r"(?:column|col\.?)?\s*(\d+)\s*[:=.)]?\s+([^\d\s].*)", text, re.IGNORECASE):
            listed[int(found[1])] = (found[2].strip(), number)
    if sorted(listed) == list(range(1, width + 1)):
        names = [listed[k][0] for k in range(1, width + 1)]
        return names, [meaning(name) for name in names], listed[1][1]
    for number, text in reversed(header):
        for names in _split(re.sub(r"(?i)\b(e_?f|e_?fermi|fermi)\b[^=:]*[=:].*", "", text), separator):
            meanings = [meaning(name) for name in names]
            if {"s", "p", "f"} & {name.lower() for name in names}:  # then d is an orbital, too
                meanings = [
                    "partial" if name.lower() == "d" else kind
                    for name, kind in zip(names, meanings, strict=True)
                ]
            known = "?" not in meanings and not {*meanings} <= {"skip", "other", "partial"}
            if len(names) == width and ("energy" in meanings or known):
                return names, meanings, number
    return [], [], header[0][0] if header else 1


def _split(text: str, separator: str) -> list[list[str]]:
    """Ways to part a line into names: by its separator, by wide gaps, by blanks with what belongs together joined."""
    ways = []
    if separator != " " and separator in text:
        ways.append([name.strip(' "') for name in text.split(separator)])
    for other in (",", ";", "|"):
        if other != separator and other in text:
            ways.append([name.strip(' "') for name in text.strip("|").split(other)])
    ways.append(re.split(r"\s{2,}|\t+", text.strip()))
    joined = re.sub(r"\s+(?=[(\[])", "", text.strip())
    joined = re.sub(r"[(\[][^)\]]*[)\]]", lambda found: found[0].replace(" ", "_"), joined)
    joined = re.sub(r"\s*[-–]\s*", "-", joined)
    first = r"integrated|integr\.?|int\.?|spin|total|partial|local|cumulative|projected|number|of|weighted"
    joined = re.sub(rf"(?i)\b({first})\s+(?=\S)", r"\1_", joined)
    joined = re.sub(r"(?i)(dos|spin)\s+(?=(up|down|dn|dw)\b)", r"\1_", joined)
    ways.append([word.replace("_", " ") for word in joined.split()])
    if not re.search(r"(^|\s)[(\[]", text):  # a unit by itself is no name
        ways.append(text.split())
    return ways


def _units(header: list[tuple[int, str]]) -> set[str]:
    """Units of energy where the name of the column gives none: of sentences about energies, or of any."""
    plain = [re.sub(rf"[-+]?\d[\d.eEdD+-]*\s*(?:{TOKEN.pattern})", "", text) for _, text in header]
    about = [text for text in plain if re.search(r"(?i)energ|\bunits?\b", text)]
    return units_named(" ".join(about)) or units_named(" ".join(plain))


def _fermi(
    lines: Lines, header: list[tuple[int, str]], unit: str | None
) -> tuple[tuple[float, ...], int | None]:
    """The Fermi level of a header in the unit of the energies, and its line."""
    for number, text in header:
        if REFERENCE.search(text):
            return (0.0,), number
    for number, text in header:
        found = FERMI.search(text)
        if found is None:
            continue
        words = re.split(r"[\s,]+", found[2].strip())
        values = []
        for word in words:
            if not NUMBER.fullmatch(word) or not re.search(r"\d", word):
                break
            values.append(lines.number(number, word).value)
        if values:
            return _converted(
                lines, number, tuple(values), unit_named(found[1] + " " + found[2]), unit
            ), number
    return (), None


def _converted(lines: Lines, number: int, values: tuple[float, ...], given: str | None, unit: str | None):
    """Fermi energies in the unit of the table; `ValueError` where theirs is known and that of the table is not."""
    if given is None or given == unit:
        return values
    if unit is None:
        lines.fail(
            number,
            f"the Fermi energy is in {given}, but no unit is named for the energies: give unit= (--unit)",
        )
    return tuple(value * EV[given] / EV[unit] for value in values)
