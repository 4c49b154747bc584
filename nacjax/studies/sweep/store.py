"""A Zarr v3 store that a sweep writes chunk by chunk, and that survives being killed.

The results are in the group `journal` (see there), configuration and versions in the attributes. When every chunk
is there the labelled dataset is written beside it, for `xarray.open_zarr`. Every file has a checksum. Nothing in the
store depends on when or in which order its chunks were computed.
"""

import contextlib
import filecmp
import json
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ...model.record import differences, unrecognised, versions
from .chunks import Chunk
from .journal import MISSING, Journal, Shapes, columns, create
from .trouble import damaged, explained, unfinished

STRAY = re.compile(r"\.[0-9a-f]{32}\.partial$")
"""How Zarr names a file that it has not finished."""


class Store:
    """An open store: `done` (chunk,) says which chunks are complete.

    Raises `ValueError` with its path where it is damaged.
    """

    def __init__(self, path: str | Path):
        import zarr

        self.path = Path(path)
        self.writable = os.access(self.path, os.W_OK)
        with explained(self.path), damaged(self.path):
            mode = "r+" if self.writable else "r"
            self.group = zarr.open_group(str(self.path), mode=mode, zarr_format=3)
            text = str(self.group.attrs["nacjax_configuration"])
            self.configuration: dict[str, Any] = json.loads(text)
            self.versions: dict[str, str] = json.loads(str(self.group.attrs["nacjax_versions"]))
            self.journal = Journal(self.group["journal"], text)

    @property
    def largest_point(self) -> int:
        """The largest flat index of a point."""
        return int(np.max(self.journal.points))

    @property
    def done(self) -> np.ndarray:
        """Which chunks are complete; one that could not run is not."""
        self.journal.scan()
        return self.journal.whole

    def plan(self, rungs: np.ndarray, fewest: np.ndarray, multiple: int) -> list[Chunk]:
        """The chunks this store was laid out for, given the rungs of each point and the fewest of its ladder."""
        rows = [row[row != MISSING] for row in self.journal.points]
        counts = [int(rungs[row].max()) for row in rows]
        widest: dict[int, int] = {}
        for row, count in zip(rows, counts, strict=True):
            widest[count] = max(widest.get(count, 0), row.size)
        sizes = [-(-widest[count] // multiple) * multiple for count in counts]
        least = [int(fewest[row].min()) for row in rows]
        return [Chunk(*entry) for entry in zip(range(len(rows)), counts, least, sizes, rows, strict=True)]

    def shares(self, chunks: list[Chunk], processes: int) -> list[list[Chunk]]:
        """Chunks for each process, so that a file belongs to one of them."""
        groups = list(dict.fromkeys(self.journal.group_of(chunk.number) for chunk in chunks))
        return [
            [chunk for chunk in chunks if groups.index(self.journal.group_of(chunk.number)) % processes == k]
            for k in range(processes)
        ]

    def go_on(self, record: bool) -> None:
        """Make sure that more can be computed into this store; `record`: write other versions down.

        Raises `PermissionError` where it cannot be written, `ValueError` for another version of nacjax; warns where
        another library has changed.
        """
        with explained(self.path, self.kept):
            if not self.writable:
                raise PermissionError(13, os.strerror(13))
        now = versions()
        changed = {k: (self.versions.get(k, "?"), v) for k, v in now.items() if self.versions.get(k) != v}
        if not changed:
            return
        listed = ", ".join(f"{name} {kept} → {new}" for name, (kept, new) in changed.items())
        name = f"store = {str(self.path)!r}"
        if "nacjax" in changed:
            raise ValueError(f"{name} was begun with other versions ({listed}), and {self.kept()}. Go on with that "
                             "nacjax, or give another path")  # fmt: skip
        warnings.warn(f"{name} was begun with other versions ({listed}): what is computed now may differ in the "
                      "last digits", RuntimeWarning, stacklevel=4)  # fmt: skip
        if record:
            for key, (kept, new) in changed.items():
                self.versions[key] = kept if new in kept.split(", ") else f"{kept}, {new}"
            with explained(self.path):
                self.group.attrs["nacjax_versions"] = json.dumps(self.versions)

    def write(self, number: int, results: dict[str, np.ndarray]) -> None:
        """Write a chunk, all at once as far as a reader can tell; raises `OSError` for a full disk."""
        with explained(self.path, self.kept):
            self.journal.write(number, results)

    def flush(self) -> None:
        """Write what is still in memory."""
        with explained(self.path, self.kept):
            self.journal.flush()

    def finish(self, dataset: xr.Dataset) -> None:
        """Write the labelled dataset beside the journal, unless it is there already."""
        from zarr.codecs import Crc32cCodec, ZstdCodec

        dataset = dataset.drop_vars("reason")  # its sentences are in the attributes of outcome
        dataset.attrs = {}
        encoding = {name: {"compressors": (ZstdCodec(), Crc32cCodec())} for name in dataset.variables}
        with explained(self.path, self.kept), unfinished(self.path) as folder:
            dataset.to_zarr(folder, mode="w", zarr_format=3, consolidated=False, encoding=encoding)  # pyright: ignore[reportCallIssue, reportArgumentType]
            for new in sorted(folder.iterdir()):
                if new.is_dir():
                    _replace(self.path / new.name, new)

    def kept(self) -> str:
        """How much is in the store, as a sentence."""
        done, _, total = self.counts()
        return f"{done} of {total} points are kept"

    def counts(self) -> tuple[int, int, int]:
        """Points that are done, those among them that failed, and all points."""
        inside = np.count_nonzero(self.journal.points != MISSING, axis=1)
        return int(inside[self.done].sum()), int(self.journal.failed.sum()), int(inside.sum())


def _replace(old: Path, new: Path) -> None:
    """Put a folder in place of another, unless they are equal, or another process was first."""
    if old.exists():
        names = [str(p.relative_to(new)) for p in new.rglob("*") if p.is_file()]
        if not any(filecmp.cmpfiles(old, new, names, shallow=False)[1:]):
            return
        with contextlib.suppress(FileNotFoundError):
            os.rename(old, new.with_name(f"{new.name}.old"))
    try:
        os.rename(new, old)
    except OSError:
        if not old.exists():
            raise


def is_store(path: Path) -> bool:
    """Whether `path` holds a store that a sweep made."""
    try:
        return "nacjax_configuration" in json.loads((path / "zarr.json").read_text())["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def open_store(
    path: str | Path, configuration: dict, chunks: list[Chunk], shapes: Shapes, alone: bool
) -> Store:
    """The store at `path`, made where there is none. `alone`: no other process of this sweep is writing to it.

    Raises `ValueError` where `path` is something else, damaged, or a store of another configuration
    (its differences are listed), and `OSError` where it cannot be written.
    """
    path = Path(path)
    asked = json.loads(json.dumps(configuration))
    with explained(path):
        made = not os.path.lexists(path)
        if made:
            _create(path, configuration, chunks, shapes)
        elif not is_store(path):
            raise ValueError(f"store = {str(path)!r} is not allowed: {_instead(path)}")
        store = Store(path)
        for stray in (path / "journal").rglob("*.partial") if alone and store.writable else ():
            if STRAY.search(stray.name):  # a write that was killed half-way
                stray.unlink(missing_ok=True)
    kept = store.configuration
    if asked["chunk"] is None:  # the store keeps its own
        asked["chunk"] = kept.get("chunk")
    lines = differences(kept, asked)
    if lines:
        raise ValueError(
            f"store = {str(path)!r} holds another sweep. Give another path, or the same configuration. "
            "Differences:\n  " + "\n  ".join(lines)
        )
    unknown = unrecognised(asked)
    if unknown and not (made and alone):
        raise ValueError(
            f"store = {str(path)!r} may hold another sweep: nothing tells whether what it was made with is the same. "
            "Give another path, or functions of numbers and arrays alone:\n  " + "\n  ".join(unknown)
        )
    if store.journal.columns != columns(shapes):
        raise ValueError(
            f"store = {str(path)!r} is damaged: its columns are {list(store.journal.columns)}. Give another path, "
            "or delete it"
        )
    return store


def _instead(path: Path) -> str:
    if path.is_symlink() and not path.exists():
        return "it is a link to what does not exist"
    if (path / "journal").is_dir():
        return "it exists and is no store of a sweep, or its zarr.json is damaged; give another path, or delete it"
    return f"it exists{'' if path.is_dir() else ', is a file'} and is no store of a sweep; give another path"


def _create(path: Path, configuration: dict, chunks: list[Chunk], shapes: Shapes) -> None:
    import zarr

    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(path) as folder:
        root = zarr.open_group(str(folder), mode="w", zarr_format=3)
        root.attrs.update(
            Conventions="CF-1.11",
            nacjax_configuration=json.dumps(configuration),
            nacjax_versions=json.dumps(versions()),
        )
        create(root.create_group("journal"), chunks, shapes)
        try:
            os.rename(folder, path)  # a store is there whole, or not at all
        except OSError:
            if not is_store(path):  # else another process was first
                raise
