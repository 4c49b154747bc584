"""TabulatedDOS: values, exactness of D = C', derivatives, transformations, kinks, refusals."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from nacjax.model.dos import FlatTopDOS, SemiEllipticDOS
from nacjax.model.tabulated import TabulatedDOS

GRID = np.linspace(-0.5, 0.5, 801)


def sampled(band, **kwargs):
    return TabulatedDOS(GRID, band.density(GRID), **kwargs)


@pytest.mark.parametrize("band", [FlatTopDOS(), SemiEllipticDOS()])
def test_reproduces_the_band_it_was_sampled_from(band):
    energy = np.linspace(-0.6, 0.6, 1003)
    plain, exact = sampled(band), sampled(band, cumulative=band.cumulative(GRID))
    for table, tolerance in ((plain, 5e-5), (exact, 1e-5)):  # the semi-ellipse has √ edges
        np.testing.assert_allclose(table.cumulative(energy), band.cumulative(energy), atol=tolerance)
    inner = np.linspace(-0.49, 0.49, 501)
    np.testing.assert_allclose(exact.density(inner), band.density(inner), atol=5e-4)
    np.testing.assert_allclose(exact.cumulative(GRID), band.cumulative(GRID), atol=1e-12)
    assert (plain.bottom, plain.top) == (-0.5, 0.5)


def test_plain_table_is_piecewise_linear_with_its_exact_integral():
    table = TabulatedDOS([0.0, 1.0, 3.0, 4.0], [0.0, 2.0, 1.0, 0.0])  # area 1 + 3 + 0.5
    x = np.array([-1.0, 0.5, 1.0, 2.0, 3.5, 4.0, 9.0])
    np.testing.assert_allclose(table.density(x) * 4.5, [0, 1, 2, 1.5, 0.5, 0, 0], atol=1e-12)
    np.testing.assert_allclose(table.cumulative(x) * 4.5, [0, 0.25, 1, 2.75, 4.375, 4.5, 4.5], atol=1e-12)


@st.composite
def tables(draw):
    """Legal tables: uneven nodes, empty stretches, a cumulative that may contradict the density."""
    n = 8  # one shape, one compilation
    steps = draw(st.lists(st.floats(1e-3, 2.0), min_size=n, max_size=n))
    values = st.floats(1e-9, 10.0) | st.just(0.0) | st.just(1e-200)
    density = draw(st.lists(values, min_size=n, max_size=n).filter(lambda d: sum(d[1:-1]) > 1e-3))
    gains = draw(st.none() | st.lists(values, min_size=n - 1, max_size=n - 1).filter(lambda g: sum(g) > 1e-3))
    cumulative = None if gains is None else np.concatenate([[0.0], np.cumsum(gains)])
    energy = np.cumsum(steps)
    return TabulatedDOS(energy, density, 2 * np.array(density), cumulative=cumulative)


@eqx.filter_jit
def derivatives(table, x):
    fns = (table.cumulative, table.density, table.velocity_squared)
    return [jax.jvp(fn, (x,), (jnp.ones_like(x),)) for fn in fns]


@settings(max_examples=25, deadline=None)
@given(tables())
def test_monotone_normalised_differentiable_everywhere(table):
    low, high = float(table.bottom), float(table.top)
    x = np.sort(np.concatenate([np.linspace(low - 1, high + 1, 61), table.energy]))
    (filled, slope), (density, _), _ = results = derivatives(table, jnp.asarray(x))
    assert np.all(np.diff(filled) >= -1e-14) and filled[0] == 0 and abs(filled[-1] - 1) < 1e-14
    assert np.all(np.asarray(density) >= 0)
    between = ~np.isin(x, table.energy)
    scale = float(table.slope.max()) + 1
    np.testing.assert_allclose(slope[between], density[between], atol=1e-9 * scale)
    assert all(np.all(np.isfinite(tangent)) for _, tangent in results)


def test_jit_vmap_and_gradients_in_the_nodes():
    density, points = jnp.asarray(SemiEllipticDOS().density(GRID[::80])), jnp.linspace(-0.6, 0.6, 7)

    @jax.jit
    def both(density, x):
        table = TabulatedDOS(GRID[::80], density, density**2)
        return table.cumulative(x) + table.density(x) + table.velocity_squared(x)

    values = both(density, points)
    batched = jax.jit(jax.vmap(both, (None, 0)))(density, points)
    np.testing.assert_allclose(batched, values, rtol=1e-12)
    gradient = jax.jit(jax.jacrev(both))(density, points)  # the two end nodes hold no states
    assert jnp.all(jnp.isfinite(gradient))
    step = 1e-6 * jnp.eye(density.size)[4]
    numeric = (both(density + step, points) - both(density - step, points)) / 2e-6
    np.testing.assert_allclose(gradient[:, 4], numeric, atol=1e-7)
    slope = jax.jit(jax.grad(lambda e: TabulatedDOS(GRID[::80] * e, density).cumulative(0.1)))(1.0)
    assert slope == pytest.approx(-0.1 * float(TabulatedDOS(GRID[::80], density).density(0.1)), rel=1e-6)


def test_velocities_make_the_transport_linear_and_need_their_column():
    density = np.maximum(FlatTopDOS().density(GRID), 0)
    table = TabulatedDOS(GRID, density, 3 * density)
    x = np.linspace(-0.5, 0.5, 1234)
    found = table.density(x) * table.velocity_squared(x)
    np.testing.assert_allclose(found, np.interp(x, GRID, 3 * table.density(GRID)), atol=1e-12)


def test_few_rows_of_a_smooth_band_are_as_good_as_the_band():
    """C of 25, 50, 100 rows of the flat top: errors fall with the third power at least, and are SciPy's."""
    errors, x = [], np.linspace(-0.5, 0.5, 777)
    for rows in (25, 50, 100):
        energy = np.linspace(-0.5, 0.5, rows)
        density = np.maximum(FlatTopDOS().density(energy), 0)
        table = TabulatedDOS(energy, density)
        errors.append(float(np.abs(table.cumulative(x) - FlatTopDOS().cumulative(x)).max()))
        integral = PchipInterpolator(energy, density).antiderivative()
        np.testing.assert_allclose(table.filled, integral(energy) / integral(0.5), atol=1e-14)
    print("errors of C on 25, 50, 100 rows:", errors)
    assert errors[0] > 8 * errors[1] > 64 * errors[2]


