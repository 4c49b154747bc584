"""The ring of `ring` for a GPU, written out number by number: few kernels, whose blocks stay in registers.

Segments of a few places are eliminated side by side, which leaves a shorter ring of their separators; that one is cut
into segments again, until one segment closes on itself. A block is a list of rows of arrays that end in (segment,
batch), with a Python 0 where nothing stands: all is elementwise at equal shape, and XLA makes one kernel of a segment.
Loops would launch several for each place, and longer segments are more than it fuses.
"""

import functools
import operator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .batch_last import batch_last

PLACES = (4, 5, 3, 6, 2, 7)
"""Places of a segment, the best first."""
LAST = 5
"""So many places are one segment."""
DENSE = 24
"""Numbers of a ring of separators that a product with its inverse solves: one kernel in place of a level or two."""

Block = list[list[Any]]
"""Rows of entries; a column of right-hand sides is one too."""


def times(a: Block, b: Block) -> Block:
    """a b, without the terms that are 0."""

    def entry(row, column):
        terms = [x * y for x, y in zip(row, column, strict=True) if there(x) and there(y)]
        return functools.reduce(operator.add, terms) if terms else 0

    return [[entry(row, column) for column in zip(*b, strict=True)] for row in a]


def minus(a: Block, b: Block) -> Block:
    """a − b."""
    pairs = [zip(*rows, strict=True) for rows in zip(a, b, strict=True)]
    return [[(x - y if there(x) else -y) if there(y) else x for x, y in row] for row in pairs]


def there(x: Any) -> bool:
    """Whether an entry is a number of the problem, not a 0 of its structure."""
    return not isinstance(x, int)


def inverse(a: Block) -> Block:
    """By Gauss–Jordan elimination without pivoting."""
    n = range(len(a))
    for k in n:
        pivot = 1 / a[k][k]
        row = [pivot if j == k else a[k][j] * pivot for j in n]
        rest = [[(0 if j == k else a[i][j]) for j in n] for i in n]
        taken = [[a[i][k] * row[j] for j in n] for i in n]
        a = [row if i == k else minus([rest[i]], [taken[i]])[0] for i in n]
    return a


def diagonal_block(entries) -> Block:
    """A diagonal block."""
    return [[x if i == j else 0 for j in range(len(entries))] for i, x in enumerate(entries)]


class Chain(NamedTuple):
    """Places of a segment, one after the other, the last its separator.

    `left[p]`, `right[p]` couple place p to the one before and after, at the ends of a segment to what is there in the
    segments beside it; `inverses` are of the pivots inside.
    """

    left: list[Block]
    right: list[Block]
    inverses: list[Block]

    @classmethod
    def eliminated(cls, left: list[Block], right: list[Block], diagonal: list[Block]) -> "Chain":
        """The pivots of all places but the separator."""
        inverses = [inverse(diagonal[0])]
        for p in range(1, len(diagonal) - 1):
            taken = times(times(left[p], inverses[-1]), right[p - 1])
            inverses.append(inverse(minus(diagonal[p], taken)))
        return cls(left, right, inverses)

    def sweep(self, x: list[Block]) -> list[Block]:
        """The values inside with the separators at 0."""
        solved = [times(self.inverses[0], x[0])]
        for p in range(1, len(x)):
            solved.append(times(self.inverses[p], minus(x[p], times(self.left[p], solved[-1]))))
        for p in reversed(range(len(x) - 1)):
            solved[p] = minus(solved[p], times(self.inverses[p], times(self.right[p], solved[p + 1])))
        return solved

    def between(self, x: list[Block], before: Block, own: Block) -> list[Block]:
        """The values inside between two separators."""
        x = [minus(x[0], times(self.left[0], before)), *x[1:]]
        x[-1] = minus(x[-1], times(self.right[len(x) - 1], own))
        return self.sweep(x)

    def onto_separator(self, first: Block, last: Block) -> tuple[Block, Block]:
        """The separator's row times the inside values `last` before it and `first` after it."""
        return times(self.left[-1], last), times(self.right[-1], shifted(first, -1))

    def closing(self) -> tuple[list[Block], list[Block]]:
        """Values inside for the columns of the couplings to the separator before, and to its own."""
        rungs, rest = len(self.left[0]), len(self.inverses) - 1
        none = [[[0] * rungs] * rungs] * rest
        return self.sweep([self.left[0], *none]), self.sweep([*none, self.right[rest]])


