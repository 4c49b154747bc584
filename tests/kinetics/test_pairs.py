"""Phonon dispersion and further modes: conservation, detailed balance, limits, order, and what they do to σ."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.ladder import Mesh
from nacjax.kinetics.terms.pairs import second_integral
from nacjax.solvers.rosenbrock import ROS34PW2

FIG1 = {"filling": 0.5, "temperature": 0.003, "phonon_energy": 0.53, "inelastic_rate": 1e-3}
OPTIONS = {"cells": 32, "rtol": 1e-3}


def metal(**changes):
    return nj.Metal(nj.FlatTopDOS(), **{**FIG1, **changes})


@pytest.mark.parametrize("shape", ["gaussian", "box"])
def test_distributions_are_normalised_and_as_wide_as_said(shape):
    x = jnp.linspace(-0.3, 0.3, 6001)
    density = jax.jit(jax.vmap(jax.grad(jax.grad(lambda u: second_integral(u, 0.03, shape)))))(x)
    moments = [float(jnp.trapezoid(x**p * density, x)) for p in (0, 1, 2)]
    assert moments == pytest.approx([1.0, 0.0, 0.03**2], rel=3e-3, abs=1e-6)
    assert float(second_integral(jnp.array(5.0), 0.03, shape)) == pytest.approx(5.0)


CASES = {
    "dispersion": {"dispersion": 0.03},
    "box": {"dispersion": nj.Dispersion(0.05, shape="box")},
    "mode": {"modes": (nj.Mode(0.217, 0.7, 3.0),)},
    "all": {"dispersion": 0.03, "modes": (nj.Mode(0.217, 0.7, 3.0, nj.Kick(2.0)), nj.Mode(0.1, 0.5))},
}


@pytest.mark.parametrize("name", CASES)
def test_invariants_of_the_right_hand_side(name):
    kinetics = jax.jit(lambda m: Kinetics.build(m, nj.Kick(0.0), nj.NoField(), Mesh(cells=24), 2))(
        metal(inelastic_rate=0.0, **CASES[name])
    )
    states, energy = kinetics.ladder.states, kinetics.ladder.energy
    omega = jnp.array([m.energy for m in kinetics.metal.modes])

    @jax.jit
    def rates(f, zeta, modes):
        state = kinetics.unpack(kinetics.initial_state())._replace(f=f, zeta=zeta, modes=modes)
        flows, _ = kinetics.flows(0.0, state)
        scattering = [flow for process, flow in flows if process.name == "electron_phonon"]
        moved = sum(scattering, start=nj.Flow())
        return kinetics.change(moved), moved.phonons[0], moved.phonons[1:]

    f = jnp.asarray(np.random.default_rng(3).uniform(size=states.shape))
    slope, emission, others = rates(f, jnp.array(7.0), jnp.full(omega.shape, 2.0))
    scale = float(jnp.sum(states * jnp.abs(slope)))
    assert abs(float(jnp.sum(states * slope))) < 1e-13 * scale
    balance = jnp.sum(states * energy * slope) + 0.53 * emission + jnp.sum(omega * others)
    assert abs(float(balance)) < 1e-12 * scale
    equilibrium = kinetics.unpack(kinetics.initial_state()).f
    still, *phonons = rates(equilibrium, jnp.array(0.0), jnp.zeros(omega.shape))
    # detailed balance; the largest rates in this sum are of order 1e3
    assert float(jnp.max(jnp.abs(still))) < 1e-11 and all(
        float(jnp.max(jnp.abs(p), initial=0.0)) < 1e-12 for p in phonons
    )


def test_a_narrow_branch_and_a_commensurate_mode_stay_on_the_ladder():
    """δω → 0 gives St_el back; a mode of ω_p is the driven mode again."""
    mesh = Mesh(cells=24)

    @jax.jit
    def slopes(f):
        def scatter(m):
            k = Kinetics.build(m, nj.Kick(0.0), nj.NoField(), mesh, 3)
            now = nj.Moment(jnp.zeros(()), f, jnp.full(1 + len(m.modes), 5.0))
            scattering = [p.flow(now, k.ladder) for p in k.processes if p.name == "electron_phonon"]
            return k.change(sum(scattering, start=nj.Flow()))

        exact, narrow = scatter(metal(phonon_energy=0.4)), scatter(metal(phonon_energy=0.4, dispersion=1e-9))
        double = scatter(metal(phonon_energy=0.4, modes=(nj.Mode(0.4),)))
        return exact, narrow, double

    exact, narrow, double = slopes(jnp.asarray(np.random.default_rng(5).uniform(size=(3, 24))))
    scale = float(jnp.max(jnp.abs(exact)))
    np.testing.assert_allclose(narrow, exact, atol=1e-5 * scale)
    np.testing.assert_allclose(double, 2 * exact, atol=1e-10 * scale)


@pytest.fixture(scope="module")
def steady():
    """σ(t = 0.5 and 10) at ζ for a dispersion."""

    def sigma(dispersion, zeta):
        run = nj.evolve(
            metal(dispersion=dispersion, inelastic_rate=0.0), nj.Clamped(zeta), [0.5, 10.0], **OPTIONS
        )
        assert run.ok
        np.testing.assert_allclose(run.budget["mismatch"], 0, atol=1e-11)
        np.testing.assert_allclose(run.budget["particles"], 0, atol=1e-13)
        assert float(run.occupation.min()) > -1e-9 and float(run.occupation.max()) < 1 + 1e-9
        return np.asarray(run.sigma)

    return sigma


def test_dispersion_undoes_the_inversion(steady):
    """Fig. 1e: smoothed when δω/ω_p reaches about 1/ζ = 0.05."""
    widths = [1e-4, 0.005, 0.05]
    sigma = np.array([steady(w, 20.0) for w in widths])
    print(f"ζ = 20, t = 0.5 and 10: σ at δω/ω_p = {dict(zip(widths, sigma.round(3).tolist(), strict=True))}")
    assert np.all(np.diff(sigma, axis=0) > 0)
    plateau = float(nj.plateau(metal(), 20.0, cells=32).sigma)
    assert sigma[0, 0] == pytest.approx(plateau, abs=5e-3)
    assert sigma[1, 1] < -0.1 and sigma[2, 1] > -0.03


@pytest.mark.slow
def test_weaker_pumping_bears_more_dispersion(steady):
    """Half of the inversion at t = 10 is lost at a δω that falls as ζ grows."""
    widths = np.array([0.003, 0.01, 0.03])
    half = []
    for zeta in (5.0, 20.0):
        sigma = np.array([steady(w, zeta)[1] for w in widths])
        half.append(np.interp(0.5 * float(nj.plateau(metal(), zeta, cells=32).sigma), sigma, widths))
    print(f"half of the inversion is lost at δω/ω_p = {np.round(half, 4)} for ζ = 5, 20")
    assert 1.3 < half[0] / half[1] < 6


@pytest.mark.slow
def test_a_second_mode_shortens_the_plateau():
    times = [0.3, 0.6, 1.0, 2.0, 4.0]
    alone = nj.evolve(metal(phonon_lifetime=5.0), nj.Kick(20.0), times, **OPTIONS)
    both = nj.evolve(
        metal(phonon_lifetime=5.0, modes=(nj.Mode(0.217, 1.0, 5.0),)), nj.Kick(20.0), times, **OPTIONS
    )
    print(f"σ alone {alone.sigma}, with a mode of 0.217 W {both.sigma}, ζ_m {both.mode_phonons[:, 0]}")
    assert np.all(np.asarray(alone.sigma) < -0.25)
    assert float(both.sigma[-1]) > 0 and float(both.sigma[0]) < -0.1
    assert np.all(np.diff(both.mode_phonons[:, 0]) > 0)  # it is heated by the electrons
    np.testing.assert_allclose(both.budget["mismatch"], 0, atol=1e-11)
    np.testing.assert_allclose(both.budget["particles"], 0, atol=1e-13)
    assert np.all(np.asarray(both.entropy["electron_phonon"]) > 0)


@pytest.mark.slow
def test_incommensurate_transfer_converges():
    """The order of accuracy of a mode off the ladder, in the cells."""
    with_mode = metal(phonon_lifetime=5.0, modes=(nj.Mode(0.217, 1.0, 5.0),))
    sigma = {
        cells: float(nj.evolve(with_mode, nj.Kick(20.0), [0.5], cells=cells, rtol=1e-4).sigma[0])
        for cells in (16, 32, 96)
    }
    errors = [abs(sigma[c] - sigma[96]) for c in (16, 32)]
    order = -np.polyfit(np.log([16, 32]), np.log(errors), 1)[0]
    print(f"incommensurate mode: errors {errors} at 16, 32 cells, order {order:.2f}")
    assert order > 0.9 and errors[-1] < 0.02


@pytest.mark.slow
def test_order_of_the_w_method():
    """Third order with the Jacobian of the ladder in place of the true one."""
    system = metal(dispersion=0.03)

    @jax.jit
    def at(dt):
        import diffrax as dfx

        k = Kinetics.build(system, nj.Clamped(3.0), nj.NoField(), Mesh(cells=16), 2)
        solution = dfx.diffeqsolve(
            dfx.ODETerm(lambda t, y, args: args(t, y)), nj.Rosenbrock(ROS34PW2), 0.0, 0.5, dt, k.initial_state(), k,
            stepsize_controller=dfx.ConstantStepSize(), saveat=dfx.SaveAt(t1=True),
        )  # fmt: skip
        return solution.ys[0]

    steps = np.array([20, 40, 80])
    exact = at(0.5 / 1280)
    errors = [float(jnp.max(jnp.abs(at(0.5 / n) - exact))) for n in steps]
    order = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    print(f"W-method: errors {errors}, order {order:.2f}")
    assert order > 2.6


@pytest.mark.slow
def test_gradient_in_the_dispersion():
    def sigma(width):
        return nj.evolve(metal(dispersion=width), nj.Clamped(5.0), [0.3], cells=16, rtol=1e-7, rungs=2).sigma[
            0
        ]

    slope = jax.jit(lambda w: jax.jvp(sigma, (w,), (1.0,))[1])(0.05)
    compiled = jax.jit(sigma)
    numeric = (compiled(0.0505) - compiled(0.0495)) / 1e-3
    assert float(slope) == pytest.approx(float(numeric), rel=1e-3)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: metal(dispersion=0.5), "dispersion = 0.5"),
        (lambda: metal(dispersion=0.0), "dispersion = 0.0 .* give None"),
        (lambda: nj.Dispersion(0.05, shape="box car"), "shape = 'box car'"),
        (lambda: metal(modes=(0.2,)), r"modes: 0\.2 is not allowed"),
        (lambda: nj.Mode(-0.1), "energy = -0.1"),
        (lambda: nj.Mode(0.1, lifetime=0.0), "lifetime = 0.0"),
        (lambda: nj.Mode(0.1, pump=3.0), "pump = 3.0"),
        (lambda: nj.plateau(metal(dispersion=0.01), 5.0), r"not allowed in plateau.* use nacjax\.evolve"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