def test_derivatives_of_the_integral_are_differences():
    energy = np.linspace(-0.5, 0.5, 41)
    density = np.maximum(1 - np.abs(2 * energy) ** 8 + 0.1 * np.sin(9 * energy), 0)

    def filled(density):
        return TabulatedDOS(energy, density, kinks=[0.1]).cumulative(0.13)

    gradient = jax.grad(filled)(jnp.asarray(density))
    for node in (1, 5, 24, 25, 26):  # 24 is at the kink
        step = 1e-6 * np.eye(41)[node]
        numeric = (filled(density + step) - filled(density - step)) / 2e-6
        assert gradient[node] == pytest.approx(float(numeric), rel=1e-6)


def test_a_table_without_columns_of_velocities():
    with pytest.raises(ValueError, match=r"no velocity column.*velocity_weighted="):
        sampled(FlatTopDOS()).velocity_squared(0.0)


def test_rescaled_keeps_the_band():
    table = TabulatedDOS(GRID, SemiEllipticDOS().density(GRID), np.ones_like(GRID), kinks=[0.1])
    scaled = table.rescaled(0.5)
    np.testing.assert_allclose(scaled.cumulative(0.4), table.cumulative(0.2), rtol=1e-12)
    np.testing.assert_allclose(scaled.density(0.4), 0.5 * table.density(0.2), rtol=1e-12)
    np.testing.assert_allclose(scaled.velocity_squared(0.4), 4 * table.velocity_squared(0.2), rtol=1e-12)
    assert scaled.features() == pytest.approx([0.2])


def test_kinks_are_found_where_they_are_and_nowhere_else():
    assert sampled(FlatTopDOS()).features().size == 0
    assert sampled(SemiEllipticDOS()).features().size == 0
    roof = TabulatedDOS(GRID, 1.0 - np.abs(GRID - 0.2))
    np.testing.assert_allclose(roof.features(), [0.2], atol=0.002)
    chosen = TabulatedDOS(GRID, np.ones_like(GRID), kinks=[-0.1, 0.3])
    np.testing.assert_allclose(chosen.features(), [-0.1, 0.3])
    traced = jax.jit(lambda d: TabulatedDOS(GRID, d).features())(1.0 - np.abs(GRID))
    assert traced.shape == (0,)


BAD = [
    (([0.0, 2.0, 1.0], [1, 1, 1]), "energy.*2.0, 1.0.*strictly increasing"),
    (([0.0, 1.0, 1.0], [1, 1, 1]), "energy.*without repeated"),
    (([0.0, 1.0], [1, 1]), "energy.*at least 3"),
    (([], []), "energy.*at least 3"),
    (([0.0, np.nan, 1.0], [1, 1, 1]), "energy.*finite"),
    (([0.0, 1.0, 2.0], [1, -1, 1]), r"density\[1\] = -1.0.*≥ 0"),
    (([0.0, 1.0, 2.0], [1, np.inf, 1]), r"density\[1\] = inf.*finite"),
    (([0.0, 1.0, 2.0], [1, 1]), "density of shape.*must match energy"),
    (([0.0, 1.0, 2.0], [0, 0, 0]), "integral of density.*positive"),
    (([0.0, 1.0, 2.0], [1, 1, 1], [1, np.nan, 1]), r"velocity_weighted\[1\] = nan"),
    (([0.0, 1.0, 2.0], [1, 1, 1], [1, 1]), "velocity_weighted of shape"),
]


@pytest.mark.parametrize("arguments, message", BAD)
def test_refuses_bad_tables(arguments, message):
    with pytest.raises(ValueError, match=message):
        TabulatedDOS(*arguments)


def test_refuses_bad_cumulative_and_kinks():
    energy, density = [0.0, 1.0, 2.0], [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match=r"cumulative.*non-decreasing"):
        TabulatedDOS(energy, density, cumulative=[0.0, 1.0, 0.5])
    with pytest.raises(ValueError, match=r"kinks.*inside the table, 0 to 2"):
        TabulatedDOS(energy, density, kinks=[3.0])