def shifted(block: Block, by: int) -> Block:
    """Entries of the segments beside."""
    return [[jnp.roll(x, by, axis=-2) if there(x) else x for x in row] for row in block]


class Level(eqx.Module):
    """A ring cut into segments: couplings and inverse pivots, by place and entry, each (segment,)."""

    left: list[Block]
    right: list[Block]
    inverses: list[Block]


class WrittenOut(eqx.Module):
    """Factors of a cyclic block-tridiagonal matrix, as `ring.Factors`.

    - `left`, `right` (rung, segment, place): couplings of the chain of cells; `inverses` by inside place and entry
    - `levels`: rings of separators, each shorter than the one before
    - `separators` (rung·segment, rung·segment): inverse of what is left for those of the last
    """

    left: Float[Array, "rung segment place"]
    right: Float[Array, "rung segment place"]
    inverses: list[Block]
    levels: list[Level]
    separators: Float[Array, "ring ring"]

    @property
    def rungs(self) -> int:
        """The size of a block."""
        return self.left.shape[0]

    def transpose(self) -> "WrittenOut":
        """Factors of Aᵀ: all pivots serve again."""
        shape = self.left.shape
        left, right = (
            jnp.roll(x.ravel(), shift).reshape(shape) for x, shift in ((self.right, 1), (self.left, -1))
        )
        levels = [_turned(level) for level in self.levels]
        return WrittenOut(left, right, _transposed(self.inverses), levels, self.separators.T)


def _transposed(blocks: list[Block]) -> list[Block]:
    return [[list(row) for row in zip(*block, strict=True)] for block in blocks]


def _turned(level: Level) -> Level:
    """The level of the transposed matrix: what coupled a place to the next couples that one to it."""
    left, right = _transposed(level.left), _transposed(level.right)
    first, last = ([[jnp.roll(x, by) for x in row] for row in block] for block, by in ((right[-1], 1), (left[0], -1)))
    return Level([first, *right[:-1]], [*left[1:], last], _transposed(level.inverses))


