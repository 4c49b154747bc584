"""Which points run together: buckets of equal rung count, sorted by cost, cut into equal chunks."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...model.metal import Metal
from ...model.names import System
from ...model.pump import AbstractPump
from ...solvers.way import AbstractWay
from ..progress import Progress
from .room import available_memory, require_room

SPARE = 0.5
"""Share of a compilation that spare rungs may take: both times are known roughly."""


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Points of one rung count that run as one batch.

    `fewest`: rungs that any point of that rung count needs, which may share a ladder of more; an accuracy chooses
    cells for them. `indices`: flat indices of its points; `size` ≥ len(indices): the batch it is padded to, the
    same for all chunks of a rung count, so that they share one compilation.
    """

    number: int
    rungs: int
    fewest: int
    size: int
    indices: np.ndarray

    @property
    def padded(self) -> np.ndarray:
        """Indices, the last one repeated up to `size`."""
        return np.pad(self.indices, (0, self.size - self.indices.size), mode="edge")

    def bytes(self, way: AbstractWay, metal: Metal) -> int:
        """Memory of the batch, as `AbstractWay.point_bytes` knows it."""
        return self.size * way.for_metal(metal, self.fewest).point_bytes(self.rungs, metal)


@dataclasses.dataclass(frozen=True)
class Batching:
    """How a sweep is cut up and shown: `chunk`, points per batch, or None for what suits; `devices`; `callback`."""

    chunk: int | None = None
    devices: list = dataclasses.field(default_factory=jax.local_devices)
    callback: Callable[[Progress], object] | None = None

    def __post_init__(self):
        if self.chunk is not None and (self.chunk < 1 or self.chunk != int(self.chunk)):
            allowed = "it must be a whole number of points, at least 1"
            raise ValueError(f"chunk = {self.chunk!r} is not allowed: {allowed}")

    @classmethod
    def split(cls, options: dict[str, Any]) -> tuple["Batching", dict[str, Any]]:
        """The batching among the `options` of a sweep, and the other options."""
        names = [field.name for field in dataclasses.fields(cls)]
        own = {name: options[name] for name in names if options.get(name) is not None}
        return cls(**own), {name: value for name, value in options.items() if name not in names}

    def size(self, way: AbstractWay, rungs: int, fewest: int, metal: Metal) -> int:
        """Points per batch on such a ladder; arguments as in `default_size`."""
        if self.chunk is not None:
            return int(self.chunk)
        return default_size(way.for_metal(metal, fewest), rungs, self.devices, metal)

    def require_room(self, way: AbstractWay, chunks: list[Chunk], metal: Metal) -> None:
        """Raise `ValueError` where a batch takes more memory than a CPU has left."""
        if self.devices[0].platform == "cpu":
            largest = max(chunks, key=lambda piece: piece.bytes(way, metal))
            needed = largest.bytes(way, metal)
            what = f"chunk: a batch of {largest.size} points with {largest.rungs} rungs"
            require_room(needed, what, "give a smaller chunk=, or fewer cells")


def rung_counts(batch: System, points: int) -> np.ndarray:
    """J = ⌈W/ω_p⌉ at each point, as `nacjax.kinetics.ladder.count_rungs` counts one."""
    ratio = np.asarray(batch.metal.dos.width / batch.metal.phonon_energy)
    counts = np.ceil(ratio * (1 - 4 * np.finfo(ratio.dtype).eps)).astype(int)
    return np.broadcast_to(np.maximum(counts, 1), (points,))


def shared_rungs(counts: np.ndarray, way: AbstractWay, metal: Metal) -> tuple[np.ndarray, np.ndarray]:
    """Rung counts (point,), raised to a larger one among them where that takes less time than a compilation.

    Also the fewest rungs (point,) that any point on the same ladder needs. What is shared takes spare rungs for those
    that join, and for all the more cells of fewer rungs.
    """
    shared, fewest = counts.copy(), counts.copy()
    head = least = counts.max(initial=0)
    many = 0  # points on the ladder of `head`

    def seconds(points, rungs, fewest):
        return points * way.for_metal(metal, int(fewest)).seconds(int(rungs))

    for count in np.unique(counts)[::-1]:
        here = int(np.count_nonzero(counts == count))
        apart = seconds(many, head, least) + seconds(here, count, count)
        if seconds(many + here, head, count) - apart > SPARE * way.compiling:
            head, many = count, 0
        least, many = count, many + here
        on = (counts >= count) & (counts <= head)
        shared[on], fewest[on] = head, least
    return shared, fewest


def expected_cost(system: System, batch: System, points: int) -> np.ndarray:
    """A number that grows with the steps a point needs: its fastest rate. One batch waits for its slowest.

    `batch` is the `system` with the values of all points in it.
    """
    before, metal = system.metal, batch.metal
    rate = np.asarray(metal.coupling_rate) * (1 + _strength(system.pump, batch.pump))
    for old, mode in zip(before.modes, metal.modes, strict=True):
        rate = rate + np.asarray(mode.coupling_rate) * (1 + _strength(old.pump, mode.pump))
    rate = rate + np.asarray(metal.inelastic_rate / metal.temperature / metal.dos.width)
    return np.broadcast_to(rate, (points,))


def _strength(pump: AbstractPump | None, batch: AbstractPump | None) -> np.ndarray:
    """Phonons per mode that a pump starts with or adds at once, at each point where that varies; 0 without a pump."""
    if batch is None:
        return np.zeros(())

    def at_once(pump):
        return pump.initial_phonons() + pump.source(jnp.zeros(()))

    varies = jax.tree.map(lambda one, many: 0 if jnp.ndim(many) > jnp.ndim(one) else None, pump, batch)
    varied = any(axis is not None for axis in jax.tree.leaves(varies))
    return np.asarray(jax.vmap(at_once, in_axes=(varies,))(batch) if varied else at_once(batch))


def plan(
    rungs: np.ndarray,
    fewest: np.ndarray,
    cost: np.ndarray,
    size: Callable[[int, int], int],
    multiple: int = 1,
) -> list[Chunk]:
    """Chunks of about `size(rungs, fewest)` points, rounded up to a `multiple` (of devices).

    `rungs` and `fewest` (point,) as from `shared_rungs`, `cost` (point,) as from `expected_cost`.
    """
    chunks: list[Chunk] = []
    for count in np.unique(rungs):
        bucket = np.flatnonzero(rungs == count)
        ladder = int(count), int(fewest[bucket].min())
        bucket = bucket[np.argsort(cost[bucket], kind="stable")]
        pieces = -(-bucket.size // size(*ladder))
        each = -(-bucket.size // pieces)
        each = -(-each // multiple) * multiple
        for start in range(0, bucket.size, each):
            chunks.append(Chunk(len(chunks), *ladder, each, bucket[start : start + each]))
    return chunks


def default_size(way: AbstractWay, rungs: int, devices: list, metal: Metal) -> int:
    """Points per batch: what stays in a CPU's caches (1 GiB of pairs of cells), or a good part of an
    accelerator's memory."""
    each, pairs = way.point_bytes(rungs, metal), metal.off_ladder
    if devices[0].platform == "cpu":
        room = 0.5 * available_memory() / len(devices)
        return len(devices) * int(np.clip((min(room, 2**30) if pairs else room) / each, 1, way.most_points))
    limit = (devices[0].memory_stats() or {}).get("bytes_limit", 8 * 2**30)
    fit = int(0.4 * limit / each)
    return len(devices) * int(np.clip(fit, 1 if pairs else 32, 8192))
