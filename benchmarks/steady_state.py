"""Case (c): the steady state at Γ_in = 0.01, by `nacjax.steady_state` and by marching to t = 1e4."""

import numpy as np
from common import TARGET, Row, arguments, batched, compiled, single, take_turns, write


def steady(case):
    """point -> σ(t → ∞) by nacjax.steady_state."""
    import nacjax as nj

    def solve(point):
        metal, pump, law = case.build(point)
        return nj.steady_state(metal, pump, field=law, mesh=case.mesh, rungs=case.rungs).sigma

    return solve


def stock_rows(case):
    """diffrax's own solvers marching, on the first two points (they are slow)."""
    import jax.numpy as jnp
    import stock

    points, rtol = case.points[:2], 1e-2
    for name in ("diffrax Kvaerno5", "diffrax Kvaerno3", "diffrax Tsit5"):
        run = stock.at_tolerance(case, stock.SOLVERS[name](), 2)
        call, seconds = compiled(lambda p, run=run: run(p, jnp.asarray(rtol), jnp.asarray(rtol))[0], points)
        settings = {"rtol": rtol, "atol": rtol}
        yield Row(f"{name}, to t = 1e4", lambda c=call: np.array(c()), 2, settings, compile_s=seconds)


def compare(options, case):
    """Measure and write steady.json."""
    import peers

    def jitted(name, solve, chunk, **settings):
        call, seconds = compiled(batched(solve, chunk), case.points)
        return Row(
            name, lambda: np.array(call()), len(case.points), {**settings, "chunk": chunk}, compile_s=seconds
        )

    def on(cells):
        other = case.on(type(case.mesh).uniform(cells))
        return np.array(compiled(batched(steady(other), 16), other.points)[0]())

    cells = case.mesh.cells
    exact = (4 * on(2 * cells) - on(cells)) / 3
    rows = [jitted("nacjax steady_state", steady(case), 32)]
    rows += [
        jitted("nacjax evolve to t = 1e4", lambda p, r=r: single(case, r)(p)[0], 32, rtol=r)
        for r in (1e-2, 1e-3)
    ]
    rows += stock_rows(case)
    skipped = []
    for name in ("CVODE, sparse LU", "CVODE, band LU"):
        if reason := peers.missing(name):
            skipped.append({"name": f"{name}, to t = 1e4", "skipped": reason})
            continue
        for tolerance in (1e-2, 1e-3, 1e-4):
            peer = peers.PEERS[name](case, tolerance, tolerance)
            rows.append(
                Row(f"{name}, to t = 1e4", peer, len(case.points), {"rtol": tolerance, "atol": tolerance})
            )
    same_mesh = None
    for row in rows:
        sigma = row.time()
        same_mesh = sigma if same_mesh is None else same_mesh
        row.error = float(np.max(np.abs(sigma - exact[: row.points])))
        row.time_error = float(np.max(np.abs(sigma - same_mesh[: row.points])))
    take_turns(rows, options.runs)
    records = [row.record() for row in rows]
    for record in records:
        record["times_ours"] = record["core_ms_per_point"] / records[0]["core_ms_per_point"]
        record["reaches_target"] = record["sigma_error"] <= TARGET
    mesh_error = float(np.max(np.abs(same_mesh - exact)))
    write(options, "steady", {"case": f"steady state, cells = {case.mesh.cells}", "cells": case.mesh.cells,
                              "mesh_error": mesh_error, "target_error": TARGET, "rows": records + skipped})  # fmt: skip


if __name__ == "__main__":
    options = arguments(__doc__)
    import cases

    compare(options, cases.steady(4, 16) if options.quick else cases.steady())
