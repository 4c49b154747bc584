"""The Jacobian of the kinetic equations, kept in the shape the ladder gives it.

∂ḟ/∂f is tridiagonal in the rung at each cell (Eq. 4) and tridiagonal along the energy-ordered
chain (Eqs. 6–7); the scalars (ζ, field variables, ledger) border it; a field that reacts to the
state adds one rank-one term. No N×N array is formed, but by `dense_jacobian`, for phonons that lead off
the ladder.
"""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..numerics.ladder_matrix import LadderMatrix
from . import collisions
from .equations import Kinetics


def jacobian(kinetics: Kinetics, t: float | Float[Array, ""], y: Float[Array, " state"]) -> LadderMatrix:
    """∂(dy/dt)/∂y at (t, y): exact for phonons of one energy.

    With dispersion or further modes it is that without them, which keeps the structure. Particles and
    energy are linear invariants of it too, so that a W-method conserves them to round-off.
    """
    kinetics = kinetics.on_ladder()
    ladder, state = kinetics.ladder, kinetics.unpack(y)
    f, number = state.f, kinetics.bose + state.zeta
    size, scalars = f.size, y.size - f.size

    by_low, by_up = collisions.emission_slopes(f[:-1], f[1:], number)
    gain, loss = kinetics.exchange
    diagonal = jnp.pad(gain * by_low, ((0, 1), (0, 0))) - jnp.pad(loss * by_up, ((1, 0), (0, 0)))

    flat, inverse = f.ravel(), ladder.inverse.ravel()
    strength, quantum = kinetics.inelastic
    low_slope, up_slope = collisions.emission_slopes(flat[:-1], flat[1:], quantum)
    field_squared = kinetics.field_squared(t, state)
    diffusion = 0.0 if isinstance(field_squared, float) else field_squared * kinetics.conductance
    by_left, by_right = strength * low_slope - diffusion, strength * up_slope + diffusion
    chain = jnp.pad(by_left * inverse[:-1], (0, 1)) - jnp.pad(by_right * inverse[1:], (1, 0))

    columns, scalar_rows = jnp.zeros((scalars, size)), jnp.zeros((scalars, y.size))
    if scalars:
        scalar_rows = jax.jacrev(lambda y: kinetics.scalar_rates(t, y))(y)
    if not kinetics.pump.clamped:
        step = f[1:] - f[:-1]
        by_zeta = jnp.pad(gain * step, ((0, 1), (0, 0))) - jnp.pad(loss * step, ((1, 0), (0, 0)))
        columns = columns.at[0].set(by_zeta.ravel())
    return LadderMatrix(
        diagonal=diagonal + chain.reshape(f.shape),
        below=-loss * by_low,
        above=gain * by_up,
        left=-by_left * inverse[1:],
        right=by_right * inverse[:-1],
        columns=columns,
        rows=scalar_rows[:, :size],
        corner=scalar_rows[:, size:],
        **_field_reaction(kinetics, t, y),
    )


def _field_reaction(kinetics: Kinetics, t, y):
    """The rank-one term (∂ḟ/∂F²)(∂F²/∂y)ᵀ of a field that reacts to the state."""
    if not kinetics.field.reacts:
        return {"us": jnp.zeros((0, y.size)), "vs": jnp.zeros((0, y.size))}
    heating = kinetics.heat(kinetics.unpack(y).f).ravel()
    reaction = jax.grad(lambda y: kinetics.field.squared(kinetics, t, kinetics.unpack(y)))(y)
    return {"us": jnp.pad(heating, (0, y.size - heating.size))[None], "vs": reaction[None]}


def dense_jacobian(kinetics: Kinetics, t, y: Float[Array, " state"]) -> Float[Array, "state state"]:
    """∂(dy/dt)/∂y at (t, y), exact also with dispersion and further modes, which couple any two cells."""
    state, size = kinetics.unpack(y), kinetics.ladder.states.size
    bare = kinetics
    if kinetics.branch is not None:  # its pairs replace the exchange between neighbouring rungs
        bare = dataclasses.replace(kinetics, exchange=jax.tree.map(jnp.zeros_like, kinetics.exchange))
    reaction = _field_reaction(kinetics, t, y)
    near = eqx.tree_at(lambda m: (m.us, m.vs), jacobian(bare, t, y), (reaction["us"], reaction["vs"]))
    block = near.dense()[:size, :size]
    couplings = zip((kinetics.branch, *kinetics.others), (state.zeta, *state.modes), strict=True)
    for pairs, zeta in couplings:
        if pairs is not None:
            block = block + pairs.jacobian(state.f, zeta, kinetics.ladder)
    if y.size == size:
        return block
    rows = jax.jacrev(lambda f: kinetics.scalar_rates(t, jnp.append(f, y[size:])))(y[:size])
    columns = jax.jacfwd(lambda z: kinetics(t, jnp.append(y[:size], z)))(y[size:])
    return jnp.concatenate([jnp.concatenate([block, rows]), columns], axis=1)
