"""Validation of numbers that a person typed: concrete values are checked, tracers pass."""

import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array


def to_array(value) -> Array:
    """`jnp.asarray` as a floating-point array (the converter of every numeric field); a number stays one under jit."""
    if isinstance(value, jax.Array):
        return value if jnp.issubdtype(value.dtype, jnp.floating) else value.astype(float)
    if not isinstance(value, list | tuple):
        value = np.asarray(value)  # goes to the device as it is, where JAX would compile a conversion
        value = value.astype(float) if value.dtype.kind in "biu" else value
    with jax.ensure_compile_time_eval():
        array = jnp.asarray(value)
        return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(float)


def require_kind(name: str, value, kind: Any, allowed: str) -> None:
    """Raise a `ValueError` naming the argument and what is allowed, unless `value` is of a kind."""
    if not isinstance(value, kind):
        shown = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
        raise ValueError(f"{name} = {shown[:200]} is not allowed: it must be {allowed}")


def require_path(name: str, value) -> Path:
    """`value` as a path; raises a `ValueError` naming the argument for what is none."""
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        why = (
            ", without a null character"
            if isinstance(value, str | os.PathLike)
            else ", as text or pathlib.Path"
        )
        raise ValueError(f"{name} = {value!r} is not allowed: it must be a path{why}")
    return Path(value)


def require_count(name: str, value, least: int = 1) -> None:
    """Raise a `ValueError` naming the argument, unless `value` is a whole number of at least `least`."""
    whole = (
        isinstance(value, int | np.integer | float) and not isinstance(value, bool) and value == int(value)
    )
    if not whole or value < least:
        raise ValueError(f"{name} = {value!r} is not allowed: it must be a whole number, at least {least}")


def as_arrays(tree):
    """The pytree with every number as a JAX array of the precision that is chosen now: none escapes differentiation.

    A metal made before `jax_enable_x64` was switched on has single precision, and becomes double here.
    """

    def array(x):
        if not isinstance(x, int | float | np.number | np.ndarray | jax.Array):
            return x
        x = to_array(x) if not isinstance(x, jax.Array) else x
        same = x.dtype == jnp.result_type(float) or not jnp.issubdtype(x.dtype, jnp.floating)
        return x if same else x.astype(float)

    return jax.tree.map(array, tree)


def is_concrete(*values) -> bool:
    """Whether every value is a number now, rather than a tracer inside a transformation."""
    return not any(isinstance(value, Tracer) for value in values)


def in_numpy(tree):
    """The pytree with the arrays that are known now in NumPy, where a check compiles nothing; tracers stay."""
    return jax.tree.map(lambda x: np.asarray(x) if isinstance(x, jax.Array) and is_concrete(x) else x, tree)


def require(name: str, value, allowed: str, test) -> None:
    """Raise a `ValueError` naming the argument, its value and what is allowed, unless `test(value)`.

    Tracers are let through: under a transformation there is no value to test.
    NaN fails every test.
    """
    if not is_concrete(value):
        return
    try:
        if np.asarray(value).dtype.kind not in "biuf" and not hasattr(value, "dtype"):
            raise TypeError
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        shown = repr(value) if is_concrete(value) else "a traced value"
        raise ValueError(f"{name} = {shown[:200]} is not allowed: it must be {allowed}") from None
    if np.any(np.isnan(numbers)) or not np.all(test(numbers)):
        shown = np.asarray(value)[()] if numbers.ndim == 0 else numbers.tolist()
        raise ValueError(f"{name} = {shown} is not allowed: it must be {allowed}")
