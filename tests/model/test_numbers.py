"""A number declared once: checks, units, names, labels, printouts and help read the declaration."""

import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

import nacjax as nj
from nacjax.model.checks import as_arrays
from nacjax.model.names import System, about, about_name, all_quantities, changed, kind_of, resolve, unit_of
from nacjax.model.numbers import Declared, numbers_of, subclasses

SCALES = nj.Scales(energy_ev=0.5, time_fs=1000.0)


class Leak(nj.AbstractProcess):
    """A process with one declared number and one plain one."""

    rate: Array = nj.number("Γ_l", "rate", "not negative", "rate of the leak", default=0.1)
    bias: Array = eqx.field(converter=jnp.asarray, default=0.5)

    def flow(self, now, ladder):
        return nj.Flow(cells=-self.rate * now.f)


class Loose(Leak):
    """One whose slopes are left out."""

    structured = False


def metal(**more):
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, **more)


def system(**more):
    return as_arrays(System(metal(**more), nj.Clamped(1.0), nj.ConstantField(0.1)))


def test_a_process_of_a_user_is_known_by_its_numbers():
    whole = system(processes=[Leak()])
    assert {"metal.processes.0.rate", "metal.processes.0.bias"} <= set(all_quantities(whole))
    for name in ("rate", "processes.0.rate"):
        assert resolve(name, whole) == "metal.processes.0.rate"
    assert about("metal.processes.0.rate", whole) == ("rate of the leak, process 0", "Γ_l[0]", "rate")
    assert about("metal.processes.0.bias", whole) == ("bias, process 0", "", "")
    assert kind_of("metal.processes.0.rate", whole) == "rate"
    other = changed(whole, {"metal.processes.0.rate": 0.3})
    assert float(other.metal.processes[0].rate) == 0.3
    slope = jax.grad(lambda x: changed(whole, {"metal.processes.0.rate": x}).metal.processes[0].rate ** 2)(
        0.3
    )
    assert float(slope) == pytest.approx(0.6)
    line = next(line for line in str(whole.metal).splitlines() if line.startswith("processes"))
    assert line.split() == ["processes", "Γ_l,", "bias", "leak,", "0.1,", "0.5"]


