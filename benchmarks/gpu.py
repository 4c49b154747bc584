"""One call for a new device: is everything right on it, and how fast is it? Under 8 minutes.

Checks in double and in single precision, then sweeps of Fig. 2a, the stiff case and the steady state for
growing batches. What would not end in time is skipped and says so. Needs nacjax and the JAX stack only.

The floor is the time in which the memory could carry what a step must move if every array passed once:
J² words of factors in each cell written once and read by each of the s stages, and J words of state in and
out of each stage. `fraction_of_floor` is that time over the time measured, with the mean number of steps.
"""

import statistics
import sys
import time

from common import arguments, write

START = time.perf_counter()
LIMIT = 420.0  # seconds, after which no measurement is begun
RTOL = 3e-3  # of the default accuracy, whose finer mesh is timed
STAGES = 8  # of the default solver, RODAS5P
PLATEAU, STEADY = -0.37394474, 0.4543  # flat-top DoS, ν = 1/2, ω_p = 0.53, ζ = 20, T = 0.003; Γ_in = 0.01


def elapsed() -> float:
    """Seconds since this script was started."""
    return time.perf_counter() - START


def check(name: str, difference, bound: float) -> dict:
    """A line about a difference that must not exceed a bound."""
    difference = float(difference)
    passed = difference <= bound  # also false for NaN
    verdict = "ok    " if passed else "FAILED"
    print(f"{verdict} {name:30s} {difference:9.1e} ≤ {bound:.0e}  ({elapsed():.0f} s)", flush=True)
    return {"name": name, "difference": difference, "bound": bound, "passed": passed}


def structured_against_dense(cells: int):
    """Largest difference of (1 − γΔt·J)⁻¹y by the structured and by a dense solver, relative to the largest entry."""
    import equinox as eqx
    import jax.numpy as jnp
    from cases import metal

    import nacjax as nj
    from nacjax.kinetics.equations import Kinetics
    from nacjax.kinetics.jacobian import jacobian
    from nacjax.numerics.bordered import factorised

    @eqx.filter_jit
    def compare(metal):
        kinetics = Kinetics.build(
            metal, nj.ExponentialPulse(10.0, 0.3), nj.ConstantField(0.5), nj.Mesh(cells), 2
        )
        y = kinetics.initial_state()
        matrix = jacobian(kinetics, 0.3, y).shifted(0.1)
        got, want = factorised(matrix)(y), jnp.linalg.solve(matrix.dense(), y)
        return jnp.max(jnp.abs(got - want)) / jnp.max(jnp.abs(want))

    return compare(metal(0.53, 0.01))


def forward_against_reverse():
    """|jvp − vjp| of dσ(t = 1)/d(ζ, ω_p) along (1, 0.01)."""
    import jax
    import jax.numpy as jnp
    from cases import metal

    import nacjax as nj

    def sigma(p):
        run = nj.evolve(
            metal(p[1], 1e-3, temperature=0.02), nj.Clamped(p[0]), [1.0], cells=32, rungs=2, budget=False
        )
        return run.sigma[0]

    point, along = jnp.array([5.0, 0.53]), jnp.array([1.0, 0.01])
    forward = jax.jit(lambda p: jax.jvp(sigma, (p,), (along,))[1])(point)
    return abs(forward - jax.jit(jax.grad(sigma))(point) @ along)


def checks(quick: bool) -> list[dict]:
    """All checks in both precisions; of gradients, which compile longest, in single precision only if there is time."""
    import jax
    from cases import metal

    import nacjax as nj

    found = []
    for x64, name in ((True, "float64"), (False, "float32")):
        with jax.enable_x64(x64):
            sigma = nj.plateau(metal(0.53, 0.0), 20.0).sigma
            found.append(check(f"plateau, {name}", abs(sigma - PLATEAU), 5e-4 if x64 else 2e-3))
            sigma = nj.steady_state(metal(0.53, 0.01), nj.Clamped(20.0)).sigma
            found.append(check(f"steady state, {name}", abs(sigma - STEADY), 2e-3 if x64 else 4e-3))
            found.append(
                check(f"structured = dense, {name}", structured_against_dense(24), 1e-9 if x64 else 1e-3)
            )
            if x64 or not (quick or elapsed() > LIMIT / 3):
                found.append(check(f"jvp = vjp, {name}", forward_against_reverse(), 1e-6 if x64 else 2e-3))
    return found


