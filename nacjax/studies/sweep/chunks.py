"""Which points run together: buckets of equal rung count, sorted by cost, cut into equal chunks."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from ...model.names import System
from ...model.pump import AbstractPump


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Points of one rung count that run as one batch.

    `indices`: flat indices of its points; `size` ≥ len(indices): the batch it is padded to, the
    same for all chunks of a rung count, so that they share one compilation.
    """

    number: int
    rungs: int
    size: int
    indices: np.ndarray

    @property
    def padded(self) -> np.ndarray:
        """Indices, the last one repeated up to `size`."""
        return np.pad(self.indices, (0, self.size - self.indices.size), mode="edge")


def rung_counts(batch: System, points: int) -> np.ndarray:
    """J = ⌈W/ω_p⌉ at each point, as `nacjax.kinetics.ladder.count_rungs` counts one."""
    ratio = np.asarray(batch.metal.dos.width / batch.metal.phonon_energy)
    counts = np.ceil(ratio * (1 - 4 * np.finfo(ratio.dtype).eps)).astype(int)
    return np.broadcast_to(np.maximum(counts, 1), (points,))


def expected_cost(batch: System, points: int) -> np.ndarray:
    """A number that grows with the steps a point needs: its fastest rate. One batch waits for its slowest."""
    metal = batch.metal
    rate = np.asarray(metal.coupling_rate) * (1 + _strength(batch.pump, points))
    for mode in metal.modes:
        rate = rate + np.asarray(mode.coupling_rate) * (1 + _strength(mode.pump, points))
    rate = rate + np.asarray(metal.inelastic_rate / metal.temperature / metal.dos.width)
    return np.broadcast_to(rate, (points,))


def _strength(pump: AbstractPump | None, points: int) -> np.ndarray:
    """Phonons per mode that a pump starts with or adds at once, at each point."""
    if pump is None:
        return np.zeros(points)
    zeta = jax.vmap(lambda pump: pump.initial_phonons() + pump.source(0.0 * pump.initial_phonons()))
    try:
        return np.asarray(zeta(jax.tree.map(lambda x: jax.numpy.broadcast_to(x, (points,)), pump)))
    except (TypeError, ValueError, IndexError):  # a pump with lists in it: leave the order to the rates
        return np.zeros(points)


def plan(rungs: np.ndarray, cost: np.ndarray, size: Callable[[int], int], multiple: int = 1) -> list[Chunk]:
    """Chunks of about `size(rungs)` points, rounded up to a `multiple` (of devices)."""
    chunks: list[Chunk] = []
    for count in np.unique(rungs):
        bucket = np.flatnonzero(rungs == count)
        bucket = bucket[np.argsort(cost[bucket], kind="stable")]
        pieces = -(-bucket.size // size(int(count)))
        each = -(-bucket.size // pieces)
        each = -(-each // multiple) * multiple
        for start in range(0, bucket.size, each):
            chunks.append(Chunk(len(chunks), int(count), each, bucket[start : start + each]))
    return chunks


def default_size(state: str, rungs: int, cells: int, times: int, devices: list, pairs: int = 0) -> int:
    """Points per batch: what stays in a CPU's caches (1 GiB of pairs of cells), or a good part of an
    accelerator's memory. The arguments before `devices`, and `pairs`, are those of `point_bytes`."""
    each = point_bytes(state, rungs, cells, times, pairs)
    if devices[0].platform == "cpu":
        most = 256 if state == "plateau" else 96
        return len(devices) * (int(np.clip(2**30 / each, 1, most)) if pairs else most)
    limit = (devices[0].memory_stats() or {}).get("bytes_limit", 8 * 2**30)
    fit = int(0.4 * limit / each)
    return len(devices) * int(np.clip(fit, 1 if pairs else 32, 8192))


def point_bytes(state: str, rungs: int, cells: int, times: int, pairs: int = 0) -> int:
    """Memory a point takes while it runs, in bytes: fits to what compiled sweeps allocate.

    The mesh that follows the features takes 186 words a cell, whatever the number of rungs, and is
    done with before the steps begin; so a point takes the larger of the two, and its saved states. Each of
    `pairs`, phonon branches that lead off the ladder, adds arrays over all pairs of cells.
    """
    steps = {"plateau": rungs, "evolve": rungs * (40 + 4 * rungs), "steady": rungs * 115}
    dense = pairs * (12 if state == "steady" else 4) * (rungs * cells) ** 2
    return int(8 * (cells * (max(186 + rungs, steps[state]) + 1.1 * rungs * times) + dense))
