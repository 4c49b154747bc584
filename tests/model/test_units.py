"""Physical units at the boundary: round trips, fluences, fields, labels, and refusals that say what was expected."""

import dataclasses
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nacjax as nj
from nacjax.model.k3c60 import K3C60_PHONONS_MEV
from nacjax.model.units import KINDS, internal, physical, registry

SCALES = nj.Scales(
    energy_ev=0.498, time_fs=731.0, length_angstrom=14.24, cell_volume=722.0, fermi_velocity=1.6e5,
    transport_time_fs=12.0,
)  # fmt: skip
UNITS = {
    "energy": ("meV", "eV", "J", "THz", "1/cm"),
    "temperature": ("K", "meV"),
    "time": ("fs", "ps"),
    "rate": ("1/ps", "THz"),
    "energy × rate": ("meV/ps",),
    "field": ("kV/cm", "V/m"),
    "length": ("nm",),
    "volume": ("nm^3",),
    "fluence": ("mJ/cm^2",),
}
CASES = [(kind, unit) for kind, units in UNITS.items() for unit in units]
HBAR, CHARGE, PLANCK, LIGHT = 1.054571817e-34, 1.602176634e-19, 6.62607015e-34, 299792458.0


@pytest.fixture(scope="module")
def metal():
    return nj.Metal(nj.FlatTopDOS(), 0.5, "100 K", "170 meV", inelastic_rate="0.5 meV/ps", phonon_lifetime="5 ps",
                    scales=SCALES)  # fmt: skip


def test_every_kind_has_a_case():
    assert set(UNITS) == set(KINDS)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CASES), st.floats(1e-3, 1e3))
def test_round_trips_are_exact(case, number):
    kind, unit = case
    back = physical(internal("x", f"{number!r} {unit}", kind, SCALES), kind, SCALES, unit)
    assert back.magnitude == pytest.approx(number, rel=1e-12, abs=0)
    assert internal("x", physical(number, kind, SCALES), kind, SCALES) == pytest.approx(
        number, rel=1e-12, abs=0
    )


def test_a_metal_takes_texts_and_quantities(metal):
    assert float(metal.temperature) == pytest.approx(8.617333262e-5 * 100 / 0.498, rel=1e-9)
    assert float(metal.phonon_energy) == pytest.approx(0.170 / 0.498, rel=1e-12)
    assert float(metal.inelastic_rate) == pytest.approx(0.5e-3 / 0.498 * 731e-3, rel=1e-12)
    assert float(metal.phonon_lifetime) == pytest.approx(5000 / 731, rel=1e-12)
    energy = 170 * registry().meV
    same = nj.Metal(nj.FlatTopDOS(), 0.5, 8.617333262145179 * registry().meV, energy, scales=SCALES)
    assert float(same.temperature) == pytest.approx(float(metal.temperature), rel=1e-12)
    # 170 meV as a frequency E/h and a wave number E/hc
    assert internal("x", f"{0.17 * CHARGE / PLANCK / 1e12!r} THz", "energy", SCALES) == pytest.approx(
        0.17 / 0.498
    )
    wave = 0.17 * CHARGE / PLANCK / LIGHT / 100
    assert internal("x", f"{wave!r} / cm", "energy", SCALES) == pytest.approx(0.17 / 0.498)
    assert internal("x", "26.85 degC", "temperature", SCALES) == pytest.approx(300 * 8.617333262e-5 / 0.498)
    assert internal("x", 0.3, "time") == 0.3  # numbers pass


def test_modes_take_units():
    pump = nj.pulse(nj.k3c60(phonon_energy="41 meV"), "1 mJ/cm^2", "300 fs", penetration_depth="100 nm")
    metal = nj.k3c60(
        modes=(
            nj.Mode("41 meV", "2 / ps", "2 ps", pump),
            nj.Mode(jnp.asarray(0.1), lifetime=2000 * registry().fs),
        )
    )
    first, second = metal.modes
    width = metal.scales.energy_ev
    assert float(first.energy) == pytest.approx(0.041 / width, rel=1e-12)
    assert (float(first.coupling_rate), float(first.lifetime)) == pytest.approx((2.0, 2.0), rel=1e-12)
    assert (float(second.energy), float(second.lifetime)) == pytest.approx((0.1, 2.0), rel=1e-12)
    # ζ_0 and duration of its own pulse: 1 mJ/cm² are more phonons of 41 meV than of 170 meV
    driven = float(nj.zeta0_from_fluence(metal, "1 mJ/cm^2", penetration_depth="100 nm"))
    assert float(first.pump.zeta0) == pytest.approx(driven * 170 / 41, rel=1e-9)
    assert float(first.pump.duration) == pytest.approx(0.3, rel=1e-12)
    lines = [line for line in str(metal).splitlines() if line.startswith("modes")]
    assert len(lines) == 2 and all(line.endswith("given by the caller") for line in lines)
    assert "41 meV, 2 1/ps, 2 ps" in lines[0]
    again = nj.Metal(metal.dos, 0.5, 0.01, 0.3, modes=metal.modes)  # internal by now
    assert float(again.modes[0].energy) == float(first.energy) and "meV" not in str(again)


