"""Linear algebra on the lattice of ladders: exact, O(rungs³ · cells), no N×N array.

Grouped by cell, a `LadderMatrix` is cyclic block-tridiagonal with rungs × rungs blocks: the chain
couples a cell to its neighbours on the same rung, and the last cell of a rung to the first of the
next closes the cycle. Blocks are eliminated cell by cell; the last cell, the scalars and low-rank
terms border the rest by Schur complements.
No pivoting: I − γΔt·J is an M-matrix for 0 ≤ f ≤ 1.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
from jaxtyping import Array, Float

from ..physics.jacobian import LadderMatrix
from .trailing import batch_last


class LadderOperator(lx.AbstractLinearOperator):
    """A `LadderMatrix` as a lineax operator on the flat state."""

    matrix: LadderMatrix

    def mv(self, vector):
        return self.matrix.mv(vector)

    def as_matrix(self):
        """The dense twin, for tests."""
        return jax.vmap(self.matrix.mv, out_axes=1)(jnp.eye(self.in_size(), dtype=self.matrix.diagonal.dtype))

    def transpose(self):
        return LadderOperator(self.matrix.transpose())

    def in_structure(self):
        size = self.matrix.diagonal.size + self.matrix.corner.shape[0]
        return jax.ShapeDtypeStruct((size,), self.matrix.diagonal.dtype)

    def out_structure(self):
        return self.in_structure()


class Factors(eqx.Module):
    """A factorised cyclic block-tridiagonal matrix A; the last cell closes the cycle as a border.

    - `inverses` (cell−1, rung, rung): inverse pivots of block elimination without the last cell
    - `left`, `right` (cell, rung): the chain couplings of A, cell by cell
    - `closing` (cell−1, rung, rung): A'⁻¹ times the columns of the last cell
    - `last` (rung, rung): inverse Schur complement of the last cell
    """

    inverses: Float[Array, "cell-1 rung rung"]
    left: Float[Array, "cell rung"]
    right: Float[Array, "cell rung"]
    closing: Float[Array, "cell-1 rung rung"]
    last: Float[Array, "rung rung"]

    def transpose(self) -> "Factors":
        """Factors of Aᵀ: the pivots serve again, only `closing` is solved anew."""
        left, right = _turn_chain(self.left, self.right)
        inverses, last = (jnp.swapaxes(x, -1, -2) for x in (self.inverses, self.last))
        return Factors(inverses, left, right, batch_last(_close)(inverses, left, right), last)


def factorise(diagonal, below, above, left, right) -> Factors:
    """Factorise from the ladder part (cell, rung) and the chain couplings (cell, rung)."""
    return Factors(*batch_last(_factorise)(diagonal, below, above, left, right))


def substitute(factors: Factors, x: Float[Array, "cell rung rhs"]) -> Float[Array, "cell rung rhs"]:
    """Solve for several right-hand sides with a factorised matrix."""
    parts = (factors.inverses, factors.left, factors.right, factors.closing, factors.last)
    return batch_last(_substitute)(parts, x)


# From here to `_substitute` every array ends in a batch axis, see `batch_last`.


def _apply(block, x):
    """Block (rung, rung, batch) times right-hand sides (rung, rhs, batch)."""
    return sum(block[:, k, None] * x[k] for k in range(block.shape[1]))


def _invert(a):
    """Inverse of a (rung, rung, batch) block by Gauss–Jordan elimination without pivoting."""
    rungs = a.shape[0]
    for k in range(rungs):
        unit = np.eye(rungs)[k][:, None]
        pivot = 1 / a[k, k]
        row = jnp.where(unit > 0, pivot, a[k] * pivot)
        column = jnp.where(unit > 0, -1.0, a[:, k])
        a = jnp.where((unit + unit[:, 0] > 0)[..., None], 0.0, a) - column[:, None] * row
    return a


def _bands(rungs):
    """Unit, lower and upper neighbour patterns of a block, (rung, rung, 1)."""
    return tuple(np.eye(rungs, k=k)[..., None] for k in (0, -1, 1))


def _factorise(diagonal, below, above, left, right):
    rungs = diagonal.shape[1]
    eye, lower, upper = _bands(rungs)

    def block(d, b, a):
        return eye * d[:, None] + lower * b[:, None] + upper * a[:, None]

    def eliminate(carry, x):
        inverse, right_before = carry
        d, b, a, left_here, right_here = x
        inverse = _invert(block(d, b, a) - left_here[:, None] * inverse * right_before)
        return (inverse, right_here), inverse

    start = (jnp.zeros((rungs, *diagonal.shape[1:])), jnp.zeros(diagonal.shape[1:]))
    _, inverses = jax.lax.scan(eliminate, start, [x[:-1] for x in (diagonal, below, above, left, right)])
    closing = _close(inverses, left, right)
    last = block(diagonal[-1], below[-1], above[-1])
    return inverses, left, right, closing, _invert(last - _onto_last(left, right, closing))


def _close(inverses, left, right):
    """`Factors.closing`: the last cell touches the last but one, and by the wrap the first."""
    eye, lower, _ = _bands(left.shape[1])
    columns = jnp.zeros_like(inverses).at[0].set(lower * left[0][:, None])
    columns = columns.at[-1].add(eye * right[-2][:, None])
    return _sweep(inverses, left, right, columns)


def _onto_last(left, right, x):
    """Rows of the last cell times x (cell−1, rung, rhs, batch)."""
    shifted = jnp.pad(x[0][1:], ((0, 1), (0, 0), (0, 0)))  # (j, last) touches (j+1, first)
    return left[-1][:, None] * x[-1] + right[-1][:, None] * shifted


def _sweep(inverses, left, right, x):
    """Solve without the last cell: forward elimination, backward substitution."""

    def forward(before, inputs):
        inverse, left_here, x_here = inputs
        solved = _apply(inverse, x_here - left_here[:, None] * before)
        return solved, solved

    def backward(after, inputs):
        inverse, right_here, solved = inputs
        solved = solved - _apply(inverse, right_here[:, None] * after)
        return solved, solved

    start = jnp.zeros_like(x[0])
    _, solved = jax.lax.scan(forward, start, (inverses, left[:-1].at[0].set(0.0), x))
    inner = right[:-1].at[-1].set(0.0)
    return jax.lax.scan(backward, start, (inverses, inner, solved), reverse=True)[1]


def _substitute(parts, x):
    inverses, left, right, closing, last = parts
    solved = _sweep(inverses, left, right, x[:-1])
    end = _apply(last, x[-1] - _onto_last(left, right, solved))
    wrapped = sum(closing[:, :, k, None] * end[k] for k in range(end.shape[0]))
    return jnp.concatenate([solved - wrapped, end[None]])


def _turn_chain(left, right):
    """Chain couplings (cell, rung) of the transposed matrix."""
    flat_left, flat_right = left.T.ravel(), right.T.ravel()
    turned = jnp.roll(flat_right, 1), jnp.roll(flat_left, -1)
    return tuple(x.reshape(left.shape[::-1]).T for x in turned)


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
        rungs = self.ladder.last.shape[0]
        cells_first = jnp.moveaxis(x.reshape(x.shape[0], rungs, -1), (0, 1, 2), (2, 1, 0))
        solved = substitute(self.ladder, cells_first)
        return jnp.moveaxis(solved, (2, 1, 0), (0, 1, 2)).reshape(x.shape)

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
    corner = jnp.block([
        [matrix.corner, matrix.us[:, size:].T],
        [matrix.vs[:, size:], -jnp.eye(rank, dtype=matrix.corner.dtype)],
    ])
    shape = matrix.diagonal.shape
    padded = (
        matrix.diagonal,
        jnp.pad(matrix.below, ((1, 0), (0, 0))),
        jnp.pad(matrix.above, ((0, 1), (0, 0))),
        jnp.pad(matrix.left, (1, 0)).reshape(shape),
        jnp.pad(matrix.right, (0, 1)).reshape(shape),
    )
    ladder = factorise(*(x.T for x in padded))
    partial = BorderedFactors(ladder, columns, rows, columns, corner)
    solved = partial.ladder_solve(columns)
    return BorderedFactors(ladder, columns, rows, solved, small_inverse(corner - rows @ solved.T))


def small_inverse(a: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Inverse of a border-sized matrix: a division for one scalar, else pivoted LU."""
    return 1 / a if a.shape[0] == 1 else jnp.linalg.inv(a)


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
