"""The ring of `ring` for a GPU, written out number by number: few kernels, whose blocks stay in registers.

Segments of a few places are eliminated side by side, which leaves a shorter ring of their separators; that one is cut
into segments again, until one segment closes on itself. A block is a list of rows of arrays that end in (segment,),
with a Python 0 where nothing stands: all is elementwise at equal shape, and XLA makes one kernel of a segment. Loops
would launch several for each place, and longer segments are more than it fuses. A batch stands in front, where `vmap`
puts it: states are read and written as they lie.
"""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .blocks import Block, inverse, minus, negative, plus, rolled, shifted, there, times, transposed

PLACES = (4, 5, 3, 6, 2, 7)
"""Places of a segment, the best first."""
LAST = 5
"""So many places are one segment."""
SMALL = 2
"""So many separators are the last level."""
DENSE = 24
"""Numbers of a ring of separators that a product with its inverse solves: one kernel in place of a level or two."""


def inverse_inside(left: list[Block], right: list[Block], diagonal: list[Block]) -> list[list[Block]]:
    """Inverse of a block-tridiagonal matrix, by column and row of blocks: of both sides of a place in the middle.

    `left[p]` and `right[p]` couple place p to the one before and after; those at the ends do not count.
    """
    count, m = len(diagonal), len(diagonal) // 2
    nothing = [[0] * len(diagonal[0]) for _ in diagonal[0]]
    found = [[nothing] * count for _ in diagonal]
    pivot, into, onto = diagonal[m], {}, {}
    sides = ((range(m), m - 1, right, left), (range(m + 1, count), m + 1, left, right))
    for places, near, to_middle, from_middle in (side for side in sides if side[0]):
        part = slice(places.start, places.stop)
        for q, column in zip(places, inverse_inside(left[part], right[part], diagonal[part]), strict=True):
            found[q][part] = column
        into |= {p: times(found[near][p], to_middle[near]) for p in places}
        onto |= {q: times(from_middle[m], found[q][near]) for q in places}
        pivot = minus(pivot, times(from_middle[m], into[near]))
    pivot = _apart(inverse(pivot))
    found[m] = [pivot if p == m else negative(times(into[p], pivot)) for p in range(count)]
    for q, row in onto.items():
        found[q][m] = negative(times(pivot, row))
        for p, column in into.items():
            found[q][p] = minus(found[q][p], times(column, found[q][m]))
    return found


