"""`steady_state`: the true t → ∞ state at Γ_in > 0, by pseudo-transient Newton iteration.

Linearly implicit Euler steps with a growing Δt carry the equilibrium towards the steady state; the
end is Newton's method. One row of the equations is replaced by the filling throughout, because
particle conservation makes their own Jacobian singular. The linear solves keep the structure of the
ladder; dispersion and further modes, whose rates are dense in the cells already, get a dense LU.
"""

import warnings
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..kinetics.equations import Kinetics
from ..kinetics.jacobian import dense_jacobian, jacobian
from ..kinetics.ladder import Ladder, Mesh, build_ladder, count_rungs
from ..kinetics.measures import conductivity
from ..model.checks import as_arrays, is_concrete
from ..model.field import AbstractField
from ..model.metal import Metal
from ..model.names import system_of
from ..model.pump import AbstractPump
from ..model.shown import Said
from ..numerics.bordered import factorised
from ..numerics.ladder_matrix import LadderMatrix
from ..numerics.program import program
from ..numerics.spoiled import unless
from .accuracy import WHEN_STEADY, Fineness, Judged, extrapolated, fineness, until_sure
from .options import check_options
from .sound import UNPHYSICAL, allowed, beyond, refusal

LATE = 1e9  # "t → ∞" for the source of a pulse
SHARE = 1.6
"""Of the cells of a run."""
OUTSIDE = 1e-3
"""How far f may leave 0 … 1 on a coarse mesh."""


class SteadyState(Said, Judged, eqx.Module):
    """The t → ∞ state: `sigma` σ/σ_0 and `phonons` ζ (scalars), `occupation` f (rung, cell), and how it converged.

    `mode_phonons` ζ_m of further modes (mode,); `correction` is the last Newton correction of the state,
    `iterations` the number of linear solves; `outside` by how much f was out of 0 … 1 at the end. `sigma_error` is an
    estimate of the error of σ, which is extrapolated from two meshes; NaN, and σ that of f, where cells or mesh were
    given. `fineness`: mesh and accuracy.

    >>> state = nj.steady_state(nj.trial(), nj.Clamped(20.0), cells=16)
    >>> float(state.phonons), state.ok
    (20.0, True)
    """

    sigma: Float[Array, ""]
    phonons: Float[Array, ""]
    mode_phonons: Float[Array, " mode"]
    occupation: Float[Array, "rung cell"]
    kinetics: Kinetics
    correction: Float[Array, ""]
    iterations: Int[Array, ""]
    outside: Float[Array, ""]
    converged: Bool[Array, ""]
    sigma_error: Float[Array, ""]
    fineness: Fineness = eqx.field(static=True)

    def __str__(self):
        from .verdict import of_state

        last = f"ζ = {np.ravel(self.phonons)[0]:.4g} phonons per mode"
        return of_state(self, "in the steady state, t → ∞", last)

    @property
    def metal(self) -> Metal:
        """The metal."""
        return self.kinetics.metal

    @property
    def ladder(self) -> Ladder:
        """The mesh: `energy`, `width`, `states`, all (rung, cell)."""
        return self.kinetics.ladder

    @property
    def ok(self) -> bool:
        """Whether the iteration converged, to a state with f between 0 and 1."""
        return bool(np.all(np.asarray(self.converged)))

    @property
    def unphysical(self) -> Bool[Array, ""]:
        """Whether the iteration ended with f out of 0 … 1."""
        return self.outside > OUTSIDE

    @property
    def result(self) -> str:
        """How the iteration ended, as a sentence."""
        count, size = int(np.max(self.iterations)), float(np.max(self.correction))
        if self.ok:
            return self.judged(f"Converged in {count} steps; the last Newton correction was {size:.1e}.")
        refused = refusal(self.ladder.rungs, self.metal, self.kinetics.pump, self.kinetics.field)
        if refused:
            return refused
        if np.any(np.asarray(self.unphysical)) and size < 1e-3:
            return f"{UNPHYSICAL} It is beyond by {float(np.max(self.outside)):.2g}."
        return f"No steady state was found in {count} steps; the last Newton correction was {size:.1e}."


