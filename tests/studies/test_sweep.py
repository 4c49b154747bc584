"""`sweep`: labels, axes, batches and outcomes, against loops of single calls."""

import dataclasses
import json
from concurrent.futures import Future, ThreadPoolExecutor

import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj
from nacjax.kinetics.ladder import count_rungs
from nacjax.model.names import System, changed, resolve
from nacjax.solvers.ways import way_to
from nacjax.studies.sweep.batch import KERNELS
from nacjax.studies.sweep.chunks import plan, rung_counts, shared_rungs

CELLS = 16
QUIET = {"progress": False, "cells": CELLS}
OMEGA = [0.55, 0.4, 0.7, 0.45, 0.36]  # two rung counts


@pytest.fixture(scope="module")
def result(metal_):
    axes = {"phonon_energy": OMEGA, "zeta": [1, 5, 20]}
    return nj.sweep(metal_, nj.Clamped(20.0), axes=axes, plateau=True, chunk=4, **QUIET)


@pytest.fixture(scope="module")
def metal_():
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, inelastic_rate=1e-3)


def test_labels_units_and_configuration(result):
    assert result["sigma"].dims == ("phonon_energy", "zeta")
    assert result["phonon_energy"].attrs["units"] == "W" and result["zeta"].attrs["units"] == "1"
    assert result["sigma"].attrs["long_name"] == "conductivity σ/σ_0"
    configuration = json.loads(result.attrs["configuration"])
    assert configuration["metal"]["filling"] == 0.5 and configuration["mesh"]["cells"] == CELLS
    assert configuration["axes"]["metal.phonon_energy"]["values"] == OMEGA
    assert set(json.loads(result.attrs["versions"])) >= {"nacjax", "jax", "diffrax"}
    assert result.attrs["compile_seconds"] >= 0 and result.attrs["run_seconds"] > 0
    assert (result["outcome"] == 0).all() and set(result["reason"].values.flat) == {"The point was computed."}


def test_equals_a_loop_of_single_calls(result, metal_):
    for k, j in [(0, 1), (1, 2), (4, 0)]:
        metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, OMEGA[k])
        single = nj.plateau(metal, [1.0, 5.0, 20.0][j], cells=CELLS).sigma
        assert float(result["sigma"][k, j]) == pytest.approx(float(single), abs=1e-10)


def test_compiles_once_and_never_again(metal_):
    def count(**change):
        before = KERNELS.compilations
        axes = {"phonon_energy": np.linspace(0.34, 0.66, 23), "filling": [0.4, 0.5]}
        nj.sweep(metal_, nj.Clamped(3.0), axes=axes, plateau=True, chunk=10, **{**QUIET, **change})
        return KERNELS.compilations - before

    assert count(cells=12) == 1
    assert count(cells=12) == 0


def test_zipped_axes_and_dotted_names(metal_):
    axes = {("filling", "phonon_energy"): ([0.4, 0.5, 0.6], [0.6, 0.55, 0.6]), "dos.width": [1.0, 0.9]}
    found = nj.sweep(metal_, nj.Clamped(3.0), axes=axes, plateau=True, **QUIET)
    assert found["sigma"].dims == ("filling_phonon_energy", "dos_width")
    assert found["filling"].dims == ("filling_phonon_energy",)
    metal = nj.Metal(nj.FlatTopDOS(0.9), 0.6, 0.01, 0.6)
    single = float(nj.plateau(metal, 3.0, cells=CELLS).sigma)
    assert float(found["sigma"][2, 1]) == pytest.approx(single, abs=1e-10)
    assert "landmarks" not in found.attrs  # the band is not the same everywhere


def test_evolve_observables_times_and_points_that_fail(metal_):
    def half(run):
        return jnp.where(run.phonons > 10, run.sigma, jnp.nan)  # some are not finite

    axes, observe = {"zeta": [1.0, 5.0, 20.0]}, {"sigma": lambda run: run.sigma, "half": half}
    found = nj.sweep(metal_, nj.Clamped(20.0), axes=axes, times=[0.2, 1.0], observe=observe, **QUIET)
    run = nj.evolve(metal_, nj.Clamped(5.0), [0.2, 1.0], cells=CELLS, budget=False)
    np.testing.assert_allclose(found["sigma"].sel(zeta=5.0), run.sigma, atol=1e-10)
    bad, good = "The result is not finite.", "The point was computed."
    assert found["reason"].values.tolist() == [bad, bad, good]
    assert np.isfinite(found["half"].sel(zeta=20.0)).all() and found["time"].attrs["units"] == "1/Γ_eph"


