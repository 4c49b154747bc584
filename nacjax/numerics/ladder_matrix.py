"""Matrices in the shape that the lattice of ladders gives them; no N×N array is formed but on request."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


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
