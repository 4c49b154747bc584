"""Case (e): how the cost of a trajectory grows with cells I, rungs J and batch."""

from dataclasses import replace

import numpy as np
from common import Row, arguments, batched, compiled, single, take_turns, write

RTOL = 3e-3  # of the default accuracy


def row(case, chunk, mesh, **settings):
    """A timed batch of `nacjax.evolve` on one mesh; steps are recorded, since their number too depends on it."""
    call, seconds = compiled(batched(single(case, mesh=mesh, rtol=RTOL), chunk), case.points)
    settings = {"rtol": RTOL, "chunk": chunk, **settings}
    out = Row("nacjax evolve", call, len(case.points), settings, compile_s=seconds)
    _, steps = out.time()
    out.more["steps"] = float(np.mean(steps))
    return out


def chunk_for(cells, largest, on_gpu):
    """Trajectories side by side: on a CPU as many as stay in its cache."""
    return largest if on_gpu else max(8, min(largest, 12_288 // cells))


def slope(x, y):
    """Exponent of a power law through the points."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def compare(options):
    """Measure and write growth.json."""
    import cases
    import jax

    import nacjax as nj

    quick, on_gpu = options.quick, jax.default_backend() != "cpu"
    cells = (16, 32) if quick else (48, 96, 192, 384, 768)
    rungs = (2, 3) if quick else (2, 3, 4, 6, 8, 12)
    batches = (1, 4) if quick else (1, 16, 64, 256, 1024, 4096) + ((16384, 100_000) if on_gpu else ())
    count = 4 if quick else 4096 if on_gpu else 64
    chunk = count if on_gpu else 64
    usual = nj.Mesh(16) if quick else cases.MESH
    families = {
        "cells": [
            row(cases.fig2a(count), chunk_for(i, chunk, on_gpu), nj.Mesh(i, on_edges=True), cells=i, rungs=2)
            for i in cells
        ],
        "rungs": [],
        "batch": [row(cases.fig2a(b), None if on_gpu else chunk, usual, batch=b) for b in batches],
    }
    for j in rungs:  # ω_p just above W/J, so that J rungs are needed
        points = np.linspace(1.005 / j, 1.03 / j, count)
        families["rungs"].append(row(replace(cases.fig2a(), points=points, rungs=j), chunk, usual, rungs=j))
    for family in families.values():
        take_turns(family, options.runs)
    results = {name: [r.record() for r in family] for name, family in families.items()}
    clock = "wall_ms_per_point" if on_gpu else "core_ms_per_point"
    per_step = {name: [r[clock] / r["steps"] for r in rows] for name, rows in results.items()}
    content = {
        "case": "growth with cells, rungs, batch",
        "rows": [r for rows in results.values() for r in rows],
        **results,
        "exponent_in_cells": slope(cells, [r[clock] for r in results["cells"]]),
        "exponent_in_cells_per_step": slope(cells, per_step["cells"]),
        "exponent_in_rungs_per_step": slope(rungs, per_step["rungs"]),
    }
    write(options, "growth", content)


if __name__ == "__main__":
    compare(arguments(__doc__))
