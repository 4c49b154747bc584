"""The ring of `ring` for a GPU, written out number by number: few kernels, whose blocks stay in registers.

Segments of a few places are eliminated side by side, which leaves a shorter ring of their separators; that one is cut
into segments again, until one segment closes on itself. A block is a list of rows of arrays that end in (segment,
batch), with a Python 0 where nothing stands: all is elementwise at equal shape, and XLA makes one kernel of a segment.
Loops would launch several for each place, and longer segments are more than it fuses.
"""

import functools
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .batch_last import batch_last
from .blocks import Block, inverse, minus, negative, plus, shifted, times, transposed

PLACES = (4, 5, 3, 6, 2, 7)
"""Places of a segment, the best first."""
LAST = 5
"""So many places are one segment."""
DENSE = 24
"""Numbers of a ring of separators that a product with its inverse solves: one kernel in place of a level or two."""


def inverse_inside(left: list[Block], right: list[Block], diagonal: list[Block]) -> list[list[Block]]:
    """Inverse of a block-tridiagonal matrix, by column and row of blocks.

    `left[p]` and `right[p]` couple place p to the one before and after; those at the ends do not count.
    """
    inverses = [inverse(diagonal[0])]
    for p in range(1, len(diagonal)):
        inverses.append(inverse(minus(diagonal[p], times(times(left[p], inverses[-1]), right[p - 1]))))
    inverses = _apart(inverses)
    nothing = [[0] * len(left[0]) for _ in left[0]]
    found = []
    for column in range(len(diagonal)):
        solved = [nothing] * column + [inverses[column]]
        for p in range(column + 1, len(diagonal)):
            solved.append(negative(times(inverses[p], times(left[p], solved[-1]))))
        for p in reversed(range(len(diagonal) - 1)):
            solved[p] = minus(solved[p], times(inverses[p], times(right[p], solved[p + 1])))
        found.append(solved)
    return found


class Level(eqx.Module):
    """A ring cut into segments of a few places, the last of each its separator. All entries (segment,).

    - `inside[q][p]`: inverse of the matrix inside a segment, column q, row p
    - `into`: what couples the first place to the separator before, and the last inside to its own
    - `onto`: what couples the separator to the last place inside, and to the first of the segment that follows
    - `closing[p]`: values inside for the columns `into`
    """

    inside: list[list[Block]]
    into: tuple[Block, Block]
    onto: tuple[Block, Block]
    closing: list[tuple[Block, Block]]

    @classmethod
    def of(cls, inside, into, onto) -> "Level":
        """With its `closing`."""
        count = range(len(inside))
        closing = [(times(inside[0][p], into[0]), times(inside[-1][p], into[1])) for p in count]
        return cls(inside, into, onto, closing)

    def transpose(self) -> "Level":
        """That of the transposed matrix, which couples i to j where this one couples j to i."""
        count = range(len(self.inside))
        inside = [[transposed(self.inside[p][q]) for p in count] for q in count]
        (first, last), (left, right) = self.into, self.onto
        into = _rolled(transposed(right), 1), transposed(left)
        return Level.of(inside, into, (transposed(last), _rolled(transposed(first), -1)))


class WrittenOut(eqx.Module):
    """Factors of a cyclic block-tridiagonal matrix, as `ring.Factors`.

    - `levels`: the ring of cells, and those of separators, each shorter than the one before
    - `separators` (rung·segment, rung·segment): inverse of what is left for those of the last
    - `rungs`, `places`: the size of a block, and the cells of a segment
    """

    levels: list[Level]
    separators: Float[Array, "ring ring"]
    rungs: int = eqx.field(static=True)
    places: int = eqx.field(static=True)

    def transpose(self) -> "WrittenOut":
        """Factors of Aᵀ: nothing is eliminated anew."""
        turned = [level.transpose() for level in self.levels]
        return WrittenOut(turned, self.separators.T, self.rungs, self.places)


def _rolled(block: Block, by: int) -> Block:
    """`shifted` without a batch."""
    return [[jnp.roll(x, by) for x in row] for row in block]


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
    return WrittenOut(*batch_last(_factorise)(*arrays), rungs=diagonal.shape[0], places=places)


def substitute(factors: WrittenOut, x: Float[Array, "rhs rung cell"]) -> Float[Array, "rhs rung cell"]:
    """As `ring.substitute`."""
    split = x.reshape(*x.shape[:2], -1, factors.places)
    return batch_last(_substitute, columns=0)((factors.levels, factors.separators), split).reshape(x.shape)


# From here on arrays end in (segment, batch).


def _couplings(left, right) -> tuple[list[Block], list[Block]]:
    """Blocks that couple a cell to the one before and after it.

    The ring closes one rung further: (j, last) touches (j + 1, first).
    """
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
    return _eliminated(*_couplings(left, right), blocks)


