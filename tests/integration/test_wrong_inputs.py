"""Wrong inputs: each ends in a sentence with argument, value and cure, before anything is compiled."""

import diffrax
import equinox as eqx
import numpy as np
import pytest

import nacjax as nj

KICK = nj.Clamped(20.0)
TIMES = [1.0, 2.0]


def given(**changes):
    numbers = {"dos": nj.FlatTopDOS(), "filling": 0.5, "temperature": 0.003, "phonon_energy": 0.53}
    return nj.Metal(**{**numbers, **changes})


METAL = given(inelastic_rate=1e-3)


SCALES = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
LIT = nj.plateau(nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=SCALES), 20.0, cells=16)


def past_constructor(temperature):
    return eqx.tree_at(lambda metal: metal.temperature, nj.k3c60(), temperature)


def run(metal=METAL, pump=KICK, times=TIMES, **options):
    return nj.evolve(metal, pump, times, **options)


def sweep(**changes):
    return nj.sweep(METAL, KICK, **{"axes": {"filling": [0.4]}, "plateau": True, **changes})


def search(**changes):
    return nj.search(METAL, KICK, **{"over": {"filling": (0.4, 0.5)}, "plateau": True, **changes})


def fit(**changes):
    settled = {"metal": METAL, "pump": KICK, "over": {"filling": (0.4, 0.5)}, "times": [1.0, 2.0, 3.0]}
    return nj.fit(**{"data": [0.1, 0.2, 0.3], **settled, **changes})


WRONG = {
    "pump = 20.0 .* a pump, such as nacjax.Clamped": lambda: run(pump=20.0),
    "pump = the class Clamped": lambda: run(pump=nj.Clamped),
    r"metal = Clamped\(zeta=20\).*the metal comes first": lambda: nj.evolve(KICK, METAL, TIMES),
    "field = 0.4 .* nacjax.ConstantField": lambda: run(field=0.4),
    "mesh = 64 .* give cells=64": lambda: run(mesh=64),
    "solver = 'Tsit5' .* diffrax.Tsit5": lambda: run(solver="Tsit5"),
    "solver = the class Tsit5": lambda: run(solver=diffrax.Tsit5),
    r"filling of shape \(2,\) .* nacjax.sweep": lambda: run(given(filling=[0.3, 0.4])),
    r"zeta of shape \(2,\) .* jax.vmap": lambda: run(pump=nj.Clamped([1.0, 2.0])),
    r"zeta = \[1.0, 2.0\]": lambda: nj.plateau(METAL, [1.0, 2.0]),
    "zeta = '20' .* without a unit": lambda: nj.Clamped("20"),
    "zeta = None": lambda: nj.Clamped(None),
    r"zeta = Clamped\(zeta=20\)": lambda: nj.plateau(METAL, KICK),
    "zeta = -1.0 .* zero or a positive": lambda: nj.plateau(METAL, -1.0),
    "times = '10' .* without unit": lambda: run(times="10"),
    "times = '3 ps' has a unit.*time_fs=": lambda: run(times=["3 ps"]),
    r"times = \[2.0, 1.0\] .* increasing": lambda: run(times=[2.0, 1.0]),
    r"times of shape \(0,\)": lambda: run(times=[]),
    r"times of shape \(1, 2\)": lambda: run(times=[TIMES]),
    "cells = '64' .* whole number": lambda: run(cells="64"),
    "cells = 16.5": lambda: run(cells=16.5),
    "rtol = '1e-3' .* positive": lambda: run(rtol="1e-3"),
    "max_steps = 0 .* at least 1": lambda: run(max_steps=0),
    "rungs = 1 .* at least 2": lambda: run(rungs=1),
    "filling = '0.5' .* without a unit": lambda: given(filling="0.5"),
    r"filling = \(0.5\+1j\)": lambda: given(filling=0.5 + 1j),
    "filling = nan .* between 0 and 1": lambda: given(filling=np.nan),
    "dos = 'flat' .* nacjax.FlatTopDOS": lambda: given(dos="flat"),
    "transport = 'bnad' .* one of constant": lambda: given(transport="bnad"),
    r"modes = Mode\(...\) .* a list of nacjax.Mode": lambda: given(modes=nj.Mode(0.1)),
    "processes: 3": lambda: given(processes=[3]),
    r"scales = 3 .* nacjax.Scales\(energy_ev": lambda: given(scales=3),
    "temperature = '100 K' has a unit.*energy_ev=": lambda: given(temperature="100 K"),
    "temperature = 100 is not clear: .*'100 K'": lambda: nj.k3c60(temperature=100),
    "'fillin'; did you mean 'filling'": lambda: sweep(axes={"fillin": [0.4]}),
    r"axes = \['filling'\] .* like": lambda: sweep(axes=["filling"]),
    "give exactly one of times": lambda: sweep(times=1.0),
    "'sigm'; did you mean 'sigma'": lambda: sweep(observe="sigm"),
    "store = 3 .* a path": lambda: sweep(store=3),
    "store = .* without a null character": lambda: sweep(store="a\0b"),
    "path = 3 .* a path, as text": lambda: nj.read_dos(3),
    "hr = None .* a path, as text": lambda: nj.read_wannier(None),
    r"times = \['0 fs', '1 fs'\] .* without a unit": lambda: nj.SampledPulse(["0 fs", "1 fs"], [0, 1]),
    r"strength = \['0 V/m'\] .* without a unit": lambda: nj.SampledField([0], ["0 V/m"]),
    "temperature = 300.0 is not clear": lambda: nj.plateau(past_constructor(300.0), 5.0),
    "temperature = '300 K' .*past its constructor.*dataclasses.replace": lambda: run(
        past_constructor("300 K")
    ),
    "executor = 3 .* submit": lambda: sweep(executor=3),
    "chunk = 0 .* at least 1": lambda: sweep(chunk=0),
    r"filling = \(0.5, 0.4\) .* lower one first": lambda: search(over={"filling": (0.5, 0.4)}),
    r"over = \['filling'\] .* like": lambda: search(over=["filling"]),
    "filling = 0.4 .*low, high": lambda: search(over={"filling": 0.4}),
    "seed = 'a' .* whole number": lambda: search(seed="a"),
    r"data of shape \(1,\)": lambda: fit(data=[0.1]),
    r"data = \['a'\]": lambda: fit(data=["a"]),
    "noise = -1 .* positive": lambda: fit(noise=-1),
    "steps = 0 .* at least 1": lambda: fit(steps=0),
    "pump = 3": lambda: nj.threshold_field(METAL, 3, times=TIMES),
    "what = 3 .* a Run": lambda: nj.sensitivity(3, wrt=["filling"]),
    "wrt: x = 'a' .* number": lambda: nj.sensitivity(lambda x: x, wrt={"x": "a"}),
    "run = 3 .* nacjax.evolve": lambda: nj.events(3),
    "fluence = '1 mJ' .* energy per area": lambda: nj.pulse(
        nj.k3c60(), "1 mJ", "300 fs", penetration_depth="100 nm"
    ),
    r"frequencies = \[\] .* at least one": lambda: nj.optics(LIT, []),
    "state = 3 .* nacjax.evolve": lambda: nj.optics(3, ["10 meV"]),
    "epsilon_inf = '5' .* positive": lambda: nj.optics(LIT, ["10 meV"], epsilon_inf="5"),
    "sample = 3 .* a Depth or an Optics": lambda: nj.reflectivity(3),
    "width of 2 layers": lambda: nj.reflectivity(nj.optics(LIT, ["10 meV"]), width=["1 nm", "2 nm"]),
    "substrate = .* one per frequency": lambda: nj.reflectivity(
        nj.optics(LIT, ["10 meV"]), substrate=[1.0, 2.0]
    ),
    "measured = 3 .* a Reflectivity": lambda: nj.apparent(3, "100 nm"),
    "metal = Clamped.*the metal comes first": lambda: nj.depth(KICK, METAL, 1.0, 1.0, times=TIMES),
    "both must have a unit": lambda: nj.depth(METAL, KICK, "100 nm", 1.0, times=TIMES),
    "layers = 'a' .* whole number": lambda: nj.depth(METAL, KICK, 1.0, 1.0, times=TIMES, layers="a"),
    "profile = 'x' .* a function": lambda: nj.depth(METAL, KICK, 1.0, 1.0, times=TIMES, profile="x"),
    "result = int": lambda: nj.plot(3),
}
"""What is said → what was done."""


