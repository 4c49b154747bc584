"""What a GPU gets in place of loops, run on a CPU: the same numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_bordered import random_matrix

import nacjax as nj
from nacjax.numerics.bordered import factorise_bordered
from nacjax.numerics.target import compiling_for
from nacjax.numerics.written_out import WrittenOut, splits


@pytest.mark.parametrize(
    "rungs, cells, scalars, rank",
    [(1, 4, 1, 0), (2, 2, 0, 0), (2, 20, 1, 0), (2, 64, 1, 1), (3, 12, 5, 1), (3, 40, 0, 0)],
)
def test_solve_and_transpose_equal_dense(rungs, cells, scalars, rank):
    """Not compiled: a CPU's compiler takes long for such expressions."""
    matrix = random_matrix(rungs, cells, scalars, rank, seed=rungs)
    dense, b = matrix.dense(), jnp.sin(jnp.arange(rungs * cells + scalars))
    with compiling_for("cuda"), jax.disable_jit():
        factors = factorise_bordered(matrix)
        turned = factors.transpose()
        found = factors.solve(b), turned.solve(b), turned.transpose().solve(b)
    assert isinstance(factors.ladder, WrittenOut)
    for x, a in zip(found, (dense, dense.T, dense), strict=True):
        assert np.max(np.abs(x - jnp.linalg.solve(a, b))) < 1e-12


def test_batches_equal_their_members():
    """Of matrices and of right-hand sides."""
    scales, b = jnp.array([0.5, 1.0, 2.0]), jnp.sin(jnp.arange(3 * 16.0)).reshape(3, 16)
    matrix = random_matrix(2, 8, 0, 0)

    def solve(scale, b):
        return factorise_bordered(jax.tree.map(lambda x: scale * x, matrix)).solve(b)

    with compiling_for("cuda"), jax.disable_jit():
        got = jax.vmap(jax.vmap(solve, (None, 0)), (0, None))(scales, b)
    want = [[jnp.linalg.solve(s * matrix.dense(), x) for x in b] for s in scales]
    assert np.max(np.abs(got - jnp.array(want))) < 1e-12


def test_numbers_of_cells_without_small_divisors_keep_their_loops():
    assert [splits(cells) for cells in (13, 121, 128, 80)] == [None, None, [4, 4, 4, 2], [4, 4, 5]]
    with compiling_for("cuda"):
        factors = jax.eval_shape(factorise_bordered, random_matrix(2, 13, 0, 0)).ladder
    assert not isinstance(factors, WrittenOut)


def test_sigma_is_that_of_the_loops():
    """A run whose ring and stages are written out, its derivative too."""

    def sigma(zeta):
        return nj.evolve(nj.trial(), nj.Clamped(zeta), [1.0], cells=8, rungs=2, budget=False).sigma[0]

    def with_slope():
        return jnp.stack(jax.jit(lambda z: jax.jvp(sigma, (z,), (1.0,)))(20.0))

    looped = with_slope()
    with compiling_for("cuda"):
        assert np.max(np.abs(with_slope() / looped - 1)) < 1e-12
