"""Linear algebra on the lattice of ladders: exact, O(rungs³ · cells), log₂(cells) deep.

Grouped by cell, a `LadderMatrix` is cyclic block-tridiagonal with rungs × rungs blocks: the chain
couples a cell to its neighbours on the same rung, and the last cell of a rung to the first of the
next closes the cycle. Block cyclic reduction eliminates every second cell, again and again, and
serves the wrap without extra work. Scalars and low-rank terms border it by a Schur complement.
No pivoting: I − γΔt·J is an M-matrix for 0 ≤ f ≤ 1.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, Float

from ..physics.jacobian import LadderMatrix

Blocks = Float[Array, "rung rung cell"]


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


class Level(eqx.Module):
    """One level of the reduction, aligned on the eliminated cells e with kept neighbours l and r.

    `inverse` = E⁻¹; `from_left`, `from_right` = E⁻¹·(e by l), E⁻¹·(e by r);
    `to_left`, `to_right` = (l by e)·E⁻¹, (r by e)·E⁻¹.
    """

    inverse: Blocks
    from_left: Blocks
    from_right: Blocks
    to_left: Blocks
    to_right: Blocks

    def transpose(self) -> "Level":
        parts = (self.inverse, self.to_left, self.to_right, self.from_left, self.from_right)
        return Level(*(jnp.swapaxes(part, 0, 1) for part in parts))


class Factors(eqx.Module):
    """A factorised cyclic block-tridiagonal matrix: the levels, and the inverse of the last block."""

    levels: tuple[Level, ...]
    root: Blocks

    def transpose(self) -> "Factors":
        return Factors(tuple(level.transpose() for level in self.levels), jnp.swapaxes(self.root, 0, 1))


def block_product(a: Blocks, b: Blocks) -> Blocks:
    """Products of blocks, cell by cell (unrolled over the rung, so that cells stay contiguous)."""
    return sum(a[:, k, None] * b[None, k] for k in range(a.shape[1]))  # pyright: ignore[reportReturnType]


def block_apply(a: Blocks, x: Float[Array, "rung cell"]) -> Float[Array, "rung cell"]:
    """Blocks times vectors, cell by cell."""
    return sum(a[:, k] * x[k] for k in range(a.shape[1]))  # pyright: ignore[reportReturnType]


def block_inverse(a: Blocks) -> Blocks:
    """Inverses of blocks by Gauss–Jordan elimination without pivoting, one rung at a time."""
    for k in range(a.shape[0]):
        pivot = 1 / a[k, k]
        row = (a[k] * pivot).at[k].set(pivot)
        column = a[:, k].at[k].set(-1.0)  # the pivot row itself becomes `row`
        a = a.at[:, k].set(0.0).at[k].set(0.0) - column[:, None] * row[None]
    return a


def blocks_of(matrix: LadderMatrix) -> tuple[Blocks, Blocks, Blocks]:
    """(diagonal, left, right) blocks of the cyclic block-tridiagonal form, grouped by cell."""
    rungs, cells = matrix.diagonal.shape
    eye, lower, upper = (jnp.eye(rungs, k=k, dtype=matrix.diagonal.dtype)[:, :, None] for k in (0, -1, 1))
    below = jnp.pad(matrix.below, ((1, 0), (0, 0)))
    above = jnp.pad(matrix.above, ((0, 1), (0, 0)))
    diagonal = eye * matrix.diagonal + lower * below[:, None] + upper * above[:, None]
    left = jnp.pad(matrix.left, (1, 0)).reshape(rungs, cells)
    right = jnp.pad(matrix.right, (0, 1)).reshape(rungs, cells)
    first, last = jnp.arange(cells) == 0, jnp.arange(cells) == cells - 1
    return (
        diagonal,
        jnp.where(first, lower, eye) * left[:, None],
        jnp.where(last, upper, eye) * right[:, None],
    )


def factorise(diagonal: Blocks, left: Blocks, right: Blocks) -> Factors:
    """Block cyclic reduction of the cyclic block-tridiagonal matrix with these blocks."""
    levels = []
    while (size := diagonal.shape[-1]) > 1:
        odd = size % 2
        gone = slice(1, size, 2)
        into_right = left[..., 2::2] if odd else jnp.roll(left[..., ::2], -1, axis=-1)
        into_left = right[..., : size - odd : 2]
        inverse = block_inverse(diagonal[..., gone])
        level = Level(
            inverse,
            block_product(inverse, left[..., gone]),
            block_product(inverse, right[..., gone]),
            block_product(into_left, inverse),
            block_product(into_right, inverse),
        )
        onto_left = block_product(into_left, level.from_left)
        onto_right = block_product(into_right, level.from_right)
        diagonal = diagonal[..., ::2] - scatter(onto_left, onto_right, odd)
        new_right = -block_product(into_left, level.from_right)
        new_left = -block_product(into_right, level.from_left)
        if odd:  # the last kept cell and the first are neighbours already
            new_right = jnp.concatenate([new_right, right[..., -1:]], axis=-1)
            new_left = jnp.concatenate([left[..., :1], new_left], axis=-1)
        else:
            new_left = jnp.roll(new_left, 1, axis=-1)
        left, right = new_left, new_right
        levels.append(level)
    return Factors(tuple(levels), block_inverse(diagonal + left + right))


def scatter(onto_left: Array, onto_right: Array, odd: int) -> Array:
    """Sum what eliminated cells send to their left and right kept neighbours."""
    if odd:
        pad = [(0, 0)] * (onto_left.ndim - 1)
        return jnp.pad(onto_left, [*pad, (0, 1)]) + jnp.pad(onto_right, [*pad, (1, 0)])
    return onto_left + jnp.roll(onto_right, 1, axis=-1)


def substitute(factors: Factors, x: Float[Array, "rung cell"]) -> Float[Array, "rung cell"]:
    """Solve with a factorised matrix: forward through the levels, and back."""
    eliminated = []
    for level in factors.levels:
        odd = x.shape[-1] % 2
        gone = x[..., 1::2]
        x = x[..., ::2] - scatter(block_apply(level.to_left, gone), block_apply(level.to_right, gone), odd)
        eliminated.append(gone)
    x = block_apply(factors.root, x)
    for level, gone in zip(reversed(factors.levels), reversed(eliminated), strict=True):
        size = gone.shape[-1]
        odd = x.shape[-1] - size
        rights = x[..., 1:] if odd else jnp.roll(x, -1, axis=-1)
        solved = (
            block_apply(level.inverse, gone)
            - block_apply(level.from_left, x[..., :size])
            - block_apply(level.from_right, rights)
        )
        pairs = jnp.stack([x[..., :size], solved], axis=-1).reshape(*x.shape[:-1], 2 * size)
        x = jnp.concatenate([pairs, x[..., size:]], axis=-1) if odd else pairs
    return x


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
        y = self._substitute(b[:size])
        target = jnp.pad(b[size:], (0, self.schur.shape[0] - scalars)) - self.rows @ y
        border = self.schur @ target
        return jnp.append(y - border @ self.solved, border[:scalars])

    def _substitute(self, x):
        rungs = self.ladder.root.shape[0]
        return substitute(self.ladder, x.reshape(rungs, -1)).ravel()

    def transpose(self) -> "BorderedFactors":
        """Factors of the transposed matrix; nothing is factorised anew."""
        turned = BorderedFactors(self.ladder.transpose(), self.rows, self.columns, self.solved, self.schur.T)
        return eqx.tree_at(lambda s: s.solved, turned, jax.vmap(turned._substitute)(self.rows))


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
    ladder = factorise(*blocks_of(matrix))
    partial = BorderedFactors(ladder, columns, rows, columns, corner)
    solved = jax.vmap(partial._substitute)(columns)
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
