"""The cells of a plain table: which lines are rows, what separates columns, which comma is a decimal one."""

import csv
import dataclasses
import re

from .text import NUMBER, Lines

COMMENT = re.compile(r"\s*(#|!|%|@|//)")
"""What begins a line that is no row (gnuplot, Fortran, LaTeX, xmgrace, C)."""

DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eEdD][+-]?\d+)?", re.ASCII)


@dataclasses.dataclass
class Cells:
    """A table as words.

    - `header`: (line, text) of the comments and titles before the first row, without their marks
    - `rows`, `places`: the words of each row, and its line
    - `blocks`: the first row of each block; blank lines or `&` part blocks where the energies begin anew
    - `separator`: "," ";" or " " (blanks or tabs)
    """

    header: list[tuple[int, str]]
    rows: list[list[str]]
    places: list[int]
    blocks: list[int]
    separator: str


def read_cells(lines: Lines) -> Cells:
    """The rows of a table, all of one width; raises `ValueError` naming the line."""
    header, texts, places, parts = _parted(lines)
    if not texts:
        raise ValueError(f"{lines.path}: no rows of numbers; a table needs at least 3 rows (energy, DoS)")
    separator, decimal = _dialect(lines, texts, places)
    rows = [_split(text, separator, decimal) for text in texts]
    while len(rows[0]) > 1 and all(len(row) == len(rows[0]) and row[-1] == "" for row in rows):
        rows = [row[:-1] for row in rows]  # a separator ends every row
    if decimal:
        lines.notes.append("decimal commas")
    elif separator == ",":
        _refuse_comma(lines, rows, places)
    blocks = [0] + [k for k in parts if 0 < k < len(rows)]
    return Cells(header, rows, places, blocks, separator)


def _parted(lines: Lines) -> tuple[list[tuple[int, str]], list[str], list[int], list[int]]:
    """Header, texts and places of the rows, and the rows before which there is a gap."""
    header: list[tuple[int, str]] = []
    texts: list[str] = []
    places: list[int] = []
    parts: list[int] = []
    hidden = []
    for number, line in enumerate(lines.lines, start=1):
        text = re.split(r"\s[#!]", line, maxsplit=1)[0].strip()
        mark = COMMENT.match(line)
        if mark or text == "&" or not text or (not texts and _is_title(text)):
            if not texts and line.strip():
                header.append((number, line[mark.end() if mark else 0 :].strip().lstrip("#! ")))
            elif mark and len(row := re.split(r"[\s,;]+", line[mark.end() :].strip())) > 1:
                hidden += [number] * all(NUMBER.fullmatch(word) for word in row)
            if texts and (not parts or parts[-1] != len(texts)):
                parts.append(len(texts))
            continue
        texts.append(text)
        places.append(number)
    if hidden := [number for number in hidden if number < places[-1]]:
        lines.warn(f"line {hidden[0]} is a row of numbers made a comment; it is left out")
    return header, texts, places, parts


def _is_title(text: str) -> bool:
    """Whether a line before the rows names the columns: words, and no number among them."""
    text = re.sub(r"(?i)unnamed: ?\d+", "unnamed", text)  # what pandas calls the index of a file it wrote
    words = [word.strip('"') for word in re.split(r"[\s,;]+", text) if word.strip('"')]
    plain = [word for word in words if re.fullmatch(r"[A-Za-z_²³]{1,}.*", word)]
    numbers = [word for word in words if NUMBER.fullmatch(word) and re.search(r"\d", word)]
    return bool(plain) and not numbers and not any(re.fullmatch(r"(?i)nan|inf(inity)?", w) for w in words)


def _dialect(lines: Lines, texts: list[str], places: list[int]) -> tuple[str, bool]:
    """What separates columns, and whether a comma is the decimal one; by all rows together."""
    separator = ";" if any(";" in text for text in texts) else " "
    commas = [k for k, text in enumerate(texts) if "," in text]
    if not commas:
        return separator, False
    for place, text in zip(places, texts, strict=True):
        if any(
            re.fullmatch(r"[+-]?\d+\.\d{3},\d+|[+-]?\d+,\d{3}\.\d+", word) for word in _words(text, separator)
        ):
            lines.fail(place, f"{text[:60]!r} groups digits by thousands, or mixes decimal commas and points: write "
                       "decimal points alone")  # fmt: skip
    quoted = [k for k in commas if re.search(r'"[+-]?\d+,\d+', texts[k])]
    if quoted and separator == " ":
        return ",", True
    words = [_words(text, separator) for text in texts]
    decimal = any(DECIMAL_COMMA.fullmatch(word) for row in words for word in row)
    pointed = any("." in text for text in texts)
    if decimal and not pointed and all(len(row) > 1 for row in words):
        return separator, True
    if separator == ";":
        lines.fail(places[commas[0]], f"{texts[commas[0]][:60]!r} has commas beside semicolons, and not as decimal "
                   "commas throughout: write decimal points alone")  # fmt: skip
    return ",", False


def _words(text: str, separator: str) -> list[str]:
    """Words of a row of which commas may still be decimal ones."""
    parts = text.split(";") if separator == ";" else text.split()
    return [part.strip().strip('"').rstrip(",") for part in parts if part.strip()]


def _split(text: str, separator: str, decimal: bool) -> list[str]:
    if '"' in text:
        delimiter = "\t" if separator == " " and "\t" in text else separator
        words = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))
    elif separator == " ":
        words = text.split()
    elif separator == ",":  # blanks and commas may stand for each other
        words = re.split(r"\s*,\s*|\s+", text)
    else:
        words = text.split(separator)
    words = [word.strip() for word in words]
    if decimal:
        words = [re.sub(r"^([+-]?\d*),(\d)", r"\1.\2", word.rstrip(",")) for word in words]
    return words


def _refuse_comma(lines: Lines, rows: list[list[str]], places: list[int]) -> None:
    """`ValueError` where commas that separate columns look like decimal commas."""
    if any("." in word for row in rows for word in row):
        suspect = [k for k, row in enumerate(rows) if any(re.fullmatch(r"0\d+", word) for word in row)]
    else:
        wide = len(rows[0]) >= 4 and len(rows[0]) % 2 == 0
        suspect = [
            k for k, row in enumerate(rows) if wide or any(re.fullmatch(r"0\d+", word) for word in row)
        ]
    if suspect:
        place = places[suspect[0]]
        lines.fail(place, f"{lines.lines[place - 1].strip()[:60]!r} seems to have decimal commas, and commas between "
                   "its columns: write decimal points, or semicolons between columns")  # fmt: skip
