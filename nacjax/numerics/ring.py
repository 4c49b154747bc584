"""Cyclic block-tridiagonal matrices: the lattice of ladders, grouped by cell; O(rungs³ · cells), no N×N array.

With blocks of rungs × rungs, the chain couples a cell to its neighbours on the same rung, and the last cell
of a rung to the first of the next closes the cycle. The ring is cut into segments that are eliminated side
by side (few sequential steps, wide vectors); the separators between them are a small dense system.
No pivoting: I − γΔt·J is an M-matrix for 0 ≤ f ≤ 1.
"""

import functools
import operator

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from . import written_out
from .batch_last import batch_last
from .target import for_gpu
from .written_out import WrittenOut

MAX_SEPARATORS = {"cpu": 1}
"""Largest dense system of separators (segments × rungs, see `Factors`) by backend; 16 elsewhere.

Measured at 2 rungs and 128 cells: on a CPU one segment takes 65 µs a step and point in batches of 32, four
segments 83 µs, and twice the compile time. Segments shorten the chain of dependent kernels on a GPU.
"""

WRITTEN_OUT = 3
"""Up to so many rungs a GPU gets the ring written out."""


class Factors(eqx.Module):
    """A factorised cyclic block-tridiagonal matrix A.

    The ring of cells is cut into segments, whose last cells are the separators. The insides of all
    segments are eliminated at the same time, cell by cell; what is left couples the separators only.

    - `inverses` (inside, rung, rung, segment): inverse pivots of the elimination inside the segments
    - `left`, `right` (place, rung, segment): the chain couplings of A; the separator has the last place
    - `closing` (inside, rung, 2·rung, segment): inside solutions for the columns of the separators before and
      after (one segment closes on itself, and their sum suffices: rung instead of 2·rung)
    - `separators` (segment·rung, segment·rung): inverse Schur complement of the separators
    """

    inverses: Float[Array, "inside rung rung segment"]
    left: Float[Array, "place rung segment"]
    right: Float[Array, "place rung segment"]
    closing: Float[Array, "inside rung 2*rung segment"]
    separators: Float[Array, "ring ring"]

    @property
    def rungs(self) -> int:
        """The size of a block."""
        return self.left.shape[1]

    def transpose(self) -> "Factors":
        """Factors of Aᵀ: the pivots serve again, only `closing` is solved anew."""
        flat_left, flat_right = (x.transpose(1, 2, 0).ravel() for x in (self.left, self.right))
        places, rungs, segments = self.left.shape
        turned = (jnp.roll(flat_right, 1), jnp.roll(flat_left, -1))
        left, right = (x.reshape(rungs, segments, places).transpose(2, 0, 1) for x in turned)
        inverses = jnp.swapaxes(self.inverses, 1, 2)
        return Factors(inverses, left, right, batch_last(_close)(inverses, left, right), self.separators.T)


