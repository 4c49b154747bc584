"""Whether a sweep fits into the memory of this machine, told before anything is allocated."""

import os
from pathlib import Path

import numpy as np

POINT_WORDS = 24
"""Numbers held for each point besides its results and the values of its axes."""


def available_memory() -> float:
    """Bytes that this machine, and the container it may be, have left; infinite where nothing tells."""
    return min(machine_memory(), container_memory())


def machine_memory() -> float:
    """Memory of this machine that is free, in bytes."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return np.inf


def container_memory(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """Memory that the limit of a container leaves, in bytes; infinite without a limit."""
    try:
        most, used = (float((folder / name).read_text()) for name in ("memory.max", "memory.current"))
        return most - used
    except (OSError, ValueError):  # no such limit, or "max"
        return np.inf


def point_bytes(quantities: int, results: int) -> int:
    """Memory of the tables of a sweep for each point, in bytes: axes three times, results four times (as computed,
    in the dataset, in its journal and while that is written)."""
    return 8 * (3 * quantities + 4 * results + POINT_WORDS)


def require_room(needed: float, what: str, cure: str) -> None:
    """Raise `ValueError` where more bytes are needed than there are."""
    there = available_memory()
    if needed > there:
        raise ValueError(
            f"{what} would take about {needed / 2**30:.3g} GiB, but {there / 2**30:.3g} GiB are free: {cure}"
        )
