"""Text files line by line, and the numbers Fortran writes; every complaint names file and line."""

import re
import warnings
from pathlib import Path
from typing import NamedTuple, NoReturn

from ..model.checks import require_path
from .unpack import read_text

NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eEdD]([+-]?\d{1,3})|([+-]\d{3}))?", re.ASCII)
"""Sign, digits, decimals and exponent; Fortran drops the E before an exponent of three digits."""

LARGEST = 1e100
"""Numbers and powers of ten beyond it are not believed: sums of them overflow."""


class Number(NamedTuple):
    """A number as written, and the unit of its last digit: the value is known to half of that."""

    value: float
    quantum: float


class Lines:
    """The lines of a text file, counted from 1, and what is to be said about it (`notes`).

    Raises `FileNotFoundError` where there is no file, and `ValueError` for one that is empty, holds
    control characters or visibly ends inside a line.
    """

    def __init__(self, path: str | Path, what: str, argument: str = "path"):
        self.path = require_path(argument, path)
        self.notes: list[str] = []
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: there is no such file; {what} was expected")
        text = read_text(self.path)
        if not text.strip():
            raise ValueError(f"{self.path}: no rows of numbers; {what} was expected")
        *self.lines, rest = text.split("\n")
        if damaged := re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text):
            number = text.count("\n", 0, damaged.start()) + 1
            self.fail(number, "holds a control character: the file is damaged")
        if rest:
            self.lines.append(rest)
            self._check_last()

    def _check_last(self) -> None:
        """`ValueError` where the last line, which no line break ends, is no whole row like those before."""
        number, words = len(self.lines), _words(self.lines[-1])
        if all(re.fullmatch(r"[A-Za-z_]+", word) for word in words):
            return  # the end of an input file
        row = all(NUMBER.fullmatch(word) and re.search(r"\d", word) for word in words)
        before = [found for line in self.lines[-400:-1] if len(found := _words(line)) == len(words)]
        above = _words(self.lines[-2]) if number > 1 else []
        whole = len(above) == len(words) and _form(words[-1]) in {_form(found[-1]) for found in before}
        if row and (not whole or self.lines[-1][-1:].isspace()):
            self.fail(number, "the file ends inside this line: it may be cut off "
                      "(if it is whole, end it with a line break)")  # fmt: skip
        self.warn("the file does not end with a line break; what is there is taken as whole, but lines may be "
                  "missing")  # fmt: skip

    def fail(self, number: int, text: str) -> NoReturn:
        """Raise `ValueError` naming the file and line `number`."""
        raise ValueError(f"{self.path}, line {number}: {text}")

    def warn(self, text: str) -> None:
        """Note something and warn of it."""
        self.notes.append(text)
        warnings.warn(f"{self.path}: {text}", UserWarning, stacklevel=2)

    def line(self, number: int, what: str) -> str:
        """Line `number`; where the file is shorter, `ValueError` saying `what` was expected."""
        if number > len(self.lines):
            self.fail(len(self.lines), f"the file ends here, before {what}: it is cut off")
        return self.lines[number - 1]

    def numbers(self, number: int, what: str, counts: tuple[int, ...]) -> list[Number]:
        """The numbers of a line, which must be as many as one of `counts`."""
        words = self.line(number, what).split()
        found = [self.number(number, word) for word in words]
        if len(found) not in counts:
            wanted = " or ".join(map(str, counts))
            self.fail(number, f"{len(found)} columns, expected {wanted} ({what})")
        return found

    def number(self, number: int, word: str) -> Number:
        """One finite number."""
        match = NUMBER.fullmatch(word)
        if match is None or not (match[2] or match[3]):
            self.fail(number, f"{word!r} is {_no_number(word)}")
        sign, whole, decimals, power, bare = match.groups()
        exponent = int(power or bare or 0)
        if exponent > 100 or abs(value := float(f"{sign}{whole or 0}.{decimals or 0}e{exponent}")) > LARGEST:
            self.fail(number, f"{word[:40]!r} is too large: numbers beyond 1e100 are not believed")
        return Number(value, 10.0 ** max(exponent - len(decimals or ""), -300))

    def whole(self, number: int, word: str, what: str) -> int:
        """One whole number."""
        if not re.fullmatch(r"[+-]?\d+", word, re.ASCII):
            self.fail(number, f"{word!r} is not a whole number ({what})")
        if len(word) > 9:
            self.fail(number, f"{word[:40]!r} is too large ({what})")
        return int(word)


def _no_number(word: str) -> str:
    """What a word is that is no number."""
    if not word:
        return "an empty cell"
    if word.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return "not finite"
    if re.fullmatch(r"[+-]?\d*,\d+([eEdD][+-]?\d+)?", word):
        return "not a number: it has a decimal comma where others have none; write decimal points"
    return "not a number"


def _words(line: str) -> list[str]:
    return re.split(r"[\s,;]+", line.strip())


def _form(word: str) -> tuple[int, int] | None:
    """Digits after the point and in the exponent of a number, or None."""
    match = NUMBER.fullmatch(word)
    if match is None:
        return None
    return len(match[3] or ""), len((match[4] or match[5] or "").lstrip("+-"))
