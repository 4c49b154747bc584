"""The structured linear algebra against its dense twin."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.jacobian import jacobian
from nacjax.numerics import ring
from nacjax.numerics.bordered import factorise_bordered, factorised
from nacjax.numerics.ladder_matrix import LadderMatrix


def random_matrix(rungs, cells, scalars, rank, seed=0, coupling=0.3):
    """A diagonally dominant `LadderMatrix` with random entries."""
    random = np.random.default_rng(seed)

    def draw(*shape):
        return jnp.asarray(coupling * random.normal(size=shape))

    size = rungs * cells
    return LadderMatrix(
        diagonal=2 + draw(rungs, cells),
        below=draw(rungs - 1, cells),
        above=draw(rungs - 1, cells),
        left=draw(size - 1),
        right=draw(size - 1),
        columns=draw(scalars, size),
        rows=draw(scalars, size),
        corner=3 * jnp.eye(scalars) + draw(scalars, scalars),
        us=draw(rank, size + scalars),
        vs=draw(rank, size + scalars),
    )


def solve(matrix, b):
    return factorised(matrix)(b)


@pytest.mark.parametrize(
    "rungs, cells, scalars, rank, separators",
    [(1, 5, 1, 0, 1), (2, 4, 5, 1, 4), (2, 17, 0, 0, 1), (2, 64, 1, 0, 16), (3, 15, 5, 1, 9), (5, 12, 1, 1, 1),
     (12, 9, 5, 1, 1)],
)  # fmt: skip
def test_solve_and_transpose_equal_dense(rungs, cells, scalars, rank, separators, monkeypatch):
    monkeypatch.setitem(ring.MAX_SEPARATORS, "cpu", separators)

    @jax.jit
    def compare(matrix):
        dense, b = matrix.dense(), jnp.sin(jnp.arange(rungs * cells + scalars))
        factors = factorise_bordered(matrix)
        turned = factors.transpose()
        return (
            matrix.transpose().dense() - dense.T,
            solve(matrix, b) - jnp.linalg.solve(dense, b),
            turned.solve(b) - jnp.linalg.solve(dense.T, b),
            turned.transpose().solve(b) - jnp.linalg.solve(dense, b),
        )

    for difference in compare(random_matrix(rungs, cells, scalars, rank, seed=rungs)):
        assert np.max(np.abs(difference)) < 1e-10


def test_transformations_equal_dense():
    """jvp, vjp and (nested) vmap of a solve, with respect to matrix and vector."""
    matrix, tangent = random_matrix(3, 6, 2, 1), random_matrix(3, 6, 2, 1, seed=5)
    b = jnp.asarray(np.random.default_rng(2).normal(size=20))

    def structured(scale):
        return solve(jax.tree.map(lambda m, t: m + scale * t, matrix, tangent), (1 + scale) * b)

    def dense(scale):
        moved = jax.tree.map(lambda m, t: m + scale * t, matrix, tangent)
        return jnp.linalg.solve(moved.dense(), (1 + scale) * b)

    got, want = (jax.jit(jax.jacfwd(fn))(0.1) for fn in (structured, dense))
    assert jnp.allclose(got, want, atol=1e-10)
    got, want = (jax.jit(jax.jacrev(fn))(0.1) for fn in (structured, dense))
    assert jnp.allclose(got, want, atol=1e-10)
    scales = jnp.linspace(0, 0.2, 6).reshape(2, 3)
    batched = jax.jit(jax.vmap(jax.vmap(structured)))(scales)
    assert jnp.allclose(batched[1, 2], jax.jit(structured)(scales[1, 2]), atol=1e-12)


class ReactingField(nj.ConstantField):
    """A field whose square depends on the state, to exercise the rank-one term."""

    reacts = True

    def squared(self, t, variables, response):
        return self.strength**2 * (1 + response.sigma**2 + response.drift)


@pytest.mark.parametrize("phonon_energy, rungs", [(0.53, 2), (0.09, 12), (1.2, 1)])
@pytest.mark.parametrize("field", [nj.ConstantField(0.5), ReactingField(0.1, absolute=True)])
def test_jacobian_equals_autodiff(phonon_energy, rungs, field):
    metal = nj.Metal(nj.SemiEllipticDOS(), 0.4, 0.02, 0.5, inelastic_rate=0.01, phonon_lifetime=3.0)
    metal = eqx.tree_at(
        lambda m: m.phonon_energy, metal, jnp.asarray(phonon_energy)
    )  # one rung: past the check
    pump = nj.ExponentialPulse(10, 0.3)

    @eqx.filter_jit
    def compare(metal):
        kinetics = Kinetics.build(metal, pump, field, nj.Mesh(cells=6), rungs, ledger=True)
        y = kinetics.initial_state()
        f = jnp.asarray(np.random.default_rng(3).uniform(size=kinetics.ladder.states.size))
        y = y.at[: f.size].set(f).at[f.size].set(2.0)
        dense = jax.jacfwd(lambda y: kinetics(0.3, y))(y)
        matrix = jacobian(kinetics, 0.3, y)
        shifted = matrix.shifted(0.7)
        dense_shifted = jnp.eye(y.size) - 0.7 * dense
        scale = jnp.max(jnp.abs(dense))
        return (
            (matrix.dense() - dense) / scale,
            (shifted.dense() - dense_shifted) / scale,
            solve(shifted, y) - jnp.linalg.solve(dense_shifted, y),
        )

    for difference, bound in zip(compare(metal), (1e-14, 1e-14, 1e-9), strict=True):
        assert np.max(np.abs(difference)) < bound
