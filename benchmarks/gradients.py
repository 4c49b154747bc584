"""Case (d): dσ/d(ω_p, ν, T, ζ, Γ_in) of a trajectory, against the trajectory itself and finite differences.

The mesh follows the features here: on a uniform one dσ/dω_p is wrong by O(0.2).
"""

import numpy as np
from common import Row, arguments, batched, compiled, single, take_turns, write

NAMES = ("phonon_energy", "filling", "temperature", "zeta", "inelastic_rate")
STEPS = np.array([1e-4, 1e-4, 1e-5, 1e-2, 1e-5])  # of central differences


def gradient_case(count, cells):
    """Points (ω_p, ν, T, ζ, Γ_in) about those of case (a)."""
    import jax.numpy as jnp
    from cases import metal
    from common import Case

    import nacjax as nj

    def build(p):
        return metal(p[0], p[4], filling=p[1], temperature=p[2]), nj.Clamped(p[3]), nj.NoField()

    points = jnp.stack(
        [jnp.linspace(0.51, 0.9, count)] + [jnp.full(count, x) for x in (0.5, 0.003, 20.0, 1e-3)], 1
    )
    return Case("gradients", build, points, 10.0, 2, nj.Mesh(cells))


def methods(case, rtol):
    """name -> point -> (σ or gradient)."""
    import jax
    import jax.numpy as jnp

    def sigma(p, rtol=rtol):
        return single(case, rtol)(p)[0]

    def differences(p):
        shifts = jnp.diag(jnp.asarray(STEPS))
        many = jnp.concatenate([p + shifts, p - shifts])
        values = jax.vmap(lambda p: sigma(p, 1e-2 * rtol))(many)
        return (values[:5] - values[5:]) / (2 * jnp.asarray(STEPS))

    return {
        "forward solve": sigma,
        "jax.jacfwd, 5 parameters": jax.jacfwd(sigma),
        "jax.grad, 5 parameters": jax.grad(sigma),
        "central differences, 5 parameters": differences,
    }


def compare(options, case, rtol=1e-2, chunk=32):
    """Measure and write gradients.json; errors are those of the gradient, relative to its largest entry."""
    import jax

    import nacjax as nj

    points = case.points
    some = slice(None, None, max(1, len(points) // 8))  # of these the gradient is known to 1e-6
    exact = batched(jax.jacfwd(lambda p: single(case, 1e-7, solver=nj.Rosenbrock())(p)[0]), chunk)
    exact = np.array(compiled(exact, points[some])[0]())
    rows = []
    for name, method in methods(case, rtol).items():
        size = chunk // 4 if "5" in name else chunk  # several directions a point: fewer points fit the cache
        call, seconds = compiled(batched(method, size), points)
        row = Row(name, call, len(points), {"rtol": rtol, "chunk": size}, compile_s=seconds)
        out = row.time()
        if out.shape == points.shape:
            error = np.abs(np.array(out)[some] - exact) / np.abs(exact).max(axis=0)
            row.more["gradient_error"] = float(np.max(error))
        rows.append(row)
    take_turns(rows, options.runs)
    records = [row.record() for row in rows]
    for record in records:
        record["times_forward_solve"] = record["core_ms_per_point"] / records[0]["core_ms_per_point"]
    write(options, "gradients", {"case": f"dσ/d{NAMES} at t = 10", "cells": case.mesh.cells, "rows": records})


if __name__ == "__main__":
    options = arguments(__doc__)
    compare(options, gradient_case(*((2, 16) if options.quick else (64, 192))))
