"""Arithmetic and memory of a function, counted in its jaxpr, and what a core does of both at best."""

import math
import time

import jax
import jax.numpy as jnp

FREE = {
    "broadcast_in_dim", "reshape", "transpose", "slice", "dynamic_slice", "dynamic_update_slice", "concatenate", "pad",
    "squeeze", "expand_dims", "copy", "copy_p", "convert_element_type", "gather", "scatter", "iota", "select_n", "rev",
    "split", "stop_gradient", "optimization_barrier", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not",
}  # fmt: skip
"""What moves or chooses numbers, and computes none."""
DEEP, WIDE = 64, 2048  # operations on each of so many numbers, which the nearest cache holds
LARGE = 2**18  # numbers that only the outer caches hold: what a chunk of trajectories takes


def operations(function, *batch) -> float:
    """Floating-point operations of one call; a loop counts for its turns, of unknown ones for one."""
    return _counted(jax.make_jaxpr(function)(*batch).jaxpr)


def _counted(jaxpr) -> float:
    total = 0.0
    for line in jaxpr.eqns:
        name, inner = line.primitive.name, list(_inside(line))
        if name == "cond":
            total += max(map(_counted, inner))
        elif inner:
            total += line.params.get("length", 1) * sum(map(_counted, inner))
        elif name == "dot_general":
            (left, _), _ = line.params["dimension_numbers"]
            shared = math.prod(line.invars[0].aval.shape[k] for k in left)
            total += 2 * shared * line.outvars[0].aval.size
        elif name not in FREE:
            total += max(x.aval.size for x in (*line.invars, *line.outvars))
    return total


def _inside(line):
    """The functions that a line of a jaxpr calls."""
    for value in line.params.values():
        for each in value if isinstance(value, tuple | list) else (value,):
            inner = getattr(each, "jaxpr", each)
            if hasattr(inner, "eqns"):
                yield inner


def moved(function, *batch) -> int:
    """Bytes that one call reads and writes at least: its arguments and its result."""
    leaves = jax.tree.leaves((batch, jax.eval_shape(function, *batch)))
    return sum(x.size * x.dtype.itemsize for x in leaves if hasattr(x, "dtype"))


def best() -> dict[str, float]:
    """Operations, and bytes read and written, a second of a core, in programs of XLA that do nothing else."""

    def deep(x):
        for _ in range(DEEP // 2):
            x = 0.999 * x + 0.001
        return x

    rounds = 2000
    near, far = jnp.ones(WIDE), jnp.ones(LARGE)
    computing = _seconds(jax.jit(lambda x: jax.lax.fori_loop(0, rounds, lambda _, x: deep(x), x)), near)
    moving = _seconds(jax.jit(lambda x: x + 1.0), far)
    return {"operations_per_s": rounds * DEEP * WIDE / computing, "bytes_per_s": 2 * far.nbytes / moving}


def _seconds(call, *given) -> float:
    """The fastest of a few calls, in core seconds."""
    jax.block_until_ready(call(*given))

    def one():
        start = time.process_time()
        jax.block_until_ready(call(*given))
        return time.process_time() - start

    return min(one() for _ in range(50))
