"""Cases (a) and (b): trajectories per core second at a stated error, ours and others'.

Every method meets the same mesh. It is first run over a range of tolerances (`curves`); of these the fastest
that reaches the target error enters the table (`rows`), timed in turns with all others.
"""

import time

import numpy as np
from common import TARGET, Row, arguments, batched, compiled, continuum, reference, single, take_turns, write

LOOSE = (1.0, 0.3, 0.1, 1e-2, 1e-3, 1e-4)
USUAL = (1e-2, 3e-3, 1e-3, 1e-4, 1e-6)
FEW = (1.0, 1e-1, 1e-2)
SLOW = {"diffrax Kvaerno5", "diffrax Kvaerno3", "diffrax KenCarp4"}  # dense N×N algebra: a few points must do


class Judge:
    """Errors of σ at some of the points, by point index."""

    def __init__(self, case, quick=False):
        self.exact = np.array(continuum(case, cells=64 if quick else 1024))
        self.same_mesh = np.array(reference(case))
        self.mesh_error = float(np.max(np.abs(self.same_mesh - self.exact)))

    def judge(self, row, sigma, which):
        """Note the worst errors of σ at the points `which`; failures count as infinite."""
        for name, truth in (("error", self.exact), ("time_error", self.same_mesh)):
            worst = np.max(np.abs(np.asarray(sigma)[which[1]] - truth[which[0]]))
            setattr(row, name, float(worst) if np.isfinite(worst) else float("inf"))
        return row


def spread(total, count):
    """`count` indices over `total` points, ends included."""
    return np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(int))


def jax_rows(case, name, chunk, tolerances):
    """Settings of one diffrax solver, which share one compilation."""
    import jax
    import jax.numpy as jnp
    import stock

    run = jax.jit(stock.at_tolerance(case, stock.SOLVERS[name](), chunk))
    start = time.perf_counter()
    executable = run.lower(case.points, *(jnp.asarray(1e-2),) * 2).compile()
    seconds = time.perf_counter() - start
    for rtol in tolerances:
        for ratio in (0.1,) if name in SLOW or "nacjax" in name else (1.0, 0.1):

            def call(pair=(rtol, rtol * ratio)):
                return np.array(executable(case.points, *map(jnp.asarray, pair))[0])

            settings = {"rtol": rtol, "atol": rtol * ratio, "chunk": min(chunk, len(case.points))}
            yield Row(name, call, len(case.points), settings, compile_s=seconds)


def peer_rows(case, name, tolerances):
    """Settings of one peer."""
    import peers

    for rtol in tolerances:
        for ratio in (1.0, 0.1):
            peer = peers.PEERS[name](case, rtol, rtol * ratio)
            peer.solve(0)
            yield Row(name, peer, len(case.points), {"rtol": rtol, "atol": rtol * ratio})


def curve(rows, judge, which):
    """Run each row once, warm; returns what was run."""
    done = []
    for row in rows:
        row.time()  # warm
        row.wall, row.cpu = [], []
        judge.judge(row, row.time(), which)
        done.append(row)
        errors = f"error {row.error:.1e} ({row.time_error:.1e})"
        print(f"  {row.name:24s} {row.settings} {row.core_ms:9.3f} core ms, {errors}", flush=True)
    return done


def choose(rows):
    """The fastest row that reaches the target, else the most accurate."""
    good = [row for row in rows if row.error <= TARGET]
    return min(good, key=lambda row: row.core_ms) if good else min(rows, key=lambda row: row.error)


def best_chunk(case, rtol, chunks):
    """(row, chunk) of `nj.evolve` at a tolerance for the fastest chunk size."""
    best = None
    for chunk in chunks:
        call, seconds = compiled(batched(single(case, rtol), chunk), case.points)
        row = Row("nacjax evolve", lambda call=call: np.array(call()[0]), len(case.points),
                  {"rtol": rtol, "atol": rtol / 10, "chunk": chunk}, compile_s=seconds)  # fmt: skip
        row.time()
        row.wall, row.cpu = [], []
        for _ in range(3):
            row.time()
        print(f"  chunk {chunk}: {row.core_ms:.3f} core ms", flush=True)
        best = row if best is None or row.core_ms < best.core_ms else best
    return best


def compare(options, case, chunks=(16, 32, 64, 128), slow_solvers=SLOW):
    """Measure a case and write its JSON. `slow_solvers` are given a few of the points."""
    import peers
    import stock

    total = len(case.points)
    some = spread(total, 8 if options.quick else 64)
    few = spread(total, 2 if options.quick else 4)
    judge = Judge(case.at(case.points[some]), options.quick)
    everywhere = (np.arange(len(some)), some)
    print(f"{case.name}: mesh error {judge.mesh_error:.1e} with {case.mesh.cells} cells", flush=True)

    curves, chosen, skipped = [], [], []
    for solver in list(stock.SOLVERS)[: 3 if options.quick else None]:
        slow = solver in slow_solvers
        tolerances = LOOSE if "nacjax" in solver else FEW if solver in SLOW else USUAL
        tolerances = tolerances[:2] if options.quick else tolerances
        part = case.at(case.points[few]) if slow else case
        ends = np.searchsorted(some, few)
        which = (ends[some[ends] == few], np.flatnonzero(some[ends] == few)) if slow else everywhere
        done = curve(jax_rows(part, solver, 4 if slow else 64, tolerances), judge, which)
        curves += done
        if "nacjax" not in solver:
            chosen.append(choose(done))
        else:
            ours = best_chunk(case, choose(done).settings["rtol"], chunks[:1] if options.quick else chunks)
            judge.judge(ours, ours.call(), everywhere)
            chosen.append(ours)
    for peer in peers.PEERS:
        if reason := peers.missing(peer):
            skipped.append({"name": peer, "skipped": reason})
            continue
        part = case.at(case.points[some])
        tolerances = USUAL[:2] if options.quick else USUAL
        done = curve(peer_rows(part, peer, tolerances), judge, (np.arange(len(some)), np.arange(len(some))))
        curves += done
        chosen.append(choose(done))
    take_turns(chosen, options.runs)
    rows = [row.record() for row in chosen]
    for row in rows:
        row["times_ours"] = row["core_ms_per_point"] / rows[0]["core_ms_per_point"]
        row["reaches_target"] = row["sigma_error"] <= TARGET
    write(options, case.name, {
        "case": " ".join((case.name, "t =", str(case.t_end), "rungs =", str(case.rungs))),
        "cells": case.mesh.cells,
        "mesh_error": judge.mesh_error,
        "target_error": TARGET,
        "rows": rows + skipped,
        "curves": [row.record() for row in curves],
    })  # fmt: skip


if __name__ == "__main__":
    options = arguments(__doc__)
    import cases

    small = {"cells": 16} if options.quick else {}
    compare(options, cases.fig2a(8 if options.quick else 256, **small))
    if not options.quick:
        compare(options, cases.fig2a_low())
    compare(options, cases.stiff(8 if options.quick else 64, **small), slow_solvers={*SLOW, "diffrax Tsit5"})
