"""A run whose derivatives in a few numbers are carried along, each order as a program of its own."""

import dataclasses
from typing import Any

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from ..numerics.carried import carried, with_columns
from ..numerics.program import program
from .run import Run
from .solved import Numerics, run_of


def carried_along(varied, fixed, structure, numerics: Numerics) -> Run:
    """The run of the inputs whose leaves are `varied` (few numbers under a transformation) or `fixed`."""
    flat = _ravelled(varied)
    shapes = tuple(jax.tree.map(Kind.of, varied, is_leaf=lambda x: x is None))
    arrays, rest = eqx.partition(fixed, eqx.is_array)
    kinds = []

    def order(n):
        def columns(x, arrays):
            found, kind = _columns(n, x, shapes, eqx.combine(arrays, rest), structure, numerics)
            kinds.append(kind)
            return found

        return columns

    vector = carried(*map(order, range(3)))(flat, arrays)
    return _unravelled(vector, kinds[0])


@dataclasses.dataclass(frozen=True)
class Kind:
    """Shape and type of an array as plain data: a `jax.ShapeDtypeStruct` stands for an array of a program's result."""

    shape: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, x: Any) -> "Kind | None":
        """That of an array, None for None."""
        return None if x is None else cls(x.shape, x.dtype.name)

    def zeros(self) -> Array:
        """An array of it."""
        return jnp.zeros(self.shape, self.dtype)


@program
def _columns(order: int, x, shapes, fixed, structure, numerics: Numerics):
    """A run as one vector with its derivatives up to an order in the numbers x, and what it is made of.

    All results in one array: JAX wants primal and tangent of each batched alike.
    """
    unravel = ravel_pytree([kind and kind.zeros() for kind in shapes])[1]
    kinds = []

    def vector(x):
        found = run_of(unravel(x), fixed, structure, numerics, dfx.ForwardMode())
        kinds.append(jax.tree.map(Kind.of, found))
        return ravel_pytree(found)[0]

    for _ in range(order):
        vector = with_columns(vector)
    return vector(x), kinds[0]


@jax.jit
def _ravelled(varied):
    return ravel_pytree(varied)[0]


@eqx.filter_jit
def _unravelled(vector, kinds):
    return ravel_pytree(jax.tree.map(Kind.zeros, kinds))[1](vector)
