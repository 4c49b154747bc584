"""Linear algebra on the lattice of ladders: exact, O(rungs³ · cells), no N×N array.

The ladder part of a `LadderMatrix` is the cyclic block-tridiagonal matrix of `ring`; scalars and low-rank
terms border it by a Schur complement.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .ladder_matrix import LadderMatrix
from .ring import Factors, WrittenOut, factorise, substitute
from .target import apart, for_gpu


class BorderedFactors(eqx.Module):
    """A factorised `LadderMatrix`: ladder factors, border, border solutions, inverse Schur complement."""

    ladder: Factors | WrittenOut
    columns: Float[Array, "border x"]
    rows: Float[Array, "border x"]
    solved: Float[Array, "border x"]
    schur: Float[Array, "border border"]

    def solve(self, b: Float[Array, " state"]) -> Float[Array, " state"]:
        """The solution x of the factorised system."""
        b = apart(b)
        size, scalars = self.columns.shape[1], b.size - self.columns.shape[1]
        y = self.ladder_solve(b[None, :size])[0]
        target = jnp.pad(b[size:], (0, self.schur.shape[0] - scalars)) - self.rows @ y
        border = self.schur @ target
        return apart(jnp.append(y - border @ self.solved, border[:scalars]))

    def ladder_solve(self, x: Float[Array, "rhs x"]) -> Float[Array, "rhs x"]:
        """Solve with the ladder part alone."""
        if x.shape[0] == 0:
            return x
        return substitute(self.ladder, x.reshape(x.shape[0], self.ladder.rungs, -1)).reshape(x.shape)

    def transpose(self) -> "BorderedFactors":
        """Factors of the transposed matrix; nothing is factorised anew."""
        turned = BorderedFactors(self.ladder.transpose(), self.rows, self.columns, self.solved, self.schur.T)
        return eqx.tree_at(lambda s: s.solved, turned, turned.ladder_solve(self.rows))


def factorise_bordered(matrix: LadderMatrix) -> BorderedFactors:
    """Factorise a `LadderMatrix`. Low-rank terms u vᵀ join the border through w = vᵀx."""
    size = matrix.diagonal.size
    columns = jnp.concatenate([matrix.columns, matrix.us[:, :size]])
    rows = jnp.concatenate([matrix.rows, matrix.vs[:, :size]])
    rank = matrix.us.shape[0]
    corner = jnp.block(
        [
            [matrix.corner, matrix.us[:, size:].T],
            [matrix.vs[:, size:], -jnp.eye(rank, dtype=matrix.corner.dtype)],
        ]
    )
    shape = matrix.diagonal.shape
    padded = (
        matrix.diagonal,
        jnp.pad(matrix.below, ((1, 0), (0, 0))),
        jnp.pad(matrix.above, ((0, 1), (0, 0))),
        jnp.pad(matrix.left, (1, 0)).reshape(shape),
        jnp.pad(matrix.right, (0, 1)).reshape(shape),
    )
    ladder = factorise(*padded)
    partial = BorderedFactors(ladder, columns, rows, columns, corner)
    solved = partial.ladder_solve(columns)
    return BorderedFactors(ladder, columns, rows, solved, small_inverse(corner - _products(rows, solved)))


def _products(a: Float[Array, "m x"], b: Float[Array, "n x"]) -> Float[Array, "m n"]:
    """a bᵀ; a GPU sums, for the product of small matrices is a call of a library there."""
    return jnp.sum(a[:, None] * b, axis=-1) if for_gpu() else a @ b.T


def small_inverse(a: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Inverse of a border-sized matrix: a division for one scalar, else pivoted LU; for two Cramer's rule on a GPU."""
    if a.shape[0] == 2 and for_gpu():  # LU is a call of a library there, with loops around it
        adjugate = jnp.stack([jnp.stack([a[1, 1], -a[0, 1]]), jnp.stack([-a[1, 0], a[0, 0]])])
        return adjugate / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
    return 1 / a if a.shape[0] <= 1 else jnp.linalg.inv(a)


def factorised(matrix: LadderMatrix) -> Callable[[Array], Array]:
    """b -> x with matrix · x = b, differentiable in both; all solves and their derivatives share the factors."""
    factors = factorise_bordered(jax.lax.stop_gradient(matrix))
    turned = factors.transpose()

    def solve(b: Float[Array, " state"]) -> Float[Array, " state"]:
        return jax.lax.custom_linear_solve(
            matrix.mv, b, lambda _, b: factors.solve(b), lambda _, b: turned.solve(b)
        )

    return solve