@pytest.mark.slow
def test_a_failed_integration_says_why_and_stops_no_other(metal_):
    axes, pump = {"duration": [0.01, 5.0], "zeta0": [0.1, 50.0]}, nj.ExponentialPulse(10.0, 0.3)
    observe = ("sigma", "steps", "phonons")
    options = {"times": 10.0, "observe": observe, **QUIET}
    steps = nj.sweep(metal_, pump, axes=axes, **options)["steps"].values
    enough = int(np.median(steps))
    found = nj.sweep(metal_, pump, axes=axes, max_steps=enough, **options)
    failed = steps > enough
    assert 0 < failed.sum() < failed.size
    assert np.isnan(found["sigma"].values[failed]).all() and np.isfinite(found["sigma"].values[~failed]).all()
    assert all("maximum number of" in reason for reason in found["reason"].values[failed])
    assert (found["outcome"].values[~failed] == 0).all()


@pytest.mark.slow
def test_steady_state(metal_):
    found = nj.sweep(metal_, nj.Clamped(5.0), axes={"inelastic_rate": [0.01, 0.02]}, steady=True, **QUIET)
    metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, inelastic_rate=0.02)
    single = float(nj.steady_state(metal, nj.Clamped(5.0), cells=CELLS).sigma)
    assert float(found["sigma"][1]) == pytest.approx(single, abs=1e-8)


def test_float32_is_sane(result, metal_):
    import jax

    with jax.enable_x64(False):
        metal = nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53)
        found = nj.sweep(metal, nj.Clamped(20.0), axes={"phonon_energy": [0.55, 0.7]}, plateau=True, **QUIET)
    np.testing.assert_allclose(
        found["sigma"], result["sigma"].sel(phonon_energy=[0.55, 0.7], zeta=20), atol=1e-3
    )


def test_plan_covers_every_point_once_in_equal_batches():
    rungs, cost = np.array([2, 3, 2, 2, 5, 3, 2]), np.array([3.0, 1.0, 2.0, 9.0, 0.0, 0.0, 5.0])
    chunks = plan(rungs, rungs, cost, lambda *ladder: 3, multiple=2)
    assert sorted(np.concatenate([c.indices for c in chunks])) == list(range(7))
    assert all(len(set(rungs[c.indices])) == 1 and c.size % 2 == 0 for c in chunks)
    assert all(c.padded.size == c.size for c in chunks)
    assert np.concatenate([c.indices for c in chunks if c.rungs == 2]).tolist() == [2, 0, 6, 3]
    assert len({c.size for c in chunks if c.rungs == 2}) == 1


def test_few_points_share_a_program_and_many_do_not(metal_):
    way = way_to(10.0)
    assert set(shared_rungs(np.repeat([2, 3, 4], 40), way, metal_)[0]) == {4}
    many = np.repeat([2, 3, 4], [100_000, 100_000, 40])
    assert shared_rungs(many, way, metal_)[0].tolist() == many.tolist()
    assert set(shared_rungs(np.repeat([2, 30], [100_000, 1]), way, metal_)[0]) == {2, 30}


def test_points_that_share_a_ladder_have_the_cells_of_the_fewest_rungs(metal_):
    way = way_to(10.0)
    counts = np.repeat([3, 4, 12, 6], [30, 40, 100_000, 2])
    shared, fewest = shared_rungs(counts, way, metal_)
    assert set(zip(shared.tolist(), fewest.tolist(), strict=True)) == {(12, 12), (6, 3)}
    chunks = plan(shared, fewest, np.zeros(counts.size), lambda rungs, fewest: 50)
    assert all(piece.fewest <= counts[piece.indices].min() for piece in chunks)
    assert {(piece.rungs, piece.fewest) for piece in chunks} == {(12, 12), (6, 3)}