def steady_state(
    metal: Metal,
    pump: AbstractPump,
    *,
    field: AbstractField | None = None,
    accuracy: float | None = None,
    cells: int | None = None,
    mesh: Mesh | None = None,
    rungs: int | None = None,
    max_steps: int = 200,
) -> SteadyState:
    """The state at t → ∞, in which inelastic scattering has acted.

    The state at t → ∞ of Eqs. (2)–(3) of PRB 101, 041105 (2020), at the filling of the metal.

    Not the plateau that the paper calls "steady state": see `plateau`, and `evolve` to t = 10/Γ_eph.

    - `metal`, `pump`, `field`, `rungs`: as in `evolve`
    - `accuracy`, `cells`, `mesh`: as in `evolve`, but `cells` are uniform between band edges: inelastic drift leaves
      no trace of other initial features
    - `max_steps`: most linear solves before it gives up

    ζ_m of further modes settle with the rest. With them or with dispersion a solve is O(state³), not O(state).
    Differentiable in every number through the implicit function theorem.
    Raises `ValueError` at Γ_in = 0, where every ladder conserves its particles and the state is
    not unique. Where no steady state is found, f leaves 0 … 1, or numbers are out of their ranges that JAX's
    transformations hide from the checks, `converged` is False, σ is NaN and `result` says why.

    >>> bool(nj.steady_state(nj.trial(), nj.Clamped(20.0), cells=16).sigma > 0)
    True
    """
    check_options(mesh)
    system_of(metal, pump, field)
    fine = fineness(accuracy, cells, mesh, plain=Mesh.uniform(), share=SHARE)
    found = until_sure(lambda fine: steady_at(metal, pump, field, fine, rungs, max_steps), fine)
    if is_concrete(found.sigma) and is_concrete(found.converged) and found.ok and not found.sure:
        warnings.warn(found.result, RuntimeWarning, stacklevel=2)
    return found


def steady_at(
    metal, pump, field, fine: Fineness, rungs: int | None = None, max_steps: int = 200
) -> SteadyState:
    """`steady_state` of a given fineness."""
    metal, pump, field = system_of(metal, pump, field)
    check_options(max_steps=max_steps)
    field.check(metal)
    if is_concrete(metal.inelastic_rate) and np.any(np.asarray(metal.inelastic_rate) == 0):
        raise ValueError(
            "inelastic_rate = 0.0 is not allowed: without inelastic scattering every ladder conserves its particles "
            "and t → ∞ has no unique state. Use nacjax.plateau, or a positive inelastic_rate."
        )
    return _steady_state(as_arrays((metal, pump, field)), fine, count_rungs(metal, rungs), max_steps)


@program
def _steady_state(inputs, fine: Fineness, rungs: int, max_steps: int) -> SteadyState:
    ladder = build_ladder(inputs[0], fine.on(inputs[0].dos).mesh, rungs)
    found = _on_ladder(inputs, ladder, max_steps)
    if not fine.paired:
        return SteadyState(**found, sigma_error=jnp.full((), jnp.nan), fineness=fine)
    rough = _on_ladder(inputs, ladder.halved(), max_steps)
    own, coarse = ((state["occupation"], state["kinetics"].ladder) for state in (found, rough))
    found["sigma"], error = extrapolated(own, coarse, inputs[0].dos, WHEN_STEADY, fine.level)
    found["converged"] &= rough["converged"]
    return SteadyState(**found, sigma_error=error, fineness=fine)


def _on_ladder(inputs, ladder: Ladder, max_steps: int) -> dict[str, Any]:
    """What a `SteadyState` holds, of one mesh."""
    metal, pump, field = inputs
    kinetics = Kinetics.on(ladder, metal, pump, field)
    march = _march(jax.lax.stop_gradient(kinetics), max_steps)
    y, start = jax.lax.stop_gradient(march.y), kinetics.initial_state()
    y1 = y + newton_step(kinetics, y, start)  # two steps from a constant carry derivatives to third order
    correction = newton_step(kinetics, y1, start)
    size = jnp.max(jnp.abs(jax.lax.stop_gradient(correction)))
    y1 = y1 + correction
    outside = beyond(kinetics.unpack(y1).f)
    converged = march.done & (size < jnp.maximum(1e-6, 300 * jnp.finfo(y.dtype).eps)) & ~(outside > OUTSIDE)
    converged &= allowed(ladder.rungs, metal, pump, field)
    state = kinetics.unpack(unless(~converged, y1))
    return {
        "sigma": conductivity(state.f, kinetics.ladder),
        "phonons": state.zeta,
        "mode_phonons": state.modes,
        "occupation": state.f,
        "kinetics": kinetics,
        "correction": size,
        "iterations": march.steps + 2,
        "outside": outside,
        "converged": converged,
    }


class _March(NamedTuple):
    y: Float[Array, " state"]
    dt: Float[Array, ""]
    steps: Int[Array, ""]
    done: Bool[Array, ""]


