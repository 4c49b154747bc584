"""One function, differentiable in forward and in reverse mode, each by its own algorithm.

An adaptive solve is a while loop: forward mode runs through it, reverse mode needs the
checkpointed loop of diffrax, and neither form allows the other. Here the tangent map
T: dp → d(out) is the solution of the linear system [[1, 0], [−T, 1]] (dp, d) = (dp, 0), handed to
lineax as such: its forward solve is the jvp of one form, its transposed solve the vjp of the other.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx


def two_way(forward: Callable, backward: Callable, parameters):
    """forward(parameters), with jvp through `forward` and vjp through `backward`.

    Both compute the same function of a pytree of floating-point arrays.
    """

    @jax.custom_jvp
    def value(p):
        return forward(p)

    @value.defjvp
    def _(primals, tangents):
        (p,), (dp,) = primals, tangents
        out = forward(p)
        operator = _Unit(_TangentMap(forward, backward), p, jax.eval_shape(lambda: out))
        solution = lx.linear_solve(
            operator, (dp, jax.tree.map(jnp.zeros_like, out)), _UnitSolver(), throw=False
        )
        return out, solution.value[1]

    return value(parameters)


class _TangentMap(eqx.Module):
    forward: Callable = eqx.field(static=True)
    backward: Callable = eqx.field(static=True)

    def push(self, p, dp):
        return jax.jvp(self.forward, (p,), (dp,))[1]

    def pull(self, p, cotangent):
        return jax.vjp(self.backward, p)[1](cotangent)[0]


class _Unit(lx.AbstractLinearOperator):
    """[[1, 0], [−T, 1]] on (dp, d(out)), or its transpose."""

    tangent_map: _TangentMap
    p: Any
    out: Any = eqx.field(static=True)
    transposed: bool = eqx.field(static=True, default=False)

    def mv(self, vector):
        return self.apply(vector, -1)

    def apply(self, vector, sign):
        """The map with `sign`·T in place of −T; +T gives the inverse."""
        dp, d = vector
        if self.transposed:
            pulled = self.tangent_map.pull(self.p, d)
            return jax.tree.map(lambda a, b: a + sign * b, dp, pulled), d
        pushed = self.tangent_map.push(self.p, dp)
        return dp, jax.tree.map(lambda a, b: a + sign * b, d, pushed)

    def transpose(self):
        return _Unit(self.tangent_map, self.p, self.out, not self.transposed)

    def as_matrix(self):
        raise NotImplementedError("the tangent map of a solve is never formed as a matrix")

    def in_structure(self):
        return jax.eval_shape(lambda: self.p), self.out

    def out_structure(self):
        return self.in_structure()


class _UnitSolver(lx.AbstractLinearSolver):
    def init(self, operator, options):
        return operator

    def compute(self, state, vector, options):
        return state.apply(vector, +1), lx.RESULTS.successful, {}

    def transpose(self, state, options):
        return state.transpose(), {}

    def conj(self, state, options):
        return state, {}

    def assume_full_rank(self):
        return True


@lx.linearise.register
def _(operator: _Unit):
    return operator


@lx.conj.register
def _(operator: _Unit):
    return operator


for _predicate in (lx.is_symmetric, lx.is_diagonal, lx.has_unit_diagonal, lx.is_lower_triangular,
                   lx.is_upper_triangular, lx.is_positive_semidefinite, lx.is_negative_semidefinite,
                   lx.is_tridiagonal):  # fmt: skip
    _predicate.register(_Unit)(lambda operator: False)