def test_a_process_takes_units_and_leads_off_the_ladder_where_it_says_so():
    known = nj.trial(processes=(Leak("2 / ps"),), scales=SCALES)
    assert float(known.processes[0].rate) == pytest.approx(2.0, rel=1e-12) and "2 1/ps" in str(known)
    assert known.on_ladder and known.off_ladder == 0
    assert metal(processes=(Leak(), Loose()), modes=[nj.Mode(0.1)]).off_ladder == 2
    assert not metal(processes=[Loose()]).on_ladder


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: metal(processes=[Leak(-1.0)]), "rate = -1.0 is not allowed: it must be zero or a positive"),
        (
            lambda: nj.trial(processes=[Leak("2 meV")], scales=SCALES),
            r"processes: rate = '2 meV' .*a rate, such as",
        ),
        (lambda: metal(processes=[Leak("2 / ps")]), r"processes: rate = .*Scales\(time_fs=...\)"),
        (lambda: metal(processes=Leak()), r"processes = Leak\(...\) is not allowed: it must be a list"),
        (lambda: metal(processes=[nj.Mode(0.1)]), "processes: Mode"),
        (lambda: metal(processes=3), "processes = 3 is not allowed"),
        (lambda: metal(phonon_lifetime="5 ps"), r"Scales\(time_fs"),
        (lambda: metal(states_per_mode="5 ps"), "states_per_mode = '5 ps' .* without a unit"),
        (lambda: nj.Clamped("5 K"), "zeta = '5 K' is not allowed: .* without a unit"),
        (lambda: nj.Mode(0.1, lifetime=-1.0), "lifetime = -1.0 is not allowed: it must be a positive time"),
        (lambda: nj.Mode(0.1, pump=3), "pump = 3 is not allowed"),
        (lambda: nj.Scales(-1.0), "energy_ev = -1.0 is not allowed: it must be a positive, finite number"),
        (lambda: nj.Scales(1.0, time_fs=float("nan")), "time_fs = nan"),
        (lambda: nj.number("x", "speed"), "kind = 'speed' is not allowed"),
        (
            lambda: nj.number("x", allowed="large"),
            "allowed = 'large' is not allowed: it must be one of positive",
        ),
        (lambda: metal(dispersion="3 meV"), "dispersion = '3 meV' is not allowed: it must be above 0"),
        (lambda: nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, np.inf), "phonon_energy = inf is not allowed"),
    ],
)
def test_bad_numbers(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_dispersion_is_one_object_with_one_name():
    whole = system(dispersion=nj.Dispersion(0.03, shape="box"))
    path = resolve("dispersion", whole)
    assert path == resolve("relative_width", whole) == "metal.dispersion.relative_width"
    wider = changed(whole, {path: 0.05}).metal.dispersion
    assert wider.shape == "box" and float(wider.relative_width) == 0.05
    assert about(path, whole) == ("relative width of the phonon branch", "δω/ω_p", "1")
    plain = metal(dispersion=0.03)
    assert plain.dispersion.shape == "gaussian" and "0.03 (gaussian)" in str(plain)
    with pytest.raises(ValueError, match="no quantity 'dispersion'"):
        resolve("dispersion", system())


def test_labels_of_what_there_was():
    whole = system(modes=[nj.Mode(0.1)])
    assert about("metal.phonon_energy", whole) == ("phonon energy", "ω_p", "energy")
    assert about("metal.dos.width", whole) == ("band width", "W", "energy")
    assert about("metal.modes.0.coupling_rate", whole)[0] == "electron-phonon rate, mode 0"
    assert unit_of(about("metal.temperature", whole)[2], whole.metal) == "W"
    assert about("field.strength", whole) == ("electric field", "𝓔", "1")
    absolute = whole._replace(field=nj.ConstantField(0.1, absolute=True))
    assert about("field.strength", absolute) == ("electric field", "E v_F √τ_tr", "field")
    assert unit_of("field", whole.metal) == "W √Γ_eph"
    assert (
        about_name("zeta")[1] == "ζ" and about_name("time")[2] == "time" and about_name("x") == ("", "", "")
    )


def test_every_number_of_the_model_is_declared():
    """No scalar of a metal, DoS, pump or field is without symbol or name, and units of it are known."""
    some = {
        nj.FlatTopDOS,
        nj.Kick,
        nj.SampledPulse,
        nj.MaxwellField,
        nj.PowerLawTransport,
    }  # loads their files
    kinds = [nj.Metal, nj.Mode, nj.Dispersion, *subclasses(Declared)]
    assert some <= set(kinds)
    for kind in kinds:
        for name, declared in numbers_of(kind).items():
            assert declared.long_name and declared.range, (kind, name)
    whole = System(
        metal(modes=[nj.Mode(0.1)], dispersion=0.1, transport=nj.PowerLawTransport(0.5)),
        nj.SampledPulse([0, 1], [1, 2]),
        nj.MaxwellField(0.1),
    )
    assert all(about(path, whole)[2] for path in all_quantities(as_arrays(whole)))


def test_the_metal_is_a_declared_dataclass():
    one = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, 1.0, 0.1, 5.0, 2.0, "band", modes=(nj.Mode(0.1),))
    assert (float(one.inelastic_rate), float(one.states_per_mode), str(one.transport)) == (0.1, 2.0, "band")
    with pytest.raises(TypeError):
        nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, 1.0, 0.1, 5.0, 2.0, "band", 0.03)


def test_the_command_line_knows_a_pulse_and_a_law_from_their_declarations():
    code = """
import jax.numpy as jnp, nacjax as nj
from typing import ClassVar
class Triangle(nj.AnalyticPulse):
    shape_name: ClassVar[str] = "triangle"
    def envelope(self, t):
        x = (t - self.delay) / self.duration
        return jnp.where((x >= 0) & (x < 1), 2 * (1 - x), 0.0) / self.duration
class Steep(nj.AbstractTransport):
    name: ClassVar[str] = "steep"
    def scattering(self, dos, energy, fermi_energy):
        return dos.density(energy) ** 2
print(type(nj.pulse(nj.k3c60(mesh=8), "1 mJ/cm^2", "300 fs", shape="triangle", penetration_depth="1 nm")).__name__)
print(nj.trial(transport="steep").transport)
from nacjax.commands.main import main
try: main(["search", "--help"])
except SystemExit: pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[:2] == ["Triangle", "steep"]
    assert "gaussian,square,triangle}" in done.stdout and "hard_sphere,steep}" in done.stdout
