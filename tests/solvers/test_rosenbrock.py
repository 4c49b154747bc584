"""Order of the integrators on the ladder, agreement with stock solvers, and failures that speak."""

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from exact import change, variables

import nacjax as nj
from nacjax.kinetics.equations import Kinetics
from nacjax.kinetics.jacobian import jacobian
from nacjax.numerics.bordered import factorised
from nacjax.solvers.rosenbrock import RODAS5P, ROS34PW2


@pytest.mark.parametrize(
    "tableau, counts",
    [(RODAS5P, [4, 6, 8, 12, 16]), (ROS34PW2, [32, 64, 128, 256])],
    ids=["RODAS5P", "ROS34PW2"],
)
def test_order_of_fixed_steps(tableau, counts):
    """Global error against step size for a pulsed metal with field: slope within 0.2 of the order."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.1, 0.6, inelastic_rate=0.1, phonon_lifetime=2.0)
    solver = nj.Rosenbrock(tableau)

    @eqx.filter_jit
    def final(steps):
        kinetics = Kinetics.build(
            metal, nj.ExponentialPulse(2.0, 1.0), nj.ConstantField(0.3), nj.Mesh.uniform(8), 2, ledger=True
        )
        term, y, dt = dfx.ODETerm(lambda t, y, args: args(t, y)), kinetics.initial_state(), 1.0 / steps

        def body(i, carry):
            y, slope = carry
            t = i * dt
            y, _, _, slope, _ = solver.step(term, t, t + dt, y, kinetics, slope, jnp.array(False))
            return y, slope

        return jax.lax.fori_loop(0, steps, body, (y, kinetics(0.0, y)))[0]

    counts = np.array(counts)
    exact = final(jnp.array(2048))  # a traced number of steps: one compilation
    errors = np.array([np.abs(final(jnp.array(n)) - exact).max() for n in counts])
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    print("steps", counts, "errors", errors, f"slope {slope:.2f}")
    assert abs(slope - tableau.order) < 0.2


CASES = {
    "plateau": (0.53, 1e-3, nj.Clamped(20.0), nj.NoField()),
    "pulse in a field": (0.36, 1e-2, nj.ExponentialPulse(10.0, 0.3), nj.ConstantField(0.5)),
}


@pytest.mark.parametrize("solver, case", [(dfx.Kvaerno5(), "pulse in a field"), (dfx.Tsit5(), "plateau")])
@pytest.mark.slow
def test_stock_solvers_agree(case, solver):
    phonon_energy, inelastic_rate, pump, field = CASES[case]
    metal = nj.Metal(
        nj.FlatTopDOS(), 0.4, 0.02, phonon_energy, inelastic_rate=inelastic_rate, phonon_lifetime=5.0
    )
    times = [0.1, 0.5, 2.0]
    runs = [
        nj.evolve(
            metal,
            pump,
            times,
            field=field,
            mesh=nj.Mesh.uniform(8),
            solver=s,
            rtol=1e-7,
            budget=False,
        )
        for s in (None, solver)
    ]
    for run in runs[1:]:
        assert np.abs(run.states - runs[0].states).max() < 1e-5


def test_kvaerno_is_mended(metal):
    """Stock VeryChord rejects steps for nothing; the mended one does not."""
    run = nj.evolve(metal, nj.Clamped(20.0), [5.0], cells=12, solver=dfx.Kvaerno5(), rtol=1e-4, budget=False)
    assert run.ok
    assert run.stats["num_rejected_steps"] < run.stats["num_accepted_steps"] / 3


def test_saved_times_are_interpolated_well(metal):
    """Dense output is as accurate as the steps."""
    times = np.linspace(0.1, 3.0, 30)
    metal = change(metal, temperature=0.02)
    coarse, fine = (nj.evolve(metal, nj.Clamped(5.0), times, cells=16, rtol=r) for r in (1e-4, 1e-8))
    assert np.abs(coarse.sigma - fine.sigma).max() < 1e-3


def test_batch_equals_loop(metal):
    energies = jnp.array([0.36, 0.53, 0.8])

    def sigma(w):
        return nj.evolve(
            change(metal, phonon_energy=w), nj.Clamped(3.0), [1.0], rungs=3, cells=16, budget=False
        ).sigma

    single = jax.jit(sigma)
    assert np.abs(jax.jit(jax.vmap(sigma))(energies) - jnp.stack([single(w) for w in energies])).max() < 1e-10


def test_a_failing_solve_says_why_and_keeps_what_it_has(metal):
    with pytest.warns(RuntimeWarning, match="evolve reached t = 0.001 only"):
        run = nj.evolve(metal, nj.Clamped(20.0), [1e-3, 100.0], cells=16, rtol=1e-8, max_steps=20)
    assert not run.ok
    assert "step" in run.result
    assert np.isfinite(run.sigma[0]) and np.isnan(run.sigma[1])


@pytest.mark.parametrize(
    "numbers, pump",
    [
        ({"temperature": 3e-5}, nj.Clamped(20.0)),
        ({"inelastic_rate": 100.0}, nj.Clamped(20.0)),
        ({}, nj.Clamped(1000.0)),
        ({"phonon_lifetime": 1e-6}, nj.Kick(10.0)),
    ],
)
def test_extremes_end_well(metal, numbers, pump):
    """Small T, large Γ_in, ζ = 1000, tiny τ_ph: converged, with f between 0 and 1."""
    metal = change(metal, inelastic_rate=1e-3)
    run = nj.evolve(change(metal, **numbers), pump, [0.1, 10.0], cells=32)
    assert run.ok and np.all(np.isfinite(run.sigma))
    assert run.occupation.min() > -0.01 and run.occupation.max() < 1.01


def test_memory_is_linear(metal):
    """No array of the size N×N (nor the square of the batch) anywhere in the traced solve."""
    cells, rungs = 64, 2

    def solve(w):
        run = nj.evolve(
            change(metal, phonon_energy=w), nj.Kick(3.0), [1.0], rungs=rungs, cells=cells, budget=False
        )
        return run.sigma

    largest = max(
        v.aval.size for v in variables(jax.make_jaxpr(solve)(0.53).jaxpr) if hasattr(v.aval, "size")
    )
    states = cells * rungs
    print(f"largest array {largest}, N² = {states**2}")
    assert largest < states**2 / 2


def test_right_hand_sides_share_factors(metal):
    """A batch of right-hand sides, in any order of vmap, is solved without a copy of the factors for each."""
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.02, 0.24, inelastic_rate=0.1)

    @eqx.filter_jit
    def linearised(metal):
        kinetics = Kinetics.build(
            metal, nj.Kick(2.0), nj.ConstantField(0.3), nj.Mesh(cells=8), 5, ledger=True
        )
        y = kinetics.initial_state()
        return jacobian(kinetics, 0.0, y), y

    matrix, y = linearised(metal)
    steps, right = jnp.array([0.1, 0.5]), jnp.sin(jnp.arange(3 * y.size)).reshape(3, y.size)

    def solve(dt, b):
        return factorised(matrix.shifted(dt))(b)

    tangents_inside = jax.vmap(jax.vmap(solve, (None, 0)), (0, None))
    tangents_outside = jax.vmap(jax.vmap(solve, (0, None)), (None, 0), out_axes=1)
    single = jax.jit(solve)
    one_by_one = jnp.stack([jnp.stack([single(dt, b) for b in right]) for dt in steps])
    for nested in (tangents_inside, tangents_outside):
        np.testing.assert_allclose(jax.jit(nested)(steps, right), one_by_one, atol=1e-12)
        largest = max(v.aval.size for v in variables(jax.make_jaxpr(nested)(steps, right).jaxpr))
        assert largest < 3 * steps.size * 7 * 5**2  # inverse pivots of every step and right-hand side


@pytest.mark.slow
def test_derivatives_in_any_order_of_vmap(metal):
    """jvp and vjp in (ω_p, ν, T, ζ), inside and outside of vmap, are one derivative; a second one is refused."""

    def sigma(x):
        names = ("phonon_energy", "filling", "temperature")
        moved = change(metal, **dict(zip(names, x[:3], strict=True)))
        return nj.evolve(moved, nj.Clamped(x[3]), [1.0], cells=8, rungs=2, budget=False).sigma[0]

    points, scale = jnp.array([[0.6, 0.5, 0.02, 20.0], [0.7, 0.4, 0.05, 2.0]]), jnp.ones(4)

    def batch(scale):
        return jax.vmap(sigma)(scale * points)

    inside = jax.jit(jax.vmap(jax.jacfwd(sigma)))(points) * points
    backward = jax.jit(jax.jacrev(batch))(scale)
    np.testing.assert_allclose(backward, inside, atol=1e-9)
    direction = jnp.array([1.0, 0.5, -0.3, 0.2])
    forward = jax.jit(lambda s: jax.jvp(batch, (s,), (direction,))[1])(scale)
    np.testing.assert_allclose(forward, inside @ direction, atol=1e-9)


@pytest.mark.slow
def test_second_derivatives_of_few_numbers_only(metal):
    """By reverse mode twice, equal to differences of gradients; many numbers are refused with a sentence."""

    def sigma(zeta, intensity):
        pump = nj.Clamped(zeta) if intensity is None else nj.SampledPulse(jnp.arange(12.0), intensity)
        return nj.evolve(metal, pump, [0.3], cells=4, rtol=1e-8, rungs=2, budget=False).sigma[0]

    slope = jax.jit(jax.grad(lambda zeta: sigma(zeta, None)))
    second = jax.jit(jax.grad(lambda zeta: jax.grad(sigma)(zeta, None)))(2.0)
    assert float(second) == pytest.approx(float((slope(2.001) - slope(1.999)) / 2e-3), rel=1e-3)
    with pytest.raises(NotImplementedError, match="first derivatives only"):
        jax.eval_shape(
            jax.grad(lambda x: jnp.sum(jax.grad(sigma, argnums=1)(2.0, x))), jnp.linspace(1.0, 2.0, 12)
        )


def test_a_metal_known_outside_needs_no_rungs(metal):
    """Inside a jitted function of the pump alone the number of rungs is read from the metal."""
    shape = jax.eval_shape(
        lambda zeta: nj.evolve(metal, nj.Clamped(zeta), [1.0], cells=8).occupation, jnp.ones(())
    )
    assert shape.shape == (1, 2, 8)


def test_a_solve_that_stops_early_is_nan(metal):
    """Also for a single time, where diffrax returns the state it stopped at."""
    with pytest.warns(RuntimeWarning, match="maximum number"):
        run = nj.evolve(metal, nj.Clamped(20.0), [1.0], cells=8, max_steps=4)
    assert np.isnan(run.sigma).all() and not run.ok


def test_what_is_not_finite_holds_up_no_batch(metal):
    """A start at NaN, and a source that becomes NaN on the way: they end at once."""

    class Broken(nj.Kick):
        until: jax.Array

        def source(self, t):
            return jnp.where(t < self.until, 0.0, jnp.nan)

    @jax.jit
    @jax.vmap
    def runs(temperature, until):
        options = {"cells": 8, "rungs": 3, "budget": False}
        run = nj.evolve(change(metal, temperature=temperature), Broken(5.0, until), [0.4, 1.0], **options)
        return run.sigma, run.outcome._value, run.stats["num_steps"]

    sigma, outcome, steps = runs(jnp.array([0.01, jnp.nan, 0.01, 0.02]), jnp.array([9.0, 9.0, 0.5, 9.0]))
    np.testing.assert_array_equal(
        np.isfinite(sigma), [[True, True], [False, False], [True, False], [True, True]]
    )
    np.testing.assert_array_equal(outcome == 0, [True, False, False, True])
    assert steps[1] == 1 and steps[2] < 600


@pytest.mark.slow
def test_derivatives_in_a_batch_are_those_taken_one_at_a_time():
    """Along six quantities of a pulse at once, as a search takes them, and along each alone."""

    def sigma(p):
        metal = nj.Metal(nj.FlatTopDOS(1.0, p[3]), p[1], p[2], p[0], inelastic_rate=1e-3, phonon_lifetime=5.0)
        options = {"cells": 48, "rungs": 5, "budget": False}
        return nj.evolve(metal, nj.ExponentialPulse(p[4], p[5]), [3.0], **options).sigma[0]

    size = jnp.array([0.75, 0.8, 0.045, 14.0, 19.0, 0.9])  # as a search scales them
    point = jnp.array([0.5059, 0.5051, 0.0275, 14.27, 10.5, 0.55]) / size
    scaled = jax.jit(lambda z, d: jax.jvp(lambda z: sigma(size * z), (z,), (d,))[1])
    alone = np.stack([scaled(point, d) for d in jnp.eye(6)])
    together = jax.jit(jax.vmap(scaled, in_axes=(None, 0)))(point, jnp.eye(6))
    np.testing.assert_allclose(together, alone, rtol=1e-6, atol=1e-9)
    assert 1 < np.abs(alone[0]) < 20  # dσ/dω_p in units of 0.75 W
