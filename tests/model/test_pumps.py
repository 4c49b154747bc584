"""Pumps: total input, jumps that the integrator meets, derivatives by jvp and vjp, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.model.checks import as_arrays
from nacjax.model.names import System, changed, quantities
from nacjax.solvers.threshold_of import threshold_of

PULSES = {
    "exponential": lambda zeta0, duration, delay: nj.ExponentialPulse(zeta0, duration, delay),
    "gaussian": lambda zeta0, duration, delay: nj.GaussianPulse(zeta0, duration, delay),
    "square": lambda zeta0, duration, delay: nj.SquarePulse(zeta0, duration, delay),
    "train": lambda zeta0, duration, delay: nj.PulseTrain([
        nj.SquarePulse(0.3 * zeta0, duration, delay), nj.ExponentialPulse(0.7 * zeta0, duration, 2 * delay)
    ]),
    "sampled": lambda zeta0, duration, delay: nj.SampledPulse(
        duration * jnp.array([0.0, 1.0, 2.0]), jnp.array([3.0, 1.0, 2.0]), zeta0, delay
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def uncoupled(metal):
    """A metal whose phonons see nothing but the pump and their own decay."""
    return nj.Metal(metal.dos, 0.5, 0.003, 0.53, coupling_rate=0.0, phonon_lifetime=2.0)


def phonons(metal, pump, times):
    return nj.evolve(metal, pump, times, cells=4, rtol=1e-6, budget=False).phonons


@pytest.mark.parametrize("name", PULSES)
def test_total_input_is_zeta0(name, metal):
    """All ζ_0 phonons arrive, also from a short pulse long after the start of the clock."""
    free = nj.Metal(metal.dos, 0.5, 0.003, 0.53, coupling_rate=0.0)
    final = phonons(free, PULSES[name](7.0, 0.1, 50.0), [200.0])
    np.testing.assert_allclose(final, 7.0, rtol=1e-4)


def test_square_pulse_with_decay_is_exact(uncoupled):
    times, zeta0, duration, delay, lifetime = np.linspace(0.1, 4, 14), 3.0, 0.7, 0.45, 2.0
    rate = zeta0 / duration * lifetime
    inside = rate * (1 - np.exp(-(times - delay) / lifetime))
    after = rate * (np.exp(duration / lifetime) - 1) * np.exp(-(times - delay) / lifetime)
    exact = np.where(times < delay, 0, np.where(times < delay + duration, inside, after))
    measured = phonons(uncoupled, nj.SquarePulse(zeta0, duration, delay), times)
    np.testing.assert_allclose(measured, exact, atol=2e-5)


@pytest.mark.parametrize("name", [*PULSES, "kick", "clamped"])
@pytest.mark.parametrize("duration, delay, time", [(0.3, 0.8, 4.0), (0.02, 0.1, 60.0), (0.3, 0.8, 0.5)])
def test_free_phonons_are_those_of_a_run_without_coupling(name, duration, delay, time, uncoupled):
    make = {
        "kick": lambda zeta0, *_: nj.Kick(zeta0),
        "clamped": lambda zeta0, *_: nj.Clamped(zeta0),
        **PULSES,
    }
    pump = make[name](7.0, duration, delay)
    exact = 7.0 if name == "clamped" else phonons(uncoupled, pump, [time])[0]
    assert float(pump.free_phonons(time, 2.0)) == pytest.approx(float(exact), rel=1e-3, abs=1e-5)


def test_derivatives_of_free_phonons():
    """In closed form for an exponential pulse; also for phonons that live for ever."""

    def exact(p, time=3.0):
        zeta0, duration, delay, decay = p
        ratio = jnp.exp(-(time - delay) * decay) - jnp.exp(-(time - delay) / duration)
        return zeta0 * ratio / (1 - decay * duration)

    def value(p):
        return nj.ExponentialPulse(*p[:3]).free_phonons(3.0, 1 / p[3])

    for decay in (0.4, 0.0):
        point = jnp.array([5.0, 0.3, 0.7, decay])
        np.testing.assert_allclose(value(point), exact(point), rtol=1e-4)
    point = point.at[3].set(0.4)
    np.testing.assert_allclose(jax.grad(value)(point), jax.grad(exact)(point), rtol=2e-3, atol=2e-3)


@pytest.mark.slow
def test_derivatives_in_amplitude_duration_and_delay(uncoupled):
    """vjp and jvp through the jumps agree with finite differences of ζ(t), for all pulses at once."""
    times, weights = jnp.array([0.6, 0.9, 3.0]), jnp.array([1.0, -2.0, 3.0])
    makers = [make for name, make in PULSES.items() if name != "train"]
    point = jnp.array([[3.0, 0.35, 0.4], [2.0, 0.3, 0.5], [1.0, 0.45, 0.3], [2.0, 0.25, 0.35]])

    @jax.jit
    def value(p):
        train = nj.PulseTrain([make(*row) for make, row in zip(makers, p, strict=True)])
        options = {"cells": 4, "rtol": 1e-8, "rungs": 2, "budget": False, "solver": nj.Rosenbrock()}
        return weights @ nj.evolve(uncoupled, train, times, **options).phonons

    step = 1e-4
    gradient = jax.jit(jax.grad(value))(point)
    shifts = step * jnp.eye(point.size).reshape(-1, *point.shape)
    differences = [(value(point + d) - value(point - d)) / (2 * step) for d in shifts]
    np.testing.assert_allclose(gradient.ravel(), jnp.stack(differences), rtol=2e-4, atol=2e-4)
    tangent = jax.jit(lambda p: jax.jvp(value, (p,), (jnp.ones_like(p),))[1])(point)
    np.testing.assert_allclose(tangent, gradient.sum(), rtol=1e-8)


def test_repeated_pulse(uncoupled):
    train = nj.PulseTrain.repeat(nj.GaussianPulse(2.0, 0.05), [0.3, 1.3])
    once = nj.GaussianPulse(2.0, 0.05, 0.3)
    a, b = phonons(uncoupled, train, [0.5, 1.5]), phonons(uncoupled, once, [0.5, 1.5])
    np.testing.assert_allclose(a, [b[0], b[0] + b[1]], rtol=1e-4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nj.ExponentialPulse(10.0, -0.3),
        lambda: nj.ExponentialPulse(-10.0, 0.3),
        lambda: nj.GaussianPulse(10.0, 0.0),
        lambda: nj.GaussianPulse(10.0, 0.3, -1.0),
        lambda: nj.SquarePulse(10.0, np.nan),
        lambda: nj.SquarePulse(10.0, np.inf),
        lambda: nj.SampledPulse([0.0, 2.0, 1.0], [1.0, 1.0, 1.0]),
        lambda: nj.SampledPulse([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
        lambda: nj.SampledPulse([-1.0, 1.0], [1.0, 1.0]),
        lambda: nj.SampledPulse([0.0, 1.0], [1.0, np.nan]),
        lambda: nj.SampledPulse([0.0, 1.0], [1.0, -1.0]),
        lambda: nj.SampledPulse([0.0, 1.0], [0.0, 0.0]),
        lambda: nj.SampledPulse([0.0, 1.0, 2.0], [1.0, 1.0]),
        lambda: nj.PulseTrain([]),
        lambda: nj.PulseTrain([nj.Clamped(1.0)]),
    ],
)
def test_bad_pulses(make):
    with pytest.raises(ValueError, match="not allowed"):
        make()


@pytest.mark.parametrize("times", [[2.0, 1.0], [-1.0, 1.0], [0.0, np.nan], []])
def test_bad_times(metal, times):
    with pytest.raises(ValueError, match="not allowed"):
        nj.evolve(metal, nj.SquarePulse(1.0, 1.0), times)


@pytest.mark.parametrize("name", PULSES)
def test_the_strength_scales_the_whole_pump(name):
    pump, times = PULSES[name](7.0, 0.3, 0.4), jnp.linspace(0.0, 3.0, 31)
    assert float(pump.strength) == pytest.approx(7.0, rel=1e-12)
    double = pump.with_strength(14.0)
    np.testing.assert_allclose(jax.vmap(double.source)(times), 2 * jax.vmap(pump.source)(times), rtol=1e-12)
    assert type(double) is type(pump) and float(double.strength) == pytest.approx(14.0)
    assert float(jax.grad(lambda x: pump.with_strength(x).source(0.6))(7.0)) == pytest.approx(
        float(pump.source(0.6)) / 7, rel=1e-10
    )


def test_strength_of_what_holds_no_pulse():
    assert float(nj.Clamped(3.0).with_strength(5.0).zeta) == 5.0 and float(nj.Kick(3.0).strength) == 3.0
    with pytest.raises(ValueError, match="strength of the pulses = 0"):
        nj.PulseTrain([nj.SquarePulse(0.0, 1.0)]).with_strength(1.0)

    class Lamp(nj.AbstractPump):
        clamped = False

        def source(self, t):
            return jnp.ones(())

    with pytest.raises(ValueError, match="pump = Lamp is not allowed here: no number scales it"):
        Lamp().with_strength(2.0)


def test_a_sampled_pulse_is_scaled_delayed_and_stretched_by_name(metal):
    times, intensity = [0.0, 0.4, 1.0], [3.0, 1.0, 2.0]
    whole = as_arrays(System(metal, nj.SampledPulse(times, intensity), nj.NoField()))
    assert set(quantities(whole.pump, "pump")) == {"pump.zeta0", "pump.delay", "pump.stretch"}
    assert float(whole.pump.zeta0) == pytest.approx(0.5 * (4 * 0.4 + 3 * 0.6))
    new = changed(whole, {"pump.zeta0": 5.0, "pump.delay": 0.3, "pump.stretch": 2.0}).pump
    asked = nj.SampledPulse([0.0, 0.8, 2.0], intensity, 5.0, 0.3)
    t = jnp.linspace(0.0, 3.0, 31)
    np.testing.assert_allclose(jax.vmap(new.source)(t), jax.vmap(asked.source)(t), rtol=1e-12)
    np.testing.assert_allclose(new.jumps(), asked.jumps(), rtol=1e-12)
    for refused in ({"stretch": 0.0}, {"delay": -1.0}, {"zeta0": -1.0}):
        with pytest.raises(ValueError, match="not allowed"):
            nj.SampledPulse(times, intensity, **refused)


@pytest.mark.slow
def test_a_train_has_its_threshold(metal):
    """σ(t = 2) changes its sign at ζ_c, the phonons of all pulses together."""
    train = nj.PulseTrain.repeat(nj.SquarePulse(2.0, 0.1), [0.1, 0.5])
    options = {"cells": 12, "rungs": 2, "budget": False}

    def sigma(strength):
        return nj.evolve(metal, train.with_strength(strength), [2.0], **options).sigma[0]

    critical, excess = jax.jit(lambda: threshold_of(sigma))()
    assert excess == 0
    assert float(sigma(0.97 * critical)) > 0 > float(sigma(1.03 * critical))
