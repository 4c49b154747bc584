"""The Jacobian of the kinetic equations, kept in the shape the ladder gives it.

The slopes of the processes are summed: ∂ḟ/∂f is tridiagonal in the rung at each cell and tridiagonal along the
energy-ordered chain, with terms of low rank; the scalars (ζ, field variables, ledger) border it; a field that reacts
to the state adds one rank-one term. No N×N array is formed, but by `dense_jacobian`, for processes that fit none of
these shapes.
"""

import dataclasses
from collections.abc import Iterable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.process import Flow, Moment, Slopes
from ..numerics.ladder_matrix import LadderMatrix
from .equations import Kinetics, electrons_gained


def jacobian(kinetics: Kinetics, t: float | Float[Array, ""], y: Float[Array, " state"]) -> LadderMatrix:
    """∂(dy/dt)/∂y at (t, y): exact where the slopes of all processes fit the structure.

    Where they do not it is that of what stands for them on the ladder. Particles and energy are linear invariants of
    it too, so that a W-method conserves them to round-off.
    """
    near = on_ladder(kinetics)
    rows = jax.jacrev(lambda y: near.scalar_rates(t, y))(y) if y.size > near.ladder.states.size else None
    return assemble(near, slopes_at(near, t, y), y, rows, *_field_reaction(near, t, y))


def on_ladder(kinetics: Kinetics) -> Kinetics:
    """The same with what stands for its processes on the ladder."""
    near = (process.on_ladder() for process in kinetics.processes)
    return dataclasses.replace(kinetics, processes=tuple(process for process in near if process is not None))


def slopes_at(kinetics: Kinetics, t, y: Float[Array, " state"]) -> list[Slopes]:
    """The slopes of every structured process, those of the heating at its F² among them."""
    state = kinetics.unpack(y)
    now = kinetics.now(t, state)
    found = [process.slopes(now, kinetics.ladder) for process in kinetics.processes if process.structured]
    if kinetics.field.acts:
        squared = kinetics.field_squared(t, state)
        by_left, by_right = kinetics.heating.slopes(now, kinetics.ladder).chain  # pyright: ignore[reportGeneralTypeIssues]
        found.append(Slopes(chain=(squared * by_left, squared * by_right)))
    return found


def assemble(kinetics: Kinetics, slopes: list[Slopes], y, rows, us, vs) -> LadderMatrix:
    """The matrix of the sum of `slopes`, bordered by `rows` of the scalars, with the low-rank part `us`, `vs`."""
    ladder = kinetics.ladder
    shape, size = ladder.states.shape, ladder.states.size
    scalars = y.size - size
    inverse, flat = ladder.inverse, ladder.inverse.ravel()

    by_low, by_up = _sum((s.rungs for s in slopes), (shape[0] - 1, shape[1]))
    by_left, by_right = _sum((s.chain for s in slopes), (size - 1,))
    diagonal = jnp.pad(by_low, ((0, 1), (0, 0))) - jnp.pad(by_up, ((1, 0), (0, 0)))
    chain = jnp.pad(by_left, (0, 1)) - jnp.pad(by_right, (1, 0))
    diagonal = diagonal + chain.reshape(shape)
    for own in (s.cells for s in slopes if s.cells is not None):
        diagonal = diagonal + own

    columns = jnp.zeros((scalars, size))
    by_phonons = [s.by_phonons for s in slopes if s.by_phonons is not None]
    if not kinetics.pump.clamped and by_phonons:
        column = sum(by_phonons, start=Flow())
        columns = columns.at[0].set((electrons_gained(column, ladder) * inverse).ravel())
    rows = jnp.zeros((scalars, y.size)) if rows is None else rows
    low_rank = [s.low_rank for s in slopes if s.low_rank is not None]
    for left, right in low_rank:
        us, vs = _below(us, left * inverse, scalars), _below(vs, right, scalars)
    return LadderMatrix(
        diagonal=diagonal * inverse,
        below=-by_low * inverse[1:],
        above=by_up * inverse[:-1],
        left=-by_left * flat[1:],
        right=by_right * flat[:-1],
        columns=columns,
        rows=rows[:, :size],
        corner=rows[:, size:],
        us=us,
        vs=vs,
    )


def _below(rows: Float[Array, "rank state"], more: Float[Array, "more rung cell"], scalars: int) -> Array:
    """Rows of the state with more below them, zero for the scalars."""
    return jnp.concatenate([rows, jnp.pad(more.reshape(len(more), -1), ((0, 0), (0, scalars)))])


def _sum(pairs: Iterable[tuple[Array, Array] | None], shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Sum of the (by lower, by upper) that are there."""
    found = [pair for pair in pairs if pair is not None]
    if not found:
        return jnp.zeros(shape), jnp.zeros(shape)
    return sum(low for low, _ in found), sum(up for _, up in found)  # pyright: ignore[reportReturnType]


def _field_reaction(kinetics: Kinetics, t, y):
    """(u, v) of the rank-one term (∂ḟ/∂F²)(∂F²/∂y)ᵀ of a field that reacts to the state; each (1 or 0, state)."""
    if not kinetics.field.reacts:
        return jnp.zeros((0, y.size)), jnp.zeros((0, y.size))
    state = kinetics.unpack(y)
    now = kinetics.now(t, state)
    heating = kinetics.change(kinetics.heating.flow(now, kinetics.ladder)).ravel()
    reaction = jax.grad(lambda y: kinetics.field_squared(t, kinetics.unpack(y)))(y)
    return jnp.pad(heating, (0, y.size - heating.size))[None], reaction[None]


def dense_jacobian(kinetics: Kinetics, t, y: Float[Array, " state"]) -> Float[Array, "state state"]:
    """∂(dy/dt)/∂y at (t, y), exact also for processes that couple any two cells."""
    state, ladder = kinetics.unpack(y), kinetics.ladder
    size = ladder.states.size
    near = assemble(kinetics, slopes_at(kinetics, t, y), y, None, *_field_reaction(kinetics, t, y))
    block = near.dense()[:size, :size]
    now = kinetics.now(t, state)
    for process in kinetics.processes:
        if process.structured:
            continue
        dense = process.dense_slopes(now, ladder)
        if dense is None:
            dense = _by_differentiation(process, now, ladder)
        block = block + ladder.inverse.ravel()[:, None] * dense
    if y.size == size:
        return block
    rows = jax.jacrev(lambda f: kinetics.scalar_rates(t, jnp.append(f, y[size:])))(y[:size])
    columns = jax.jacfwd(lambda z: kinetics(t, jnp.append(y[:size], z)))(y[size:])
    return jnp.concatenate([jnp.concatenate([block, rows]), columns], axis=1)


def _by_differentiation(process, now: Moment, ladder) -> Float[Array, "x x"]:
    """∂(electrons into each cell)/∂f of a process."""

    def gained(f):
        moved = process.flow(now._replace(f=f.reshape(now.f.shape)), ladder)
        return electrons_gained(moved, ladder).ravel()

    return jax.jacfwd(gained)(now.f.ravel())
