"""A sample in depth, its reflectivity, what is read from it, thresholds of a rate, and a fit of R(ω, t)."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.studies.probe.depth import Depth, below_zero

SCALES = nj.Scales(0.5, 14.0, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
TIMES = jnp.array([0.5, 1.0, 2.0])
PULSE = nj.ExponentialPulse(10.0, jnp.asarray(0.3))
RUN = {"times": TIMES, "cells": 16, "rtol": 1e-4, "rungs": 2}
D = 100.0
"""Penetration depth (nm)."""
COUNTS = (6, 12, 24)
"""Layers of a sample that is four penetration depths thick."""
OPTICS = {"frequencies": ["2 meV", "15 meV"], "epsilon_inf": 5.0}


def sample_metal(**changes):
    given = {"inelastic_rate": jnp.asarray(1e-3), "phonon_lifetime": jnp.asarray(5.0)}
    temperature, phonon = jnp.asarray(0.01), jnp.asarray(2 / 3)
    return nj.Metal(nj.FlatTopDOS(), 1 / 3, temperature, phonon, **{**given, **changes}, scales=SCALES)


def strengths(z, zeta0, d):
    """Those of the layers of `COUNTS`, one after the other: one batch serves all."""
    shares = [4 * (jnp.arange(count) + 0.5) / count for count in COUNTS]
    return zeta0 * jnp.exp(-jnp.concatenate(shares))


@pytest.fixture(scope="module")
def samples():
    """The same sample in coarser and finer layers."""
    everything = nj.depth(
        sample_metal(), PULSE, (D, "nm"), (4 * D, "nm"), layers=sum(COUNTS), profile=strengths, **RUN
    )
    found, start = {}, 0
    for count in COUNTS:
        part = slice(start, start + count)
        runs = jax.tree.map(lambda x, part=part: x[part] if eqx.is_array(x) else x, everything.runs)
        width = jnp.full(count, 40 * D / count)
        found[count] = Depth(runs, width * (jnp.arange(count) + 0.5), width, everything.zeta0[part], 10 * D)
        start += count
    return found


def lit(sample, **options):
    return nj.reflectivity(sample, **OPTICS, window=2.4, **options)


def test_refining_layers_converges_at_second_order(samples):
    for seen in (
        lambda sample: sample.sheet_conductance[1],
        lambda sample: lit(sample).reflected[1, 1],
        lambda sample: 40 * D * sample.zeta0.mean(),
    ):
        coarse, middle, fine = (float(seen(samples[count])) for count in COUNTS)
        assert 3 < (coarse - middle) / (middle - fine) < 5.5


def test_the_layer_with_negative_conductivity_ends_at_the_threshold(samples):
    sample = samples[24]
    critical = nj.threshold(
        sample_metal(), PULSE, "zeta0", (0.1, 20.0), falls=True, **(RUN | {"times": jnp.array([1.0])})
    )
    expected = D * np.log(10.0 / float(critical))
    step = 4 * D / 24
    assert 0.3 * D < expected < 3 * D
    assert abs(0.1 * float(sample.negative_thickness[1]) - expected) < 0.2 * step
    data = sample.to_xarray()
    assert data["depth"].attrs["units"] == "nm" and float(data["negative_thickness"][1]) == pytest.approx(
        expected, abs=0.2 * step
    )


def test_light_is_accounted_for_and_amplified_where_sigma_is_negative(samples):
    for angle, polarization in ((0.0, "s"), (0.5, "p")):
        light = lit(samples[24], angle=angle, polarization=polarization)
        total = light.reflected + light.light.transmitted + light.light.absorbed.sum(-1)
        np.testing.assert_allclose(total, 1.0, atol=1e-10)
        gains = jnp.moveaxis(light.light.absorbed, -1, 0) < 0
        np.testing.assert_array_equal(gains, light.optics.sigma.real < 0)
        assert gains.any() and not gains.all()
    assert np.all(np.asarray(light.before.absorbed) > 0) and np.any(np.abs(light.change) > 0.01)


def test_an_analysis_with_the_right_profile_finds_what_is_there(samples):
    """One uniform layer on the metal that is not pumped, however thick the analysis takes it for; and a half-space."""
    seen = nj.optics(samples[6], **OPTICS)
    one = dataclasses.replace(seen, sigma=seen.sigma[:1])
    measured = nj.reflectivity(one, window=2.4, width=[f"{D} nm"])
    np.testing.assert_allclose(nj.apparent(measured, (D, "nm"), profile="uniform"), one.sigma[0], rtol=1e-7)
    thick = nj.apparent(measured, (1.3 * D, "nm"), profile="uniform")
    assert np.all(np.abs(thick / one.sigma[0] - 1) > 0.01)
    half = nj.reflectivity(dataclasses.replace(seen, sigma=seen.sigma[0]), window=2.4)
    deep = nj.apparent(half, "10 mm", profile="uniform")
    np.testing.assert_allclose(deep, seen.sigma[0], rtol=1e-6)


def test_an_exponential_profile_is_misread_where_sigma_saturates(samples):
    light = lit(samples[24])
    read, true = nj.apparent(light, (D, "nm")), light.optics.sigma[0]
    np.testing.assert_allclose(light.reflected / (1 + light.change) - light.before.reflected, 0.0, atol=1e-12)
    assert np.all(read.real[1] < 1.3 * true.real[1]) and np.all(true.real[1] < 0)


@pytest.fixture(scope="module")
def pipeline():
    """R and apparent σ at one time as a function of (fluence factor, penetration depth in nm)."""

    def of(factor, d):
        pump = nj.ExponentialPulse(10.0 * factor, jnp.asarray(0.3))
        sample = nj.depth(sample_metal(), pump, (d, "nm"), (4 * D, "nm"), layers=12, **RUN)
        light = lit(sample)
        return jnp.append(light.reflected[1], nj.apparent(light, (D, "nm"))[1, :1].real)

    return of


@pytest.mark.slow
def test_gradients_go_through_all_of_it(pipeline):
    point = jnp.array([1.0, D])
    slopes = jnp.stack(jax.jacfwd(pipeline, argnums=(0, 1))(*point), axis=1)
    for k, step in enumerate((1e-3, 0.1)):
        move = jnp.zeros(2).at[k].set(step)
        difference = (pipeline(*(point + move)) - pipeline(*(point - move))) / (2 * step)
        np.testing.assert_allclose(slopes[:, k], difference, rtol=0.02, atol=1e-5)
    reverse = jax.grad(lambda factor: pipeline(factor, jnp.asarray(D))[1])(jnp.asarray(1.0))
    assert reverse == pytest.approx(float(slopes[1, 0]), rel=1e-8)


def last_crossing(run):
    return jnp.nanmax(nj.events(run).crossings)


TIMES_OF_FIG3 = np.append(np.linspace(0.05, 1.0, 60), np.linspace(1.1, 18.0, 80))


@pytest.mark.slow
def test_scattering_shortens_the_pulse_of_fig3():
    """Lowest σ/σ_0 and the end of σ < 0 against Γ_ee, measured with independent code on 200 uniform cells."""
    table = {0.0: (-0.3466, 15.3), 0.03: (-0.3376, 12.2), 0.1: (-0.3196, 8.85), 0.3: (-0.2784, 5.2)}
    plain = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0,
                     processes=(nj.ElectronElectron(0.0),))  # fmt: skip
    found = nj.sweep(
        plain, nj.ExponentialPulse(10.0, 0.3), axes={"rate": list(table)}, times=TIMES_OF_FIG3,
        observe={"lowest": lambda run: jnp.min(run.sigma), "until": last_crossing}, mesh=nj.Mesh.uniform(128),
        rtol=1e-4, progress=False,
    )  # fmt: skip
    lowest, until = np.array(list(table.values())).T
    print(found["lowest"].to_numpy() - lowest, found["until"].to_numpy())
    np.testing.assert_allclose(found["lowest"], lowest, atol=2e-3)
    np.testing.assert_allclose(found["until"], until, rtol=1e-2)


@pytest.mark.slow
def test_threshold_of_a_rate():
    """σ is negative just below Γ_ee*, and never just above; its slope is that of differences; a search knows it."""
    times = [0.5, 1.0, 2.0, 4.0]

    def scattered(rate):
        return sample_metal(processes=(nj.ElectronElectron(jnp.asarray(rate)),))

    def critical(phonon_lifetime):
        there = eqx.tree_at(lambda m: m.phonon_lifetime, scattered(1.0), phonon_lifetime)
        return nj.threshold(there, PULSE, "rate", (jnp.asarray(1e-2), jnp.asarray(50.0)), times=jnp.asarray(times),
                            cells=12, rtol=1e-5, rungs=2)  # fmt: skip

    found, slope = jax.jvp(critical, (jnp.asarray(5.0),), (jnp.asarray(1.0),))
    assert 0.1 < float(found) < 50
    for factor, sign in ((0.98, -1), (1.02, 1)):
        run = nj.evolve(
            scattered(factor * found), PULSE, jnp.asarray(times), cells=12, rtol=1e-5, budget=False
        )
        assert sign * float(run.sigma.min()) > 0
    difference = (critical(jnp.asarray(5.05)) - critical(jnp.asarray(4.95))) / 0.1
    assert slope == pytest.approx(float(difference), rel=0.02)


@pytest.mark.slow
def test_a_fit_of_reflectivity_and_its_error_bars():
    """ζ_0, Γ_in, Γ_ee and τ_ph from R(ω, t) with noise: the truth lies inside the bars as often as it should."""
    truth = {"zeta0": 6.0, "inelastic_rate": 5e-3, "rate": 0.05, "phonon_lifetime": 4.0}
    over = {"zeta0": (2.0, 20.0), "inelastic_rate": (jnp.asarray(5e-4), jnp.asarray(5e-2), "log"),
            "rate": (jnp.asarray(5e-3), jnp.asarray(0.5), "log"), 
            "phonon_lifetime": (jnp.asarray(1.0), jnp.asarray(15.0))}  # fmt: skip
    times = jnp.array([0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 13.0, 18.0])

    def seen(run):
        # below 20 meV the film amplifies, R jumps, and χ² has many valleys
        return nj.reflectivity(nj.optics(run, ["40 meV", "60 meV", "90 meV"], epsilon_inf=5.0)).reflected

    def sample(zeta0, inelastic_rate, rate, phonon_lifetime):
        numbers = {"inelastic_rate": inelastic_rate, "phonon_lifetime": phonon_lifetime}
        process = nj.ElectronElectron(jnp.asarray(rate))
        numbers = {name: jnp.asarray(x) for name, x in numbers.items()}
        return sample_metal(processes=(process,), **numbers), nj.ExponentialPulse(zeta0, jnp.asarray(0.3))

    exact = np.asarray(seen(nj.evolve(*sample(**truth), times, cells=16, rungs=2, rtol=1e-4, budget=False)))
    noise = 2e-4
    data = exact + np.random.default_rng(0).normal(scale=noise, size=(40, *exact.shape))
    found = nj.fit(data, *sample(8.0, 8e-3, 0.03, 5.0), over=over, times=times, noise=noise, observe=seen,
                   cells=16, rungs=2, starts=1, steps=30)  # fmt: skip
    good = np.asarray(found.reason == "Converged.")
    pull = ((found.best - np.array(list(truth.values()))) / found.error).to_numpy()[good]
    one, two = (np.abs(pull) < 1).mean(), (np.abs(pull) < 2).mean()
    print("converged", good.sum(), "within one and two deviations", one, two, found.of(0))
    assert good.sum() >= 30 and 0.58 < one < 0.79 and 0.89 < two
    assert found.model.shape == (40, *exact.shape)
    with pytest.raises(
        ValueError, match=r"data of shape \(3,\).*what observe returns has the shape \(11, 3\)"
    ):
        nj.fit(np.zeros(3), *sample(**truth), over=over, times=times, observe=seen, cells=16, rungs=2)


def test_a_fit_sees_the_layers_of_a_sample():
    seen = nj.Layered(lambda sample: lit(sample).reflected, "100 nm", "400 nm", 6)
    with pytest.raises(ValueError, match=r"what observe returns has the shape \(3, 2\)"):
        nj.fit(
            np.zeros(4),
            sample_metal(),
            PULSE,
            over={"zeta0": (1.0, 20.0)},
            times=TIMES,
            observe=seen,
            cells=16,
            rungs=2,
        )


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """Re σ(ω) at two frequencies."""

    @property
    def dims(self):
        return {"frequency": [0.5, 2.0]}

    def __call__(self, state):
        return nj.optics(state, self.dims["frequency"], transport_time=1.0).sigma.real


def test_an_observable_may_have_axes_of_its_own(metal):
    found = nj.sweep(
        metal, nj.Clamped(20.0), axes={"zeta": [1.0, 20.0, 5.0]}, plateau=True, cells=16, progress=False,
        observe={"sigma": lambda state: state.sigma, "spectrum": Spectrum()},
    )  # fmt: skip
    assert found["spectrum"].dims == ("zeta", "frequency") and found["frequency"].to_numpy().tolist() == [
        0.5,
        2.0,
    ]
    alone = nj.optics(nj.plateau(metal, 20.0, cells=16), [0.5, 2.0], transport_time=1.0).sigma.real
    np.testing.assert_allclose(found["spectrum"].sel(zeta=20.0), alone, rtol=1e-12)


def test_thickness_below_zero_is_linear_between_middles():
    middle = jnp.array([0.5, 1.5, 2.5])
    for sigma, expected in (([-1, 1, 1], 1.0), ([-1, -1, 3], 1.75), ([1, 1, 1], 0.0), ([-1, -1, -1], 3.0)):
        assert below_zero(middle, jnp.array(sigma, float), jnp.asarray(3.0)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"thickness": "-1 nm"}, "thickness = '-1 nm' is not allowed"),
        ({"thickness": 400.0}, "thickness = 400.0 is not clear"),
        ({"thickness": "400 fs"}, "thickness = '400 fs' is not allowed: it must be a length"),
        ({"penetration_depth": "0 nm"}, "penetration_depth = 0.0 is not allowed"),
        ({"layers": 0}, "layers = 0 is not allowed"),
    ],
)
def test_refusals(change, message):
    given = {"penetration_depth": "100 nm", "thickness": "400 nm"} | change
    with pytest.raises(ValueError, match=message):
        nj.depth(
            sample_metal(), PULSE, given.pop("penetration_depth"), given.pop("thickness"), **RUN, **given
        )


def test_thick_layers_are_warned_of(monkeypatch):
    def never(*inputs, **options):
        raise InterruptedError

    monkeypatch.setattr("nacjax.studies.probe.depth.trajectory", never)
    with pytest.warns(RuntimeWarning, match="1 penetration depths .* off by -0.04,.* take layers = 32"):
        with pytest.raises(InterruptedError):
            nj.depth(sample_metal(), PULSE, "100 nm", "400 nm", layers=4, **RUN)


def test_light_refuses(samples):
    for options, message in (
        ({"window": 0.0}, "window = 0.0 is not allowed"),
        ({"angle": 2.0}, "angle = 2.0 is not allowed"),
        ({"polarization": "x"}, "polarization = 'x' is not allowed"),
    ):
        with pytest.raises(ValueError, match=message):
            nj.reflectivity(samples[6], **OPTICS, **options)
    with pytest.raises(ValueError, match="frequencies is needed with a Depth"):
        nj.reflectivity(samples[6])