def test_fluence_of_the_papers_note():
    metal = nj.k3c60()
    options = {"penetration_depth": "100 nm", "cell_volume": "721.9 angstrom^3"}
    zeta = nj.zeta0_from_fluence(metal, "1 mJ/cm^2", **options)
    assert float(zeta) == pytest.approx(10.0 / 100e-9 * 721.9e-30 / (0.170 * CHARGE), rel=1e-6)
    # note [19] of the paper: ζ_0 ~ 10 for 1 mJ/cm² and 100 nm
    of_modes = [
        float(nj.zeta0_from_fluence(nj.k3c60(phonon_energy=(e, "meV")), "1 mJ/cm^2", **options))
        for e in K3C60_PHONONS_MEV
    ]
    print(f"K3C60, 1 mJ/cm² over 100 nm: ζ_0 = {np.round(of_modes, 2)} at {K3C60_PHONONS_MEV} meV")
    assert all(1 < z < 30 for z in of_modes) and max(of_modes) > 10
    back = nj.fluence_from_zeta0(metal, zeta, **options)
    assert back.magnitude == pytest.approx(1.0, rel=1e-12) and f"{back.units:~P}" == "mJ/cm²"
    part = nj.zeta0_from_fluence(
        metal, ["1 mJ/cm^2", "2 mJ/cm^2"], reflectivity=0.75, modes_per_cell=3, **options
    )
    np.testing.assert_allclose(part, np.array([1, 2]) * float(zeta) / 12, rtol=1e-12)
    own = nj.zeta0_from_fluence(metal, "1 mJ/cm^2", penetration_depth="100 nm")
    assert float(own) == pytest.approx(float(zeta), rel=1e-4)


def test_pulses_and_fields(metal):
    pulse = nj.pulse(metal, "2 mJ/cm^2", "300 fs", delay="1 ps", shape="gaussian", penetration_depth="100 nm")
    assert isinstance(pulse, nj.GaussianPulse)
    assert float(pulse.duration) == pytest.approx(300 / 731) and float(pulse.delay) == pytest.approx(
        1000 / 731
    )
    assert float(pulse.zeta0) == pytest.approx(20 / 1e-7 * 722e-30 / (0.17 * CHARGE), rel=1e-6)
    strength = float(nj.field(metal, "10 kV/cm").strength)
    joule_per_root_second = CHARGE * 1e6 * 1.6e5 * np.sqrt(12e-15)  # e E v_F √τ_tr
    assert strength == pytest.approx(joule_per_root_second / (0.498 * CHARGE) * np.sqrt(731e-15), rel=1e-9)


def test_evolve_and_results_in_both_systems():
    metal = nj.k3c60(inelastic_rate="0.5 meV/ps")
    pump, grid = (
        nj.pulse(metal, "4 mJ/cm^2", "300 fs", penetration_depth="100 nm"),
        {"cells": 16, "rtol": 1e-2},
    )
    run = nj.evolve(metal, pump, times=["200 fs", "1 ps"], field=nj.field(metal, "2 kV/cm"), **grid)
    np.testing.assert_allclose(run.times, [0.2, 1.0], rtol=1e-12)
    plain = run.to_xarray()
    assert plain["time"].attrs["units"] == "1/rate" and plain["energy"].attrs["units"] == "energy"
    table = nj.in_physical_units(plain, metal)
    np.testing.assert_allclose(
        table["time"], [200, 1000] if table["time"].attrs["units"] == "fs" else [0.2, 1.0]
    )
    assert table["time"].attrs["units"] in ("fs", "ps") and table["energy"].attrs["units"] == "meV"
    np.testing.assert_allclose(table["energy"], 498.401 * plain["energy"], rtol=1e-5)
    assert table["field"].attrs["units"] == "kV/cm"
    np.testing.assert_allclose(table["field"], 2.0, rtol=1e-9)
    np.testing.assert_array_equal(table["sigma"], plain["sigma"])


