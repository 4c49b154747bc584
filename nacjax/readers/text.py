"""Text files line by line, and the numbers Fortran writes; every complaint names file and line."""

import math
import re
from pathlib import Path
from typing import NamedTuple, NoReturn

NUMBER = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eEdD]([+-]?\d{1,3})|([+-]\d{3}))?", re.ASCII)
"""Sign, digits, decimals and exponent; Fortran drops the E before an exponent of three digits."""


class Number(NamedTuple):
    """A number as written, and the unit of its last digit: the value is known to half of that."""

    value: float
    quantum: float


class Lines:
    """The lines of a text file, counted from 1.

    Raises `FileNotFoundError` where there is no file, and `ValueError` for one that is empty, holds
    control characters or does not end with a line break (it may have been cut off).
    """

    def __init__(self, path: str | Path, what: str):
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path}: there is no such file; {what} was expected")
        text = self.path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
        *self.lines, rest = text.split("\n")
        if not text.strip():
            raise ValueError(f"{self.path}: no rows of numbers; {what} was expected")
        if rest:
            self.fail(len(self.lines) + 1, "the file ends inside this line: it may be cut off "
                      "(if it is whole, end it with a line break)")  # fmt: skip
        for number, line in enumerate(self.lines, start=1):
            if any(ord(letter) < 32 and letter != "\t" for letter in line):
                self.fail(number, "holds a control character: the file is damaged")

    def fail(self, number: int, text: str) -> NoReturn:
        """Raise `ValueError` naming the file and line `number`."""
        raise ValueError(f"{self.path}, line {number}: {text}")

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
            text = "not finite" if word.lower().lstrip("+-") in ("nan", "inf", "infinity") else "not a number"
            self.fail(number, f"{word!r} is {text}")
        sign, whole, decimals, power, bare = match.groups()
        exponent = int(power or bare or 0)
        value = float(f"{sign}{whole or 0}.{decimals or 0}e{exponent}")
        if not math.isfinite(value):
            self.fail(number, f"{word!r} is not finite")
        return Number(value, 10.0 ** max(exponent - len(decimals or ""), -300))

    def whole(self, number: int, word: str, what: str) -> int:
        """One whole number."""
        if not re.fullmatch(r"[+-]?\d+", word, re.ASCII):
            self.fail(number, f"{word!r} is not a whole number ({what})")
        return int(word)
