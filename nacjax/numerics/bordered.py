"""Linear algebra on the lattice of ladders: exact, O(rungs³ · cells), no N×N array.

The ladder part of a `LadderMatrix` is the cyclic block-tridiagonal matrix of `ring`; scalars and low-rank
terms border it by a Schur complement. `LadderOperator` and `LadderSolver` are this for lineax.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, Float

from .ladder_matrix import LadderMatrix
from .ring import Factors, factorise, substitute


class LadderOperator(lx.AbstractLinearOperator):
    """A `LadderMatrix` as a lineax operator on the flat state."""

    matrix: LadderMatrix

    def mv(self, vector):
        return self.matrix.mv(vector)

    def as_matrix(self):
        """The dense twin, for tests."""
        return self.matrix.dense()

    def transpose(self):
        return LadderOperator(self.matrix.transpose())

    def in_structure(self):
        size = self.matrix.diagonal.size + self.matrix.corner.shape[0]
        return jax.ShapeDtypeStruct((size,), self.matrix.diagonal.dtype)

    def out_structure(self):
        return self.in_structure()


class BorderedFactors(eqx.Module):
    """A factorised `LadderMatrix`: ladder factors, border, border solutions, inverse Schur complement."""

    ladder: Factors
    columns: Float[Array, "border x"]
    rows: Float[Array, "border x"]
    solved: Float[Array, "border x"]
    schur: Float[Array, "border border"]

    def solve(self, b: Float[Array, " state"]) -> Float[Array, " state"]:
        """The solution x of the factorised system."""
        size, scalars = self.columns.shape[1], b.size - self.columns.shape[1]
        y = self.ladder_solve(b[None, :size])[0]
        target = jnp.pad(b[size:], (0, self.schur.shape[0] - scalars)) - self.rows @ y
        border = self.schur @ target
        return jnp.append(y - border @ self.solved, border[:scalars])

    def ladder_solve(self, x: Float[Array, "rhs x"]) -> Float[Array, "rhs x"]:
        """Solve with the ladder part alone."""
        if x.shape[0] == 0:
            return x
        rungs = self.ladder.left.shape[1]
        return substitute(self.ladder, x.reshape(x.shape[0], rungs, -1)).reshape(x.shape)

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
    return BorderedFactors(ladder, columns, rows, solved, small_inverse(corner - rows @ solved.T))


def small_inverse(a: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Inverse of a border-sized matrix: a division for one scalar, else pivoted LU."""
    return 1 / a if a.shape[0] <= 1 else jnp.linalg.inv(a)


class LadderSolver(lx.AbstractLinearSolver[BorderedFactors]):
    """Exact structured direct solver of a `LadderOperator`, as a lineax solver (jvp, vjp, vmap)."""

    def init(self, operator: lx.AbstractLinearOperator, options: dict[str, Any]) -> BorderedFactors:
        if not isinstance(operator, LadderOperator):
            raise ValueError(f"LadderSolver solves LadderOperator only, not {type(operator).__name__}")
        return factorise_bordered(operator.matrix)

    def compute(self, state, vector, options):
        return state.solve(vector), lx.RESULTS.successful, {}

    def transpose(self, state, options):
        return state.transpose(), {}

    def conj(self, state, options):
        return state, {}

    def assume_full_rank(self):
        return True


for _predicate in (lx.is_symmetric, lx.is_diagonal, lx.has_unit_diagonal, lx.is_lower_triangular,
                   lx.is_upper_triangular, lx.is_positive_semidefinite, lx.is_negative_semidefinite,
                   lx.is_tridiagonal):  # fmt: skip
    _predicate.register(LadderOperator)(lambda operator: False)


@lx.conj.register
def _(operator: LadderOperator):
    return operator


@lx.linearise.register
def _(operator: LadderOperator):
    return operator


@lx.materialise.register
def _(operator: LadderOperator):
    return operator
