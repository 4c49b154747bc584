"""Validation of numbers that a person typed: concrete values are checked, tracers pass."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array


def to_array(value) -> Array:
    """`jnp.asarray` as a floating-point array (the converter of every numeric field)."""
    array = jnp.asarray(value)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)


def as_arrays(tree):
    """The pytree with every Python or NumPy number as a JAX array, so that none escapes differentiation."""
    return jax.tree.map(
        lambda x: to_array(x) if isinstance(x, int | float | np.number | np.ndarray) else x, tree
    )


def is_concrete(*values) -> bool:
    """Whether every value is a number now, rather than a tracer inside a transformation."""
    return not any(isinstance(value, Tracer) for value in values)


def require(name: str, value, allowed: str, test) -> None:
    """Raise a `ValueError` naming the argument, its value and what is allowed, unless `test(value)`.

    Tracers are let through: under a transformation there is no value to test.
    NaN fails every test.
    """
    if not is_concrete(value):
        return
    numbers = np.asarray(value, dtype=float)
    if np.any(np.isnan(numbers)) or not np.all(test(numbers)):
        shown = np.asarray(value)[()] if numbers.ndim == 0 else numbers.tolist()
        raise ValueError(f"{name} = {shown} is not allowed: it must be {allowed}")
