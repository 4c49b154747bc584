"""What the discretisation keeps to round-off on any mesh, for any metal (hypothesis draws them)."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.measures import conductivity, electron_energy, electron_number

CELLS = 8
RUNGS = (1, 2, 3, 5, 12)


@eqx.filter_jit
def measure(metal, f, zeta, field, rungs):
    """Everything the invariants speak of, at a random state; compiled once per DoS and rung count."""
    kinetics = Kinetics.build(
        metal, nj.Kick(zeta), nj.ConstantField(field, absolute=True), nj.Mesh(cells=CELLS), rungs
    )
    ladder, size = kinetics.ladder, kinetics.ladder.states.size
    f = f[:size].reshape(ladder.states.shape)

    def moved(f, names, zeta=zeta):
        """What some processes do: (∂f/∂t, phonons emitted)."""
        state = kinetics.unpack(kinetics.initial_state())._replace(f=f, zeta=zeta)
        flow = sum((flow for p, flow in kinetics.flows(0.0, state)[0] if p.name in names), start=nj.Flow())
        return kinetics.change(flow), flow

    everything = ("electron_phonon", "inelastic", "joule")
    f_rate, _ = moved(f, everything)
    closed, emitted = moved(f, ("electron_phonon",))
    zeta_rate = emitted.phonons[0]
    squared = jnp.asarray(field) ** 2
    equilibrium = kinetics.unpack(kinetics.initial_state()).f
    heating = electron_energy(moved(f, ("joule",))[0], ladder)
    at_zero, _ = moved(jnp.where(f < 0.5, 0.0, f), everything)
    at_one, _ = moved(jnp.where(f > 0.5, 1.0, f), everything)
    occupied = ladder.states > 0
    entropy_rate = jnp.sum(jnp.where(occupied, ladder.states * f_rate * (jnp.log1p(-f) - jnp.log(f)), 0.0))
    cooling = moved(f, ("inelastic",))[1].chain
    bath = jnp.sum(ladder.spacing * cooling) / metal.temperature
    fermi_density = metal.density(ladder.fermi_energy)
    strength = metal.inelastic_rate / fermi_density * jnp.max(ladder.density) ** 2
    number = kinetics.bose[0] + zeta
    phonon_entropy = zeta_rate * jnp.log1p(1 / number)
    return {
        "scale": jnp.max(jnp.abs(f_rate)) + jnp.max(jnp.abs(closed)) + jnp.abs(zeta_rate),
        "particles": electron_number(f_rate, ladder),
        "states": jnp.sum(ladder.states) - metal.states_per_mode,
        "energy": electron_energy(closed, ladder) + metal.phonon_energy * zeta_rate,
        "equilibrium": jnp.max(jnp.abs(moved(equilibrium, everything[:2], jnp.zeros(()))[0])),
        "stiffness": strength / jnp.min(jnp.where(occupied, ladder.states, jnp.inf)),
        "joule": heating - squared * fermi_density / 3 * conductivity(f, ladder),
        "heating": jnp.abs(heating) + squared,
        "falls below 0": jnp.min(jnp.where(f < 0.5, at_zero, 0.0)),
        "rises above 1": jnp.max(jnp.where(f > 0.5, at_one, 0.0)),
        "entropy": entropy_rate + bath + phonon_entropy,
        "decay part": jnp.abs(zeta_rate) * 1e-12,
    }


@pytest.mark.parametrize("rungs", RUNGS)
@pytest.mark.parametrize("dos", [nj.FlatTopDOS(), nj.SemiEllipticDOS(2.0)])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_invariants(rungs, dos, data):
    """ω_p incommensurate and exactly commensurate with the band, 1 to 12 rungs."""
    width = float(dos.width)
    commensurate = data.draw(st.booleans(), label="commensurate")
    ratio = (
        rungs if commensurate else data.draw(st.floats(max(rungs - 0.99, 0.6), rungs - 0.01), label="W/ω_p")
    )
    metal = nj.Metal(
        dos,
        filling=data.draw(st.floats(0.05, 0.95), label="filling"),
        temperature=width * data.draw(st.floats(0.003, 0.2), label="temperature"),
        phonon_energy=width * 0.5,
        inelastic_rate=data.draw(st.floats(1e-4, 0.1), label="inelastic_rate"),
        states_per_mode=data.draw(st.floats(0.5, 6.0), label="states_per_mode"),
    )
    metal = eqx.tree_at(
        lambda m: m.phonon_energy, metal, jnp.asarray(width / ratio)
    )  # one rung: past the check
    seed = data.draw(st.integers(0, 2**31), label="seed")
    f = np.random.default_rng(seed).uniform(1e-6, 1 - 1e-6, 12 * CELLS)
    zeta = jnp.asarray(data.draw(st.floats(0, 1e3), label="zeta"))
    out = measure(metal, f, zeta, jnp.asarray(0.3), rungs)
    scale = 1 + float(out["scale"])
    assert abs(out["states"]) < 1e-12 * float(metal.states_per_mode)
    assert abs(out["particles"]) < 1e-12 * scale
    assert abs(out["energy"]) < 1e-12 * scale
    assert out["equilibrium"] < 1e-12 * (1 + out["stiffness"])
    assert abs(out["joule"]) < 1e-12 * scale
    assert out["falls below 0"] >= -1e-12 * scale
    assert out["rises above 1"] <= 1e-12 * scale
    assert out["entropy"] >= -1e-12 * scale


def test_run_keeps_particles_and_energy():
    """A closed system over a whole run: particles and electron + phonon energy to 1e-12, 0 ≤ f ≤ 1."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.01, 0.36, states_per_mode=2.0)
    run = nj.evolve(metal, nj.Kick(8.0), [0.1, 1.0, 10.0], cells=24)
    budget = run.budget
    assert np.abs(budget["particles"]).max() < 1e-12
    assert np.abs(budget["electron_energy"] + budget["phonon_energy"]).max() < 1e-12
    assert run.occupation.min() > -1e-3 and run.occupation.max() < 1 + 1e-3
