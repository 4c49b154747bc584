"""Arithmetic and memory of a function, counted in its jaxpr."""

import math

import jax

FREE = {
    "broadcast_in_dim", "reshape", "transpose", "slice", "dynamic_slice", "dynamic_update_slice", "concatenate", "pad",
    "squeeze", "expand_dims", "copy", "copy_p", "convert_element_type", "gather", "scatter", "iota", "select_n", "rev",
    "split", "stop_gradient", "optimization_barrier", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not",
}  # fmt: skip
"""What moves or chooses numbers, and computes none."""


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
