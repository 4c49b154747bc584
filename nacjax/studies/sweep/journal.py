"""The journal of a store: the results of each chunk of a sweep, and whether they are whole.

- `points` (chunk, point): flat indices of the points of each chunk, −1 beyond the last
- `rows` (chunk, 1 + point, column): results. Line 0 of a chunk is its seal, behind it follows a line for each point:
  its outcome code, then its observables. A file holds `together` chunks, and is replaced by an atomic rename.

The seal is a digest of the chunk's number, points and results and of the configuration. So what is missing, damaged,
exchanged or of another sweep counts as not computed.
"""

import hashlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from .chunks import Chunk
from .outcomes import NOT_RUN, failed

MISSING = -1
MOST_FILES = 1000
Shapes = dict[str, tuple[int, ...]]


def columns(shapes: Shapes) -> dict[str, tuple[int, int]]:
    """Name → first column and one past the last in `rows`."""
    places, start = {}, 0
    for name, shape in {"outcome": (), **shapes}.items():
        places[name] = (start, start + int(np.prod(shape)))
        start = places[name][1]
    return places


def create(group: Any, chunks: list[Chunk], shapes: Shapes) -> None:
    """Make the arrays of a journal in a Zarr group."""
    from zarr.codecs import Crc32cCodec

    widest = max(chunk.size for chunk in chunks)
    options: dict[str, Any] = {"compressors": (Crc32cCodec(),), "config": {"write_empty_chunks": True}}
    plan = np.full((len(chunks), widest), MISSING)
    for chunk in chunks:
        plan[chunk.number, : chunk.indices.size] = chunk.indices
    points = group.create_array(
        "points", shape=plan.shape, chunks=plan.shape, dtype="int64", fill_value=MISSING, **options
    )
    points[:] = plan
    places = columns(shapes)
    shape = (len(chunks), 1 + widest, max(stop for _, stop in places.values()))
    together = -(-len(chunks) // MOST_FILES)
    rows = group.create_array(
        "rows", shape=shape, chunks=(together, *shape[1:]), dtype="float64", fill_value=np.nan, **options
    )
    rows.attrs["columns"] = {name: list(place) for name, place in places.items()}


class Journal:
    """An open journal; `scan` finds out which chunks are whole.

    Raises `ValueError` where its arrays do not belong together.
    """

    def __init__(self, group: Any, key: str):
        self.points = np.asarray(group["points"][:])
        self.rows: Any = group["rows"]
        self.columns = {name: (int(a), int(b)) for name, (a, b) in self.rows.attrs["columns"].items()}
        self.key = key.encode()
        known = self.points[self.points != MISSING]
        if not np.array_equal(np.sort(known), np.arange(known.size)) or np.any(self.points[:, 0] == MISSING):
            raise ValueError("its list of points is not whole")
        width = max((stop for _, stop in self.columns.values()), default=0)
        shape = (len(self.points), 1 + self.points.shape[1], width)
        if self.rows.shape != shape or self.rows.chunks[1:] != shape[1:] or self.rows.dtype != np.float64:
            raise ValueError(f"its results have the shape {self.rows.shape} instead of {shape}")
        self.together = int(self.rows.chunks[0])
        self.whole = np.zeros(len(self.points), bool)
        self.failed = np.zeros(len(self.points), int)
        self.not_run: dict[int, float] = {}  # chunks that could not run, and the time of that
        self.pending: dict[int, dict[int, np.ndarray]] = {}

    def group_of(self, number: int) -> int:
        """The file that a chunk is in."""
        return number // self.together

    def scan(self, results: dict[str, np.ndarray] | None = None, not_run: bool = False) -> None:
        """Look at all chunks that were not whole before; copy those that are now into (point, ...) arrays.

        `not_run`: also copy what could not run.
        """
        for group in range(-(-len(self.points) // self.together)):
            if not self.whole[self._span(group)].all():
                for number, row in self._read(group):
                    self._take(number, row, results)
                    if not_run and not self.whole[number]:
                        self._copy(number, row, results)

    def _span(self, group: int) -> slice:
        return slice(group * self.together, min((group + 1) * self.together, len(self.points)))

    def _read(self, group: int) -> Iterator[tuple[int, np.ndarray]]:
        """(chunk number, its row) of what is sealed in a file."""
        span = self._span(group)
        try:
            block = np.asarray(self.rows[span])
        except (ValueError, IndexError, TypeError):  # another length, or the wrong checksum
            return
        for number, row in enumerate(block, span.start):
            if row[0, 0] == self._seal(number, row):
                yield number, row

    def _take(self, number: int, row: np.ndarray, results: dict[str, np.ndarray] | None) -> None:
        inside = self.points[number] != MISSING
        codes = row[1:, 0][inside]
        if np.any(codes == NOT_RUN):
            self.not_run[number] = float(row[0, 1])
            return
        if not self.whole[number]:
            self.whole[number], self.failed[number] = True, np.count_nonzero(failed(codes))
            self._copy(number, row, results)

    def _copy(self, number: int, row: np.ndarray, results: dict[str, np.ndarray] | None) -> None:
        inside = self.points[number] != MISSING
        for name, target in (results or {}).items():
            start, stop = self.columns[name]
            lines = row[1:, start:stop][inside]
            target[self.points[number][inside]] = lines.reshape(-1, *target.shape[1:])

    def _seal(self, number: int, row: np.ndarray) -> float:
        """A whole number below 2⁴⁸, of all that decides whether a row is what it should be."""
        parts = self.key, number.to_bytes(8, "big"), self.points[number].tobytes(), row.tobytes()[8:]
        return float(int.from_bytes(hashlib.sha256(b"".join(parts)).digest()[:6], "big"))

    def write(self, number: int, results: dict[str, np.ndarray]) -> None:
        """Keep a chunk; its file is written when all of its chunks are known, or by `flush`."""
        row = np.full(self.rows.shape[1:], np.nan)
        for name, values in results.items():
            start, stop = self.columns[name]
            row[1 : len(values) + 1, start:stop] = np.reshape(values, (len(values), -1))
        # a chunk that could not run gets the time: another process sees that it was tried again
        row[0, 1] = time.time() if np.any(results["outcome"] == NOT_RUN) else 0.0
        row[0, 0] = self._seal(number, row)
        group = self.group_of(number)
        self.pending.setdefault(group, {})[number] = row
        span = self._span(group)
        if all(self.whole[k] or k in self.pending[group] for k in range(span.start, span.stop)):
            self._put(group)

    def flush(self) -> None:
        """Write all that is kept in memory."""
        for group in list(self.pending):
            self._put(group)

    def _put(self, group: int) -> None:
        span = self._span(group)
        block = np.full((span.stop - span.start, *self.rows.shape[1:]), np.nan)
        for number, row in {
            **dict(self._read(group) if self.together > 1 else ()),
            **self.pending[group],
        }.items():
            block[number - span.start] = row
        for attempts_left in (2, 1, 0):
            try:
                self.rows[span] = block
                break
            except FileNotFoundError:  # another process took the unfinished file for one that a kill had left
                if not attempts_left:
                    raise
        for number, row in self.pending.pop(group).items():
            self._take(number, row, None)
