"""Transport laws: known cases of the power law, mixtures, relaxation times, derivatives, names, bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.model.checks import as_arrays
from nacjax.model.names import System, about, changed, resolve
from nacjax.studies.transport_laws import Law

ENERGY = jnp.linspace(-0.5, 0.55, 43)  # both band edges and beyond
POWERS = {"band": (0.0, 0.0), "impurity": (1.0, 0.0), "hard_sphere": (0.0, 0.5), "constant": (0.0, 1.0)}
NAMES = tuple(POWERS)


def metal(transport, dos=None):
    return nj.Metal(dos or nj.FlatTopDOS(), 0.4, 0.01, 0.53, transport=transport)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dos", [nj.FlatTopDOS(), nj.SemiEllipticDOS()])
def test_power_laws_hold_the_known_ones(name, dos):
    law = nj.PowerLawTransport(*POWERS[name])
    inside = ENERGY[1:-3]
    np.testing.assert_allclose(metal(law, dos).transport_ratio(inside), metal(name, dos).transport_ratio(inside),
                               rtol=1e-10, atol=1e-12)  # fmt: skip
    level = metal(name).fermi_energy
    times = [x.relaxation_time(dos, inside[3:-3], level) for x in (law, metal(name).transport)]
    np.testing.assert_allclose(*times, rtol=1e-10)


@pytest.mark.parametrize("law", [*NAMES, nj.PowerLawTransport(0.7, 0.2)])
def test_conductivity_is_density_times_velocity_times_lifetime(law):
    one = metal(law)
    level, inside = one.fermi_energy, ENERGY[1:-3]

    def product(e):
        return (
            one.dos.density(e)
            * one.dos.velocity_squared(e)
            * one.transport.relaxation_time(one.dos, e, level)
        )

    np.testing.assert_allclose(one.transport_ratio(inside), product(inside) / product(level), rtol=1e-10)


def test_mixtures_follow_matthiessen():
    level, dos = metal("band").fermi_energy, nj.FlatTopDOS()
    mixed = nj.MixedTransport(["band", "impurity"], [0.3, 0.9])
    times = [x.relaxation_time(dos, ENERGY[2:-5], level) for x in (mixed, *mixed.laws)]
    np.testing.assert_allclose(1 / times[0], 0.25 / times[1] + 0.75 / times[2], rtol=1e-12)
    ratios = [metal(x).transport_ratio(ENERGY[2:-5]) for x in (mixed, "band", "impurity")]
    np.testing.assert_allclose(1 / ratios[0], 0.25 / ratios[1] + 0.75 / ratios[2], rtol=1e-12)
    for name in NAMES:  # one alone
        alone = nj.MixedTransport((name, "band"), (2.0, 0.0))
        np.testing.assert_allclose(metal(alone).transport_ratio(ENERGY), metal(name).transport_ratio(ENERGY),
                                   rtol=1e-9, atol=1e-12)  # fmt: skip


@pytest.mark.parametrize(
    "law",
    [
        *NAMES,
        nj.PowerLawTransport(0.0, 1.0),
        nj.PowerLawTransport(6.0, 0.5),
        nj.MixedTransport(NAMES, (1.0, 0.2, 0.0, 3.0)),
    ],
)
def test_nothing_is_nan_where_states_or_velocities_vanish(law):
    one = as_arrays(metal(law))

    @jax.jit
    def values(metal):
        level = metal.fermi_energy
        return jnp.stack(
            [metal.transport_ratio(ENERGY, level), metal.transport.relaxation_time(metal.dos, ENERGY, level)]
        )

    found = values(one)
    assert np.isfinite(found).all() and np.all(found[0][ENERGY > 0.5] == 0)
    slopes = jax.tree.leaves(jax.jit(jax.grad(lambda m: jnp.sum(values(m)[0])))(one))
    assert all(np.isfinite(slope).all() for slope in slopes)


def test_numbers_of_a_law_are_swept_and_differentiated_by_name():
    mixed = nj.MixedTransport((nj.PowerLawTransport(0.5), "band"), (0.3, 0.7))
    for law, name, value in (
        (nj.PowerLawTransport(0.5), "transport.exponent", 0.5),
        (nj.PowerLawTransport(0.5), "velocity_exponent", 0.0),
        (mixed, "transport.laws.0.exponent", 0.5),
        (mixed, "weights.1", 0.7),
    ):
        whole = as_arrays(System(metal(law), nj.Clamped(1.0), nj.NoField()))
        path = resolve(name, whole)

        def estimate(x, whole=whole, path=path):
            return nj.conductivity_estimate(changed(whole, {path: x}).metal, rungs=2)

        slope = jax.jit(jax.grad(estimate))(value + 0.01)
        difference = (estimate(value + 0.011) - estimate(value + 0.009)) / 0.002
        assert float(slope) == pytest.approx(float(difference), rel=1e-3, abs=1e-6) and slope != 0
        assert about(path, whole)[2] == "1"
    assert about("metal.transport.weights.1", whole) == (
        "share in the scattering at ε_F, weight 1",
        "w[1]",
        "1",
    )
    with pytest.raises(ValueError, match="'exponent' is ambiguous"):
        resolve(
            "exponent", as_arrays(System(metal(nj.PowerLawTransport(0.5)), nj.Clamped(1.0), nj.NoField()))
        )


def test_laws_in_words_and_as_observables():
    assert str(metal("hard_sphere").transport) == "hard_sphere"
    assert "  constant\n" in str(metal("constant")) + "\n"
    assert "PowerLawTransport, exponent 0.5, velocity_exponent 0" in str(metal(nj.PowerLawTransport(0.5)))
    assert "0.3 × band + 0.7 × constant" in str(metal(nj.MixedTransport(("band", "constant"), (0.3, 0.7))))
    assert metal("constant").transport.follows_dos and not metal("band").transport.follows_dos
    first, again = (Law(nj.PowerLawTransport(0.5)) for _ in range(2))
    assert first == again and hash(first) == hash(again) and first != Law(nj.PowerLawTransport(0.6))
    state = nj.plateau(metal("constant"), 5.0, cells=16)
    sigma = {
        name: float(law(state))
        for name, law in nj.transport_laws("band", same=nj.PowerLawTransport(0.0)).items()
    }
    assert sigma["band"] == pytest.approx(sigma["same"], rel=1e-10)
    assert list(nj.transport_laws())[:4] == ["constant", "band", "impurity", "hard_sphere"]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: metal("bnd"), "transport = 'bnd' is not allowed: it must be one of constant, band"),
        (lambda: metal(3), "transport = 3 is not allowed"),
        (lambda: nj.PowerLawTransport(-0.1), "exponent = -0.1 is not allowed"),
        (
            lambda: nj.PowerLawTransport(0.1, 1.2),
            "velocity_exponent = 1.2 is not allowed: it must be from 0 to 1",
        ),
        (lambda: nj.MixedTransport(("band",), (0.3, 0.7)), r"weights = \(0.3, 0.7\) is not allowed"),
        (lambda: nj.MixedTransport((), ()), "at least one"),
        (lambda: nj.MixedTransport(("band",), (0.0,)), "sum of weights = 0.0"),
        (lambda: nj.MixedTransport(("band", "constant"), (2.0, -1.0)), "weights = -1.0 is not allowed"),
        (lambda: nj.MixedTransport(("bnd",), (1.0,)), "transport = 'bnd'"),
    ],
)
def test_bad_laws(make, message):
    with pytest.raises(ValueError, match=message):
        make()
