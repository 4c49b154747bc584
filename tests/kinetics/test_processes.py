"""Processes: what a user adds shows in rates, slopes, energy sheet, entropy, steady states and derivatives."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.jacobian import dense_jacobian, jacobian
from nacjax.kinetics.terms.electron_electron import equilibrium


def metal(**changes):
    given = {"filling": 0.5, "temperature": 0.003, "phonon_energy": 0.53, "inelastic_rate": 1e-3}
    return nj.Metal(nj.FlatTopDOS(), **{**given, **changes})


class Relaxation(nj.AbstractProcess):
    """f relaxes towards a Fermi function of a reservoir at T and μ, faster at the band edges: a user's own process."""

    rate: jax.Array

    def _pull(self, ladder, now):
        target = jax.nn.sigmoid((ladder.chemical_potential - ladder.energy) / 0.05)
        return self.rate * (1 + ladder.energy**2) * ladder.states, target - now.f

    def flow(self, now, ladder):
        strength, distance = self._pull(ladder, now)
        return nj.Flow(cells=strength * distance)

    def slopes(self, now, ladder):
        return nj.Slopes(cells=-self._pull(ladder, now)[0])


class Unstructured(Relaxation):
    """The same, without slopes: a W-method and a dense steady state serve it."""

    structured = False


# Electron–electron relaxation: uniform 200 cells, independent code; σ/σ_0 at t = 1, 3, 10
TABLE = {
    0.03: (-0.3558, -0.3229, -0.2312),
    0.1: (-0.3306, -0.2590, -0.1052),
    0.3: (-0.2676, -0.1344, +0.0069),
    1.0: (-0.1237, +0.0019, +0.0228),
}


@pytest.fixture(scope="module")
def scattered():
    """Runs with electron–electron relaxation at default settings, by its rate."""

    def run(rate):
        process = nj.ElectronElectron(rate)
        return nj.evolve(metal(processes=(process,)), nj.Clamped(20.0), [1.0, 3.0, 10.0])

    return {rate: run(rate) for rate in TABLE}


def test_electron_electron_scattering_undoes_the_inversion(scattered):
    found = {rate: np.asarray(run.sigma) for rate, run in scattered.items()}
    print({rate: (sigma - TABLE[rate]).round(5).tolist() for rate, sigma in found.items()})
    for rate, sigma in found.items():
        np.testing.assert_allclose(sigma, TABLE[rate], atol=2e-3)


def test_it_keeps_particles_and_energy_and_makes_entropy(scattered):
    for run in scattered.values():
        for entry in ("particles", "electron_electron", "mismatch"):
            np.testing.assert_allclose(run.budget[entry], 0, atol=1e-12)
        assert np.all(np.asarray(run.entropy["electron_electron"]) > 0)


@pytest.mark.parametrize("beta", [300.0, 3.0, 0.0, -3.0, -300.0])
def test_every_fermi_function_is_a_fixed_point(beta):
    """β passes through zero to negative β."""

    @jax.jit
    def off(beta):
        kinetics = Kinetics.build(metal(), nj.Clamped(1.0), nj.NoField(), nj.Mesh(cells=32), 2)
        f = jax.nn.sigmoid(0.4 - beta * kinetics.ladder.energy)
        return equilibrium(f, kinetics.ladder)[0] - f

    assert float(jnp.max(jnp.abs(off(beta)))) < 1e-12


def test_equilibrium_of_any_occupation_keeps_its_moments():
    @jax.jit
    def moments(seed):
        kinetics = Kinetics.build(metal(), nj.Clamped(1.0), nj.NoField(), nj.Mesh(cells=32), 2)
        states, energy = kinetics.ladder.states, kinetics.ladder.energy
        key = jax.random.key(seed)
        f = jax.random.beta(key, 0.3, 0.3, states.shape)
        missing = states * (equilibrium(f, kinetics.ladder)[0] - f)
        return jnp.sum(missing), jnp.sum(missing * energy)

    for seed in range(20):
        np.testing.assert_allclose(moments(seed), 0.0, atol=1e-14)


PROCESSES = {"electron_electron": nj.ElectronElectron(0.3), "relaxation": Relaxation(jnp.asarray(0.2))}


@pytest.mark.parametrize("name", PROCESSES)
def test_slopes_belong_to_rates(name):
    nj.check_process(PROCESSES[name], metal())


@pytest.mark.parametrize("process", [*PROCESSES.values(), Unstructured(jnp.asarray(0.2))])
def test_jacobian_equals_autodiff(process):
    kinetics = jax.jit(
        lambda m: Kinetics.build(m, nj.Kick(3.0), nj.ConstantField(0.5), nj.Mesh(cells=6), 2, ledger=True)
    )(metal(processes=(process,)))
    y = kinetics.initial_state()
    y = y.at[:12].set(np.random.default_rng(3).uniform(size=12))
    exact = jax.jit(lambda y: jax.jacfwd(lambda y: kinetics(0.3, y))(y))(y)
    matrix = jacobian(kinetics, 0.3, y).dense() if process.structured else dense_jacobian(kinetics, 0.3, y)
    np.testing.assert_allclose(matrix, exact, atol=1e-12 * np.abs(exact).max())


