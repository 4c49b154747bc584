"""Case (d): dσ/d(ω_p, ν, T, ζ, Γ_in) of default trajectories, in units of a trajectory, and how wrong it is.

What is right are differences of the derivative's own quantity on another, finer mesh, of two steps, extrapolated.
"""

from dataclasses import replace

import numpy as np
from common import Row, arguments, batched, compiled, judge, take_turns, write

NAMES = ("phonon_energy", "filling", "temperature", "zeta", "inelastic_rate")
STEPS = np.array([4e-4, 4e-4, 1e-4, 1e-1, 1e-4])  # of central differences


def sigma(**options):
    """(number,) -> σ(t = 10) by `nacjax.evolve` with its options."""
    import cases

    import nacjax as nj

    def solve(p):
        numbers = dict(zip(("phonon_energy", "filling", "temperature"), p[:3], strict=True))
        metal = replace(cases.METAL, **numbers, inelastic_rate=p[4])
        return nj.evolve(metal, nj.Clamped(p[3]), [10.0], rungs=2, budget=False, **options).sigma[-1]

    return solve


def differences(points):
    """The gradient at the points by differences, on a mesh of another shape."""
    import jax.numpy as jnp

    def on(cells):
        mesh = judge(cells)
        shifts = np.concatenate([side * np.diag(STEPS) / k for k in (1, 2) for side in (1, -1)])
        many = jnp.asarray((points[:, None] + shifts).reshape(-1, 5))
        call, _ = compiled(batched(sigma(mesh=mesh, rtol=1e-9), 32), many)
        up, down, up_half, down_half = np.array(call()).reshape(len(points), 4, 5).transpose(1, 0, 2)
        wide, narrow = (up - down) / (2 * STEPS), (up_half - down_half) / STEPS
        return (4 * narrow - wide) / 3

    fine = on(640)
    return fine + (fine - on(320)) / 3


def compare(options):
    """Measure and write gradients.json; errors are relative to the largest entry of a derivative, or to 1."""
    import jax

    count, chunk = (2, 2) if options.quick else (64, 32)
    points = np.stack(
        [np.linspace(0.51, 0.9, count), *(np.full(count, x) for x in (0.5, 0.003, 20.0, 1e-3))], 1
    )
    some = slice(None, None, max(1, count // 8))
    exact = differences(points[some])
    methods = {
        "forward solve": sigma(),
        "jax.grad, 5 parameters": jax.grad(sigma()),
        "jax.jacfwd, 5 parameters": jax.jacfwd(sigma()),
    }
    rows = []
    for name, method in methods.items():
        # derivatives carry five tangents: as many numbers in a batch stay in the caches
        size = chunk if name == "forward solve" else max(1, chunk // 8)
        call, seconds = compiled(batched(method, size), points)
        row = Row(name, call, count, {"chunk": size}, compile_s=seconds)
        out = np.array(row.time())
        if out.shape == points.shape:
            error = np.abs(out[some] - exact) / np.maximum(1, np.abs(exact).max(axis=0))
            row.more["gradient_error"] = float(np.max(error))
        rows.append(row)
    take_turns(rows, options.runs)
    records = [row.record() for row in rows]
    for record in records:
        record["times_forward_solve"] = record["core_ms_per_point"] / records[0]["core_ms_per_point"]
    write(options, "gradients", {"case": f"dσ/d{NAMES} at t = 10", "rows": records})


if __name__ == "__main__":
    compare(arguments(__doc__))
