"""Single precision: the same numbers with looser, stated tolerances (2e-3 in σ, 1e-5 in particle number)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj


@pytest.fixture
def single():
    with jax.enable_x64(False):
        yield


def warm():
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.53, inelastic_rate=0.01)


def test_plateau(single):
    state = nj.plateau(warm(), 20.0)
    assert state.sigma.dtype == jnp.float32
    assert abs(state.sigma + 0.37394474) < 2e-3
    assert abs(nj.plateau(warm(), 0.0).sigma - 1) < 5e-3  # b underflows here


@pytest.mark.parametrize("phonon_energy", [0.53, 0.9])
def test_gradient_of_the_plateau_on_full_and_empty_ladders(single, phonon_energy):
    """At T = 0.001 W occupations are 0 and 1 to rounding: derivatives were NaN there, at ω_p = 0.9 in float64 too."""

    def slopes(kind):
        def sigma(p):
            return nj.plateau(nj.Metal(nj.FlatTopDOS(), 0.3, 0.001, p[0]), p[1], rungs=2).sigma

        return np.asarray(jax.grad(sigma)(jnp.array([phonon_energy, 20.0], kind)))

    got = slopes(jnp.float32)
    with jax.enable_x64(True):
        exact = slopes(jnp.float64)
    assert np.isfinite(exact).all()
    np.testing.assert_allclose(got, exact, rtol=1e-3)


def test_evolve(single):
    """Against float64: −0.3147, −0.0275, +0.4593 on this mesh."""
    run = nj.evolve(warm(), nj.Clamped(20.0), [1.0, 10.0, 100.0])
    assert run.sigma.dtype == jnp.float32
    with jax.enable_x64(True):
        exact = nj.evolve(warm(), nj.Clamped(20.0), [1.0, 10.0, 100.0]).sigma
    print("float32 − float64:", np.asarray(run.sigma) - np.asarray(exact))
    assert run.ok
    assert np.abs(np.asarray(run.sigma) - np.asarray(exact)).max() < 2e-3
    assert np.abs(run.budget["particles"]).max() < 1e-5
    assert np.abs(run.budget["mismatch"]).max() < 1e-4


def test_steady_state(single):
    state = nj.steady_state(warm(), nj.Clamped(20.0))
    print(state.result)
    assert state.ok
    assert abs(state.sigma - 0.4543) < 4e-3


@pytest.mark.slow
def test_gradient(single):
    def slope():
        metal = warm()

        def sigma(zeta):
            return nj.evolve(metal, nj.Clamped(zeta), [1.0], cells=32, rungs=2, budget=False).sigma[0]

        return float(jax.jit(jax.grad(sigma))(5.0))

    found = slope()
    with jax.enable_x64(True):
        exact = slope()
    assert abs(found - exact) < 2e-3