def bandwidth(quick: bool) -> float:
    """Bytes a second of y = 2x on an array much larger than any cache: read and written."""
    import jax
    import jax.numpy as jnp

    x = jnp.ones(2**22 if quick else 2**27 if jax.default_backend() != "cpu" else 2**25)
    twice = jax.jit(lambda x: 2 * x)
    twice(x).block_until_ready()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        twice(x).block_until_ready()
        seconds.append(time.perf_counter() - start)
    return 2 * x.nbytes / min(seconds)


def timed(name: str, case, batch: int, x64: bool, bytes_per_second: float, runs_wanted: int, **state) -> dict:
    """A sweep over ω_p in one batch: compiled by a first call, timed by the next ones."""
    import jax
    import numpy as np

    import nacjax as nj

    metal, pump, field = case.build(0.6)
    evolves = "times" in state
    observe = ("sigma", "steps") if evolves else ("sigma",)
    state |= {"rtol": RTOL} if evolves else {}
    with jax.enable_x64(x64):
        runs, failed, steps = [], 0, None
        for repeat in range(1 + runs_wanted):
            result = nj.sweep(
                metal, pump, field=field, axes={"phonon_energy": np.linspace(0.5, 0.9, batch)}, mesh=case.mesh,
                chunk=batch, progress=False, observe=observe, **state,
            )  # fmt: skip
            failed = int((result["outcome"] != 0).sum())
            if repeat == 0:
                compile_s = result.attrs["compile_seconds"]
            else:
                runs.append(result.attrs["run_seconds"])
            if evolves:
                steps = float(result["steps"].mean())
            if elapsed() > LIMIT and runs:
                break
    wall = statistics.median(runs)
    record = {"name": name, "precision": "float64" if x64 else "float32", "batch": batch, "cells": case.mesh.cells,
              "compile_s": compile_s, "runs": len(runs), "wall_s": wall, "wall_spread_s": [min(runs), max(runs)],
              "points_per_s": batch / wall, "failed": failed}  # fmt: skip
    if evolves:
        rungs, word = case.rungs, 8 if x64 else 4
        moved = case.mesh.cells * (rungs**2 * (1 + STAGES) + 2 * STAGES * rungs) * word
        record |= {"steps": steps, "fraction_of_floor": batch * steps * moved / bytes_per_second / wall}
    share = f"{100 * record['fraction_of_floor']:.2f} % of the floor" if evolves else ""
    print(f"{name:12s} {record['precision']} batch {batch:6d} {batch / wall:12.1f} points/s {share} "
          f"(compiled in {compile_s:.1f} s; {elapsed():.0f} s)", flush=True)  # fmt: skip
    return record


def measure(options) -> dict:
    """Check, time, and return what goes into gpu.json."""
    import cases
    import jax

    import nacjax as nj

    quick, on_cpu = options.quick, jax.default_backend() == "cpu"
    found = checks(quick)
    speed = bandwidth(quick)
    print(f"memory: {speed / 1e9:.0f} GB/s", flush=True)
    batches = (8,) if quick else (100, 1000) if on_cpu else (1000, 10_000, 100_000)
    mesh = nj.Mesh(16) if quick else cases.MESH
    fig2a, stiff, steady = (make(1).on(mesh) for make in (cases.fig2a, cases.stiff, cases.steady))
    evolve, long = {"times": 10.0}, {"times": 100.0, "max_steps": 100_000}
    plans = [("fig2a", fig2a, True, evolve, batches), ("steady", steady, True, {"steady": True}, batches[:2])]
    if not quick:
        plans += [("stiff", stiff, True, long, batches[:2]), ("fig2a", fig2a, False, evolve, batches[:2])]
    rows = []
    for name, case, x64, state, wanted in plans:
        expected = 0.0  # seconds: ten times those of a tenth of the batch
        for batch in wanted:
            if elapsed() + expected > LIMIT:
                rows.append({"name": name, "batch": batch, "skipped": "would not end in time"})
                print(f"{name:12s} batch {batch:6d} skipped: would not end in time", flush=True)
                continue
            begin = elapsed()
            rows.append(timed(name, case, batch, x64, speed, 1 if quick else 3, **state))
            expected = max(10 * 4 * rows[-1]["wall_s"], elapsed() - begin)
    return {"case": "correctness and speed on one device", "all_passed": all(c["passed"] for c in found),
            "checks": found, "bytes_per_s": speed, "timings": rows, "total_s": elapsed()}  # fmt: skip


if __name__ == "__main__":
    options = arguments(__doc__)
    content = measure(options)
    heavy = sorted({"tyro", "zarr", "h5netcdf"} & set(sys.modules))
    write(options, "gpu", {**content, "imported_beyond_need": heavy})
    sys.exit(0 if content["all_passed"] and not heavy else 1)
