"""`search`: global minima, bounds, kinks, constraints, outcomes, and what it refuses."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from exact import change

import nacjax as nj
from nacjax.model.k3c60 import k3c60_dos
from nacjax.model.tight_binding import simple_cubic_p
from nacjax.solvers.ways import way_to
from nacjax.studies.search.bounds import make_box, squash, squash_slope, stretch
from nacjax.studies.search.descent import Swarm
from nacjax.studies.search.merit import Evaluated
from nacjax.studies.search.objectives import NAMED, objective_for
from nacjax.studies.search.plan import Plan
from nacjax.studies.search.polish import polish

OVER = {"phonon_energy": (0.2, 0.95), "filling": (0.1, 0.9)}
CELLS = 32


@pytest.fixture(scope="module")
def metal_():
    return nj.Metal(nj.FlatTopDOS(), 0.5, 0.01, 0.53, inelastic_rate=1e-3)


def find(metal, over=None, pump=None, **options):
    options = {"plateau": True, "cells": CELLS, **options}
    return nj.search(metal, pump or nj.Clamped(20.0), over=over or OVER, **options)


@pytest.fixture(scope="module")
def result(metal_):
    return find(metal_)


@pytest.fixture(scope="module")
def dense(metal_):
    """Minimum of a dense scan, to the third digit."""
    axes = {"phonon_energy": np.linspace(0.5, 0.65, 61), "filling": np.linspace(0.45, 0.55, 11)}
    scan = nj.sweep(metal_, nj.Clamped(20.0), axes=axes, plateau=True, cells=CELLS, progress=False)["sigma"]
    lowest = scan.isel(scan.argmin(...))
    return float(lowest), float(lowest["phonon_energy"])


def test_finds_the_global_minimum_from_any_seed(metal_, dense):
    for seed in range(12):
        found = find(metal_, seed=seed)
        assert found.value == pytest.approx(dense[0], abs=2e-4), seed
        assert found.best["phonon_energy"] == pytest.approx(dense[1], abs=4e-3)
        assert found.best["filling"] == pytest.approx(0.5, abs=2e-3)
        assert abs(found.value_fine - found.value) < 0.01


@pytest.mark.slow
def test_the_plateau_stands_for_a_run(metal_):
    """All but the last polish on the plateau at the ζ of free phonons; the value is that of the run."""
    metal, pulse = change(metal_, phonon_lifetime=5.0), nj.ExponentialPulse(10.0, 0.3)
    over = {"phonon_energy": (0.45, 0.8), "zeta0": (2.0, 10.0)}
    found = nj.search(metal, pulse, over=over, cells=16, times=3.0)
    assert "first on the plateau" in found.how and found.how in repr(found)
    assert found.solves["plateau scan"] > 0 and found.solves["plateau polish"] > 0
    assert np.isfinite(found.paths["best"]).sum() == 1  # the start that was polished by runs
    assert found.solves["polish"] < 16 and found.at_bound("zeta0") == "upper bound"
    best = change(metal, phonon_energy=found.best["phonon_energy"])
    run = nj.evolve(best, nj.ExponentialPulse(found.best["zeta0"], 0.3), [3.0], cells=16)
    assert found.value == pytest.approx(float(run.sigma[0]), abs=1e-4)
    axes = {"phonon_energy": np.linspace(0.45, 0.8, 71)}
    scan = nj.sweep(metal, pulse, axes=axes, times=3.0, cells=16, progress=False)["sigma"]
    assert found.value == pytest.approx(float(scan.min()), abs=1e-3)


def test_it_says_why_it_spreads_its_starts(metal_):
    """The plan alone: nothing is computed."""

    def how(metal=metal_, over=None, **options):
        with pytest.MonkeyPatch.context() as patch:
            chosen = []
            patch.setattr(Plan, "begin", lambda plan, *_: chosen.append(plan.how))
            with pytest.raises(ValueError, match="not finite"):
                find(metal, over, **options)
        return chosen[0]

    table = k3c60_dos()
    bands = nj.Metal(table.rescaled(table.width), 0.5, 0.02, 0.3, inelastic_rate=1e-3)
    in_time = {"plateau": False, "times": 3.0}
    assert "Eq. (10) points" in how() and "plateau at the ζ" in how(**in_time)
    assert "4 valleys" in how(plateau=False, times=[1.0, 2.0, 3.0], objective="min_sigma")
    for words, options in {
        "features inside the band": {"metal": bands, "over": {"filling": (0.4, 0.6)}},
        "no field": {**in_time, "field": nj.ConstantField(0.1)},
        "no constraints": {"constraints": {"σ": (lambda state: state.sigma, -0.2, None)}},
        "where σ is low only": {"maximise": True},
        "not near the plateau": {"plateau": False, "times": 100.0},
        "no closed plateau": {**in_time, "metal": change(metal_, dispersion=0.03)},
    }.items():
        assert words in how(**options)
    assert "not near the plateau" in how(plateau=False, steady=True)


@pytest.mark.slow
def test_k3c60_bands_in_time():
    """σ at t = 10, ζ = 20 over ω_p and T beside a dense sweep, where van Hove points make many small valleys."""
    table = k3c60_dos()
    metal = nj.Metal(table.rescaled(table.width), 0.5, 0.02, 0.3, inelastic_rate=1e-3)
    pump, options = nj.Clamped(20.0), {"times": 10.0, "cells": CELLS, "rtol": 1e-3}
    over = {"phonon_energy": (0.2, 0.95), "temperature": (0.01, 0.04)}
    axes = {"phonon_energy": np.linspace(0.2, 0.95, 121), "temperature": np.linspace(0.01, 0.04, 7)}
    scan = nj.sweep(metal, pump, axes=axes, progress=False, **options)["sigma"]
    for seed in range(2):
        found = nj.search(metal, pump, over=over, seed=seed, **options)
        print(f"{found.best}: σ = {found.value:.5f}, lowest of the sweep {float(scan.min()):.5f}")
        assert found.value == pytest.approx(float(scan.min()), abs=1e-3)


def test_eq_10_points_to_the_right_valley(metal_, dense):
    """One start: Eq. (10) knows where to go, and counts as no solve; T does not enter it."""
    found = find(metal_, {**OVER, "temperature": (0.005, 0.015)})
    first = found.paths.isel(start=0, step=0)
    assert float(first["temperature"]) == pytest.approx(0.01)
    assert abs(float(first["phonon_energy"]) - 0.5) < 0.05 and abs(float(first["filling"]) - 0.5) < 0.05
    assert found.value < dense[0] and found.at_bound("temperature") == "lower bound"
    assert found.paths.sizes["start"] == 1 and found.solves["polish"] < 30


def test_eq_10_on_a_metal_made_by_a_function():
    """A density of states that is an argument; the lowest Eq. (10) of many points is that of the first point."""

    def metal(exponent, phonon_energy):
        return nj.Metal(nj.FlatTopDOS(exponent=exponent), 0.5, 0.01, phonon_energy)

    found = find(metal, {"exponent": (4.0, 12.0), "phonon_energy": (0.4, 0.9)})
    first = found.paths.isel(start=0, step=0)
    here = float(nj.conductivity_estimate(metal(float(first["exponent"]), float(first["phonon_energy"]))))
    assert here < float(nj.conductivity_estimate(metal(8.0, 0.53))) and found.value < -0.35


@pytest.mark.slow
def test_a_lower_valley_than_that_of_eq_10_is_found(metal_):
    """In this box σ is lower where Eq. (10) is not lowest."""
    over = {"phonon_energy": (0.35, 0.91), "filling": (0.17, 0.39)}
    found = find(change(metal_, temperature=0.033), over, pump=nj.Clamped(9.0), seed=11)
    axes = {"phonon_energy": np.linspace(0.35, 0.91, 57), "filling": np.linspace(0.17, 0.39, 12)}
    metal, options = change(metal_, temperature=0.033), {"plateau": True, "cells": CELLS, "progress": False}
    scan = nj.sweep(metal, nj.Clamped(9.0), axes=axes, **options)["sigma"]
    assert found.value <= float(scan.min()) + 1e-4


def test_quantities_that_eq_10_does_not_know(metal_):
    """Starts are spread, and it says so."""
    found = find(metal_, {"zeta": (0.1, 20.0)})
    assert "it depends on no quantity here" in found.how and found.at_bound("zeta") == "upper bound"


@pytest.mark.slow
def test_it_finds_the_minimum_from_all_of_100_seeds(metal_, dense):
    found = [find(metal_, seed=seed) for seed in range(100)]
    assert all(abs(f.value - dense[0]) < 1e-3 for f in found)
    assert max(f.total_solves for f in found) < 200


def test_result_is_complete(result):
    paths = result.paths
    assert paths["filling"].dims == ("start", "step")
    assert (
        paths["phonon_energy"].attrs["units"] == "W" and np.nanmin(paths["objective"]) <= result.value + 1e-12
    )
    assert int(paths["solves"].sum()) == result.solves["descent"] + result.solves["polish"]
    counted = int(np.isfinite(paths["objective"]).sum())
    assert counted == int(paths["solves"].sum())
    text = repr(result)
    assert "minimum of conductivity σ/σ_0" in text and "phonon_energy" in text and "Eq. (10) points" in text
    assert str(result.total_solves) in text


def test_hessian_is_that_of_the_plateau(result, metal_):
    """Differences of gradients against second differences of σ, in the units of the quantities."""
    steps = np.array([0.75, 0.8]) * 5e-3
    names = list(result.best)
    axes = {n: result.best[n] + h * np.array([-1, 0, 1]) for n, h in zip(names, steps, strict=True)}
    scan = nj.sweep(metal_, nj.Clamped(20.0), axes=axes, plateau=True, cells=CELLS, progress=False)
    sigma = scan["sigma"].values
    mixed = (sigma[2, 2] - sigma[2, 0] - sigma[0, 2] + sigma[0, 0]) / (4 * steps[0] * steps[1])
    second = [sigma[0, 1] - 2 * sigma[1, 1] + sigma[2, 1], sigma[1, 0] - 2 * sigma[1, 1] + sigma[1, 2]]
    expected = np.diag(second / steps**2) + mixed * (1 - np.eye(2))
    np.testing.assert_allclose(result.hessian, expected, atol=0.1 * np.abs(expected).max())
    assert np.abs(result.gradient).max() < 0.02
    assert result.curvature["eigenvalue"].min() > 0 and not result.kinks


def test_an_optimum_at_a_bound_is_reached_and_named(metal_):
    found = find(metal_, {"phonon_energy": (0.65, 0.95), "filling": (0.45, 0.5)}, rungs=5)
    assert found.best["phonon_energy"] == pytest.approx(0.65, abs=5e-4)
    assert found.at_bound("phonon_energy") == "lower bound" and "lower bound" in repr(found)


def test_crosses_kinks_and_reports_them(metal_):
    """A ridge and a valley of |x| kind, on top of σ: the minimum lies on a kink, behind another one."""

    def bent(state):
        omega = state.ladder.width.sum() / state.ladder.rungs  # ω_p
        return state.sigma + 5 * jnp.abs(omega - 0.7) + jnp.maximum(0.0, 0.1 - 8 * jnp.abs(omega - 0.6))

    found = find(metal_, {"phonon_energy": (0.3, 0.9)}, objective=bent)
    assert found.best["phonon_energy"] == pytest.approx(0.7, abs=1e-3)
    assert found.kinks["phonon_energy"] == pytest.approx(10.0, rel=0.1) and "kink" in repr(found)


@pytest.mark.slow
def test_gradients_agree_with_differences_on_a_finer_mesh():
    """At 200 random points to 2% of the rms gradient; points where the slope jumps are kinks, and counted."""

    def sigma(x, cells):
        metal = nj.Metal(nj.FlatTopDOS(), x[1], 0.01, x[0])
        return nj.plateau(metal, 20.0, cells=cells, rungs=5).sigma

    points = np.random.default_rng(3).uniform([0.2, 0.1], [0.95, 0.9], (200, 2))
    gradient = jax.jit(jax.vmap(jax.jacfwd(lambda x: sigma(x, 96))))(points)
    fine, h = jax.jit(jax.vmap(lambda x: sigma(x, 384))), 5e-4
    ends = np.array([[fine(points + s * h * e) for s in (-2, -1, 0, 1, 2)] for e in np.eye(2)])
    expected = ((ends[:, 3] - ends[:, 1]) / (2 * h)).T
    scale = np.sqrt(np.mean(expected**2, axis=0))
    near, far = (ends[:, 2 + k] - 2 * ends[:, 2] + ends[:, 2 - k] for k in (1, 2))
    jump = np.abs(2 * near / h - far / (2 * h)).T  # 0 + O(h³) where σ is smooth
    smooth = (jump < 0.05 * scale).all(axis=1)
    print("kinks:", (~smooth).sum(), "largest error:", (np.abs(gradient - expected) / scale)[smooth].max())
    assert (~smooth).sum() <= 20
    assert (np.abs(gradient - expected) / scale)[smooth].max() < 0.02


@pytest.mark.slow
def test_spare_rungs_change_nothing(metal_, result):
    more = find(metal_, rungs=7, seed=5)
    assert more.value == pytest.approx(result.value, abs=1e-6)


def test_constraints_are_kept_and_reported(metal_):
    limits = {"σ": (lambda state: state.sigma, -0.2, None)}
    found = find(metal_, {"zeta": (0.1, 20.0)}, constraints=limits)
    assert found.value == pytest.approx(-0.2, abs=1e-3) and found.feasible["σ"]
    assert found.constraints["σ"] == pytest.approx(found.value, abs=1e-12)
    assert "constraint σ = " in repr(found) and "holds" in repr(found)


@pytest.mark.slow
def test_maximum_logarithmic_bounds_and_a_function_as_metal(metal_):
    def band(exponent):
        return nj.Metal(nj.FlatTopDOS(exponent=exponent), 0.5, 0.01, 0.56)

    over = {"exponent": (2.0, 40.0, "log"), "zeta": (0.01, 20.0, "log")}
    found = find(band, over, maximise=True)
    sigma = nj.plateau(band(found.best["exponent"]), found.best["zeta"], cells=CELLS).sigma
    assert found.value == pytest.approx(float(sigma), abs=1e-8)
    assert found.at_bound("zeta") == "lower bound" and found.maximised


def test_failures_are_told_and_never_best(metal_):
    def half(state):
        return jnp.where(state.sigma < 0, state.sigma, jnp.nan)

    found = find(metal_, objective=half)
    assert found.paths["reason"].str.contains("not finite at the start").any()
    assert np.isfinite(found.value) and found.value < -0.3 and "not finite at the start" in repr(found)


def pulsed(phonon_energy=0.7, phonon_lifetime=5.0):
    """The metal of Fig. 3, warmer."""
    return nj.Metal(
        nj.FlatTopDOS(), 1 / 3, 0.02, phonon_energy, inelastic_rate=1e-3, phonon_lifetime=phonon_lifetime
    )


@pytest.mark.slow
def test_a_search_in_time_over_the_delay_of_a_pulse():
    """Too early a pulse has decayed when σ is measured, too late a one has not acted yet."""
    metal, pulse, options = (
        pulsed(phonon_lifetime=0.5),
        nj.ExponentialPulse(10.0, 0.3),
        {"cells": 24, "rtol": 1e-3},
    )
    found = nj.search(metal, pulse, over={"delay": (0.05, 2.9)}, times=3.0, **options)
    axes = {"delay": np.linspace(0.05, 2.9, 58)}
    scan = nj.sweep(metal, pulse, axes=axes, times=3.0, progress=False, **options)["sigma"]
    print(f"delay {found.best['delay']:.4f}: σ = {found.value:.5f}; scan {float(scan.min()):.5f}")
    assert found.value <= float(scan.min()) + 1e-4 and found.value > float(scan.min()) - 5e-3
    assert found.best["delay"] == pytest.approx(float(scan["delay"][scan.argmin("delay")]), abs=0.06)
    assert not found.at_bound("delay") and abs(float(found.gradient[0])) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["min_sigma", "nac_lifetime", "negative_area", "threshold_field"])
def test_objectives_of_a_pulse(objective):
    """The optimum over ω_p is that value of the run there, and no worse than at any other place looked at."""
    pulse, cells = nj.ExponentialPulse(10.0, 0.3), 24
    times = 2.0 if objective == "threshold_field" else np.linspace(0.25, 8.0, 32)
    found = nj.search(
        pulsed(), pulse, over={"phonon_energy": (0.55, 0.85)}, objective=objective, times=times, cells=cells,
        rtol=1e-3,
    )  # fmt: skip
    best = pulsed(found.best["phonon_energy"])
    if objective == "threshold_field":
        value = nj.threshold_field(best, pulse, [2.0], cells=cells, rtol=1e-3)[0]
    else:
        value = NAMED[objective].function(nj.evolve(best, pulse, times, cells=cells, rtol=1e-3))
    print(found)
    assert not found.paths["reason"].str.contains("not finite at the start").any()
    assert found.value == pytest.approx(float(value), rel=1e-6, abs=1e-6)
    sign = -1 if found.maximised else 1
    assert found.maximised == (objective != "min_sigma")
    assert sign * found.value <= np.nanmin(sign * found.paths["objective"]) + 1e-9
    bound = found.at_bound("phonon_energy")
    assert bound or abs(float(found.gradient[0])) * 0.3 < 0.05 * abs(found.value) or found.kinks


@pytest.mark.slow
def test_a_lifetime_that_the_times_cut_off_is_a_lower_bound():
    """σ < 0 lasts to about 8 or 15: times to 2 cut it off everywhere, times to 30 nowhere."""
    given = {
        "over": {"phonon_energy": (0.6, 0.7)},
        "objective": "nac_lifetime",
        "cells": 16,
        "rtol": 1e-2,
    }
    for end, cut in ((2.0, True), (30.0, False)):
        times = end * np.linspace(0.02, 1, 24) ** 2
        found = nj.search(pulsed(), nj.ExponentialPulse(10.0, 0.3), times=times, **given)
        assert found.cut_off == cut and ("at least" in str(found)) == cut
        if cut:
            assert found.value <= end and found.paths["reason"].str.contains("a lower bound").all()
            assert "Converged" not in str(found)
        else:
            assert found.paths["reason"].str.contains("Converged").any()


@pytest.mark.slow
def test_hoppings_are_searched_through_a_function():
    """Over a hopping of a tight-binding band whose DoS is made on the way."""

    def metal(t_pi):
        table = simple_cubic_p(1.0, t_pi).dos(6, points=33)
        return nj.Metal(table.rescaled(table.width), 0.5, 0.02, 0.5)

    @jax.jit
    def sigma(t_pi, zeta):  # under jit, as in a search, no van Hove points are looked for
        return nj.plateau(metal(t_pi), zeta, cells=24, rungs=2).sigma

    over = {"t_pi": (-0.4, -0.05), "zeta": (1.0, 20.0)}
    found = find(metal, over, cells=24)
    assert found.value == pytest.approx(float(sigma(*found.best.values())), abs=1e-9)
    places = [(t, z) for t in np.linspace(-0.4, -0.05, 15) for z in (1.0, 20.0)]
    lowest = min(float(sigma(*place)) for place in places)
    print(f"{found.best}: σ = {found.value:.4f}, lowest of a scan {lowest:.4f}")
    assert found.value <= lowest + 1e-3 and found.at_bound("zeta") == "upper bound"


BAD = [
    ({"over": {"filling": (0.9, 0.1)}}, r"filling = \(0.9, 0.1\) is not allowed"),
    ({"over": {"filling": (0.1, 1.4)}}, "over: at filling = 1.4: .*between 0 and 1"),
    ({"over": {"fillling": (0.1, 0.4)}}, r"over: .*'fillling'; did you mean 'filling'\?"),
    ({"over": {"filling": 0.5}}, r"must be \(low, high\)"),
    ({"over": {"zeta": (0.0, 5.0, "log")}}, "bounds above 0"),
    ({"over": {}}, "over is empty"),
    ({"over": {"filling": (0.1, 0.4), "metal.filling": (0.1, 0.4)}}, "given twice"),
    ({"objective": "sigam"}, r"'sigam'; did you mean 'sigma'\?"),
    ({"objective": "nac_lifetime"}, "needs times="),
    ({"objective": lambda state: state.occupation}, "has the shape .* one number"),
    ({"plateau": False, "times": [1.0, 2.0]}, "give one time"),
    ({"rungs": 2}, "rungs = 2 .* at least 5"),
    ({"constraints": {"x": 3}}, "constraints: x = 3"),
]


@pytest.mark.parametrize("change, message", BAD)
def test_refuses(change, message, metal_):
    good = {"over": OVER, "plateau": True, "cells": CELLS}
    with pytest.raises(ValueError, match=message):
        nj.search(metal_, nj.Clamped(3.0), **{**good, **change})


def test_bijection_and_objectives_for_times():
    box = make_box({"a": (0.2, 0.8), "b": (1e-4, 1e-1, "log")})
    u = np.linspace(-2.9, 2.9, 7)[:, None] * np.ones(2)
    values = box.values(squash(u))
    assert (values > box.low).all() and (values < box.high).all()
    np.testing.assert_allclose(stretch(box.shares(values)), u, atol=1e-6)
    np.testing.assert_allclose(squash(6 - u), squash(u), atol=1e-12)  # mirrored at the bounds
    np.testing.assert_allclose(squash_slope(u), (squash(u + 1e-6) - squash(u - 1e-6)) / 2e-6, rtol=1e-6)
    with pytest.raises(ValueError, match="many times"):
        objective_for("min_sigma", way_to(1.0), None)


def test_a_polish_goes_on_from_a_point_whose_gradient_is_not_known():
    """As after a look around a kink: the point was evaluated before, and is no better than itself."""
    target = np.array([0.4, -0.7])

    def evaluate(u, stage, gradient=True):
        merit = ((u - target) ** 2 * [1.0, 30.0]).sum(axis=1)
        return Evaluated(
            merit, merit, np.zeros((len(u), 0)), np.zeros(len(u)), 2 * (u - target) * [1.0, 30.0]
        )

    swarm = Swarm(SimpleNamespace(evaluate=evaluate, mark=""), np.array([[1.5, 0.9]]))
    swarm.evaluate(np.array([0]), swarm.u, "descent")
    swarm.best_slope[0] = np.nan
    polish(swarm, np.array([0]), 40, 1e-9)
    assert all(np.isfinite(shares).all() for shares in swarm.trail.shares)
    np.testing.assert_allclose(swarm.best_u[0], target, atol=1e-3)
