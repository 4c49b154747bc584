"""A Zarr v3 store that a sweep writes chunk by chunk, and that survives being killed.

Layout: in the group `journal`, row k of each array holds chunk k of the plan (padded with NaN) and
is one file of its own, written by an atomic rename. `outcome` is written last, so that a row with
an outcome is complete. When every row is there the labelled dataset is written beside it, for
`xarray.open_zarr`.
Nothing in the store depends on when or in which order its rows were computed.
"""

import contextlib
import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ...model.record import differences, versions
from .chunks import Chunk

MISSING = -1
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
Shapes = dict[str, tuple[int, ...]]


class Store:
    """An open store: `done` (chunk,) says which chunks are complete."""

    def __init__(self, path: str | Path):
        import zarr

        self.path = Path(path)
        self.group = zarr.open_group(str(self.path), mode="r+", zarr_format=3)
        self.journal: Any = self.group["journal"]

    @property
    def configuration(self) -> dict[str, Any]:
        return json.loads(str(self.group.attrs["nacjax_configuration"]))

    @property
    def largest_point(self) -> int:
        """The largest flat index of a point."""
        return int(np.max(self.journal["points"][:]))

    @property
    def done(self) -> np.ndarray:
        """Which chunks are complete."""
        codes = np.asarray(self.journal["outcome"][:])
        kept = np.asarray(self.journal["points"][:]) != MISSING
        return np.all((codes != MISSING) | ~kept, axis=1)

    def plan(self, rungs: np.ndarray, multiple: int) -> list[Chunk]:
        """The chunks this store was laid out for, given the rung count of each point."""
        rows = [row[row != MISSING] for row in np.asarray(self.journal["points"][:])]
        counts = [int(rungs[row[0]]) for row in rows]
        widest: dict[int, int] = {}
        for row, count in zip(rows, counts, strict=True):
            widest[count] = max(widest.get(count, 0), row.size)
        sizes = [-(-widest[count] // multiple) * multiple for count in counts]
        return [Chunk(*entry) for entry in zip(range(len(rows)), counts, sizes, rows, strict=True)]

    def write(self, number: int, results: dict[str, np.ndarray]) -> None:
        """Write a chunk, all at once as far as a reader can tell; raises `OSError` for a full disk."""
        with explained(self.path):
            for name in [*(n for n in results if n != "outcome"), "outcome"]:
                array = self.journal[name]
                row = np.full(array.shape[1:], array.fill_value, array.dtype)
                row[: len(results[name])] = results[name]
                array[number] = row

    def read(self, results: dict[str, np.ndarray]) -> None:
        """Copy the complete chunks into (point, ...) arrays."""
        done = self.done
        points = np.asarray(self.journal["points"][:])[done]
        for name, target in results.items():
            rows = np.asarray(self.journal[name][:])[done]
            target[points[points != MISSING]] = rows[points != MISSING]

    def finish(self, dataset: xr.Dataset) -> None:
        """Write the labelled dataset beside the journal."""
        dataset = dataset.drop_vars("reason")  # its sentences are in the attributes of outcome
        dataset.attrs = {"Conventions": dataset.attrs["Conventions"], **self.group.attrs.asdict()}
        with explained(self.path):
            dataset.to_zarr(self.path, mode="a", zarr_format=3, consolidated=False)

    def kept(self) -> str:
        """How much is in the store, as a sentence."""
        points = np.asarray(self.journal["points"][:]) != MISSING
        return f"{int(points[self.done].sum())} of {int(points.sum())} points are kept"


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Full disks and read-only folders as an `OSError` that names the store, and says what is kept and what helps."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            trouble, cure = "the disk is full", "Free some space"
        elif error.errno in READ_ONLY:
            trouble, cure = (
                "its folder cannot be written",
                "Make it writable, or give a path in another folder",
            )
        else:
            raise
        try:
            kept = f" {Store(path).kept()}, and the same sweep with this store computes the rest."
        except (OSError, ValueError, KeyError):
            kept = ""
        raise type(error)(error.errno, f"store = {str(path)!r}: {trouble}. {cure}.{kept}") from error


def is_store(path: Path) -> bool:
    """Whether `path` holds a store that a sweep made."""
    try:
        return "nacjax_configuration" in json.loads((path / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, KeyError):
        return False


def open_store(
    path: str | Path, configuration: dict, chunks: list[Chunk], shapes: Shapes, alone: bool
) -> Store:
    """The store at `path`, made where there is none. `alone`: no other process is writing to it.

    Raises `ValueError` where `path` is something else, or a store of another configuration
    (its differences are listed), and `OSError` where it cannot be written.
    """
    path = Path(path)
    with explained(path):
        if not path.exists():
            _create(path, configuration, chunks, shapes)
        elif not is_store(path):
            raise ValueError(f"store = {str(path)!r} is not allowed: it exists and is no store of a sweep")
        for stray in path.rglob("*.partial") if alone else ():  # a write that was killed half-way
            stray.unlink(missing_ok=True)
        store = Store(path)
    kept, asked = store.configuration, json.loads(json.dumps(configuration))
    if asked["chunk"] is None:  # the store keeps its own
        asked["chunk"] = kept["chunk"]
    lines = differences(kept, asked)
    if lines:
        raise ValueError(
            f"store = {str(path)!r} holds another sweep. Give another path, or the same configuration. "
            "Differences:\n  " + "\n  ".join(lines)
        )
    return store


def _create(path: Path, configuration: dict, chunks: list[Chunk], shapes: Shapes) -> None:
    import zarr

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.new")
    widest = max(chunk.size for chunk in chunks)
    try:
        root = zarr.open_group(str(unfinished), mode="w", zarr_format=3)
        root.attrs.update(
            nacjax_configuration=json.dumps(configuration), nacjax_versions=json.dumps(versions())
        )
        journal = root.create_group("journal")
        options: dict[str, Any] = {"compressors": None, "config": {"write_empty_chunks": True}}

        def array(name: str, shape: tuple[int, ...], dtype: str, fill: float) -> Any:
            shape = (len(chunks), widest, *shape)
            return journal.create_array(
                name, shape=shape, chunks=(1, *shape[1:]), dtype=dtype, fill_value=fill, **options
            )

        points = array("points", (), "int64", MISSING)
        for chunk in chunks:
            points[chunk.number, : chunk.indices.size] = chunk.indices
        for name, shape in shapes.items():
            array(name, shape, "float64", np.nan)
        array("outcome", (), "int32", MISSING)
        os.rename(unfinished, path)  # a store is there whole, or not at all
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not (isinstance(error, OSError) and is_store(path)):  # else another process was first
            raise