def test_sweeps_take_units():
    metal = nj.k3c60()
    axes = {"phonon_energy": ["165 meV", "170 meV"], "temperature": ["100 K", "300 K"]}
    result = nj.in_physical_units(nj.sweep(metal, nj.Clamped(5.0), axes=axes, plateau=True, cells=16), metal)
    np.testing.assert_allclose(result["phonon_energy"], [165, 170], rtol=1e-9)
    np.testing.assert_allclose(result["temperature"], [100, 300], rtol=1e-9)
    assert (result["phonon_energy"].attrs["units"], result["temperature"].attrs["units"]) == ("meV", "K")
    same = {"phonon_energy": ([165, 170], "meV"), "temperature": (np.array([100, 300]), "K")}
    again = nj.sweep(metal, nj.Clamped(5.0), axes=same, plateau=True, cells=16)
    np.testing.assert_allclose(again["sigma"], result["sigma"], rtol=1e-12)
    with pytest.raises(ValueError, match=r"axes: zeta = .*5 K.* list of numbers"):
        nj.sweep(metal, nj.Clamped(5.0), axes={"zeta": ["5 K"]}, plateau=True)


PLAIN = {
    "a metal": lambda: nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, "170 meV", scales=SCALES),
    "a preset": lambda: nj.k3c60(temperature=100.0),
    "its rates": lambda: nj.k3c60(inelastic_rate=0.1),
    "a mode": lambda: nj.k3c60(modes=[nj.Mode(0.1)]),
    "a process": lambda: nj.k3c60(processes=[nj.ElectronElectron(0.1)]),
    "a NumPy number": lambda: nj.k3c60(phonon_lifetime=np.float32(5)),
    "replace": lambda: dataclasses.replace(nj.k3c60(), temperature=300),
    "axes": lambda: nj.sweep(nj.k3c60(), nj.Clamped(5.0), axes={"temperature": [100, 300]}, plateau=True),
    "an axis of NumPy": lambda: nj.sweep(
        nj.k3c60(), nj.Clamped(5.0), axes={"phonon_energy": np.linspace(0.2, 0.4, 3)}, plateau=True
    ),
    "zipped axes": lambda: nj.sweep(
        nj.k3c60(), nj.Clamped(5.0), axes={("temperature", "filling"): (["100 K", 300], [0.5, 0.4])}, plateau=True
    ),
    "bounds": lambda: nj.search(
        nj.k3c60(), nj.Clamped(5.0), over={"temperature": (100, 300, "log")}, plateau=True
    ),
    "bounds of a fit": lambda: nj.fit(
        np.ones(4), nj.k3c60(), nj.Clamped(5.0), over={"phonon_energy": np.array([0.2, 0.5])},
        times=(np.arange(4), "ps"),
    ),
    "times": lambda: nj.evolve(nj.k3c60(), nj.Clamped(5.0), [0.1, 1.0]),
    "times of a threshold": lambda: nj.threshold_field(nj.k3c60(), nj.Clamped(5.0), [0.1, 1.0]),
    "times of ω_E": lambda: nj.omega_e(nj.k3c60(), nj.Clamped(5.0), [0.1], nj.ConstantField(0.1)),
    "a fluence": lambda: nj.zeta0_from_fluence(nj.k3c60(), 1.0, penetration_depth="100 nm"),
    "a depth": lambda: nj.zeta0_from_fluence(nj.k3c60(), "1 mJ/cm^2", penetration_depth=100),
    "a duration": lambda: nj.pulse(nj.k3c60(), "1 mJ/cm^2", 0.3, penetration_depth="100 nm"),
    "a field": lambda: nj.field(nj.k3c60(), 10),
    "a study": lambda: pumped(temperatures=[100]),
    "times of a study": lambda: pumped(times=[0.1, 1.0]),
}  # fmt: skip
"""Plain numbers given to a metal with scales."""


