"""What did not converge is NaN, its derivatives too, and says why."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.numerics.spoiled import unless
from nacjax.solvers import run as run_module
from nacjax.solvers import steady as steady_module

SHORT = {"cells": 16, "max_steps": 3}


def metal(**changed):
    return nj.Metal(**{"dos": nj.FlatTopDOS(), "filling": 0.5, "temperature": 0.01, "phonon_energy": 0.53,
                       "inelastic_rate": 1e-3, **changed})  # fmt: skip


def run(filling, zeta=5.0):
    return nj.evolve(metal(filling=filling), nj.Clamped(zeta), [1.0, 10.0], **SHORT)


def test_derivatives_of_what_failed_are_nan():
    for failed, expected in ((True, np.nan), (False, 2.0)):
        for derivative in (jax.grad, jax.jacfwd):
            np.testing.assert_equal(
                float(derivative(lambda x, failed=failed: unless(failed, 2 * x))(3.0)), expected
            )
    np.testing.assert_equal(float(jax.grad(lambda x: unless(True, 0 * x))(3.0)), np.nan)


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("derivative", [jax.grad, jax.jacfwd])
def test_of_a_run(derivative):
    with pytest.warns(RuntimeWarning, match="evolve reached"):
        assert np.isnan(derivative(lambda x: run(x).sigma[-1])(0.5))


def test_of_the_sensitivity():
    with pytest.warns(RuntimeWarning, match="evolve reached"):
        failed = run(0.5)
    with pytest.warns(RuntimeWarning, match="run that failed are NaN where it did: The maximum"):
        found = nj.sensitivity(failed, wrt=["filling", "zeta"], max_steps=3)
    for part in (found.value, found.derivative, found.elasticity):
        assert np.isnan(part.to_numpy()[..., -1]).all()


def test_of_omega_e():
    with pytest.warns(RuntimeWarning, match="omega_e is NaN where a run fails: The maximum"):
        found = nj.omega_e(metal(), nj.Clamped(5.0), [10.0], nj.ConstantField(0.1), **SHORT)
    assert np.isnan(found).all()


@pytest.mark.parametrize("derivative", [jax.grad, jax.jacfwd])
def test_of_a_steady_state(derivative):
    def sigma(filling):
        return nj.steady_state(metal(filling=filling), nj.Clamped(5.0), cells=16, max_steps=2).sigma

    assert np.isnan(sigma(0.5)) and np.isnan(derivative(sigma)(0.5))


def test_a_plateau_beyond_the_precision_says_so():
    with pytest.warns(RuntimeWarning, match="not finite: temperature = 1e-300"):
        found = nj.plateau(metal(temperature=1e-300), 5.0, cells=16)
    assert not found.ok and "not finite" in found.result
    assert nj.plateau(metal(), 5.0, cells=16).result == "The plateau was found."


def test_an_occupation_beyond_0_and_1_is_flagged():
    good = nj.evolve(metal(), nj.Clamped(5.0), [1.0], cells=16)
    assert good.ok
    import equinox as eqx

    bad = eqx.tree_at(lambda r: r.occupation, good, good.occupation.at[0, 0, 0].set(1.5))
    assert not bad.ok and "not between 0 and 1" in bad.result and "1.5" in bad.result
    steady = nj.steady_state(metal(), nj.Clamped(5.0), cells=16)
    bad = eqx.tree_at(lambda s: (s.outside, s.converged), steady, (jnp.array(0.5), jnp.array(False)))
    assert steady.ok and not bad.ok and "not between 0 and 1" in bad.result and "0.5" in bad.result
    lost = eqx.tree_at(lambda r: r.occupation, good, good.occupation.at[0, 0, 0].set(jnp.nan))
    assert lost.ok


@pytest.mark.slow
@pytest.mark.parametrize("way", [{"times": 1.0}, {"steady": True}])
def test_it_is_flagged_in_every_study(way, monkeypatch):
    """With a tolerance that nothing meets every state is out of 0 … 1."""
    monkeypatch.setattr(run_module, "OUTSIDE", -1.0)
    monkeypatch.setattr(steady_module, "OUTSIDE", -1.0)
    given = metal(temperature=0.011), nj.Clamped(5.0)  # nothing compiled before
    swept = nj.sweep(*given, axes={"filling": [0.4]}, **way, cells=17, progress=False)
    assert "not between 0 and 1" in swept["reason"].item() and swept["outcome"].item() == 103
    with pytest.raises(ValueError, match="not finite"):
        nj.search(*given, over={"filling": (0.3, 0.5)}, **way, cells=17)
    if "times" in way:
        assert np.isnan(nj.threshold_field(*given, [1.0], cells=17)).all()
