"""Ten things a new user wants, each in fifteen lines of public names, and each with the right answer."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import nacjax as nj

pytestmark = pytest.mark.slow
SMALL = {"cells": 16}


def own_metal_and_the_fluence_it_needs(folder):
    scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, temperature="60 K", phonon_energy="330 meV", scales=scales)
    found = nj.threshold_fluence(metal, penetration_depth="100 nm", **SMALL)
    assert 0.1 < found.fluence < 10 and "turns negative" in found.reason


def conductivity_in_ps_after_a_gaussian_with_and_without_the_instability(folder):
    scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", inelastic_rate="0.6 meV/ps", scales=scales)
    pulse = nj.pulse(metal, "8 mJ/cm^2", "300 fs", shape="gaussian", delay="1 ps", penetration_depth="100 nm")
    times = (np.linspace(0.2, 4.0, 20), "ps")
    alone = nj.evolve(metal, pulse, times, **SMALL)
    held = nj.evolve(metal, pulse, times, field=nj.SelfTunedField(), **SMALL)
    shown = nj.in_physical_units(alone.to_xarray(), metal)
    assert shown["time"].attrs["units"] == "ps" and float(shown["time"][-1]) == pytest.approx(4.0)
    assert alone.sigma.min() < -0.2 and held.sigma.min() > -0.01 and held.field.max() > 0


def phase_diagram_with_its_contour(folder):
    axes = {"phonon_energy": np.linspace(0.4, 0.8, 12), "filling": np.linspace(0.2, 0.5, 10)}
    swept = nj.sweep(nj.trial(), nj.Clamped(20.0), axes=axes, plateau=True, progress=False, **SMALL)
    swept.nacjax.plot().get_figure().savefig(folder / "map.png")
    assert (folder / "map.png").stat().st_size > 5000 and bool((swept["sigma"] < 0).any())


def derivative_of_the_lifetime(folder):
    def lifetime(tau):
        metal = nj.trial(phonon_lifetime=tau, inelastic_rate=0.02)
        return nj.events(nj.evolve(metal, nj.Kick(5.0), jnp.linspace(0.05, 6.0, 40), **SMALL)).anomalous

    slope = jax.grad(lifetime)(2.0)
    assert 0 < slope < 5


def own_dos_from_csv(folder):
    energy = np.linspace(-0.3, 0.3, 201)
    table = np.column_stack([energy, 1 - np.abs(energy / 0.3) ** 8])
    np.savetxt(folder / "dos.csv", table, delimiter=",", header="energy (eV),dos")
    dos = nj.read_dos(folder / "dos.csv", columns=("energy", "dos"), unit="eV")
    metal = nj.Metal(dos, 0.5, "20 K", "318 meV", scales=nj.Scales(energy_ev=1.0))
    assert nj.plateau(metal, 20.0, **SMALL).sigma < -0.2


def own_process(folder):
    class Leak(nj.AbstractProcess):
        """Phonons that leave, at one rate."""

        rate: jax.Array = nj.number("Γ", "rate", "not negative")

        def flow(self, now, ladder):
            return nj.Flow(phonons=-self.rate * now.phonons)

        def slopes(self, now, ladder):
            return nj.Slopes(by_phonons=nj.Flow(phonons=jnp.full_like(now.phonons, -self.rate)))

    run = nj.evolve(nj.trial(processes=(Leak(1.0),), coupling_rate=1e-6), nj.Kick(5.0), [1.0], **SMALL)
    assert run.phonons[0] == pytest.approx(5 * np.exp(-1), rel=1e-2)


def fit_of_noisy_data(folder):
    times = np.linspace(0.1, 3.0, 20)
    clean = nj.evolve(nj.trial(), nj.Kick(3.0), times, **SMALL).sigma
    data = clean + 0.01 * np.random.default_rng(0).normal(size=times.size)
    found = nj.fit(
        data, nj.trial(), nj.Kick(2.0), over={"zeta0": (0.5, 9.0)}, times=times, noise=0.01, starts=1, **SMALL
    )
    assert abs(found.best[0, 0] - 3.0) < 4 * found.error[0, 0] < 1.0


def resume_an_interrupted_sweep(folder):
    def stop(progress):
        raise KeyboardInterrupt

    study = {
        "axes": {"filling": np.linspace(0.3, 0.5, 9)},
        "plateau": True,
        "store": folder / "run.zarr",
        "chunk": 3,
    }
    with pytest.raises(KeyboardInterrupt, match="goes on from there"):
        nj.sweep(nj.trial(), nj.Clamped(20.0), **study, callback=stop, **SMALL)
    done = nj.sweep(nj.trial(), nj.Clamped(20.0), **study, **SMALL)
    assert isinstance(done, xr.Dataset) and bool(np.isfinite(done["sigma"]).all())


def dos_exponent_and_temperature_together(folder):
    axes = {("exponent", "temperature"): ([2.0, 4.0, 8.0], [0.03, 0.01, 0.003])}
    swept = nj.sweep(nj.trial(), nj.Clamped(20.0), axes=axes, plateau=True, progress=False, **SMALL)
    assert swept["sigma"].shape == (3,) and float(swept["sigma"][2]) < float(swept["sigma"][0])


def grad_vmap_jit_in_own_code(folder):
    def sigma(temperature, zeta):
        return nj.plateau(nj.trial(temperature=temperature), zeta, **SMALL).sigma

    temperatures = jnp.array([0.003, 0.01, 0.03])
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(sigma), in_axes=(0, None)))(temperatures, 20.0)
    step = sigma(0.0301, 20.0) - sigma(0.0299, 20.0)
    assert values.shape == (3,) and slopes[2] == pytest.approx(float(step) / 2e-4, rel=1e-2)


TASKS = [
    own_metal_and_the_fluence_it_needs, conductivity_in_ps_after_a_gaussian_with_and_without_the_instability,
    phase_diagram_with_its_contour, derivative_of_the_lifetime, own_dos_from_csv, own_process, fit_of_noisy_data,
    resume_an_interrupted_sweep, dos_exponent_and_temperature_together, grad_vmap_jit_in_own_code,
]  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_task(task, tmp_path):
    lines = [line for line in inspect.getsource(task).splitlines()[1:] if line.strip()]
    assert len(lines) <= 15
    task(tmp_path)
