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

from . import collisions
from .kinetics import Kinetics


class LadderMatrix(eqx.Module):
    """A square matrix on the flat state [x (rung·cell), z (scalar)].

    With the cell index k = rung·cells + cell:
    - `diagonal` (rung, cell)
    - `below`, `above` (rung−1, cell): coupling of rung j+1 to rung j, and of rung j to rung j+1
    - `left`, `right` (rung·cell − 1): coupling of k+1 to k, and of k to k+1
    - `columns` (scalar, rung·cell): x by z; `rows` (scalar, rung·cell): z by x; `corner` (scalar, scalar)
    - `us`, `vs` (rank, state): low-rank part Σ u vᵀ
    """

    diagonal: Float[Array, "rung cell"]
    below: Float[Array, "rung-1 cell"]
    above: Float[Array, "rung-1 cell"]
    left: Float[Array, " face"]
    right: Float[Array, " face"]
    columns: Float[Array, "scalar x"]
    rows: Float[Array, "scalar x"]
    corner: Float[Array, "scalar scalar"]
    us: Float[Array, "rank state"]
    vs: Float[Array, "rank state"]

    def mv(self, y: Float[Array, " state"]) -> Float[Array, " state"]:
        """Matrix times vector, in O(state)."""
        size = self.diagonal.size
        flat, z = y[:size], y[size:]
        x = flat.reshape(self.diagonal.shape)
        rungs = jnp.pad(self.above * x[1:], ((0, 1), (0, 0))) + jnp.pad(self.below * x[:-1], ((1, 0), (0, 0)))
        chain = jnp.pad(self.right * flat[1:], (0, 1)) + jnp.pad(self.left * flat[:-1], (1, 0))
        top = (self.diagonal * x + rungs).ravel() + chain + z @ self.columns
        return jnp.append(top, self.rows @ flat + self.corner @ z) + (self.vs @ y) @ self.us

    def dense(self) -> Float[Array, "state state"]:
        """The matrix as an array."""
        size = self.diagonal.size + self.corner.shape[0]
        return jax.vmap(self.mv, out_axes=1)(jnp.eye(size, dtype=self.diagonal.dtype))

    def transpose(self) -> "LadderMatrix":
        """The transposed matrix, in the same shape."""
        return LadderMatrix(
            self.diagonal, self.above, self.below, self.right, self.left,
            self.rows, self.columns, self.corner.T, self.vs, self.us,
        )  # fmt: skip

    def shifted_by(self, shift: float | Float[Array, ""]) -> "LadderMatrix":
        """self + shift · I."""
        corner = self.corner + shift * jnp.eye(self.corner.shape[0])
        return eqx.tree_at(lambda m: (m.diagonal, m.corner), self, (self.diagonal + shift, corner))

    def shifted(self, scale: Float[Array, ""]) -> "LadderMatrix":
        """I − scale · self, the matrix of linearly implicit steps."""
        scaled = jax.tree.map(lambda entry: -scale * entry, self)
        return eqx.tree_at(lambda m: m.vs, scaled, self.vs).shifted_by(1.0)


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
