"""σ(ω) and light on layers against closed forms: Drude, Kramers–Kronig, Fresnel, energy balance, a public package."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.solvers.layers import stack

tmm = pytest.importorskip("tmm")
LIT = jax.jit(stack, static_argnames="polarization")
SCALES = nj.Scales(0.5, 14.0, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)


@pytest.fixture(scope="module")
def inverted(metal):
    """A plateau with σ < 0."""
    return nj.plateau(metal, 20.0, cells=48)


def under(state, law):
    """The same state under another transport law."""
    changed = nj.Metal(state.metal.dos, 0.5, 0.003, 0.53, transport=law)
    return nj.plateau(changed, 20.0, cells=48)


def test_the_static_limit_and_drude(inverted):
    band = under(inverted, "band")
    omega, tau = np.geomspace(1e-12, 50.0, 40), 0.7
    found = nj.optics(band, omega, transport_time=tau)
    np.testing.assert_allclose(found.sigma, float(band.sigma) / (1 - 1j * omega * tau), rtol=1e-13)
    static = nj.optics(inverted, [1e-14], transport_time=tau).sigma[0]
    assert float(inverted.sigma) < -0.3 and abs(static - float(inverted.sigma)) < 1e-13


@pytest.mark.parametrize("law", ["impurity", "hard_sphere"])
def test_kramers_kronig(inverted, law):
    """Re σ(ω) from Im σ(ω'), 2/π ∫ ω' Im σ(ω')/(ω'² − ω²) dω', on a midpoint grid that avoids the pole."""
    step = 0.02
    omega = step * np.arange(60_000)
    sigma = np.asarray(nj.optics(under(inverted, law), omega + 0.5 * step, transport_time=1.0).sigma)
    grid, at = omega + 0.5 * step, omega[[25, 50, 150]]
    real = 2 / np.pi * step * np.sum(grid * sigma.imag / (grid**2 - at[:, None] ** 2), axis=1)
    np.testing.assert_allclose(real, np.interp(at, grid, sigma.real), atol=2e-3)
    assert abs(sigma.imag[25]) > 0.005


def test_one_interface_is_fresnels():
    n1, n2, theta = 1.5, 3.1 + 2.2j, 0.7
    cos1, cos2 = np.cos(theta), np.sqrt(1 - (n1 * np.sin(theta) / n2) ** 2)
    exact = {
        "s": (n1 * cos1 - n2 * cos2) / (n1 * cos1 + n2 * cos2),
        "p": (n2 * cos1 - n1 * cos2) / (n2 * cos1 + n1 * cos2),
    }
    for polarization, r in exact.items():
        found = LIT(jnp.zeros(0) + 0j, jnp.zeros(0), n1**2, n2**2, theta, polarization=polarization)
        assert abs(found.amplitude - r) < 1e-12 * abs(r)
        assert abs(found.reflected + found.transmitted - 1) < 1e-12


@pytest.mark.parametrize("polarization", ["s", "p"])
@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_layers_balance_and_agree_with_a_public_package(polarization, angle):
    rng = np.random.default_rng(1)
    for gain in (False, True):
        epsilon = 5 * rng.normal(size=6) + 1j * rng.uniform(0.1, 5, size=6)
        epsilon[2] = np.conj(epsilon[2]) if gain else epsilon[2]
        thickness = rng.uniform(0.05, 0.8, size=6)
        found = LIT(
            jnp.asarray(epsilon), jnp.asarray(thickness), 2.25, 3 + 2j, angle, polarization=polarization
        )
        assert abs(found.reflected + found.transmitted + found.absorbed.sum() - 1) < 1e-10
        assert (found.absorbed[2] < 0) == gain and np.all(np.delete(np.asarray(found.absorbed), 2) > 0)
        if not gain:
            index = [1.5, *np.sqrt(epsilon), np.sqrt(3 + 2j)]
            other = tmm.coh_tmm(polarization, index, [np.inf, *(thickness / (2 * np.pi)), np.inf], angle, 1.0)
            assert found.reflected == pytest.approx(other["R"], rel=1e-10)
            assert found.transmitted == pytest.approx(other["T"], rel=1e-10)
            np.testing.assert_allclose(found.absorbed, tmm.absorp_in_each_layer(other)[1:-1], rtol=1e-8)


def test_a_layer_like_what_is_around_it_changes_nothing():
    bare = LIT(jnp.array([-9 + 4j]), jnp.array([0.3]), 2.25, 4.0 + 1j, 0.4)
    split = LIT(jnp.array([-9 + 4j, -9 + 4j, 4 + 1j]), jnp.array([0.1, 0.2, 0.7]), 2.25, 4.0 + 1j, 0.4)
    window = LIT(jnp.array([2.25 + 0j, -9 + 4j]), jnp.array([5.0, 0.3]), 2.25, 4.0 + 1j, 0.4)
    for other in (split, window):
        np.testing.assert_allclose(other.reflected, bare.reflected, rtol=1e-13)
    np.testing.assert_allclose(window.transmitted, bare.transmitted, rtol=1e-13)
    assert window.absorbed[0] == 0 and abs(jnp.angle(window.amplitude / bare.amplitude)) > 0.1
    thick = LIT(jnp.array([-900 - 400j]), jnp.array([50.0]), 1.0, 1.0 + 0j)
    half = LIT(jnp.zeros(0) + 0j, jnp.zeros(0), 1.0, -900 - 400j)
    assert half.reflected > 1 and half.reflected == pytest.approx(float(thick.reflected), rel=1e-12)


def test_k3c60_in_the_units_of_a_laboratory():
    metal = nj.k3c60()
    scale = nj.conductivity_scale(metal)
    # e² v² τ D/3 with D = 13.82/(eV cell), both of 128³ k points
    per_joule = 13.8194 / 1.602176634e-19 / 721.888e-30
    assert scale.sigma0 == pytest.approx(
        0.01 * 1.602176634e-19**2 * 163086.0**2 * 1e-14 * per_joule / 3, rel=1e-3
    )
    text = str(scale)
    assert "assumed, not measured" in text and "S/cm" in text and "1/(eV cell)" in text
    half = nj.conductivity_scale(metal, transport_time="5 fs")
    assert 2 * half.sigma0 == pytest.approx(scale.sigma0) and "assumed" not in str(half)


def test_epsilon_and_loss(metal):
    scaled = nj.Metal(metal.dos, 0.5, "1.5 meV", "265 meV", transport="band", scales=SCALES)
    found = nj.optics(nj.plateau(scaled, 0.0, cells=16), ["1 THz", "30 meV"], epsilon_inf=4.0)
    omega = 2e12 * np.pi
    sigma = found.sigma[0] * found.scale.siemens_per_metre
    epsilon = found.permittivity()
    assert epsilon[0] == pytest.approx(complex(4 + 1j * sigma / (8.8541878128e-12 * omega)), rel=1e-6)
    np.testing.assert_allclose(found.loss, np.imag(epsilon) / np.abs(epsilon) ** 2, rtol=1e-12)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"frequencies": [0.0]}, "frequencies = .0.0. is not allowed: it must be positive"),
        ({"frequencies": [-1.0]}, "frequencies"),
        ({"transport_time": 0.0}, "transport_time = 0.0 is not allowed"),
        ({"transport_time": None}, "transport_time is needed.*Scales\\(transport_time_fs"),
    ],
)
def test_refusals(inverted, options, message):
    given = {"frequencies": [0.1], "transport_time": 1.0} | options
    with pytest.raises(ValueError, match=message):
        nj.optics(inverted, **given)


def test_missing_scales_are_named(inverted, metal):
    with pytest.raises(ValueError, match=r"energy_ev of the metal is needed.*Scales"):
        nj.optics(inverted, [0.1], transport_time=1.0).permittivity()
    for missing in ("cell_volume", "fermi_velocity", "transport_time_fs"):
        numbers = {
            f: getattr(SCALES, f) for f in ("energy_ev", "cell_volume", "fermi_velocity", "transport_time_fs")
        }
        scales = nj.Scales(**(numbers | {missing: None}))
        poor = nj.Metal(metal.dos, 0.5, "1.5 meV", "265 meV", scales=scales)
        with pytest.raises(ValueError, match=f"{missing} of the metal is needed.*Scales\\({missing}="):
            nj.conductivity_scale(poor)