def pumped(**changes):
    from nacjax.studies.fluence import pumped

    good = {
        "phonon_energies": ["170 meV"],
        "temperatures": ["100 K"],
        "fluences": ["1 mJ/cm^2"],
        "times": ["1 ps"],
    }
    return pumped(nj.k3c60(), nj.ExponentialPulse(1.0, 0.3), **{**good, **changes})


@pytest.mark.parametrize("where", PLAIN)
def test_a_plain_number_for_a_metal_with_scales_is_refused(where):
    with pytest.raises(
        ValueError, match=r"(not clear: \S+ could be '.*' or .*; give it with its unit|all of it must)"
    ):
        PLAIN[where]()


def test_what_needs_no_unit():
    """0 and inf, internal arrays, defaults, numbers without dimension, scales that do not know the unit."""
    metal = nj.k3c60(inelastic_rate=0, phonon_lifetime=np.inf, filling=0.4, coupling_rate=jnp.asarray(2.0))
    assert float(metal.coupling_rate) == 2.0 and float(metal.inelastic_rate) == 0
    assert float(dataclasses.replace(metal, filling=0.3).temperature) == float(metal.temperature)
    assert (
        float(nj.trial(scales=nj.Scales(1.0), inelastic_rate=0.1).inelastic_rate) == 0.1
    )  # no scale of time
    mode = nj.k3c60(modes=[nj.Mode("41 meV")]).modes[0]
    assert (float(mode.coupling_rate), float(mode.lifetime)) == (1.0, np.inf)


def test_pairs_are_texts_through_which_derivatives_pass():
    text, pair = nj.k3c60("300 K", "170 meV"), nj.k3c60((300, "K"), (jnp.asarray(170.0), "meV"))
    for name in ("temperature", "phonon_energy"):
        assert float(getattr(pair, name)) == pytest.approx(float(getattr(text, name)), rel=1e-12)
    cold = float(nj.k3c60("26.85 degC").temperature)
    assert float(jax.jit(lambda t: nj.k3c60((t, "degC")).temperature)(26.85)) == pytest.approx(
        cold, rel=1e-12
    )

    def sigma(kelvin):
        return nj.plateau(nj.k3c60((kelvin, "K")), 20.0, cells=16, rungs=3).sigma

    slope = float(jax.jit(jax.grad(sigma))(300.0))
    assert slope == pytest.approx(float(sigma(301.0) - sigma(299.0)) / 2, rel=1e-3)
    zeta = jax.grad(lambda x: nj.zeta0_from_fluence(text, (x, "mJ/cm^2"), penetration_depth="100 nm"))(2.0)
    assert float(zeta) == pytest.approx(2.65, rel=1e-3)
    with pytest.raises(ValueError, match="temperature is an array or a tracer without a unit"):
        jax.jit(lambda t: nj.k3c60(t).temperature)(100.0)
    with pytest.raises(ValueError, match=r"temperature = \(100, 'kelwin'\) is not allowed"):
        nj.k3c60((100, "kelwin"))


BAD = [
    ({"temperature": "3 fs"}, r"temperature = '3 fs' .*a temperature or an energy.*\[time\]"),
    ({"phonon_energy": "300 K"}, r"phonon_energy = '300 K' .*an energy, such as.*\[temperature\]"),
    ({"phonon_energy": "0.5"}, r"phonon_energy = '0.5' .*an energy.*a number without unit"),
    ({"phonon_energy": "170 meW"}, r"phonon_energy = '170 meW' .*(not defined|an energy)"),
    ({"phonon_energy": "170 mV meV"}, r"phonon_energy = .*an energy"),
    ({"phonon_energy": "(((" }, r"phonon_energy = .*a number and a unit"),
    ({"phonon_lifetime": "5 nm"}, r"phonon_lifetime = '5 nm' .*a time, such as '300 fs'.*\[length\]"),
    ({"coupling_rate": "5 ps"}, r"coupling_rate = '5 ps' .*a rate"),
    ({"inelastic_rate": "5 meV"}, r"inelastic_rate = '5 meV' .*an energy times a rate"),
    ({"temperature": "-5 K"}, r"temperature = .*positive"),
    ({"scales": None}, r"temperature = '100 K' has a unit, .*Scales\(energy_ev=...\)"),
    ({"scales": nj.Scales(0.5), "phonon_lifetime": "5 ps"}, r"phonon_lifetime = '5 ps' .*Scales\(time_fs=...\)"),
    ({"modes": [nj.Mode("41 fs")]}, r"modes: energy = '41 fs' .*an energy, such as.*\[time\]"),
    ({"modes": [nj.Mode("40 meV", "1 meV")]}, r"modes: coupling_rate = '1 meV' .*a rate, such as"),
    ({"modes": [nj.Mode("40 meV", lifetime="2 nm")]}, r"modes: lifetime = '2 nm' .*a time, such as"),
    ({"modes": [nj.Mode("-41 meV")]}, r"modes: energy = '-41 meV' .*must be positive"),
    ({"modes": [nj.Mode("40 meV", lifetime="2 ps")], "scales": nj.Scales(0.5)},
     r"modes: lifetime = '2 ps' .*Scales\(time_fs=...\)"),
    ({"modes": [nj.Mode("41 meV")], "scales": None, "temperature": 0.01, "phonon_energy": 0.3},
     r"modes: energy = '41 meV' has a unit, .*Scales\(energy_ev=...\)"),
    ({"modes": nj.Mode(0.1)}, r"modes = .* a list of nacjax.Mode"),
]  # fmt: skip