class Level(eqx.Module):
    """A ring cut into segments of a few places, the last of each its separator. All entries (segment,).

    - `inside[q][p]`: inverse of the matrix inside a segment, column q, row p
    - `into`: what couples the first place to the separator before, and the last inside to its own
    - `onto`: what couples the separator to the last place inside, and to the first of the segment that follows
    - `closing`: values inside for the columns `into`
    """

    inside: list[list[Block]]
    into: tuple[Block, Block]
    onto: tuple[Block, Block]
    closing: Float[Array, "rung 2*rung segment inside"]

    @classmethod
    def of(cls, inside, into, onto) -> "Level":
        """With its `closing`."""
        places = range(len(inside))
        before, own = (
            [times(column[p], end) for p in places]
            for column, end in zip((inside[0], inside[-1]), into, strict=True)
        )
        rungs = range(len(into[0]))
        rows = [
            [_interleaved([x[p][i][j] for p in places]) for x in (before, own) for j in rungs] for i in rungs
        ]
        return cls(inside, into, onto, _apart(jnp.stack([jnp.stack(row) for row in rows])))

    def transpose(self) -> "Level":
        """That of the transposed matrix, which couples i to j where this one couples j to i."""
        count = range(len(self.inside))
        inside = [[transposed(self.inside[p][q]) for p in count] for q in count]
        (first, last), (left, right) = self.into, self.onto
        into = shifted(transposed(right), 1), transposed(left)
        return Level.of(inside, into, (transposed(last), shifted(transposed(first), -1)))


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
    arrays = _apart((diagonal, below[1:], above[:-1], left, right))
    arrays = (x.reshape(len(x), diagonal.shape[1] // places, places) for x in arrays)
    return WrittenOut(*_factorise(*arrays), rungs=diagonal.shape[0], places=places)


def substitute(factors: WrittenOut, x: Float[Array, "rhs rung cell"]) -> Float[Array, "rhs rung cell"]:
    """As `ring.substitute`."""
    columns = _columns(_apart(x), factors.places)
    return _solve(factors.levels, factors.separators, columns).reshape(x.shape)


def _couplings(left, right) -> tuple[list[Block], list[Block]]:
    """Blocks that couple a cell to the one before and after it.

    The ring closes one rung further: (j, last) touches (j + 1, first).
    """
    rungs, segments, places = left.shape
    lefts, rights = ([_block({0: x}, p) for p in range(places)] for x in (left, right))
    number = np.arange(segments)
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
    """The block at a place with bands[row − column] (entry, segment, place)."""
    rungs = range(len(bands[0]))
    return [[bands[i - j][min(i, j), :, place] if i - j in bands else 0 for j in rungs] for i in rungs]


def _factorise(diagonal, below, above, left, right):
    bands = {0: diagonal, 1: below, -1: above}
    blocks = [_block(bands, p) for p in range(diagonal.shape[2])]
    return _eliminated(*_couplings(left, right), blocks)


def _eliminated(left, right, diagonal) -> tuple[list[Level], Array]:
    """The levels of a ring, and the inverse for the last separators."""
    inside = _apart(inverse_inside(left[:-1], right[:-1], diagonal[:-1]))
    level = _apart(Level.of(inside, (left[0], right[-2]), (left[-1], right[-1])))
    ends = tuple(zip((inside[0], inside[-1]), level.into, strict=True))
    before_last, own_last = (times(column[-1], x) for column, x in ends)
    before_first, own_first = (shifted(times(column[0], x), -1) for column, x in ends)
    middle = minus(minus(diagonal[-1], times(left[-1], own_last)), times(right[-1], before_first))
    before, after = negative(times(left[-1], before_last)), negative(times(right[-1], own_first))
    middle, before, after = _together([middle, before, after])
    rungs, segments = len(middle), middle[0][0].shape[0]
    ring = before, after, middle
    if segments <= SMALL:
        one_by_one = (
            [[[x[..., s] for x in row] for row in block] for s in range(segments)] for block in ring
        )
        return [level], _ring_inverse(*one_by_one)
    places = (splits(segments) or [])[0]
    levels, separators = _eliminated(*(_cut(block, places) for block in ring))
    numbers = rungs * segments
    if numbers > DENSE:
        return [level, *levels], separators
    columns = jnp.eye(numbers, dtype=separators.dtype).reshape(numbers, rungs, segments)
    return [level], _solve(levels, separators, _columns(columns, places)).reshape(numbers, numbers).T


def _ring_inverse(left, right, diagonal) -> Array:
    """Inverse of a short ring of blocks, over (rung, place)."""
    count, rungs = len(diagonal), range(len(diagonal[0]))
    whole = [[[[0 for _ in rungs] for _ in rungs] for _ in diagonal] for _ in diagonal]
    for blocks, by in ((diagonal, 0), (left, -1), (right, 1)):
        for p, block in enumerate(blocks):
            q = (p + by) % count
            whole[p][q] = plus(whole[p][q], block)
    dense = [[whole[p][q][i][j] for j in rungs for q in range(count)] for i in rungs for p in range(count)]
    return jnp.stack([jnp.stack(row) for row in inverse(dense)])


def _columns(x: Float[Array, "rhs rung place"], places: int) -> list[Block]:
    """Right-hand sides at the places of segments, (rhs, segment) each."""
    split = x.reshape(*x.shape[:2], -1, places)
    return [[[split[:, i, :, p]] for i in range(x.shape[1])] for p in range(places)]


def _cut(block: Block, places: int) -> list[Block]:
    """Values of the separators as places of the next ring, (segment,) each."""
    whole = [[x.reshape(*x.shape[:-1], -1, places) for x in row] for row in block]
    return [[[x[..., p] for x in row] for row in whole] for p in range(places)]


def _interleaved(places: list[Any]) -> Array:
    """Values at the places of a segment along a last axis, by choices: a kernel that uses them makes them."""
    numbers = np.arange(len(places))
    taken: Any = 0.0
    for p, x in enumerate(places):
        taken = jnp.where(numbers == p, x[..., None], taken) if there(x) else taken
    return taken


def _together(blocks: list[Block]) -> list[Block]:
    """The end of a kernel that writes blocks without zeros as one array."""
    array = _apart(jnp.stack([jnp.stack([jnp.stack(row) for row in block]) for block in blocks]))
    return [[list(row) for row in block] for block in array]


def _apart(x):
    """The end of a kernel: what uses x does not compute it anew."""
    numbers, zeros = eqx.partition(x, eqx.is_array)
    return eqx.combine(jax.lax.optimization_barrier(numbers), zeros)


def _solve(levels: list[Level], separators: Array, x: list[Block]) -> Array:
    """Values of a ring (rhs, rung, place); those of the separators from the levels below."""
    level, *below = levels
    count = range(len(x) - 1)
    alone = _together(
        [functools.reduce(plus, (times(level.inside[q][p], x[q]) for q in count)) for p in count]
    )
    target = minus(minus(x[-1], times(level.onto[0], alone[-1])), times(level.onto[1], shifted(alone[0], -1)))
    together = _apart(jnp.stack([row[0] for row in target], axis=1))  # (rhs, rung, segment)
    if below:
        own = _solve(below, separators, _columns(together, len(below[0].inside) + 1))
    else:
        own = _product(separators, together)
    own = [own[:, i] for i in range(len(target))]
    ends = [*(rolled(x, 1) for x in own), *own]
    found = []
    for i, last in enumerate(own):
        value = _interleaved([*(column[i][0] for column in alone), last])
        for coefficient, end in zip(level.closing[i], ends, strict=True):
            value = value - jnp.pad(coefficient, ((0, 0), (0, 1))) * end[..., None]
        found.append(value.reshape(*value.shape[:-2], -1))
    return _apart(jnp.stack(found, axis=1))


def _product(matrix, x: Float[Array, "rhs rung segment"]) -> Array:
    """A matrix over (rung, segment) times columns."""
    return _apart(jnp.sum(matrix * x.reshape(len(x), 1, -1), axis=-1)).reshape(x.shape)
