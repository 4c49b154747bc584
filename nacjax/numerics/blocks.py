"""Arithmetic of small blocks whose entries are arrays of equal shape, with a Python 0 where nothing stands."""

import functools
import operator
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

Block = list[list[Any]]
"""Rows of entries; a column of right-hand sides is one too."""


def there(x: Any) -> bool:
    """Whether an entry is a number of the problem, not a 0 of its structure."""
    return not isinstance(x, int)


def times(a: Block, b: Block) -> Block:
    """a b, without the terms that are 0."""

    def entry(row, column):
        terms = [x * y for x, y in zip(row, column, strict=True) if there(x) and there(y)]
        return functools.reduce(operator.add, terms) if terms else 0

    return [[entry(row, column) for column in zip(*b, strict=True)] for row in a]


def plus(a: Block, b: Block) -> Block:
    """a + b."""
    pairs = [zip(*rows, strict=True) for rows in zip(a, b, strict=True)]
    return [[(x + y if there(x) else y) if there(y) else x for x, y in row] for row in pairs]


def minus(a: Block, b: Block) -> Block:
    """a − b."""
    pairs = [zip(*rows, strict=True) for rows in zip(a, b, strict=True)]
    return [[(x - y if there(x) else -y) if there(y) else x for x, y in row] for row in pairs]


def negative(a: Block) -> Block:
    """−a."""
    return [[-x if there(x) else x for x in row] for row in a]


def transposed(block: Block) -> Block:
    """aᵀ."""
    return [list(row) for row in zip(*block, strict=True)]


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


def shifted(block: Block, by: int) -> Block:
    """Entries of the segments beside, those of the next but one end at an end (`by`: 1 or −1)."""
    return [[rolled(x, by) if there(x) else x for x in row] for row in block]


def rolled(x: Array, by: int) -> Array:
    """`jnp.roll` by 1 or −1 along the last axis, so that XLA makes no kernel of it."""
    size = x.shape[-1]
    if size == 1:
        return x
    cut, end, padding = (x[..., :-1], x[..., -1:], (1, 0)) if by > 0 else (x[..., 1:], x[..., :1], (0, 1))
    inner = jnp.pad(cut, [(0, 0)] * (x.ndim - 1) + [padding])
    return jnp.where(np.arange(size) == (0 if by > 0 else size - 1), end, inner)
