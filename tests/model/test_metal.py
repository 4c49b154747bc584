"""Metal, DoS, chemical potential, mesh; and what they say to bad input."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from exact import change

import nacjax as nj
from nacjax.kinetics.ladder import build_ladder, count_rungs, fermi

DOSES = [nj.FlatTopDOS(), nj.FlatTopDOS(2.0, 2.5), nj.SemiEllipticDOS(0.7)]


def integral(fn, *ends):
    """∫fn between consecutive ends, by Gauss's rule of 400 points in each part; `fn` takes an array."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    parts = np.array(list(itertools.pairwise(ends)))
    half, middle = 0.5 * (parts[:, 1:] - parts[:, :1]), 0.5 * (parts[:, 1:] + parts[:, :1])
    return np.sum(half * weights * np.asarray(fn(middle + half * nodes)), axis=1)


@pytest.mark.parametrize("dos", DOSES)
def test_cumulative_is_the_integral_of_the_density(dos):
    energies = np.linspace(float(dos.bottom), float(dos.top), 7)
    parts = integral(jax.jit(lambda e: dos.density(e)), *energies)
    assert np.abs(np.cumsum(parts) - jax.jit(lambda e: dos.cumulative(e))(energies)[1:]).max() < 1e-7
    slope = jax.jit(jax.vmap(jax.grad(lambda e: dos.cumulative(e))))(energies)
    assert np.abs(slope - dos.density(jnp.asarray(energies))).max() < 1e-10
    assert dos.density(jnp.asarray(float(dos.top) + 0.1)) == 0


@jax.jit
def level(filling, temperature):
    """μ and dμ/dν of the trial DoS."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.4)
    return jax.value_and_grad(
        lambda nu: change(metal, filling=nu, temperature=temperature).chemical_potential
    )(filling)


@pytest.mark.parametrize("filling", [0.02, 1 / 3, 0.5, 0.9])
@pytest.mark.parametrize("temperature", [0.003, 0.08])
def test_chemical_potential_gives_the_filling(filling, temperature):
    mu, slope = level(filling, temperature)
    density = nj.FlatTopDOS().density

    def occupied(e):
        return density(e) * fermi(e, mu, temperature)

    ends = np.clip(float(mu) + np.array([-20, -5, 0, 5, 20]) * temperature, -0.5, 0.5)
    counted = integral(jax.jit(occupied), -0.5, *ends, 0.5).sum()
    assert abs(counted - filling) < (1e-6 if temperature < 0.01 else 5e-5)
    h = 1e-5
    up, down = (level(filling + s, temperature)[0] for s in (h, -h))
    assert abs(slope * 2 * h - (up - down)) < 2e-4 * h * abs(slope)


def test_third_filling_sits_at_a_sixth_of_the_width():
    """physics: μ(ν = 1/3) = −0.148 W for the trial DoS."""
    assert float(nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 0.4).chemical_potential) == pytest.approx(
        -0.148, abs=1e-3
    )


@pytest.mark.parametrize("law", ["constant", "band", "impurity", "hard_sphere"])
def test_transport_laws(law):
    """All are 1 at the Fermi level, and none inverts the sign of an equilibrium conductivity."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.01, 0.4, transport=law)
    assert float(metal.transport_ratio(metal.fermi_energy)) == pytest.approx(1)
    assert float(nj.plateau(metal, 0.0).sigma) == pytest.approx(1, abs=0.05)
    assert nj.plateau(metal, 20.0).sigma < 0.6


@pytest.mark.parametrize("phonon_energy, rungs", [(0.5, 2), (0.499, 3), (1 / 3, 3), (0.25, 4), (0.1, 10)])
def test_rungs_and_faces(phonon_energy, rungs):
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.01, phonon_energy)
    assert count_rungs(metal) == rungs
    ladder = eqx.filter_jit(build_ladder)(metal, nj.Mesh(cells=16), rungs)
    energy = np.asarray(ladder.energy).ravel()
    assert np.all(np.diff(energy) > 0)
    assert np.abs(np.diff(ladder.energy, axis=0) - phonon_energy).max() < 1e-15
    assert float(ladder.states.sum()) == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize("filling, phonon_energy", [(0.5, 0.5), (0.4, 0.5), (0.4, 1 / 3)])
def test_mesh_does_not_jump_at_a_commensurate_energy(filling, phonon_energy):
    """There the top of the band (and at half filling μ) leaves the period at one end and enters at the other."""
    rungs = round(1 / phonon_energy) + 1

    def sigma(w):
        return float(
            nj.plateau(nj.Metal(nj.FlatTopDOS(), filling, 0.01, w), 20.0, cells=16, rungs=rungs).sigma
        )

    around = [sigma(phonon_energy * (1 + step)) for step in (-1e-9, 0, 1e-9)]
    assert np.ptp(around) < 1e-6


