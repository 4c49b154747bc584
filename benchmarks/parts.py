"""What bounds (a) and (b): the parts of a trajectory, timed one by one on the finer mesh of a default call.

Each part is compiled alone, for one chunk of trajectories, in their initial state. Parts times their number
in a trajectory are set beside the measured whole; what is left over is step control, dense output, and
waiting: a chunk makes as many steps as its slowest trajectory. Beside each stands what it computes, and what it
reads and writes at least, in a second, and what a core does of both at best.
"""

import statistics

import numpy as np
from common import arguments, batched, compiled, single, write

REPEATS = 200
CHUNK, RTOL = 32, 3e-3  # what the default accuracy takes, on the finer of its meshes
DEEP, WIDE = 4096, 2048  # operations on each of so many numbers, which the nearest cache holds
LARGE = 2**18  # numbers that only the outer caches hold, as what a chunk of trajectories takes


def seconds_of(function, *batch):
    """Core seconds of one call of a compiled function, median of a few rounds of many calls."""
    import time

    import jax

    call = jax.jit(function).lower(*batch).compile()
    jax.block_until_ready(call(*batch))
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(REPEATS):
            out = call(*batch)
        jax.block_until_ready(out)
        rounds.append((time.process_time() - start) / REPEATS)
    return statistics.median(rounds)


def parts(case, chunk):
    """Microseconds that a trajectory spends in one call of each part, in a chunk, its operations and bytes."""
    import equinox as eqx
    import jax
    from limits import moved, operations

    from nacjax.kinetics.equations import Kinetics
    from nacjax.numerics.bordered import factorise_bordered
    from nacjax.solvers.rosenbrock import ladder_jacobian

    def prepare(point):
        kinetics = Kinetics.build(*case.build(point), case.mesh, case.rungs)
        return eqx.filter(kinetics, eqx.is_array), kinetics.initial_state()

    static = eqx.filter(
        Kinetics.build(*case.build(case.points[0]), case.mesh, case.rungs), eqx.is_array, inverse=True
    )
    some = case.points[np.linspace(0, len(case.points) - 1, chunk).round().astype(int)]
    kinetics, y = jax.vmap(prepare)(some)

    def with_kinetics(function):
        return jax.vmap(lambda numbers, *rest: function(eqx.combine(numbers, static), *rest))

    matrix = jax.jit(with_kinetics(lambda k, y: ladder_jacobian(1.0, y, k).shifted(0.1)))(kinetics, y)
    factors = jax.jit(jax.vmap(factorise_bordered))(matrix)
    of = {
        "set up": (jax.vmap(prepare), some),
        "right-hand side": (with_kinetics(lambda k, y: k(1.0, y)), kinetics, y),
        "matrix": (with_kinetics(lambda k, y: ladder_jacobian(1.0, y, k).shifted(0.1)), kinetics, y),
        "factorise": (jax.vmap(factorise_bordered), matrix),
        "solve": (jax.vmap(lambda f, b: f.solve(b)), factors, y),
    }
    return {
        name: {
            "microseconds": 1e6 * seconds_of(*what) / chunk,
            "operations": operations(*what) / chunk,
            "bytes": moved(*what) / chunk,
        }
        for name, what in of.items()
    }


def best():
    """Operations, and bytes read and written, a second of a core, in programs of XLA that do nothing else."""
    import jax
    import jax.numpy as jnp

    def deep(x):
        def thirty_two(_, x):
            for _ in range(32):
                x = 0.999 * x + 0.001
            return x

        return jax.lax.fori_loop(0, DEEP // 64, thirty_two, x)

    near, far = jnp.ones(WIDE), jnp.ones(LARGE)
    return {
        "operations_per_s": DEEP * WIDE / seconds_of(deep, near),
        "bytes_per_s": 2 * far.nbytes / seconds_of(lambda x: x + 1.0, far),
    }


def calls_per_step():
    """How often a step of the default method does each part."""
    from nacjax.solvers.rosenbrock import RODAS5P

    stages = len(RODAS5P.m)
    fresh = sum(i > 0 and any(row) for i, row in enumerate(RODAS5P.a))
    return {"right-hand side": fresh + 1, "matrix": 1, "factorise": 1, "solve": stages}


def profile(case, chunk, rtol):
    """The parts of a case, their number in a trajectory, and the whole."""
    import time

    call, _ = compiled(batched(single(case, mesh=case.mesh, rtol=rtol), chunk), case.points)
    steps = np.array(call()[1])
    whole = []
    for _ in range(9):
        start = time.process_time()
        call()
        whole.append(1e6 * (time.process_time() - start) / len(case.points))
    slowest = np.max(steps.reshape(-1, chunk), axis=1).mean()
    one = parts(case, chunk)
    numbers = {name: count * slowest for name, count in calls_per_step().items()} | {"set up": 1.0}
    spent = {name: part["microseconds"] * numbers[name] for name, part in one.items()}
    total = statistics.median(whole)
    return {
        "case": case.name, "cells": case.mesh.cells, "rungs": case.rungs, "chunk": chunk, "rtol": rtol,
        "steps_mean": float(steps.mean()), "steps_of_slowest": float(slowest),
        "each": one, "times_in_a_trajectory": numbers, "microseconds": spent,
        "rest": total - sum(spent.values()), "whole": total,
    }  # fmt: skip


if __name__ == "__main__":
    options = arguments(__doc__)
    import cases

    makes, few = (cases.fig2a, cases.stiff), (4,) if options.quick else ()
    found = [profile(make(*few), *((4, 1e-1) if options.quick else (CHUNK, RTOL))) for make in makes]
    for case in found:
        print(
            f"{case['case']}: {case['steps_mean']:.1f} steps, the slowest of a chunk {case['steps_of_slowest']:.1f}"
        )
        for name, spent in {**case["microseconds"], "rest": case["rest"], "whole": case["whole"]}.items():
            print(f"  {name:16s} {spent:8.1f} µs a trajectory, {100 * spent / case['whole']:5.1f} %")
    write(options, "parts", {"cases": found, "best": best()})
