"""diffrax's implicit Runge–Kutta solvers with a root finder that tells "not yet" from "diverged".

`diffrax.VeryChord` (0.7.2) reports every unfinished iteration as divergence, on which optimistix
0.1.0 gives up, so that steps are rejected for nothing. Mended upstream in diffrax PR 754, not
released when this was written; delete this file once it is.
"""

import diffrax as dfx
import equinox as eqx
import jax.numpy as jnp
import optimistix as optx


class PatientChord(dfx.VeryChord):
    """`diffrax.VeryChord`, failing only where the iteration does diverge."""

    def terminate(self, fn, y, args, options, state, tags):
        stop, result = super().terminate(fn, y, args, options, state, tags)
        rate = state.diffsize / state.diffsize_prev
        diverged = (state.step >= 2) & ~(jnp.isfinite(rate) & (rate <= 2))
        misjudged = (result == optx.RESULTS.nonlinear_divergence) & ~diverged
        return stop, optx.RESULTS.where(misjudged, optx.RESULTS.successful, result)


def mend(solver: dfx.AbstractSolver) -> dfx.AbstractSolver:
    """The solver with `PatientChord` in place of a default `VeryChord`; other solvers unchanged."""
    if type(getattr(solver, "root_finder", None)) is not dfx.VeryChord:
        return solver
    return eqx.tree_at(lambda s: s.root_finder, solver, dfx.with_stepsize_controller_tols(PatientChord)())
