"""`accuracy=`: errors against exact and independent values, what is said of them, derivatives, bad input."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.ladder import build_ladder
from nacjax.solvers.accuracy import fineness

PLATEAU = -0.37394474
"""σ/σ_0 of the plateau of the trial metal at ζ = 20, exact."""


def change(metal, **numbers):
    return dataclasses.replace(metal, **{name: jnp.asarray(x) for name, x in numbers.items()})


@pytest.mark.parametrize("accuracy", [1e-2, 1e-3, 1e-4, 1e-5])
def test_plateau_keeps_what_it_promises(metal, accuracy):
    state = nj.plateau(metal, 20.0, accuracy=accuracy)
    error = abs(float(state.sigma) - PLATEAU)
    print(f"accuracy {accuracy:g}: error {error:.1e}, said {float(state.sigma_error):.1e}")
    assert error < max(float(state.sigma_error), 1e-8) <= accuracy and state.sure


@pytest.fixture(scope="module")
def default(metal):
    return nj.evolve(metal, nj.Clamped(20.0), [0.01, 0.1, 1.0, 10.0])


def test_a_run_keeps_what_it_promises(metal, default):
    """Two rungs, no inelastic scattering: long after the pump it is on the plateau."""
    error = abs(float(default.sigma[-1]) - PLATEAU)
    assert error < float(default.sigma_error[-1]) < 1e-3
    assert "±" in str(default) and default.to_xarray()["sigma_error"].shape == (4,)
    plain = nj.evolve(metal, nj.Clamped(20.0), [1.0], cells=16)
    assert np.isnan(plain.sigma_error).all() and "±" not in str(plain)


def test_fig_2a_is_known_at_once(metal, default):
    """Large phonons at low T: the meshes are far apart, σ is not off by that, and no finer ones are needed."""
    far = change(metal, phonon_energy=0.9, inelastic_rate=1e-3)
    run = nj.evolve(far, nj.Clamped(20.0), default.times)
    other = nj.Mesh(320, edge_weight=0.15, edge_width=5e-5, fermi_weight=0.2, on_edges=True)
    right = nj.evolve(far, nj.Clamped(20.0), default.times, mesh=other, rtol=1e-7, budget=False).sigma
    error = np.abs(run.sigma - right)
    print("error", error, "said", run.sigma_error)
    assert run.ladder.cells == default.ladder.cells and run.sure
    assert np.all(error < run.sigma_error)


def test_the_coarser_mesh_is_every_second_face(metal):
    """Band edges lie on faces of both."""
    low = change(metal, phonon_energy=0.37)
    for mesh in (nj.Mesh(32), nj.Mesh(32, on_edges=True), nj.Mesh.uniform(32)):
        fine = build_ladder(low, mesh, 3)
        coarse = fine.halved()
        np.testing.assert_allclose(np.cumsum(coarse.width[0]), np.cumsum(fine.width[0])[1::2], rtol=1e-14)
        centres = np.cumsum(coarse.width[0]) - coarse.width[0] / 2
        np.testing.assert_allclose(coarse.energy[0], low.dos.bottom + centres, atol=1e-15)
        assert coarse.states.sum() == pytest.approx(float(fine.states.sum()), rel=1e-14)
        at = np.cumsum(np.tile(coarse.width[0], 3))[:-1] + float(low.dos.bottom)
        inside = np.asarray(coarse.transport) > 0
        ratio = low.transport_ratio(jnp.asarray(at[inside]), fine.fermi_energy)
        np.testing.assert_allclose(coarse.transport[inside], ratio, rtol=1e-9)
        if mesh.on_edges:
            assert np.abs(np.cumsum(coarse.width[0]) - (1.0 - 2 * 0.37)).min() < 1e-12


def test_a_sweep_has_errors_and_repeats_what_is_unsure(metal):
    given = nj.Clamped(20.0), {"phonon_energy": [0.53, 0.6], "temperature": [1e-4, 3e-3]}
    swept = nj.sweep(metal, given[0], axes=given[1], plateau=True, progress=False, accuracy=1e-4)
    assert swept["sigma_error"].dims == swept["sigma"].dims and float(swept["sigma_error"].max()) <= 1e-4
    exact = nj.sweep(metal, given[0], axes=given[1], plateau=True, progress=False, accuracy=1e-6)
    assert np.all(np.abs(swept["sigma"] - exact["sigma"]) <= swept["sigma_error"])
    plain = nj.sweep(metal, given[0], axes=given[1], plateau=True, progress=False, cells=16)
    assert "sigma_error" not in plain


def test_more_rungs_take_fewer_cells(metal):
    fine = fineness(1e-3, None, None)
    assert [fine.for_metal(metal, count).mesh.cells for count in (1, 2, 3, 6, 12)] == [80, 80, 64, 32, 24]
    many = change(metal, phonon_energy=1 / 12)
    assert fine.for_metal(many).finer.mesh.cells == 48
    assert jax.jit(lambda w: fine.for_metal(change(metal, phonon_energy=w)).mesh.cells)(1 / 12) == 80
    assert fineness(None, 80, None).for_metal(many).mesh.cells == 80
    assert fine.for_metal(dataclasses.replace(many, dos=nj.SemiEllipticDOS())).mesh.cells == 80


def test_many_rungs_keep_what_they_promise(metal):
    """Twelve rungs in a field, on the cells that their own number takes, whatever the ladder has."""
    pump, field = nj.Clamped(3.0), nj.ConstantField(0.3)
    many = change(metal, phonon_energy=1 / 11.5, inelastic_rate=0.01, temperature=3e-3)
    run = nj.evolve(many, pump, [0.3, 3.0], field=field)
    right = nj.evolve(many, pump, [0.3, 3.0], field=field, cells=240, rtol=1e-7, budget=False)
    assert run.ladder.cells == 24
    assert np.all(np.abs(run.sigma - right.sigma) < run.sigma_error) and run.sure
    few = nj.evolve(metal, pump, [1.0], rungs=4)
    assert few.ladder.rungs == 4 and few.ladder.cells == 80


def test_it_composes_with_transformations(metal):
    def sigma(w):
        return nj.plateau(change(metal, phonon_energy=w), 20.0, rungs=2, accuracy=1e-2).sigma

    points = jnp.array([0.52, 0.6])
    loop = [float(jax.grad(sigma)(w)) for w in points]
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(sigma)))(points), loop, rtol=1e-10)
    assert jax.jit(sigma)(0.6) == pytest.approx(float(sigma(0.6)), rel=1e-12)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"accuracy": 0.5}, "accuracy = 0.5 is not allowed: it must be a number from 1e-06 to 0.1"),
        ({"accuracy": 1e-9}, "accuracy = 1e-09 is not allowed"),
        ({"accuracy": "fine"}, "accuracy = 'fine' is not allowed"),
        ({"accuracy": 1e-3, "cells": 32}, "together with cells"),
        ({"accuracy": 1e-3, "mesh": nj.Mesh(32)}, "together with mesh"),
    ],
)
def test_refuses(metal, options, says):
    for call in (
        lambda: nj.plateau(metal, 20.0, **options),
        lambda: nj.evolve(metal, nj.Clamped(20.0), [1.0], **options),
        lambda: nj.steady_state(change(metal, inelastic_rate=0.01), nj.Clamped(20.0), **options),
        lambda: nj.sweep(metal, nj.Clamped(20.0), axes={"zeta": [1.0]}, plateau=True, **options),
        lambda: nj.search(metal, nj.Clamped(20.0), over={"filling": (0.3, 0.5)}, plateau=True, **options),
    ):
        with pytest.raises(ValueError, match=says):
            call()


def test_what_cannot_be_reached_is_said(metal):
    """A band of many levels on few cells: three meshes are tried, then the error is named."""
    energies, density = np.linspace(-0.5, 0.5, 41), np.tile([0.1, 1.0], 21)[:41]
    rough = dataclasses.replace(metal, dos=nj.TabulatedDOS(energies, density))
    with pytest.warns(RuntimeWarning, match="is known to .* only, not to accuracy = 1e-06"):
        state = nj.plateau(rough, 20.0, accuracy=1e-6)
    assert not state.sure and state.ok


def steady(w, temperature, filling, zeta, rate, rungs):
    metal = nj.Metal(nj.FlatTopDOS(), filling, temperature, w, inelastic_rate=rate)
    return nj.steady_state(metal, nj.Clamped(zeta), rungs=rungs).sigma


STEADY = {
    "0.55": ((0.55, 0.03), (0.5, 20.0, 0.05, 2), (1.2235, None)),
    "0.53": ((0.53, 0.003), (0.5, 20.0, 0.01, 2), (0.534, 2.474)),
    "above 1/3": ((1 / 3 + 0.005, 0.01), (1 / 3, 10.0, 0.02, 3), (0.739, None)),
    "below 1/3": ((1 / 3 - 0.005, 0.01), (1 / 3, 10.0, 0.02, 4), (3.153, None)),
}
"""dσ/dω_p and dσ/dT of steady states: independent marches and spectral elements, good to 1e-3."""


@pytest.mark.slow
@pytest.mark.parametrize("name", STEADY)
def test_derivatives_of_steady_states(name):
    point, rest, right = STEADY[name]
    found = jax.jacfwd(lambda x: steady(*x, *rest))(jnp.array(point))
    print(name, found, right)
    for slope, known in zip(found, right, strict=True):
        if known is not None:
            assert abs(slope - known) < 0.01 * max(1, abs(known))


def pulsed(temperature, w, filling):
    return nj.Metal(nj.FlatTopDOS(), filling, temperature, w, inelastic_rate=0.01, phonon_lifetime=5.0)


@pytest.mark.slow
def test_derivatives_after_a_pulse():
    """dσ/dT at T = 0.003 in a field, from spectral elements; dE*/dT along the pulse, from the same."""
    times, field = [0.5, 2.0, 5.0, 10.0], nj.ConstantField(0.4)
    pulse = nj.ExponentialPulse(10.0, 0.3)

    def sigma(temperature):
        return nj.evolve(pulsed(temperature, 2 / 3, 1 / 3), pulse, times, field=field, rungs=2).sigma

    found, right = jax.jacfwd(sigma)(0.003), np.array([1.581, 1.840, 1.479, 0.520])
    print("dσ/dT", found, right)
    assert np.all(np.abs(found - right) < 0.02 * np.maximum(1, right))

    for w, filling, known in ((2 / 3, 1 / 3, -1.3467), (0.505, 0.5, -7.599)):
        slope = jax.grad(
            lambda t, w=w, filling=filling: nj.threshold_field(pulsed(t, w, filling), pulse, [2.0], rungs=2)[
                0
            ]
        )(0.003)
        print("dE*/dT", slope, known)
        assert abs(slope - known) < 0.02 * abs(known)


@pytest.mark.slow
def test_times_between_step_ends_are_as_accurate(metal):
    """σ at 200 times of a pulse, few of which are ends of steps, against two finer meshes, extrapolated."""
    cold = change(metal, filling=1 / 3, phonon_energy=2 / 3, temperature=0.003, phonon_lifetime=5.0)
    times, pulse = np.linspace(0.1, 20.0, 200), nj.ExponentialPulse(10.0, 0.3)
    others = [
        nj.Mesh(n, edge_weight=0.15, edge_width=5e-5, fermi_weight=0.2, on_edges=True) for n in (320, 160)
    ]
    fine, rough = (nj.evolve(cold, pulse, times, mesh=x, rtol=1e-7, budget=False).sigma for x in others)
    run = nj.evolve(cold, pulse, times, budget=False)
    error = np.abs(run.sigma - (fine + (fine - rough) / 3))
    print(f"{int(run.stats['num_steps'])} steps, largest error {error.max():.1e}")
    assert error.max() < 1e-3 and np.all(error <= run.sigma_error)
