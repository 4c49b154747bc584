"""The balance sheet: energy closes, every process produces entropy, and the two sides of a state agree."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics import entropy

PROCESSES = ("joule", "inelastic", "electron_phonon", "phonon_decay")
TIMES = np.linspace(0.1, 6.0, 30)


@pytest.fixture(scope="module")
def run() -> nj.Run:
    """A pulse with a field below threshold: σE² < 0 for a while."""
    fig3 = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)
    pulse = nj.ExponentialPulse(10.0, 0.3)
    return nj.evolve(fig3, pulse, TIMES, field=nj.ConstantField(1.0), cells=48)


def test_energy_and_particles_close(run):
    budget = run.budget
    assert abs(np.asarray(budget["particles"])).max() < 1e-12
    assert abs(np.asarray(budget["mismatch"])).max() < 1e-12
    assert np.asarray(budget["joule"]).min() < 0  # the field takes energy out


def test_every_process_produces_entropy_while_the_field_gains_energy(run):
    produced = run.entropy
    assert np.asarray(produced["work_over_temperature"]).min() < 0
    for name in (*PROCESSES, "total"):
        assert np.asarray(produced[name]).min() >= -1e-12, name
    np.testing.assert_allclose(produced["total"], sum(produced[name] for name in PROCESSES))


@eqx.filter_jit
def both_sides(kinetics, t, y):
    """(production and inflow, d/dt of S_electrons + S_phonons + heat/T along Eqs. (2)–(3))."""
    rate = kinetics(t, y)

    def stored(y):
        state = kinetics.unpack(y)
        electrons = entropy.electron_entropy(state.f, kinetics.ladder)
        return electrons + entropy.phonon_entropy(state.phonons, kinetics)

    heat = dict(zip(dict(kinetics.ledger), rate[-len(kinetics.ledger) :], strict=True))
    total = jax.jvp(stored, (y,), (rate,))[1] + (heat["bath"] + heat["decay"]) / kinetics.metal.temperature
    found = entropy.entropy_production(kinetics, t, kinetics.unpack(y))
    return found["total"] + found["pump"], total


@pytest.mark.parametrize("clamped", [False, True])
def test_production_is_the_rate_of_entropy(run, clamped):
    kinetics, y = run.kinetics, run.states[6]
    if clamped:
        kinetics = eqx.tree_at(lambda k: k.pump, kinetics, nj.Clamped(run.phonons[6]))
        y = jnp.concatenate([y[: run.ladder.states.size], kinetics.initial_state()[run.ladder.states.size :]])
    found, total = both_sides(kinetics, jnp.asarray(0.7), y)
    np.testing.assert_allclose(found, total, rtol=1e-9)


@pytest.mark.parametrize("dispersion", [None, 0.02])
def test_entropy_closes_with_further_modes(dispersion):
    """Production = d/dt of the entropies of electrons, all phonons and baths, by differences along the run."""
    modes = (nj.Mode(0.217, 0.7, 3.0, nj.Clamped(1.5)), nj.Mode(0.1, 0.5, 2.0, nj.ExponentialPulse(2.0, 0.5)))
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.02, 0.53, inelastic_rate=1e-2, phonon_lifetime=5.0, modes=modes,
                     dispersion=dispersion)  # fmt: skip
    middle, step = 0.7, 1e-3
    times = middle + step * np.arange(-2, 3)
    run = nj.evolve(
        metal, nj.ExponentialPulse(4.0, 0.3), times, cells=16, rtol=1e-9, field=nj.ConstantField(0.5)
    )
    phonons = np.column_stack([run.phonons, run.mode_phonons])
    stored = entropy.electron_entropy(run.occupation, run.ladder) + entropy.phonon_entropy(
        phonons, run.kinetics
    )
    stored = stored + (run.budget["bath"] + run.budget["decay"]) / metal.temperature
    rate = np.array([1, -8, 0, 8, -1]) @ np.asarray(stored) / (12 * step)
    produced = run.entropy
    np.testing.assert_allclose(produced["total"][2] + produced["pump"][2], rate, rtol=1e-6)


def test_equilibrium_produces_nothing(run):
    kinetics = eqx.tree_at(lambda k: k.field, run.kinetics, nj.NoField())
    still = kinetics.unpack(kinetics.initial_state())
    for values in eqx.filter_jit(entropy.entropy_production)(kinetics, jnp.asarray(1e9), still).values():
        np.testing.assert_allclose(values, 0.0, atol=1e-12)


def test_dataset(run, tmp_path):
    """Labelled coordinates with units; configuration and versions; a round trip through NetCDF."""
    import json

    import xarray as xr

    data = run.to_xarray()
    path = tmp_path / "run.nc"
    data.to_netcdf(path, engine="h5netcdf")
    with xr.open_dataset(path, engine="h5netcdf") as back:
        np.testing.assert_allclose(back["sigma"], run.sigma)
        assert back["time"].attrs["units"] == "1/rate" and back["energy"].dims == ("rung", "cell")
        assert json.loads(back.attrs["configuration"])["pump"]["class"] == "ExponentialPulse"
        assert "jax" in json.loads(back.attrs["versions"])
        assert {"entropy_total", "budget_mismatch"} <= set(back.data_vars)
