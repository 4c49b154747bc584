"""What a sweep would take, before it is run."""

import numpy as np

from ...model.checks import as_arrays
from ...model.field import AbstractField
from ...model.metal import Metal
from ...model.names import System
from ...model.pump import AbstractPump
from ...solvers.way import AbstractWay
from .axes import Axes, check_points, make_points
from .chunks import Batching, expected_cost, plan, rung_counts, shared_rungs


def estimate(
    metal: Metal, pump: AbstractPump, field: AbstractField, axes: Axes, way: AbstractWay, batching: Batching
) -> list[str]:
    """Lines about points, batches, memory and, on a CPU, time. Checks all values, computes nothing."""
    system = as_arrays(System(metal, pump, field))
    points = make_points(axes, system, max(1, len(way.times)))
    batch = check_points(points, system)
    way.check(batch)
    rungs, fewest = shared_rungs(rung_counts(batch, points.size), way, metal)
    devices = batching.devices

    cost = expected_cost(system, batch, points.size)
    chunks = plan(rungs, fewest, cost, lambda j, least: batching.size(way, j, least, metal), len(devices))
    shape = " × ".join(f"{length} {dim}" for dim, length in points.dims.items())
    lines = [f"{points.size} points: {shape}", f"{len(np.unique(rungs))} compilations, {len(chunks)} batches"]
    seconds = 0.0
    for j in np.unique(rungs):
        mine = [c for c in chunks if c.rungs == j]
        inside = int(np.sum(rungs == j))
        memory = mine[0].bytes(way, metal) / 2**20
        lines.append(
            f"  {j} rungs: {inside} points in {len(mine)} batches of {mine[0].size}, {memory:.0f} MiB"
        )
        seconds += way.compiling + inside * way.for_metal(metal, mine[0].fewest).seconds(int(j))
    if devices[0].platform == "cpu":
        lines.append(f"about {seconds:.0f} s on two CPU cores")
    return lines
