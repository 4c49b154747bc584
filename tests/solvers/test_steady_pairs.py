"""The steady state with dispersion and further modes: its Jacobian, marching, and derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.jacobian import dense_jacobian

UNIFORM = nj.Mesh.uniform(16)
MODES = (nj.Mode(0.217, 0.7, 3.0), nj.Mode(0.3, 0.5, 2.0, nj.Clamped(1.0)), nj.Mode(0.1, 0.0))
CASES = {
    "dispersion": ({"dispersion": 0.03}, nj.Clamped(3.0), nj.NoField()),
    "modes": ({"modes": MODES, "phonon_lifetime": 5.0}, nj.Kick(2.0), nj.ConstantField(0.7)),
    "all": ({"dispersion": 0.05, "modes": MODES}, nj.Clamped(5.0), nj.SelfTunedField()),
}


def metal(**changes):
    numbers = {"filling": 0.5, "temperature": 0.02, "phonon_energy": 0.53, "inelastic_rate": 0.01}
    return nj.Metal(nj.FlatTopDOS(), **{**numbers, **changes})


@pytest.mark.parametrize(
    "name", ["all", *(pytest.param(name, marks=pytest.mark.slow) for name in ("dispersion", "modes"))]
)
def test_it_is_a_root_and_its_jacobian_exact(name):
    numbers, pump, field = CASES[name]
    state = nj.steady_state(metal(**numbers), pump, field=field, mesh=UNIFORM)
    print(f"{name}: σ {state.sigma}, ζ {state.phonons}, ζ_m {state.mode_phonons}; {state.result}")
    assert state.ok
    kinetics, start = state.kinetics, state.kinetics.initial_state()
    assert float(
        jnp.sum(kinetics.ladder.states * (state.occupation - kinetics.unpack(start).f))
    ) == pytest.approx(0)
    scalars = [] if pump.clamped else [state.phonons]
    y = jnp.concatenate([state.occupation.ravel(), jnp.array(scalars), state.mode_phonons])
    rates, ours, theirs = jax.jit(
        lambda k, y: (k(0.0, y), dense_jacobian(k, 0.0, y), jax.jacfwd(lambda y: k(0.0, y))(y))
    )(kinetics, y)
    scale = float(jnp.max(jnp.abs(theirs)))
    assert float(jnp.max(jnp.abs(rates))) < 1e-12 * scale
    np.testing.assert_allclose(ours, theirs, atol=1e-13 * scale)
    if "modes" in numbers:
        assert float(state.mode_phonons[0]) > 0.01  # heated by the electrons
        np.testing.assert_allclose(state.mode_phonons[1:], [1.0, 0.0], atol=1e-12)  # clamped; uncoupled


@pytest.mark.slow
def test_no_dispersion_is_the_limit_of_a_narrow_one():
    narrow, none = (
        nj.steady_state(metal(**numbers), nj.Clamped(3.0), mesh=UNIFORM)
        for numbers in ({"dispersion": 1e-8}, {})
    )
    assert narrow.ok and float(narrow.sigma) == pytest.approx(float(none.sigma), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dispersion", "modes"])
def test_equals_long_marching(name):
    numbers, pump, field = CASES[name]
    state = nj.steady_state(metal(**numbers), pump, field=field, mesh=UNIFORM)
    run = nj.evolve(metal(**numbers), pump, [3e3], field=field, mesh=UNIFORM, rtol=1e-7, budget=False,
                    max_steps=200_000)  # fmt: skip
    apart = np.abs(state.occupation - run.occupation[0])[state.ladder.states > 0].max()
    print(f"{name}: σ differs by {state.sigma - run.sigma[0]:.1e}, f by {apart:.1e}")
    assert state.ok and run.ok and apart < 1e-6 and abs(state.sigma - run.sigma[0]) < 1e-6
    np.testing.assert_allclose(state.mode_phonons, run.mode_phonons[0], atol=1e-6)


@pytest.mark.slow
def test_derivatives():
    """Implicit derivatives against finite differences to 1e-4; jvp equals vjp; the second derivative."""

    def sigma(x):
        phonon_energy, zeta, dispersion, energy, lifetime = x
        modes = (nj.Mode(energy, 0.7, lifetime),)
        system = metal(phonon_energy=phonon_energy, dispersion=dispersion, modes=modes)
        return nj.steady_state(system, nj.Clamped(zeta), rungs=2, cells=12).sigma

    x = np.array([0.55, 3.0, 0.05, 0.217, 3.0])
    value, slope = jax.jit(sigma), jax.jit(jax.jacfwd(sigma))
    forward, reverse = slope(x), jax.jit(jax.jacrev(sigma))(x)
    steps = 1e-5 * np.diag(x)
    finite = np.array([(value(x + h) - value(x - h)) / (2 * h.sum()) for h in steps])
    print("forward", forward, "finite differences", finite)
    assert np.abs(forward - reverse).max() < 1e-9
    assert np.abs((forward - finite) / (1 + np.abs(finite))).max() < 1e-4
    direction = jnp.array([0.0, 1.0, 0.0, 0.0, 0.0])
    second = jax.jit(
        lambda x: jax.jvp(lambda x: jax.jvp(sigma, (x,), (direction,))[1], (x,), (direction,))[1]
    )(x)
    assert float(second) == pytest.approx(
        float((slope(x + steps[1]) - slope(x - steps[1]))[1] / 6e-5), abs=1e-6
    )
