"""Numbers that only a transformation lets past the checks: no result, and the reason."""

import jax
import jax.numpy as jnp
import pytest

import nacjax as nj

GOOD = {"filling": 0.5, "temperature": 0.02, "phonon_energy": 0.53, "zeta": 5.0}


def metal_of(filling, temperature, phonon_energy, **_):
    return nj.Metal(nj.FlatTopDOS(), filling, temperature, phonon_energy, inelastic_rate=1e-2)


@jax.jit
def run(numbers):
    pump = nj.Clamped(numbers["zeta"])
    return nj.evolve(metal_of(**numbers), pump, [0.1, 0.2], cells=8, rungs=2, rtol=1e-2, budget=False)


@jax.jit
def plateau(numbers):
    return nj.plateau(metal_of(**numbers), numbers["zeta"], cells=8, rungs=2)


@jax.jit
def steady(numbers):
    return nj.steady_state(metal_of(**numbers), nj.Clamped(numbers["zeta"]), cells=8, rungs=2)


BAD = {
    "Not computed: filling = 1.4 is not allowed": {"filling": 1.4},
    "Not computed: temperature = -0.02 is not allowed": {"temperature": -0.02},
    "Not computed: rungs = 2 is not allowed": {"phonon_energy": 0.3},
    "Not computed: phonon_energy / band width = 1.2 is not allowed": {"phonon_energy": 1.2},
    "Not computed: zeta = -1.0 is not allowed": {"zeta": -1.0},
}


@pytest.mark.parametrize("solve", [run, plateau, steady])
def test_traced_values_out_of_range_are_nan_with_a_reason(solve):
    assert solve(GOOD).ok and jnp.isfinite(solve(GOOD).sigma).all()
    for reason, bad in BAD.items():
        found = solve({**GOOD, **bad})
        assert reason in found.result and not found.ok
        assert jnp.isnan(found.sigma).all() and jnp.isnan(found.occupation).all()


def test_their_derivatives_are_nan():
    for solve in (plateau, steady):
        slope = jax.grad(lambda nu, solve=solve: solve({**GOOD, "filling": nu}).sigma)
        assert jnp.isfinite(slope(0.5)) and jnp.isnan(slope(1.4))


def test_in_a_batch_only_those_are_nan():
    found = jax.vmap(lambda nu: plateau({**GOOD, "filling": nu}))(jnp.array([0.5, 1.4, 0.4]))
    assert jnp.isfinite(found.sigma).tolist() == [True, False, True]
    assert not found.ok and "filling" in found.result


def test_times_and_samples_out_of_order():
    metal, options = metal_of(**GOOD), {"cells": 8, "rtol": 1e-2, "budget": False}

    @jax.jit
    def run(times, samples):
        pump = nj.SampledPulse(samples, jnp.array([1.0, 2.0]))
        return nj.evolve(metal, pump, times, **options)

    good = jnp.array([0.1, 0.2])
    assert run(good, good).ok
    for found, reason in ((run(good[::-1], good), "times ="), (run(good, good[::-1]), "zeta0 = -0.15")):
        assert not found.ok and jnp.isnan(found.sigma).all() and reason in found.result


@pytest.mark.slow
def test_fields_of_numbers_out_of_range():
    @jax.jit
    def fields(numbers):
        given = metal_of(**numbers), nj.Clamped(numbers["zeta"]), jnp.array([1.0, 2.0])
        options = {"cells": 8, "rungs": 2, "rtol": 1e-2}
        return nj.threshold_field(*given, **options), nj.omega_e(*given, nj.ConstantField(0.3), **options)

    for found in fields(GOOD):
        assert jnp.isfinite(found).all()
    for bad in BAD.values():
        for found in fields({**GOOD, **bad}):
            assert jnp.isnan(found).all()