def _march(kinetics: Kinetics, max_steps: int) -> _March:
    """Pseudo-transient continuation: implicit Euler steps, Δt growing while f stays between 0 and 1."""
    size = kinetics.ladder.states.size

    def step(march: _March) -> _March:
        change = newton_step(kinetics, march.y, start.y, 1 / march.dt)
        y = march.y + change
        largest = jnp.max(jnp.abs(change) / (1 + jnp.abs(march.y)))
        f = y[:size]
        state = kinetics.unpack(y)
        phonons = jnp.append(state.zeta, state.modes)
        good = jnp.all((f > -0.02) & (f < 1.02)) & jnp.all(phonons > -0.02) & (largest < 0.5)
        growth = jnp.clip(0.3 / largest, 1.5, 100.0)
        done = good & (largest < 1e-4) & (march.dt * rate > 10)
        dt = jnp.where(good, jnp.minimum(march.dt * growth, 1e9 / rate), 0.2 * march.dt)
        return _March(jnp.where(good, y, march.y), dt, march.steps + 1, done)

    # the slowest clock of the problem: energy relaxation of the whole band
    rate = kinetics.metal.inelastic_rate / kinetics.metal.dos.width
    fastest = jnp.max(jnp.abs(jacobian(kinetics, LATE, kinetics.initial_state()).diagonal))
    start = _March(kinetics.initial_state(), 1 / fastest, jnp.array(0), jnp.array(False))
    return jax.lax.while_loop(lambda m: ~m.done & (m.steps < max_steps), step, start)


def newton_step(
    kinetics: Kinetics,
    y: Float[Array, " state"],
    start: Float[Array, " state"],
    inverse_dt: float | Array = 0.0,
) -> Float[Array, " state"]:
    """One Newton correction of dy/dt = 0 with the particle number of `start`; an implicit Euler step for 1/Δt > 0."""
    states = kinetics.ladder.states.ravel()
    number = jnp.sum(states * (start - y)[: states.size]) / jnp.max(states)
    residual = jnp.where(jnp.arange(y.size) == jnp.argmax(states), number, -kinetics(LATE, y))
    solve = solve_on_ladder if kinetics.structured else solve_dense
    return solve(kinetics, y, residual, inverse_dt)


def solve_on_ladder(kinetics: Kinetics, y, residual, inverse_dt) -> Float[Array, " state"]:
    """The correction for a residual, by the structured matrix."""
    matrix = with_filling(jacobian(kinetics, LATE, y).shifted_by(-inverse_dt), kinetics.ladder.states.ravel())
    return factorised(matrix)(residual)


def solve_dense(kinetics: Kinetics, y, residual, inverse_dt) -> Float[Array, " state"]:
    """The correction for a residual where dispersion or further modes couple any two cells: a dense LU.

    What never changes (cells without states, ζ_m of a mode that is clamped or has neither coupling nor decay)
    keeps its value. The matrix carries no derivative, which leaves first and second derivatives of two steps
    at the root exact.
    """
    states = kinetics.ladder.states.ravel()
    matrix = jax.lax.stop_gradient(dense_jacobian(kinetics, LATE, y))
    changes = jnp.any(matrix != 0, axis=1)
    matrix = matrix - jnp.diag(jnp.where(changes, inverse_dt, 1.0))  # pyright: ignore[reportArgumentType]
    filling = jnp.pad(states / jnp.max(states), (0, y.size - states.size))
    return jnp.linalg.solve(matrix.at[jnp.argmax(states)].set(filling), residual)


def with_filling(matrix: LadderMatrix, states: Float[Array, " x"]) -> LadderMatrix:
    """The Jacobian with the row of the fullest cell replaced by Σ n f.

    The row becomes a unit row (kept in the ladder) plus a rank-one rest.
    """
    row, peak = jnp.argmax(states), jnp.max(states)
    size = states.size
    keep = (jnp.arange(size) != row).astype(states.dtype)
    shape = matrix.diagonal.shape
    by_rung = keep.reshape(shape)
    unit = jnp.zeros(size + matrix.corner.shape[0]).at[row].set(1.0)
    filling = jnp.pad(states / peak, (0, matrix.corner.shape[0])) - unit
    matrix = LadderMatrix(
        diagonal=matrix.diagonal * by_rung + (1 - by_rung),
        below=matrix.below * by_rung[1:],
        above=matrix.above * by_rung[:-1],
        left=matrix.left * keep[1:],
        right=matrix.right * keep[:-1],
        columns=matrix.columns * keep,
        rows=matrix.rows,
        corner=matrix.corner,
        us=jnp.concatenate(
            [matrix.us * jnp.pad(keep, (0, matrix.corner.shape[0]), constant_values=1.0), unit[None]]
        ),
        vs=jnp.concatenate([matrix.vs, filling[None]]),
    )
    empty = jnp.where(states.reshape(shape) > 0, 0.0, 1.0)  # cells without states keep their f
    return eqx.tree_at(lambda m: m.diagonal, matrix, matrix.diagonal + empty)
