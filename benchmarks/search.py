"""Solves and seconds to the global minimum of σ: nacjax.search beside a grid and SciPy's minimisers.

All drive the same plateau (2 quantities: ω_p, ν) or evolve (6: ω_p, ν, T, exponent of the DoS, ζ_0 and duration of a
pulse). A search counts every evaluation until then: "solves" takes a gradient for one, one of the
plateau that stands for a run for its share of the core time of a run's gradient, and a look at Eq. (10) for its share
of a value; "solves_by_core_time" takes everything for its share of the core time of a value of the run, in the batch
that is cheapest. The shares are measured here ("prices"). Every method is charged its solves until a run first comes
within the target of the lowest value known, on average over seeds; local methods with the restarts that this takes.
"solves_to_the_end" and the seconds of a search are those of all of it, until it has converged and looked around for
kinks and the Hessian, those of the others until the target is met; both without compilation.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from common import TARGET, arguments, write

TWO = {"phonon_energy": (0.2, 0.95), "filling": (0.1, 0.9)}
SIX = TWO | {
    "temperature": (0.005, 0.05),
    "exponent": (2.0, 16.0),
    "zeta0": (1.0, 20.0),
    "duration": (0.1, 1.0),
}


class Counted:
    """σ at a point of the unit box by one compiled call; counts calls, remembers when the target was met."""

    def __init__(self, over, value):
        import jax

        low, high = np.array(list(over.values())).T
        self.call = jax.jit(lambda z: value(low + (high - low) * z))
        self.call(np.full(len(over), 0.5)).block_until_ready()
        self.size, self.goal = len(over), -np.inf
        self.reset()

    def reset(self):
        self.count, self.met, self.best, self.start = 0, None, np.inf, time.perf_counter()

    def __call__(self, z):
        self.count += 1
        found = float(self.call(np.clip(z, 1e-9, 1 - 1e-9)))
        self.best = min(self.best, found)
        if self.met is None and self.best < self.goal + TARGET:
            self.met = self.count, time.perf_counter() - self.start
        return found


class Case(NamedTuple):
    """What is searched, for `nacjax.search` and as functions of a point."""

    over: dict
    system: tuple  # metal and pump
    options: dict  # of search
    value: Callable  # σ
    estimate: Callable  # Eq. (10)
    stand_in: Callable | None = None  # σ of the plateau that stands for a run


def two() -> Case:
    """The plateau over two quantities."""
    import nacjax as nj

    def metal(p):
        return nj.Metal(nj.FlatTopDOS(), p[1], 0.01, p[0])

    def value(p):
        return nj.plateau(metal(p), 20.0, cells=96, rungs=5).sigma

    def estimate(p):
        return nj.conductivity_estimate(metal(p), 5)

    system = metal([0.53, 0.5]), nj.Clamped(20.0)
    return Case(TWO, system, {"plateau": True, "cells": 96}, value, estimate)


def six() -> Case:
    """σ at t = 3 after a pulse over six."""
    import nacjax as nj

    grid, time = {"cells": 48, "rungs": 5}, 3.0

    def system(p):
        metal = nj.Metal(nj.FlatTopDOS(1.0, p[3]), p[1], p[2], p[0], inelastic_rate=1e-3, phonon_lifetime=5.0)
        return metal, nj.ExponentialPulse(p[4], p[5])

    def value(p):
        return nj.evolve(*system(p), [time], rtol=1e-3, budget=False, **grid).sigma[0]

    def stand_in(p):
        metal, pump = system(p)
        return nj.plateau(metal, pump.free_phonons(time, metal.phonon_lifetime), **grid).sigma

    def estimate(p):
        return nj.conductivity_estimate(system(p)[0], 5)

    middle = system([0.53, 0.5, 0.01, 8.0, 10.0, 0.3])
    return Case(SIX, middle, {"times": time, "cells": 48}, value, estimate, stand_in)


def core_seconds(function, points):
    """CPU seconds a point of a function in a batch; the least of several runs."""
    import jax

    call, spent = jax.jit(jax.vmap(function)).lower(points).compile(), []
    for _ in range(9):
        start = time.process_time()
        jax.block_until_ready(call(points))
        spent.append(time.process_time() - start)
    return min(spent) / len(points)


def prices(case, scan):
    """Core time of a search's evaluations: gradients in values, of what stands for a run in its own, Eq. (10)."""
    import jax

    low, high = np.array(list(case.over.values())).T
    points = low + (high - low) * np.random.default_rng(1).random((max(scan, 1), len(low)))
    some, rough = points[:1], case.stand_in or case.value

    def gradient(function):
        def at(p):
            along = jax.vmap(lambda d: jax.jvp(function, (p,), (d,)), out_axes=(None, 0))
            return along(np.eye(len(low)))

        return at

    one = min(core_seconds(case.value, some), core_seconds(case.value, points))
    slope = core_seconds(gradient(case.value), some)
    every = low + (high - low) * np.random.default_rng(2).random((glances(case), len(low)))
    stands = case.stand_in is not None
    return {
        "analytic": core_seconds(case.estimate, every) / one,
        "scan": core_seconds(rough, points) / one if stands else 1.0,
        "gradient": slope / one,
        "stand-in's gradient in the run's": core_seconds(gradient(rough), some) / slope if stands else 1.0,
    }  # fmt: skip