def test_a_shared_ladder_is_as_good_as_single_calls(metal_):
    """Three to five rungs on one ladder, and what is computed again more finely."""
    omega = [0.47, 0.3, 0.22]
    swept = nj.sweep(
        metal_, nj.Clamped(5.0), axes={"phonon_energy": omega}, times=2.0, accuracy=1e-2, progress=False
    )
    for w, sigma in zip(omega, swept["sigma"].to_numpy(), strict=True):
        metal = dataclasses.replace(metal_, phonon_energy=jnp.asarray(w))
        single = nj.evolve(metal, nj.Clamped(5.0), 2.0, cells=160, rtol=1e-6, rungs=5)
        assert sigma == pytest.approx(float(single.sigma[0]), abs=1e-3)


def test_rung_counts_agree_with_those_of_a_metal():
    omega = np.concatenate([1 / np.arange(2, 20), np.linspace(0.05, 0.95, 91)])
    batch = System(nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, omega), nj.Clamped(1.0), nj.NoField())
    expected = [count_rungs(nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, w)) for w in omega]
    assert rung_counts(batch, omega.size).tolist() == expected


def test_progress_is_reported(metal_):
    seen = []
    axes = {"filling": np.linspace(0.3, 0.7, 7)}
    nj.sweep(metal_, nj.Clamped(2.0), axes=axes, plateau=True, chunk=3, callback=seen.append, **QUIET)
    assert [p.done for p in seen] == [3, 6, 7] and seen[-1].total == 7 and seen[-1].failed == 0


class LosesWorkers(ThreadPoolExecutor):
    """An executor whose first tasks are lost."""

    lost = 0

    def submit(self, fn, /, *args, **kwargs):
        if self.lost < 2:
            self.lost += 1
            future: Future = Future()
            future.set_exception(ConnectionError("the worker is gone"))
            return future
        return super().submit(fn, *args, **kwargs)


def test_executor_runs_lost_chunks_again(metal_):
    axes = {"filling": np.linspace(0.3, 0.7, 7)}
    options = {"axes": axes, "plateau": True, "chunk": 3, **QUIET}
    here = nj.sweep(metal_, nj.Clamped(2.0), **options)
    with LosesWorkers(max_workers=1) as executor:
        there = nj.sweep(metal_, nj.Clamped(2.0), executor=executor, **options)
    np.testing.assert_array_equal(here["sigma"], there["sigma"])


BAD = [
    ({"axes": {"fillling": [0.4]}}, r"'fillling'; did you mean 'filling'\?"),
    ({"axes": {}}, "axes is empty"),
    ({"axes": {"filling": []}}, "filling of shape.*non-empty"),
    ({"axes": {"filling": [0.4, np.nan]}}, r"filling\[1\] = nan"),
    ({"axes": {"filling": [0.4, np.inf]}}, "filling = inf is not allowed"),
    ({"axes": {"filling": ["a"]}}, "list of numbers"),
    ({"axes": {"phonon_energy": [0.5, 0.9, 1.1]}}, r"at phonon_energy = 1.1: .*below 1"),
    ({"axes": {"phonon_energy": [0.2, 0.6], "width": [1, 0.5]}}, "phonon_energy = 0.6, width = 0.5"),
    ({"axes": {("filling", "zeta"): ([0.4], [1, 2])}}, "equally long"),
    ({"axes": {("filling", "zeta"): ([0.4, 0.5],)}}, "one list of values per name"),
    ({"axes": {"filling": [0.4], "metal.filling": [0.5]}}, "given twice"),
    ({"observe": "sigam"}, r"'sigam'; did you mean 'sigma'\?"),
    ({"observe": ("sigma", "sigma")}, "each once"),
    ({"observe": lambda run: run.occupation}, r"has the shape \(2, 16\)"),
    ({"chunk": 0}, "chunk = 0"),
    ({"times": 1.0}, "exactly one of"),
    ({"field": nj.ConstantField(0.1)}, "field is not allowed with plateau"),
    ({"plateau": False, "times": [1.0, 0.5]}, "times = .*increasing"),
    ({"plateau": False, "steady": True, "axes": {"inelastic_rate": [0.0]}}, "inelastic_rate = 0"),
]


