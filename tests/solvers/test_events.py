"""Events of a run: where they are, and their derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.solvers.events import cubic_root

POINT = jnp.array([10.0, 0.3, 0.65, 0.004])  # ζ_0, duration, ω_p, T
TIMES = np.concatenate([np.linspace(0.025, 1.5, 60), np.linspace(1.6, 20.0, 47)])


def lived(point, field=None, end=20.0, **options):
    """Events of Fig. 3's pulse with other numbers."""
    zeta0, duration, omega, temperature = point
    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, temperature, omega, inelastic_rate=1e-3, phonon_lifetime=5.0)
    pulse = nj.ExponentialPulse(zeta0, duration)
    options = {"cells": 24, "rungs": 2, "budget": False, **options}
    return nj.events(nj.evolve(metal, pulse, TIMES[TIMES <= end], field=field, **options))


def test_cubic_root_is_exact_for_cubics():
    times = jnp.array([0.0, 1.0, 3.0])
    x = times[1] + 0.7
    value, slope = (times - x) * (times**2 + 1), 3 * times**2 + 1 - 2 * times * x
    part = cubic_root(value, slope, jnp.diff(times), value[1:] * value[:-1] < 0)
    np.testing.assert_allclose(part, [0.0, 0.35], atol=1e-12)


def test_events_lie_where_sigma_changes_sign():
    """Few save times suffice: the same sign changes as on a dense grid."""
    fig3 = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)
    pulse = nj.ExponentialPulse(10.0, 0.3)
    run = nj.evolve(fig3, pulse, TIMES, cells=48)
    found = nj.events(run)
    sigma = np.asarray(run.sigma)
    changed = np.flatnonzero(np.diff(np.sign(sigma)))
    crossings = np.asarray(found.crossings)
    assert np.isfinite(crossings).sum() == changed.size == 2
    assert np.all((crossings[:2] > TIMES[changed]) & (crossings[:2] < TIMES[changed + 1]))
    np.testing.assert_allclose(found.anomalous, crossings[1] - crossings[0], rtol=1e-12)
    assert float(found.held) == 0 and np.isnan(found.held_from)


def test_what_the_saved_times_cut_off_is_a_lower_bound():
    cut, whole = lived(POINT, end=3.0), lived(POINT)
    assert bool(cut.anomalous_cut) and not bool(whole.anomalous_cut) and not bool(whole.held_cut)
    assert float(cut.anomalous) < float(whole.anomalous) and "σ < 0 for at least" in str(cut)
    assert "at least" not in str(whole)


def test_the_window_of_fig3():
    """σ < 0 from 0.3 to 15.0, measured independently with Γ_in/D_0 in front of Eq. (6); later with D_F, as there."""
    fig3 = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)
    ratio = fig3.fermi_density / fig3.mean_density
    ends = []
    for rate in (1e-3 * ratio, 1e-3):
        metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=rate, phonon_lifetime=5.0)
        run = nj.evolve(metal, nj.ExponentialPulse(10.0, 0.3), TIMES, mesh=nj.Mesh.uniform(200))
        ends.append(np.asarray(nj.events(run).crossings)[:2])
    print("σ < 0 from, to; with D_0 and with D_F:", ends)
    np.testing.assert_allclose(ends[0], [0.3, 15.0], atol=0.1)
    np.testing.assert_allclose(ends[1], [0.26, 15.3], atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["anomalous", "held"])
def test_derivatives_of_lifetimes(state):
    """d(lifetime)/d(ζ_0, duration, ω_p, T) by reverse mode against differences at tight tolerance."""
    field, end = (None, 20.0) if state == "anomalous" else (nj.SelfTunedField(), 3.0)

    def lifetime(p, **options):
        return getattr(lived(p, field, end, **options), state)

    gradient = jax.jit(jax.grad(lambda p: lifetime(p, rtol=1e-6)))(POINT)
    tight = jax.jit(lambda p: lifetime(p, rtol=1e-9))  # at 1e-8 that in T is noise of the steps by 4 %
    steps = POINT * 1e-4
    differences = jnp.stack([(tight(POINT + d) - tight(POINT - d)) / (2 * d.sum()) for d in jnp.diag(steps)])
    print(state, gradient, differences)
    assert np.abs(differences).min() > 0  # the state occurs
    np.testing.assert_allclose(gradient, differences, rtol=0.01)


def test_impulse_is_a_trapezoid_with_its_ends():
    times, field = jnp.array([1.0, 2.0, 3.0, 4.0]), jnp.array([jnp.nan, 2.0, 1.0, 0.0])
    np.testing.assert_allclose(nj.impulse(times, field, 1.5, 3.5), 0.5 + 1.5 + 0.25)
