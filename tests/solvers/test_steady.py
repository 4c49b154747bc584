"""The true steady state: against marching, its derivatives, the number of the measured facts."""

import jax
import numpy as np
import pytest
from exact import change, variables

import nacjax as nj


@pytest.fixture(scope="module")
def warm():
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.53, inelastic_rate=0.01)


def test_measured_value(warm):
    """physics: σ/σ_0 = +0.4543 for Γ_in = 0.01, ν = 1/2, ω_p = 0.53, ζ = 20, T = 0.003, to 0.002 by default."""
    state = nj.steady_state(warm, nj.Clamped(20.0))
    print(state.result)
    assert state.ok and "Converged" in state.result
    assert abs(state.sigma - 0.4543) < 0.002


@pytest.mark.parametrize(
    "numbers, pump, field",
    [
        ({}, nj.Clamped(20.0), nj.NoField()),
        ({"phonon_energy": 0.36, "filling": 0.3}, nj.Clamped(2.0), nj.ConstantField(0.7)),
    ],
)
def test_equals_long_marching(warm, numbers, pump, field):
    metal = change(warm, temperature=0.02, **numbers)
    mesh = nj.Mesh.uniform(24)
    state = nj.steady_state(metal, pump, field=field, mesh=mesh)
    run = nj.evolve(metal, pump, [1e4], field=field, mesh=mesh, rtol=1e-6, budget=False)
    assert state.ok
    assert abs(state.sigma - run.sigma[0]) < 1e-6
    assert np.abs(state.occupation - run.occupation[0])[state.ladder.states > 0].max() < 1e-6


def test_a_kicked_phonon_ends_in_equilibrium(warm):
    metal = change(warm, phonon_lifetime=5.0, temperature=0.02)
    state = nj.steady_state(metal, nj.Kick(5.0), cells=24)
    assert state.ok and abs(state.phonons) < 1e-9
    equilibrium = nj.plateau(metal, 0.0, mesh=nj.Mesh.uniform(24))
    assert abs(state.sigma - equilibrium.sigma) < 1e-9


def test_the_slope_of_independent_marches():
    """physics: dσ/dω_p = 1.2235 at ω_p = 0.55, from marches on 200 and 400 cells, where an edge once slid through."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.03, 0.55, inelastic_rate=0.05)
    slope = jax.grad(
        lambda w: nj.steady_state(change(metal, phonon_energy=w), nj.Clamped(20.0), rungs=2).sigma
    )(0.55)
    assert abs(slope - 1.2235) < 0.01


def test_derivatives(warm):
    """Implicit derivatives in five numbers against finite differences to 1e-4, and jvp equals vjp."""
    names = ("phonon_energy", "filling", "temperature", "inelastic_rate")

    def sigma(x):
        metal = change(warm, **dict(zip(names, x[:4], strict=True)))
        return nj.steady_state(metal, nj.Clamped(x[4]), rungs=2, cells=24).sigma

    x = np.array([0.55, 0.45, 0.02, 0.02, 3.0])
    value = jax.jit(sigma)
    forward, reverse = jax.jit(jax.jacfwd(sigma))(x), jax.jit(jax.jacrev(sigma))(x)
    steps = 1e-5 * np.diag(np.maximum(x, 0.01))
    finite = np.array([(value(x + h) - value(x - h)) / (2 * h.sum()) for h in steps])
    print("forward", forward, "finite differences", finite)
    assert np.abs(forward - reverse).max() < 1e-9
    assert np.abs((forward - finite) / (1 + np.abs(finite))).max() < 1e-4


@pytest.mark.parametrize(
    "numbers, zeta", [({"temperature": 3e-5}, 20.0), ({"inelastic_rate": 100.0}, 20.0), ({}, 1000.0)]
)
def test_extremes_converge_or_say_why(warm, numbers, zeta):
    state = nj.steady_state(change(warm, **numbers), nj.Clamped(zeta), cells=32)
    print(state.result)
    assert state.ok


def test_memory_is_linear(warm):
    """On the ladder there is no array of the size N×N anywhere in the traced solve, derivatives included."""

    def sigma(zeta):
        return nj.steady_state(warm, nj.Kick(zeta), cells=64).sigma

    jaxpr = jax.make_jaxpr(lambda zeta: jax.jvp(sigma, (zeta,), (1.0,)))(3.0).jaxpr
    largest = max(v.aval.size for v in variables(jaxpr) if hasattr(v.aval, "size"))
    print(f"largest array {largest}, N² = {128**2}")
    assert largest < 128**2 / 2


def test_giving_up_is_told(warm):
    state = nj.steady_state(warm, nj.Clamped(20.0), cells=16, max_steps=3)
    assert not state.ok and np.isnan(state.sigma)
    assert "No steady state was found in 5 steps" in state.result
