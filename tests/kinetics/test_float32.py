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


def test_a_metal_made_in_single_precision_is_computed_in_double():
    """Made before `jax_enable_x64` was switched on."""
    with jax.enable_x64(False):
        metal = warm()
    assert metal.temperature.dtype == jnp.float32
    state = nj.plateau(metal, 20.0)
    assert state.sigma.dtype == jnp.float64
    assert abs(state.sigma - nj.plateau(warm(), 20.0).sigma) < 1e-6


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


def test_laboratory_units_are_those_of_double_precision(single):
    """e², 1/Å³ and their like are beyond single precision: σ_0 and R were NaN."""

    def found():
        scales = nj.Scales(
            0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0
        )
        metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
        light = nj.reflectivity(nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"]))
        scale = nj.conductivity_scale(metal)
        zeta = nj.zeta0_from_fluence(metal, "1 mJ/cm^2", penetration_depth="100 nm")
        field = nj.field(metal, "10 kV/cm").strength
        values = (scale.sigma0, scale.plasma_energy, scale.growth_rate, zeta, field, light.reflected[0])
        return np.array([float(value) for value in values])

    got = found()
    with jax.enable_x64(True):
        np.testing.assert_allclose(got, found(), rtol=2e-3)
