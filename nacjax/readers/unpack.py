"""The text of a file: packed by gzip or not, in UTF-8, UTF-16 or UTF-32, with any line ends."""

import codecs
import gzip
import re
import zlib
from pathlib import Path

LARGEST = 2**28
"""Bytes of text that are read at most (256 MiB)."""

LONGEST = 20_000
"""Characters of a line at most: no format that is read here has longer ones."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks and the encoding they announce; UTF-32 first, as its mark begins like that of UTF-16."""

OTHERS = {
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"PK\x03\x04": "a zip archive or a spreadsheet: unpack it, or save the sheet as text",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it first",
    b"\x89HDF": "HDF5 or NetCDF, no text",
    b"CDF": "NetCDF, no text",
    b"%PDF": "a PDF, no text",
    b"<?xml": "XML (vasprun.xml?): give the DOSCAR of the same run",
}
"""First bytes of files that are no text, and what they are."""


def read_text(path: Path) -> str:
    """The text of a file with line ends "\\n".

    Raises `ValueError` naming the file for one that is too large, no text or has too long lines.
    """
    data = _unpacked(path)
    for mark, what in OTHERS.items():
        if data.startswith(mark):
            raise ValueError(f"{path}: the file is {what}")
    text = _decoded(path, data).replace("\u2212", "-").replace("\u00a0", " ")
    text = re.sub(r"\r+\n|\r", "\n", text)
    start = 0
    number = 1
    while len(text) - start > LONGEST:
        end = text.find("\n", start, start + LONGEST + 1)
        if end < 0:
            raise ValueError(
                f"{path}, line {number}: longer than {LONGEST} characters; no table has such lines: the file "
                "is damaged or of another kind"
            )
        start, number = end + 1, number + 1
    return text


def _unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is packed by gzip, in pieces so that no bomb goes off."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: the file is packed by gzip and damaged ({error})") from None
    if len(data) > LARGEST:
        how = "unpacks to" if packed else "holds"
        raise ValueError(f"{path}: the file {how} more than {LARGEST >> 20} MiB, too much for a table")
    return data


def _decoded(path: Path, data: bytes) -> str:
    """Text of bytes, by their byte order mark or, in UTF-16 without one, by their zeros."""
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and len(data) > 3 and len(data) % 2 == 0:
        zeros = [data[k:400:2].count(0) for k in (0, 1)]
        half = 0.4 * min(len(data), 400) / 2
        if max(zeros) > half and min(zeros) == 0:
            encoding = "utf-16-le" if zeros[1] else "utf-16-be"
    errors = "replace" if encoding == "utf-8" else "strict"
    try:
        return data.decode(encoding, errors=errors)
    except UnicodeDecodeError:
        raise ValueError(f"{path}: the file is damaged or cut off (it is no whole {encoding} text)") from None
