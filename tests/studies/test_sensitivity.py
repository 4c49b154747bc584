"""`sensitivity`: against finite differences, forward against reverse, uncertainties, and what it refuses."""

import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.model.names import System
from nacjax.studies.sensitivity import _compare, _OfRun, _plain_std

CELLS, RTOL = 24, 1e-7
NAMES = ["phonon_energy", "temperature", "zeta0", "duration", "inelastic_rate"]
TIMES = [0.5, 2.0]


@pytest.fixture(scope="module")
def run():
    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.02, 0.7, inelastic_rate=1e-3, phonon_lifetime=5.0)
    return nj.evolve(metal, nj.ExponentialPulse(10.0, 0.3), TIMES, cells=CELLS, rtol=RTOL, budget=False)


def sigma_of(phonon_energy, temperature, zeta0, duration, inelastic_rate):
    metal = nj.Metal(
        nj.FlatTopDOS(), 1 / 3, temperature, phonon_energy, inelastic_rate=inelastic_rate, phonon_lifetime=5.0
    )
    pulse = nj.ExponentialPulse(zeta0, duration)
    return nj.evolve(metal, pulse, TIMES, cells=CELLS, rtol=RTOL, budget=False).sigma


@pytest.fixture(scope="module")
def found(run):
    return nj.sensitivity(run, wrt=NAMES, std={"zeta0": 1.0, "temperature": 0.002}, rtol=RTOL)


def test_against_finite_differences(found, run):
    point = np.array([0.7, 0.02, 10.0, 0.3, 1e-3])
    for k, name in enumerate(NAMES):
        step = np.eye(len(NAMES))[k] * 1e-4 * point[k]
        difference = (sigma_of(*(point + step)) - sigma_of(*(point - step))) / (2 * step[k])
        scale = np.abs(difference).max()
        np.testing.assert_allclose(found.derivative.sel(quantity=name), difference, atol=0.005 * scale)
    expected = found.derivative.to_numpy() * point[:, None] / np.asarray(run.sigma)
    np.testing.assert_allclose(found.elasticity, expected, rtol=1e-5)
    assert found.mode == "forward" and found.derivative.dims == ("quantity", "time")


def test_uncertainty_adds_in_squares(found):
    parts = [
        found.derivative.sel(quantity="zeta0") * 1.0,
        found.derivative.sel(quantity="temperature") * 0.002,
    ]
    np.testing.assert_allclose(found.uncertainty, np.sqrt(parts[0] ** 2 + parts[1] ** 2), rtol=1e-12)
    assert float(found.contribution.sel(quantity="duration").max()) == 0
    text = repr(found)
    assert "zeta0" in text and "±" in text and "forward" in text


def test_reverse_equals_forward():
    def sigma(zeta, temperature):
        return nj.plateau(nj.Metal(nj.FlatTopDOS(), 0.5, temperature, 0.56), zeta, cells=CELLS, rungs=2).sigma

    point = {"zeta": 5.0, "temperature": 0.01}
    one, other = (nj.sensitivity(sigma, wrt=point, mode=mode) for mode in ("forward", "reverse"))
    np.testing.assert_allclose(one.derivative, other.derivative, rtol=1e-8)
    assert other.mode == "reverse" and np.isnan(other.uncertainty)


def test_functions_choose_their_mode():
    def few(a, b):
        return jnp.stack([a**2 * b, a / b])

    found = nj.sensitivity(few, wrt={"a": 2.0, "b": 3.0})
    np.testing.assert_allclose(found.elasticity, [[2, 1], [1, -1]], rtol=1e-6)
    assert found.mode == "forward" and found.value.dims == ("result_0",)
    many = {f"p{k}": float(k + 1) for k in range(20)}
    found = nj.sensitivity(lambda **p: sum(v**2 for v in p.values()), wrt=many, std={"p3": 0.1})
    np.testing.assert_allclose(found.derivative, 2 * np.arange(1, 21), rtol=1e-6)
    assert found.mode == "reverse" and float(found.uncertainty) == pytest.approx(0.8, rel=1e-6)