def count_segments(cells: int, rungs: int) -> int:
    """Segments of the ring: a divisor of `cells` that keeps the separators' dense system small."""
    largest = 16 if for_gpu() else MAX_SEPARATORS["cpu"]
    fitting = [n for n in range(1, cells // 2 + 1) if cells % n == 0 and n * rungs <= largest]
    return max(fitting, default=1)


def factorise(diagonal, below, above, left, right) -> Factors | WrittenOut:
    """Factorise from the ladder part (rung, cell) and the chain couplings (rung, cell)."""
    rungs, cells = diagonal.shape
    if for_gpu() and rungs <= WRITTEN_OUT and written_out.splits(cells):
        return written_out.factorise(diagonal, below, above, left, right)
    segments = count_segments(cells, rungs)
    arrays = (
        x.reshape(rungs, segments, -1).transpose(2, 0, 1) for x in (diagonal, below, above, left, right)
    )
    return Factors(*batch_last(_factorise)(*arrays))


def substitute(
    factors: Factors | WrittenOut, x: Float[Array, "rhs rung cell"]
) -> Float[Array, "rhs rung cell"]:
    """Solve for several right-hand sides with a factorised matrix."""
    if isinstance(factors, WrittenOut):
        return written_out.substitute(factors, x)
    parts = (factors.inverses, factors.left, factors.right, factors.closing, factors.separators)
    places, rungs, segments = factors.left.shape
    split = x.reshape(x.shape[0], rungs, segments, places).transpose(3, 1, 0, 2)
    return batch_last(_substitute, columns=2)(parts, split).transpose(2, 1, 3, 0).reshape(x.shape)


# From here to `_substitute` arrays end in (segment, batch), see `batch_last`, and are short for
# place-first: (place, rung, ..., segment, batch).


def _apply(block, x) -> Array:
    """Block (rung, rung, ...) times right-hand sides (rung, rhs, ...)."""
    terms = (block[:, k, None] * x[k] for k in range(block.shape[1]))
    return functools.reduce(operator.add, terms)


def _eliminate(k, a):
    """One step of Gauss–Jordan inversion in place, (n, n, ...)."""
    here = np.arange(a.shape[0]) == k  # a constant where the loop is unrolled
    rows = here.reshape(-1, *[1] * (a.ndim - 2))
    pivot = 1 / a[k, k]
    row = jnp.where(rows, pivot, a[k] * pivot)
    column = jnp.where(rows, -1.0, a[:, k])
    return jnp.where(rows[:, None] | rows[None], 0.0, a) - column[:, None] * row  # pyright: ignore[reportArgumentType, reportCallIssue]


def _invert(a):
    """Inverse of blocks (n, n, ...) by Gauss–Jordan elimination without pivoting, of 2 × 2 in closed form."""
    if a.shape[0] == 2:  # a step of the default two rungs takes a tenth less time so
        (a, b), (c, d) = a / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
        return jnp.stack([jnp.stack([d, -b]), jnp.stack([-c, a])])
    if a.shape[0] > 12:  # a loop compiles faster, unrolled steps run faster
        return jax.lax.fori_loop(0, a.shape[0], _eliminate, a)
    for k in range(a.shape[0]):
        a = _eliminate(k, a)
    return a


def _bands(rungs):
    """Unit, lower and upper neighbour patterns of a block, (rung, rung, 1, 1)."""
    return tuple(np.eye(rungs, k=k)[..., None, None] for k in (0, -1, 1))


@jax.jit
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

    shape = diagonal.shape[1:]
    start = (jnp.zeros((rungs, *shape), diagonal.dtype), jnp.zeros(shape, diagonal.dtype))
    _, inverses = jax.lax.scan(eliminate, start, [x[:-1] for x in (diagonal, below, above, left, right)])
    closing = _close(inverses, left, right)
    own, following = _onto_separators(left, right, closing)
    middle = block(diagonal[-1], below[-1], above[-1])
    if shape[1] == 1:
        return inverses, left, right, closing, _invert((middle - own - following)[:, :, 0])
    middle = middle - own[:, rungs:] - following[:, :rungs]
    return inverses, left, right, closing, _invert(_ring(middle, -own[:, :rungs], -following[:, rungs:]))


@jax.jit
def _close(inverses, left, right):
    """`Factors.closing`: a segment's first cell touches the separator before it, its last inside cell its own."""
    rungs, segments = left.shape[1:3]
    eye, lower, _ = _bands(rungs)
    wraps = (np.arange(segments) == 0)[:, None]
    before = jnp.where(wraps, lower, eye) * left[0][:, None]
    columns = jnp.zeros(
        (inverses.shape[0], rungs, min(segments, 2) * rungs, *inverses.shape[3:]), inverses.dtype
    )
    columns = columns.at[0, :, :rungs].set(before).at[-1, :, -rungs:].add(eye * right[-2][:, None])
    return _sweep(inverses, left, right, columns)


def _onto_separators(left, right, x):
    """Rows of the separators times inside values x (inside, rung, rhs, ...): own segment, following segment."""
    following = jnp.roll(x[0], -1, axis=-2)
    shifted = jnp.pad(following[1:], ((0, 1), *[(0, 0)] * 3))  # (j, last) touches (j+1, first)
    wraps = (np.arange(x.shape[-2]) == x.shape[-2] - 1)[:, None]
    return left[-1][:, None] * x[-1], right[-1][:, None] * jnp.where(wraps, shifted, following)


def _ring(middle, before, after):
    """The dense matrix of a ring of blocks (rung, rung, segment, batch): (ring, ring, batch)."""
    segments = middle.shape[2]
    places = [np.roll(np.eye(segments), shift, axis=1)[:, None, :, None, None] for shift in (0, -1, 1)]
    blocks = (x.transpose(2, 0, 1, 3)[:, :, None] for x in (middle, before, after))
    dense = jnp.stack([place * block for place, block in zip(places, blocks, strict=True)]).sum(axis=0)
    return dense.reshape(segments * middle.shape[0], -1, middle.shape[3])


def _sweep(inverses, left, right, x):
    """Solve inside the segments: forward elimination, backward substitution."""

    def forward(before, inputs):
        inverse, left_here, x_here = inputs
        solved = _apply(inverse, x_here - left_here[:, None] * before)
        return solved, solved

    def backward(after, inputs):
        inverse, right_here, solved = inputs
        solved = solved - _apply(inverse, right_here[:, None] * after)
        return solved, solved

    start = jnp.zeros_like(x[0])
    _, solved = jax.lax.scan(forward, start, (inverses, left[:-1], x))
    inner = right[:-1].at[-1].set(0.0)
    return jax.lax.scan(backward, start, (inverses, inner, solved), reverse=True)[1]


@jax.jit
def _substitute(parts, x):
    inverses, left, right, closing, separators = parts
    rungs, rhs, segments = x.shape[1:4]
    solved = _sweep(inverses, left, right, x[:-1])
    own, following = _onto_separators(left, right, solved)
    target = (x[-1] - own - following).transpose(2, 0, 1, 3).reshape(segments * rungs, rhs, -1)
    ends = jnp.sum(separators[:, :, None] * target, axis=1)  # a sum XLA does once, not again for every cell
    ends = ends.reshape(segments, rungs, rhs, -1).transpose(1, 2, 0, 3)
    both = ends if segments == 1 else jnp.concatenate([jnp.roll(ends, 1, axis=-2), ends])
    inside = solved - sum(closing[:, :, k, None] * both[k] for k in range(both.shape[0]))
    return jnp.concatenate([inside, ends[None]])