def _eliminated(left, right, diagonal) -> tuple[list[Level], Array]:
    """The levels of a ring, and the inverse for the last separators."""
    inside = _apart(inverse_inside(left[:-1], right[:-1], diagonal[:-1]))
    level = _apart(Level.of(inside, (left[0], right[-2]), (left[-1], right[-1])))
    before_last, own_last = level.closing[-1]
    before_first, own_first = (shifted(x, -1) for x in level.closing[0])
    middle = minus(minus(diagonal[-1], times(left[-1], own_last)), times(right[-1], before_first))
    before, after = negative(times(left[-1], before_last)), negative(times(right[-1], own_first))
    middle, before, after = _apart((middle, before, after))
    level = jax.tree.map(lambda x: jnp.zeros_like(middle[0][0]) if isinstance(x, int) else x, level)
    segments, rungs = middle[0][0].shape[0], len(middle)
    ring = before, after, middle
    if segments == 1 or rungs * segments <= DENSE:
        one_by_one = ([[[x[s] for x in row] for row in block] for s in range(segments)] for block in ring)
        return [level], _ring_inverse(*one_by_one)
    places = (splits(segments) or [])[0]
    levels, separators = _eliminated(*(_cut(block, places) for block in ring))
    return [level, *levels], separators


def _ring_inverse(left, right, diagonal) -> Array:
    """Inverse of a ring of blocks, over (rung, place) and with the batch last: one segment, closed on itself."""
    count = range(len(diagonal) - 1)
    last, onto, closing = diagonal[-1], [], []
    if count:
        inside = inverse_inside(left[:-1], right[:-1], diagonal[:-1])
        closing = [plus(times(inside[0][p], left[0]), times(inside[-1][p], right[-2])) for p in count]
        onto = [plus(times(left[-1], inside[q][-1]), times(right[-1], inside[q][0])) for q in count]
        last = minus(minus(last, times(left[-1], closing[-1])), times(right[-1], closing[0]))
    else:
        last = plus(plus(last, left[0]), right[0])
    last = inverse(last)
    below = [negative(times(last, x)) for x in onto]
    beside = [negative(times(x, last)) for x in closing]
    rows = [[minus(inside[q][p], times(closing[p], below[q])) for q in count] + [beside[p]] for p in count]
    rows.append([*below, last])
    n, rungs = len(rows), len(last)
    numbers = itertools.product(range(rungs), range(n), range(rungs), range(n))
    entries = [rows[p][q][i][j] for i, p, j, q in numbers]
    return jnp.stack(entries).reshape(rungs * n, rungs * n, -1)


def _cut(block: Block, places: int) -> list[Block]:
    """Values of the separators as places of the next ring, (segment, batch) each."""
    whole = [[x.reshape(*x.shape[:-2], -1, places, x.shape[-1]) for x in row] for row in block]
    return [[[x[..., p, :] for x in row] for row in whole] for p in range(places)]


def _joined(blocks: list[Block]) -> Block:
    """The inverse of `_cut`."""
    stacked = [jnp.stack([block[i][0] for block in blocks], axis=-2) for i in range(len(blocks[0]))]
    return [[x.reshape(*x.shape[:-3], -1, x.shape[-1])] for x in stacked]


def _apart(x):
    """The end of a kernel: what uses x does not compute it anew."""
    numbers, zeros = eqx.partition(x, eqx.is_array)
    return eqx.combine(jax.lax.optimization_barrier(numbers), zeros)


@jax.jit
def _substitute(factors, x):
    levels, separators = factors
    # a column at each place, of entries (rhs, segment, batch)
    columns = [[[x[:, i, :, p]] for i in range(x.shape[1])] for p in range(x.shape[3])]
    found = _solve(levels, separators, columns)
    every = jnp.stack([row[0] for column in found for row in column])
    every = every.reshape(len(found), x.shape[1], *every.shape[1:])  # (place, rung, rhs, segment, batch)
    return every.transpose(2, 1, 3, 0, 4)


def _solve(levels: list[Level], separators: Array, x: list[Block]) -> list[Block]:
    """Values at the places of a ring, the separators' from the levels below."""
    level, *below = levels
    count = range(len(x) - 1)
    alone = _apart([functools.reduce(plus, (times(level.inside[q][p], x[q]) for q in count)) for p in count])
    target = minus(minus(x[-1], times(level.onto[0], alone[-1])), times(level.onto[1], shifted(alone[0], -1)))
    if below:
        places = len(below[0].inside) + 1
        own = _joined(_solve(below, separators, _cut(target, places)))
    else:
        own = _product(separators, target)
    own = _apart(own)
    before = shifted(own, 1)
    inside = (
        minus(minus(alone[p], times(a, before)), times(b, own)) for p, (a, b) in enumerate(level.closing)
    )
    return [*inside, own]


def _product(matrix, x: Block) -> Block:
    """A matrix over (rung, segment), with the batch last, times a column of (rhs, segment, batch)."""
    together = jnp.stack([row[0] for row in x])  # (rung, rhs, segment, batch)
    shape = together.shape
    flat = together.swapaxes(1, 2).reshape(-1, shape[1], shape[3])
    rows = matrix.reshape(shape[0], shape[2], 1, *matrix.shape[1:])
    return [[jnp.sum(row * flat.swapaxes(0, 1), axis=2).swapaxes(0, 1)] for row in rows]