@pytest.mark.slow
def test_many_quantities_of_a_run_go_in_reverse():
    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.02, 0.7, inelastic_rate=1e-3, phonon_lifetime=5.0)
    names = ["phonon_energy", "temperature", "filling", "inelastic_rate", "phonon_lifetime", "coupling_rate",
             "states_per_mode", "zeta0", "duration", "width", "exponent"]  # fmt: skip
    run = nj.evolve(metal, nj.ExponentialPulse(10.0, 0.3), [1.0], cells=CELLS, rtol=RTOL, budget=False)
    many = nj.sensitivity(run, wrt=names, rtol=RTOL)
    few = nj.sensitivity(run, wrt=["phonon_energy", "duration"], rtol=RTOL)
    print(many)
    assert (many.mode, few.mode) == ("reverse", "forward") and many.derivative.shape == (11, 1)
    both = many.derivative.sel(quantity=["phonon_energy", "duration"])
    np.testing.assert_allclose(both, few.derivative, rtol=1e-5)
    # energies scale: with W, ω_p, T and Γ_in/Γ_eph W alike σ stays
    scaled = many.elasticity.sel(quantity=["phonon_energy", "temperature", "width", "inelastic_rate"])
    assert float(scaled.sum()) == pytest.approx(0.0, abs=1e-5)


def test_a_run_made_otherwise_is_noticed():
    with pytest.warns(RuntimeWarning, match="differs from that of the run by 0.2"):
        _compare(np.array([0.1, 0.2]), np.array([0.1, 0.4]))


BAD = [
    ({"wrt": ["zeta_0"]}, r"wrt: .*'zeta_0'; did you mean 'zeta0'\?"),
    ({"wrt": []}, "at least one"),
    ({"wrt": "zeta0"}, "in a list"),
    ({"wrt": ["zeta0", "pump.zeta0"]}, "given twice"),
    ({"wrt": ["zeta0"], "mode": "sideways"}, "mode = 'sideways'"),
]


@pytest.mark.parametrize("change, message", BAD)
def test_refuses(change, message, run):
    with pytest.raises(ValueError, match=message):
        nj.sensitivity(run, **change)


def test_refuses_functions_and_deviations():
    with pytest.raises(ValueError, match="b = inf is not allowed"):
        nj.sensitivity(lambda a, b: a * b, wrt={"a": 1.0, "b": np.inf})
    with pytest.raises(ValueError, match="no quantity 'c' in wrt"):
        nj.sensitivity(lambda a: a, wrt={"a": 1.0}, std={"c": 1.0})
    with pytest.raises(ValueError, match=r"a = -1\.0"):
        nj.sensitivity(lambda a: a, wrt={"a": 1.0}, std={"a": -1.0})
    with pytest.raises(ValueError, match="must be a Run"):
        nj.sensitivity(3.0, wrt={"a": 1.0})
    with pytest.raises(ValueError, match=r"a = \[1.0, 2.0\] is not allowed: it must be one number"):
        nj.sensitivity(lambda a: a, wrt={"a": 1.0}, std={"a": [1, 2]})


DEVIATIONS = [
    ("5 K", None),
    ((5, "K"), None),
    ("5 degC", None),  # of a difference the zero of the scale does not count
    (jnp.asarray(5.0), None),
    (5.0, r"std: temperature = 5\.0 is not clear: 5 could be '5 K' or 5 internal units of 0\.4984 eV"),
    ("5 fs", "std: temperature = '5 fs' is not allowed: it must be a temperature"),
]


@pytest.mark.parametrize("deviation, message", DEVIATIONS)
def test_deviations_have_units_where_the_metal_has_scales(deviation, message):
    metal = nj.k3c60(mesh=8)
    names = ("temperature", "zeta")
    of = _OfRun(
        System(metal, nj.Clamped(1.0), nj.NoField()), jnp.ones(1), ("metal.temperature", "pump.zeta"), None, 1
    )
    if message:
        with pytest.raises(ValueError, match=message):
            _plain_std({"temperature": deviation}, names, of)
        return
    found = _plain_std({"temperature": deviation, "zeta": 1.0}, names, of)
    kelvin = 1.0 if isinstance(deviation, jnp.ndarray) else 8.617333e-5 / metal.scales.energy_ev
    assert float(found["temperature"]) == pytest.approx(5 * kelvin, rel=1e-6) and found["zeta"] == 1.0