@pytest.mark.parametrize("dos", [nj.FlatTopDOS(), nj.SemiEllipticDOS()])
def test_states_where_a_face_lies_on_the_band_centre(dos):
    """Parts of a ladder compiled on their own: XLA fused ε = 0 in two ways and a cell got 1/16 of a state more."""

    @jax.jit
    def inner(phonon_energy):
        ladder = build_ladder(nj.Metal(dos, 0.5, 0.003, phonon_energy), nj.Mesh.uniform(192), 2)
        return ladder.states[0, -3:], ladder.states[1, :3]

    np.testing.assert_allclose(inner(0.5), inner(0.5 + 2e-16), rtol=1e-9)


def test_a_batch_with_spare_rungs_integrates():
    """Compiled for σ alone, copies of the mesh that differed by rounding made every step fail: NaN after 10 000."""
    points = np.array([[0.584, 0.86, 0.011, 15.28, 6.925, 0.481], [0.821, 0.427, 0.03, 2.386, 15.317, 0.584]])

    @jax.jit
    @jax.vmap
    def sigma(p):
        dos = nj.FlatTopDOS(1.0, p[3])
        metal = nj.Metal(dos, p[1], p[2], p[0], inelastic_rate=1e-3, phonon_lifetime=5.0)
        options = {"cells": 48, "rungs": 5, "budget": False, "max_steps": 500}
        return nj.evolve(metal, nj.ExponentialPulse(p[4], p[5]), [3.0], **options).sigma[0]

    np.testing.assert_allclose(sigma(points), [0.3513, 0.2873], atol=2e-3)


BAD = [
    ({"filling": 0.0}, "filling = 0.0"),
    ({"filling": 1.2}, "filling = 1.2"),
    ({"filling": float("nan")}, "filling = nan"),
    ({"temperature": 0.0}, "temperature = 0.0"),
    ({"temperature": -1}, "temperature = -1"),
    ({"phonon_energy": 0}, "phonon_energy = 0"),
    ({"phonon_energy": 1.0}, "phonon_energy / band width = 1.0"),
    ({"coupling_rate": -1.0}, "coupling_rate = -1"),
    ({"inelastic_rate": -0.1}, "inelastic_rate = -0.1"),
    ({"phonon_lifetime": 0.0}, "phonon_lifetime = 0.0"),
    ({"states_per_mode": 0.0}, "states_per_mode = 0.0"),
    ({"transport": "bnd"}, "transport = 'bnd'"),
    ({"dos": 3}, "dos = 3"),
]


@pytest.mark.parametrize("change_to, message", BAD)
def test_bad_metal(change_to, message):
    good = {"dos": nj.FlatTopDOS(), "filling": 0.5, "temperature": 0.01, "phonon_energy": 0.4}
    with pytest.raises(ValueError, match="must be") as error:
        nj.Metal(**{**good, **change_to})
    assert message in str(error.value)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda m: nj.FlatTopDOS(-1.0), "width = -1.0"),
        (lambda m: nj.SemiEllipticDOS(0.0), "width = 0.0"),
        (lambda m: nj.FlatTopDOS(1.0, 0.0), "exponent = 0.0"),
        (lambda m: nj.Clamped(-1.0), "zeta = -1.0"),
        (lambda m: nj.Kick(float("inf")), "zeta0 = inf"),
        (lambda m: nj.ExponentialPulse(10.0, -0.3), "duration = -0.3"),
        (lambda m: nj.ConstantField(-0.1), "strength = -0.1"),
        (lambda m: nj.Mesh(cells=2), "cells = 2"),
        (lambda m: nj.plateau(m, -1.0), "zeta = -1.0"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), []), "times"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), [1.0, 0.5]), "times = [1.0, 0.5]"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), [-1.0, 0.5]), "times = [-1.0, 0.5]"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), [1.0], rungs=1), "rungs = 1"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), [1.0], rtol=0.0), "rtol = 0.0"),
        (lambda m: nj.evolve(m, nj.Clamped(1.0), [1.0], field=nj.ConstantField(0.4)), "inelastic_rate = 0"),
        (lambda m: nj.steady_state(m, nj.Clamped(1.0)), "inelastic_rate = 0.0"),
        (lambda m: jax.jit(lambda w: nj.plateau(change(m, phonon_energy=w), 1.0))(0.5), "rungs"),
    ],
)
def test_bad_calls(metal, call, message):
    with pytest.raises(ValueError) as error:
        call(metal)
    assert message in str(error.value)