def glances(case):
    """Points in which a search looks at Eq. (10)."""
    from nacjax.studies.search.starts import GLANCES

    return GLANCES * len(case.over)


def ours(case, seeds):
    """The row of `search` over seeds, the lowest value, and where each seed starts (shares of the box).

    The first run, which compiles, is left out.
    """
    import nacjax as nj

    over = case.over
    rows = []
    for seed in range(-1, seeds):
        start = time.perf_counter()
        found = nj.search(*case.system, over=over, seed=max(seed, 0), **case.options)
        rows.append((found.value, found, time.perf_counter() - start))
    goal = min(value for value, *_ in rows)
    counts = np.array([until(found, goal + TARGET) for _, found, _ in rows[1:]])
    scan, rough, full = counts.mean(axis=0)
    price, looked = prices(case, int(scan)), glances(case)
    before = looked * price["analytic"] + scan * price["scan"]
    share = price["stand-in's gradient in the run's"]
    row = {
        "solves": float(before + rough * share + full),
        "solves_by_core_time": float(before + (rough * share + full) * price["gradient"]),
        "solves_to_the_end": float(np.mean([found.total_solves for _, found, _ in rows[1:]])),
        "seconds": float(np.median([seconds for *_, seconds in rows[1:]])),
        "hits": float(np.mean([value < goal + TARGET for value, *_ in rows[1:]])),
        "evaluations": {
            "analytic": looked, "scan": float(scan), "stand-in's gradients": float(rough), "gradients": float(full),
        },
        "prices": price, "how": rows[0][1].how,
    }  # fmt: skip
    low, high = np.array(list(over.values())).T
    firsts = [found.paths[list(over)].isel(start=0, step=0).to_array().to_numpy() for _, found, _ in rows[1:]]
    return goal, row, (np.array(firsts) - low) / (high - low)


def until(found, level):
    """Evaluations of a search until a run first came below a level (inf if none ever did).

    Those of its scan, gradients of what stands for a run, gradients of runs.
    """
    values = found.paths["objective"].to_numpy().T  # step by step
    rough = np.char.startswith(found.paths["stage"].to_numpy().astype(str), "plateau ")
    full = values[~rough]
    met = np.flatnonzero(full[np.isfinite(full)] < level)
    scan = found.solves.get("scan", 0) + found.solves.get("plateau scan", 0)
    return scan, np.isfinite(values[rough]).sum(), met[0] + 1 if met.size else np.inf


