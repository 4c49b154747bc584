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
    return nj.plateau(metal_of(**numbers), numbers["zeta"], cells=8, rungs=2).sigma


@pytest.mark.parametrize(
    "bad, reason",
    [
        ({}, "reached every requested time"),
        ({"filling": 1.4}, "Not computed: filling = 1.4 is not allowed"),
        ({"temperature": -0.02}, "Not computed: temperature = -0.02 is not allowed"),
        ({"phonon_energy": 0.3}, "Not computed: rungs = 2 is not allowed"),
        ({"zeta": -1.0}, "Not computed: zeta = -1.0 is not allowed"),
    ],
)
def test_traced_values_out_of_range_are_nan_with_a_reason(bad, reason):
    numbers = {**GOOD, **bad}
    found = run(numbers)
    assert reason in found.result and found.ok == (not bad)
    assert bool(jnp.isfinite(found.sigma).all()) == (not bad) == bool(jnp.isfinite(plateau(numbers)))