def splits(cells: int) -> list[int] | None:
    """Places of a segment, level by level; None where the number of cells has no such divisors."""
    if cells <= LAST:
        return [cells]
    for places in PLACES:
        if cells % places == 0 and (rest := splits(cells // places)):
            return [places, *rest]
    return None


def factorise(diagonal, below, above, left, right) -> WrittenOut:
    """As `ring.factorise`; the number of cells must have `splits`."""
    places = (splits(diagonal.shape[1]) or [])[0]
    arrays = (x.reshape(x.shape[0], -1, places) for x in (diagonal, below, above, left, right))
    return WrittenOut(*batch_last(_factorise)(*arrays))


def substitute(factors: WrittenOut, x: Float[Array, "rhs rung cell"]) -> Float[Array, "rhs rung cell"]:
    """As `ring.substitute`."""
    split = x.reshape(x.shape[0], *factors.left.shape)
    return batch_last(_substitute, columns=0)(factors, split).reshape(x.shape)


# From here on arrays end in (segment, batch).


def _couplings(left, right) -> tuple[list[Block], list[Block]]:
    """`Chain.left` and `right` of the cells. The ring closes one rung further: (j, last) touches (j + 1, first)."""
    rungs, segments, places = left.shape[:3]
    lefts, rights = ([_block({0: x}, p) for p in range(places)] for x in (left, right))
    number = np.arange(segments)[:, None]
    for i in range(rungs):
        row, other = left[i, :, 0], right[i, :, -1]
        lefts[0][i][i] = jnp.where(number == 0, 0.0, row)
        rights[-1][i][i] = jnp.where(number == segments - 1, 0.0, other)
        if i > 0:
            lefts[0][i][i - 1] = jnp.where(number == 0, row, 0.0)
        if i < rungs - 1:
            rights[-1][i][i + 1] = jnp.where(number == segments - 1, other, 0.0)
    return lefts, rights


def _block(bands: dict[int, Array], place: int) -> Block:
    """The block at a place with bands[row − column] (rung, segment, place)."""
    rungs = range(len(bands[0]))
    return [[bands[i - j][i, :, place] if i - j in bands else 0 for j in rungs] for i in rungs]


@jax.jit
def _factorise(diagonal, below, above, left, right):
    bands = {0: diagonal, 1: below, -1: above}
    blocks = [_block(bands, p) for p in range(diagonal.shape[2])]
    return left, right, *_eliminated(*_couplings(left, right), blocks)


def _eliminated(left, right, diagonal) -> tuple[list[Block], list[Level], Array]:
    """Inverse pivots of a ring, the levels below it, and the inverse for the last separators."""
    chain = Chain.eliminated(left, right, diagonal)
    chain = Chain(left, right, _apart(chain.inverses))
    (before_first, *_, before_last), (own_first, *_, own_last) = (
        (x[0], *x[1:-1], x[-1]) if len(x) > 1 else (x[0], x[0]) for x in chain.closing()
    )
    before, following = chain.onto_separator(own_first, before_last)
    own, own_following = chain.onto_separator(before_first, own_last)
    middle = minus(minus(diagonal[-1], own), own_following)
    before, after = _negative(before), _negative(following)
    middle, before, after = _apart((middle, before, after))
    segments, rungs = middle[0][0].shape[0], len(middle)
    if segments == 1:
        closed = inverse(_sum(_sum(middle, before), after))
        return chain.inverses, [], jnp.stack([jnp.stack([x[0] for x in row]) for row in closed])
    places = (splits(segments) or [])[0]
    cut = [_cut(block, places) for block in (before, after, middle)]
    inverses, levels, separators = _eliminated(*cut)
    levels = [Level(cut[0], cut[1], inverses), *levels]
    if rungs * segments > DENSE:
        return chain.inverses, levels, separators
    unit = np.eye(rungs * segments).reshape(-1, rungs, segments, 1).astype(separators.dtype)
    unit = jnp.broadcast_to(unit, (*unit.shape[:3], separators.shape[-1]))
    columns = _joined(_solve(levels, separators, _cut([[unit[:, i]] for i in range(rungs)], places)))
    inverse_of_all = jnp.stack([row[0] for row in columns], axis=1)  # (column, rung, segment, batch)
    return chain.inverses, [], jnp.moveaxis(inverse_of_all.reshape(*[rungs * segments] * 2, -1), 0, 1)


def _cut(block: Block, places: int) -> list[Block]:
    """Values of the separators as places of the next ring, (segment, batch) each."""
    whole = [[x.reshape(*x.shape[:-2], -1, places, x.shape[-1]) for x in row] for row in block]
    return [[[x[..., p, :] for x in row] for row in whole] for p in range(places)]


def _joined(blocks: list[Block]) -> Block:
    """The inverse of `_cut`."""
    entries = [[[block[i][0] for block in blocks]] for i in range(len(blocks[0]))]
    return [[(x := jnp.stack(row[0], axis=-2)).reshape(*x.shape[:-3], -1, x.shape[-1])] for row in entries]


def _sum(a: Block, b: Block) -> Block:
    return minus(a, _negative(b))


def _negative(a: Block) -> Block:
    return [[-x if there(x) else x for x in row] for row in a]


def _apart(x):
    """The end of a kernel: what uses x does not compute it anew."""
    return jax.lax.optimization_barrier(x)


@jax.jit
def _substitute(factors: WrittenOut, x):
    columns = [[[x[:, i, :, p]] for i in range(x.shape[1])] for p in range(x.shape[3])]  # (rhs, segment, batch) each
    levels = [Level(*_couplings(factors.left, factors.right), factors.inverses), *factors.levels]
    found = _solve(levels, factors.separators, columns)
    return jnp.stack([jnp.stack([row[0] for row in column], axis=1) for column in found], axis=3)


def _solve(levels: list[Level], separators: Array, x: list[Block]) -> list[Block]:
    """Values at the places of a ring, the separators' from the levels below."""
    chain = Chain(levels[0].left, levels[0].right, levels[0].inverses)
    alone = chain.sweep(x[:-1])
    first, last = _apart((alone[0], alone[-1]))
    before, after = chain.onto_separator(first, last)
    target = _apart(minus(minus(x[-1], before), after))
    if len(levels) == 1:
        own = _product(separators, target)
    else:
        below = levels[1:]
        own = _joined(_solve(below, separators, _cut(target, len(below[0].left))))
    own = _apart(own)
    return [*chain.between(x[:-1], shifted(own, 1), own), own]


def _product(matrix, x: Block) -> Block:
    """A matrix over (rung, segment), with the batch last, times a column of (rhs, segment, batch)."""
    together = jnp.stack([row[0] for row in x])  # (rung, rhs, segment, batch)
    shape = together.shape
    flat = together.swapaxes(1, 2).reshape(-1, shape[1], shape[3])
    found = jnp.sum(matrix[:, :, None] * flat, axis=1).reshape(shape[0], shape[2], shape[1], shape[3])
    return [[entry.swapaxes(0, 1)] for entry in found]