@pytest.mark.parametrize("change, message", BAD)
def test_refusals_name_argument_and_dimension(change, message):
    good = {"temperature": "100 K", "phonon_energy": "170 meV", "scales": SCALES}
    with pytest.raises(ValueError, match=message):
        nj.Metal(nj.FlatTopDOS(), 0.5, **{**good, **change})


def test_refusals_of_the_laboratory(metal):
    depth = {"penetration_depth": "100 nm"}
    with pytest.raises(ValueError, match=r"fluence = '1 mJ' .*an energy per area"):
        nj.zeta0_from_fluence(metal, "1 mJ", **depth)
    with pytest.raises(ValueError, match=r"penetration_depth = '100 fs' .*a length"):
        nj.zeta0_from_fluence(metal, "1 mJ/cm^2", penetration_depth="100 fs")
    with pytest.raises(ValueError, match=r"reflectivity = 1\.0"):
        nj.zeta0_from_fluence(metal, "1 mJ/cm^2", reflectivity=1.0, **depth)
    with pytest.raises(ValueError, match="cell_volume is needed"):
        nj.zeta0_from_fluence(nj.trial(scales=nj.Scales(1.0)), "1 mJ/cm^2", **depth)
    with pytest.raises(ValueError, match=r"strength = '10 kV' .*an electric field"):
        nj.field(metal, "10 kV")
    with pytest.raises(ValueError, match="shape = 'sech'"):
        nj.pulse(metal, "1 mJ/cm^2", "300 fs", shape="sech", **depth)
    with pytest.raises(ValueError, match=r"times = .* all of it must have a unit"):
        nj.evolve(metal, nj.Clamped(1.0), times=["1 fs", 3.0])
    with pytest.raises(ValueError, match="no scales"):
        nj.in_physical_units(None, nj.trial())


@pytest.mark.parametrize("preset", [nj.k3c60, nj.simple_cubic_p, nj.trial])
def test_presets_say_where_numbers_come_from(preset):
    metal = preset()
    text = str(metal)
    numbers = [line for line in text.splitlines()[1:] if not line.startswith("scales.energy")]
    assert len(numbers) >= 9
    known = dict(metal.sources)
    for line in numbers:
        name = line.split()[0].removeprefix("scales.")
        assert line.endswith(known[name]) and len(known[name]) > 3, line
    changed = preset(filling=0.4)
    assert float(changed.filling) == 0.4 and "given by the caller" in str(changed)


@pytest.mark.slow
def test_presets_have_the_right_sign():
    assert float(nj.plateau(nj.trial(), 20.0, cells=48).sigma) == pytest.approx(-0.374, abs=5e-3)
    assert float(nj.plateau(nj.simple_cubic_p(mesh=16), 20.0, cells=48).sigma) < -0.3
    # K3C60 at 170 meV: about −0.47 with constant ⟨v²⟩τ, about +0.02 with the bands' own ⟨v²⟩
    sigma = {
        law: float(nj.plateau(nj.k3c60(transport=law), 20.0, cells=48).sigma) for law in ("constant", "band")
    }
    assert sigma["constant"] == pytest.approx(-0.47, abs=0.02)
    assert sigma["band"] == pytest.approx(0.02, abs=0.03)


def test_pint_is_imported_when_needed_only():
    code = "import sys, nacjax as nj; nj.trial(); print('pint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
