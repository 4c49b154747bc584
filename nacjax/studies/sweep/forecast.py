"""What a sweep would take, before it is run."""

from typing import Any

import jax
import numpy as np

from ...model.checks import as_arrays
from ...model.names import System
from .axes import check_points, make_points
from .chunks import default_size, expected_cost, plan, point_bytes, rung_counts

CPU_SECONDS = {"evolve": (6.0, 1e-5), "plateau": (2.0, 1e-6)}
"""Seconds of a compilation, and of a cell at a point, on two CPU cores; for orders of magnitude."""


def estimate(metal, pump, field, axes: Any, times: Any, cells: int, chunk: int | None) -> list[str]:
    """Lines about points, batches, memory and, on a CPU, time. Checks all values, computes nothing."""
    system = as_arrays(System(metal, pump, field))
    points = make_points(axes, system)
    batch = check_points(points, system)
    rungs = rung_counts(batch, points.size)
    state, count = ("plateau", 0) if times is None else ("evolve", np.size(times))
    devices, pairs = jax.local_devices(), metal.off_ladder

    def size(j: int) -> int:
        return chunk if chunk is not None else default_size(state, j, cells, count, devices, pairs)

    chunks = plan(rungs, expected_cost(batch, points.size), size, len(devices))
    shape = " × ".join(f"{length} {dim}" for dim, length in points.dims.items())
    lines = [f"{points.size} points: {shape}", f"{len(np.unique(rungs))} compilations, {len(chunks)} batches"]
    compiling, running = CPU_SECONDS[state]
    seconds = 0.0
    for j in np.unique(rungs):
        mine = [c for c in chunks if c.rungs == j]
        inside, memory = (
            int(np.sum(rungs == j)),
            mine[0].size * point_bytes(state, int(j), cells, count, pairs) / 2**20,
        )
        lines.append(
            f"  {j} rungs: {inside} points in {len(mine)} batches of {mine[0].size}, {memory:.0f} MiB"
        )
        seconds += compiling + running * inside * int(j) * cells
    if devices[0].platform == "cpu":
        lines.append(f"about {seconds:.0f} s on two CPU cores")
    return lines