def restarts(function, minimise, starts):
    """Expected solves and seconds of a local method from each start, restarted until it meets the goal."""
    met, missed, seeds = [], [], len(starts)
    for start in starts:
        function.reset()
        minimise(start)
        (missed if function.met is None else met).append(
            function.met or (function.count, time.perf_counter() - function.start)
        )
    if not met:
        return {"solves": None, "seconds": None, "hits": 0.0}
    lost = np.sum(missed, axis=0) / len(met) if missed else np.zeros(2)
    solves, seconds = np.mean(met, axis=0) + lost
    return {"solves": float(solves), "seconds": float(seconds), "hits": len(met) / seeds}


def evolution(function, seeds):
    """Solves until differential evolution first meets the goal; the mean over the seeds that meet it."""
    from scipy.optimize import differential_evolution

    met = []
    for seed in range(seeds):
        function.reset()
        differential_evolution(
            function, [(0, 1)] * function.size, rng=seed, callback=lambda *_: function.met is not None
        )
        met.append(function.met or (np.nan, np.nan))
    solves, seconds = np.nanmean(met, axis=0)
    return {
        "solves": float(solves),
        "seconds": float(seconds),
        "hits": float(np.isfinite(met).all(axis=1).mean()),
    }


def grid(function, most, seeds):
    """Solves of the coarsest regular grid that meets the goal wherever it is shifted to (mean over shifts)."""
    found = []
    for seed in range(seeds):
        shift, n = np.random.default_rng(seed).uniform(size=function.size), 2
        while n**function.size <= most:
            function.reset()
            ticks = ((np.arange(n) + shift[:, None]) / n)[: function.size]
            for point in np.stack(np.meshgrid(*ticks), -1).reshape(-1, function.size):
                function(point)
            if function.met:
                found.append((n**function.size, time.perf_counter() - function.start))
                break
            n += 1 if function.size > 2 else max(1, n // 8)
        else:
            return {"solves": None, "seconds": None, "hits": len(found) / seeds, "tried_up_to": most}
    solves, seconds = np.mean(found, axis=0)
    return {"solves": float(solves), "seconds": float(seconds), "hits": 1.0}


def compare(case, seeds, most):
    """Rows of one case."""
    from scipy.optimize import minimize

    function = Counted(case.over, case.value)
    goal, best_of, known = ours(case, seeds)
    anywhere = [np.random.default_rng(seed).uniform(0.02, 0.98, function.size) for seed in range(seeds)]
    function.goal = goal
    box = [(0.0, 1.0)] * function.size

    def local(method, **settings):
        return lambda z: minimize(function, z, method=method, bounds=box, options=settings)

    differences = local("L-BFGS-B", eps=1e-4, ftol=1e-5)
    rows = {
        "nacjax.search": best_of,
        "Nelder–Mead, restarted": restarts(function, local("Nelder-Mead", fatol=1e-4, xatol=1e-3), anywhere),
        "L-BFGS-B on differences, restarted": restarts(function, differences, anywhere),
        "L-BFGS-B on differences, starts by Eq. (10)": restarts(function, differences, known),
        "differential evolution": evolution(function, max(3, seeds // 3)),
        "grid": grid(function, most, 5),
    }  # fmt: skip
    for name, row in rows.items():
        print(
            f"{name:44}", {k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()}, flush=True
        )
    ours_too = ("nacjax", "L-BFGS-B on differences, starts by")  # these know Eq. (10)
    peers = [row["solves"] for name, row in rows.items() if not name.startswith(ours_too) and row["solves"]]
    ratio = min(peers) / rows["nacjax.search"]["solves"]
    print("fewer solves than the best of the others:", round(ratio, 1), flush=True)
    return {"goal": function.goal, "rows": rows, "times_fewer_solves": ratio}


if __name__ == "__main__":
    options = arguments(__doc__)
    seeds = 5 if options.quick else 30
    results = {
        "two quantities, plateau": compare(two(), seeds, 20_000),
        "six quantities, pulse": compare(six(), seeds, 5_000),
    }
    write(options, "search", {"target_error": TARGET, "seeds": seeds, "cases": results})