@pytest.mark.parametrize("said", WRONG)
def test_a_wrong_input_ends_in_a_sentence(said):
    with pytest.raises(ValueError, match=said):
        WRONG[said]()


STRANGE = {
    "evolve": lambda: run(foo=1),
    "omega_e": lambda: nj.omega_e(METAL, KICK, TIMES, nj.ConstantField(0.1), foo=1),
    "threshold_field": lambda: nj.threshold_field(METAL, KICK, TIMES, foo=1),
    "depth": lambda: nj.depth(nj.k3c60(), KICK, "100 nm", "200 nm", times=["1 ps"], foo=1),
    "sweep": lambda: sweep(foo=1),
    "search": lambda: search(foo=1),
    "fit": lambda: fit(foo=1),
    "read_dos": lambda: nj.read_dos("band.dat", foo=1),
}


@pytest.mark.parametrize("where", STRANGE)
def test_an_unknown_option_is_named(where):
    with pytest.raises(TypeError, match=f"'foo' is no option of|{where}.* unexpected keyword argument 'foo'"):
        STRANGE[where]()


def test_texts_with_units_are_accepted_where_the_metal_has_scales():
    """A search that is refused for its objective only, after its bounds and times were understood."""
    metal = nj.k3c60()
    over = {"temperature": ("100 K", "300 K"), "phonon_energy": ((150, 180), "meV")}
    with pytest.raises(ValueError, match="objective"):
        nj.search(metal, KICK, over=over, objective="none", times="3 ps")
    with pytest.raises(ValueError, match="cannot fix 1 quantities"):
        nj.fit([0.1], metal, KICK, over={"temperature": ("100 K", "300 K")}, times=["1 ps"])