def test_an_own_process_stands_in_the_sheet():
    run = nj.evolve(metal(processes=(PROCESSES["relaxation"],)), nj.Clamped(20.0), [1.0, 5.0], cells=32)
    assert np.all(np.abs(np.asarray(run.budget["relaxation"])) > 1e-4)
    np.testing.assert_allclose(run.budget["mismatch"], 0, atol=1e-12)
    assert "relaxation" in run.entropy and "budget_relaxation" in run.to_xarray()


def test_without_slopes_the_answers_are_the_same():
    """A W-method instead of the exact Jacobian in time; a dense instead of the structured solve at t → ∞."""
    sigma = []
    for process in (PROCESSES["relaxation"], Unstructured(jnp.asarray(0.2))):
        system = metal(inelastic_rate=1e-2, processes=(process,))
        run = nj.evolve(system, nj.Clamped(5.0), [1.0], cells=16, rtol=1e-6)
        assert run.ok
        sigma.append(float(run.sigma[0]))
    assert sigma[0] == pytest.approx(sigma[1], abs=2e-5)


@pytest.mark.slow
def test_steady_state_with_electron_electron_scattering():
    """The end of a long run; its derivative in the rate is that of differences."""

    def steady(rate):
        system = metal(temperature=0.02, inelastic_rate=1e-2, processes=(nj.ElectronElectron(rate),))
        return nj.steady_state(system, nj.Clamped(20.0), cells=32, rungs=2).sigma

    value, slope = jax.jit(jax.value_and_grad(steady))(0.1)
    numeric = (jax.jit(steady)(0.1001) - jax.jit(steady)(0.0999)) / 2e-4
    system = metal(temperature=0.02, inelastic_rate=1e-2, processes=(nj.ElectronElectron(0.1),))
    run = nj.evolve(system, nj.Clamped(20.0), [3000.0], mesh=nj.Mesh.uniform(32), rtol=1e-5)
    assert float(value) == pytest.approx(float(run.sigma[0]), abs=1e-5)
    assert float(slope) == pytest.approx(float(numeric), rel=1e-4)


@pytest.mark.slow
def test_derivatives_agree():
    """jvp = vjp = differences, in the rate of a process."""

    def sigma(rate):
        system = metal(processes=(nj.ElectronElectron(rate),))
        return nj.evolve(system, nj.Clamped(20.0), [1.0], cells=16, rtol=1e-7, rungs=2, budget=False).sigma[0]

    forward = jax.jit(lambda r: jax.jvp(sigma, (r,), (1.0,))[1])(0.1)
    backward = jax.jit(jax.grad(sigma))(0.1)
    compiled = jax.jit(sigma)
    numeric = (compiled(0.101) - compiled(0.099)) / 2e-3
    assert float(forward) == pytest.approx(float(backward), rel=1e-9)
    assert float(forward) == pytest.approx(float(numeric), rel=1e-3)


class WrongSlope(Relaxation):
    def slopes(self, now, ladder):
        return nj.Slopes(cells=-1.5 * self._pull(ladder, now)[0])


class WrongShape(Relaxation):
    def flow(self, now, ladder):
        return nj.Flow(cells=jnp.zeros(3))


@pytest.mark.parametrize(
    "process, message",
    [
        (WrongSlope(jnp.asarray(0.2)), r"slopes of wrong_slope by f .* off by 0\.1"),
        (WrongShape(jnp.asarray(0.2)), r"flow: cells of shape \(3,\) is not allowed: it must be \(2, 8\)"),
        (0.3, "process = 0.3 is not allowed"),
    ],
)
def test_bad_processes_are_found(process, message):
    with pytest.raises(ValueError, match=message):
        nj.check_process(process, metal())


def test_refusals():
    with pytest.raises(ValueError, match=r"rate = -1\.0 is not allowed"):
        nj.ElectronElectron(-1.0)
    with pytest.raises(ValueError, match="not allowed in plateau"):
        nj.plateau(metal(processes=(nj.ElectronElectron(0.1),)), 20.0)


def test_the_process_of_the_notebook(capsys):
    """The cell of the notebook that defines, runs, sweeps and shows a user's own process: at most 40 lines."""
    notebook = json.loads((Path(__file__).parents[2] / "notebooks" / "09_own_process.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (own,) = [source for source in cells if "class Reservoir" in source]
    assert len(own.splitlines()) <= 40
    found = {"nj": nj, "jax": jax, "np": np}
    exec(own, found)
    run, swept = found["run"], found["swept"]
    np.testing.assert_allclose(run.budget["mismatch"], 0, atol=1e-12)
    assert np.all(np.asarray(run.entropy["reservoir"]) > 0)
    assert np.all(np.diff(swept["sigma"].values) > 0)  # it undoes the inversion
    assert float(run.sigma[-1]) == pytest.approx(float(swept["sigma"].sel(rate=0.1)), abs=1e-3)
    assert "Γ_r" in capsys.readouterr().out