@pytest.mark.parametrize("change, message", BAD)
def test_refuses_before_computing(change, message, metal_):
    before = KERNELS.compilations
    good = {"axes": {"filling": [0.4]}, "plateau": True, **QUIET}
    with pytest.raises(ValueError, match=message):
        nj.sweep(metal_, nj.Clamped(3.0), **{**good, **change})
    assert KERNELS.compilations == before


def test_unknown_options_and_pumps_for_a_plateau(metal_):
    with pytest.raises(TypeError, match="'rtoll'"):
        nj.sweep(metal_, nj.Clamped(3.0), axes={"filling": [0.4]}, times=1.0, rtoll=1.0)
    with pytest.raises(ValueError, match=r"pump = Kick is not allowed .*Clamped"):
        nj.sweep(metal_, nj.Kick(3.0), axes={"filling": [0.4]}, plateau=True)


def with_mode(coupling_rate, zeta):
    mode = nj.Mode(0.217, coupling_rate, pump=nj.Clamped(zeta))
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, inelastic_rate=1e-3, modes=(mode,))


@pytest.mark.slow
def test_numbers_of_a_further_mode_equal_a_loop():
    axes = {"modes.0.coupling_rate": [0.0, 0.7], "modes.0.pump.zeta": [0.5, 2.0]}
    found = nj.sweep(with_mode(1.0, 0.0), nj.Clamped(5.0), axes=axes, times=0.3, **QUIET)
    for k, j in [(0, 1), (1, 0), (1, 1)]:
        metal = with_mode(axes["modes.0.coupling_rate"][k], axes["modes.0.pump.zeta"][j])
        run = nj.evolve(metal, nj.Clamped(5.0), 0.3, cells=CELLS, budget=False)
        assert float(found["sigma"][k, j]) == pytest.approx(float(run.sigma[0]), abs=1e-9)
    assert abs(float(found["sigma"][1, 1] - found["sigma"][0, 1])) > 0.01
    rate = found["modes_0_coupling_rate"].attrs
    assert rate["units"] == "Γ_eph" and rate["long_name"] == "electron-phonon rate, mode 0"
    assert rate["path"] == "metal.modes.0.coupling_rate"


def test_names_of_numbers_in_lists():
    train = nj.PulseTrain([nj.ExponentialPulse(1.0, 0.3), nj.ExponentialPulse(2.0, 0.3, 1.0)])
    system = System(with_mode(1.0, 0.0), train, nj.NoField())
    for name in ("coupling_rate", "modes.0.coupling_rate"):
        assert resolve(name, system) == f"metal.{name}"
    assert resolve("energy", system) == "metal.modes.0.energy"
    with pytest.raises(
        ValueError, match=r"'zeta0' is ambiguous; write one of pump.pulses.0.zeta0, pump.pulses.1"
    ):
        resolve("zeta0", system)
    with pytest.raises(
        ValueError, match=r"'modes.1.energy'; did you .*the metal has 1 in modes, numbered from 0"
    ):
        resolve("modes.1.energy", system)
    later = changed(system, {"pump.pulses.1.delay": 3.0, "metal.modes.0.pump.zeta": 4.0})
    assert later.pump.pulses[1].delay == 3.0 and later.metal.modes[0].pump.zeta == 4.0
    with pytest.raises(ValueError, match=r"energy = -1.0 is not allowed"):
        changed(system, {"metal.modes.0.energy": -1.0})


@pytest.mark.slow
def test_units_and_paths_of_a_field(metal_):
    axes, field = {"strength": [0.0, 0.01]}, nj.ConstantField(0.0, absolute=True)
    found = nj.sweep(metal_, nj.Clamped(5.0), axes=axes, field=field, times=1.0, **QUIET)
    assert (
        found["strength"].attrs["units"] == "W √Γ_eph" and found["strength"].attrs["path"] == "field.strength"
    )
    assert float(found["sigma"][1]) != float(found["sigma"][0])
    with pytest.raises(ValueError, match=r"strength = 0.1.*inelastic_rate = 0.*normalised field"):
        axes = {"strength": [0.0, 0.1], "inelastic_rate": [1e-3, 0.0]}
        nj.sweep(metal_, nj.Clamped(5.0), axes=axes, field=nj.ConstantField(0.0), times=1.0, **QUIET)
