"""Tetrahedron DoS against closed forms, sum rules and finite differences; the K3C60 facts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ellipk

import nacjax as nj
from nacjax.model.k3c60 import K3C60_HOPPINGS_MEV, k3c60, k3c60_bands, k3c60_dos
from nacjax.model.tight_binding import FINE, TightBinding, chain, simple_cubic, simple_cubic_p

INNER = np.linspace(-1.8, 1.8, 73)


def square_density(energy):
    """Square lattice, t = 1, unit spacing: K(1 − (ε/4)²)/2π² (scipy's parameter m)."""
    return ellipk(1 - (energy / 4) ** 2) / (2 * np.pi**2) if abs(energy) < 4 else 0.0


def cubic_density(energy):
    """Simple cubic lattice, t = 1: the square lattice's D folded with a chain."""
    singular = [np.arccos(x / 2) for x in (-energy, -energy - 4, -energy + 4) if abs(x) < 2]
    value, _ = quad(
        lambda k: square_density(energy + 2 * np.cos(k)), 0, np.pi, points=singular or None, limit=200
    )
    return value / np.pi


def moment(table, power, values=None):
    """∫εᵖ D dε, or ∫ values dε, by Gauss points inside the intervals of the table."""
    if values is not None:
        return float(np.trapezoid(values, table.energy))
    nodes, weights = np.polynomial.legendre.leggauss(4)
    half = 0.5 * np.diff(table.energy)[:, None]
    x = 0.5 * (table.energy[1:] + table.energy[:-1])[:, None] + half * nodes
    return float(np.sum(half * weights * x**power * table.density(x)))


def smooth(table, energy, reach):
    """D averaged over ±reach."""
    return (table.cumulative(energy + reach) - table.cumulative(energy - reach)) / (2 * reach)


def test_chain_converges_to_arccos_with_second_order():
    exact = np.arccos(-INNER / 2) / np.pi
    sizes, errors = [24, 96], []
    for size in sizes:
        table = chain().dos((size, 1, 1))
        errors.append(np.mean(np.abs(table.cumulative(INNER) - exact)))
        assert (table.bottom, table.top) == pytest.approx((-2, 2), abs=1e-4)
    order = -np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    print(f"chain: mean error of C {errors} on {sizes} cells, order {order:.2f}")
    assert order > 1.7 and errors[-1] < 1e-4


def test_square_lattice():
    bands = TightBinding(np.eye(3), np.eye(3, dtype=int)[:2], -np.ones((2, 1, 1)))
    table = bands.dos((128, 128, 1))
    energy = np.array([-3.9, -3.0, -1.0, 0.7, 2.5])
    expected = [square_density(e) for e in energy]
    np.testing.assert_allclose(table.density(energy), expected, rtol=0.01)
    assert float(jnp.min(jnp.abs(table.features()))) < 0.1  # the logarithm at ε = 0


@pytest.fixture(scope="module")
def cubic():
    return simple_cubic(t=1.0, a=1.0).dos(32)


def test_simple_cubic_density(cubic):
    assert (cubic.bottom, cubic.top) == pytest.approx((-6, 6), abs=1e-4)
    assert cubic_density(0.0) == pytest.approx(0.1427, abs=1e-4)
    energy = np.array([-5.5, -4.0, -3.0, -1.5, 0.0, 1.0, 2.7, 5.0])
    errors = np.abs(np.asarray(cubic.density(energy)) - [cubic_density(e) for e in energy])
    print(f"simple cubic, 32 cells: errors of D {errors}")
    assert errors.max() < 1e-3
    np.testing.assert_allclose(cubic.features(), [-2, 2], atol=0.15)


def test_simple_cubic_sum_rules(cubic):
    assert moment(cubic, 0) == pytest.approx(1, abs=1e-12)
    assert moment(cubic, 1) == pytest.approx(0, abs=1e-6)
    assert moment(cubic, 2) == pytest.approx(6, rel=0.01)  # 6t²
    # ∫⟨v²⟩D dε = mean |∇ε|² = 6t²a²
    assert moment(cubic, 0, cubic.transport) == pytest.approx(6, rel=0.01)


def test_velocities_scale_with_the_lattice_constant(cubic):
    stretched = simple_cubic(t=2.0, a=3.0).dos(32)
    x = np.linspace(-5.5, 5.5, 23)
    np.testing.assert_allclose(stretched.velocity_squared(2 * x), 36 * cubic.velocity_squared(x), rtol=1e-6)
    # close to the bottom: 4t(ε + 6t)a² for a parabolic band, 3 % less with the quartic terms
    assert float(cubic.velocity_squared(-5.8)) == pytest.approx(0.776, rel=0.06)


@pytest.mark.slow
def test_p_bands_are_double_peaked():
    table = simple_cubic_p(t_sigma=1.0, t_pi=-0.1).dos(24)
    density = smooth(table, np.linspace(-2, 2, 41), reach=0.2)
    assert density[20] < 0.7 * min(density[:20].max(), density[21:].max())
    assert moment(table, 2) == pytest.approx(2 * (1 + 2 * 0.1**2), rel=0.02)


def test_bloch_hamiltonian_and_inversion():
    bands = k3c60_bands(lattice_constant=14.24)
    k = jnp.array([0.11, -0.05, 0.23])
    matrix = bands.hamiltonian(k)
    np.testing.assert_allclose(matrix, matrix.conj().T, atol=1e-12)
    x, y, z = 14.24 * k / 2
    f1, f2, f3, f4 = K3C60_HOPPINGS_MEV
    xx = 4 * (f1 * jnp.cos(x) * jnp.cos(y) + f4 * jnp.cos(y) * jnp.cos(z) + f3 * jnp.cos(z) * jnp.cos(x))
    np.testing.assert_allclose(matrix[0, 0], xx, atol=1e-10)
    np.testing.assert_allclose(matrix[0, 1], -4 * f2 * jnp.sin(x) * jnp.sin(y), atol=1e-10)


@pytest.fixture(scope="module")
def sisl_k3c60():
    """K3C60 as sisl has it, bond by bond from the transfer integrals (meV, Å)."""
    sisl = pytest.importorskip("sisl")
    f1, f2, f3, f4 = K3C60_HOPPINGS_MEV
    lattice = 0.5 * 14.24 * (1 - np.eye(3))
    sites = sisl.Geometry(
        [[0.0, 0.0, 0.0]], sisl.Atom(6, R=[12.0] * 3), lattice=sisl.Lattice(lattice, nsc=[3] * 3)
    )
    model = sisl.Hamiltonian(sites)
    for x, y, z in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        for a in (1, -1):
            for b in (1, -1):
                bond = 0.5 * 14.24 * (a * np.eye(3)[x] + b * np.eye(3)[y])
                cell = tuple(np.round(np.linalg.solve(lattice.T, bond)).astype(int))
                model[x, x, cell], model[y, y, cell], model[z, z, cell] = f1, f3, f4
                model[x, y, cell] = model[y, x, cell] = f2 * a * b
    return sisl, model


def test_bands_and_velocities_as_sisl_has_them(sisl_k3c60):
    sisl, model = sisl_k3c60
    bands = k3c60_bands()
    for fraction in ([0.1, 0.2, -0.3], [0.5, 0.0, 0.25], [0.31, -0.12, 0.45]):
        theirs = np.linalg.eigvalsh(model.Hk(fraction, format="array"))
        np.testing.assert_allclose(np.linalg.eigvalsh(bands.bloch(np.array(fraction))), theirs, atol=1e-9)
    # ∫⟨v²⟩D dε against the mean of their velocities, which are in Å/ps of energies in eV: here of meV
    mesh = sisl.MonkhorstPack(model, [16] * 3, displacement=[0.5 / 16] * 3, trs=False)
    velocities = [state.velocity().real for state in mesh.apply.iter.eigenstate()]  # (direction, band)
    mean = np.mean([np.sum(v**2, axis=0).mean() for v in velocities]) * 0.6582119569e-3**2
    tables = [bands.dos(n, points=101) for n in (16, 32)]
    ours = [moment(table, 0, table.transport) for table in tables]
    print(f"⟨v²⟩ of K3C60 with 16 and 32 cells: {np.array(ours) / mean} of sisl's")
    # second order in the cells, from below: slopes of chords
    assert ours[0] < ours[1] < mean and (4 * ours[1] - ours[0]) / 3 == pytest.approx(mean, rel=0.01)


@pytest.mark.slow
def test_half_the_mesh_is_as_good_as_all_of_it():
    real = k3c60_bands()
    full = TightBinding(real.lattice, real.displacements, real.matrices + 0j)
    half, whole = real.dos(8, points=101), full.dos(8, points=101)
    np.testing.assert_allclose(half.filled, whole.filled, atol=1e-9)
    np.testing.assert_allclose(half.transport, whole.transport, rtol=1e-5, atol=1e-6)


def test_gradient_in_the_hoppings():
    energy, weights = jnp.array([-100.0, 20.0, 150.0]), jnp.array([1.0, -2.0, 0.5])

    def filled(hoppings):
        return k3c60_bands(hoppings).dos(6, points=64).cumulative(energy)

    at, step = jnp.array(K3C60_HOPPINGS_MEV), 1e-4 * jnp.array([1.0, -0.5, 2.0, 1.5])
    compiled = jax.jit(filled)
    numeric = (compiled(at + step) - compiled(at - step)) / 2
    forward = jax.jit(lambda f, df: jax.jvp(filled, (f,), (df,))[1])(at, step)
    np.testing.assert_allclose(forward, numeric, rtol=1e-4)
    reverse = jax.jit(jax.grad(lambda f: weights @ filled(f)))(at)
    np.testing.assert_allclose(reverse @ step, weights @ forward, rtol=1e-8)


def test_vmap_and_jit_over_hoppings():
    def centre(t):
        return simple_cubic(t).dos(8, points=65).density(1.0)

    batch = jnp.array([1.0, 2.0])
    np.testing.assert_allclose(jax.jit(jax.vmap(centre))(batch), [centre(1.0), centre(2.0)], rtol=1e-10)


def test_float32_is_sane(cubic):
    x = np.linspace(-5, 5, 11, dtype=np.float32)
    expected = np.asarray(cubic.cumulative(x))
    with jax.enable_x64(False):
        single = simple_cubic(np.float32(1.0)).dos(16)
        assert single.energy.dtype == jnp.float32
        np.testing.assert_allclose(single.cumulative(x), expected, atol=5e-3)


def test_k3c60():
    table = k3c60_dos()
    assert (table.bottom, table.top) == pytest.approx((-227, 271), abs=1.0)
    assert float(np.interp(0.5, table.filled, table.energy)) == pytest.approx(-36, abs=2)
    energy = np.arange(-200.0, 250.0, 2.0)
    density = smooth(table, energy, reach=20.0)
    places = [(-200, 0, np.argmax), (0, 250, np.argmax), (-50, 170, np.argmin)]
    ranges = [(pick, (energy > low) & (energy < high)) for low, high, pick in places]
    left, right, valley = (energy[chosen][pick(density[chosen])] for pick, chosen in ranges)
    print(f"K3C60: peaks {left}, {right}, minimum {valley} meV, kinks {table.features()}")
    # van Hove points at −133 and −86 make the lower peak (centre −110), a broad one ends at 184;
    # a histogram of 2·10⁶ random k points has its minimum at 82 meV and μ = −36.76 meV
    assert left in (pytest.approx(-133, abs=8), pytest.approx(-86, abs=8))
    assert (right, valley) == pytest.approx((172, 82), abs=8)
    np.testing.assert_allclose(table.features(), [-133, -85, 184], atol=4)


def test_k3c60_metal():
    metal = jax.jit(lambda t: k3c60((t, "K"), transport="band"))(100.0)  # a first call under jit
    again = k3c60(phonon_energy="41 meV", states_per_mode=2.0)
    assert float(metal.dos.width) == pytest.approx(1)
    assert metal.scales.energy_ev == pytest.approx(0.498, abs=1e-3)
    assert metal.scales.length_angstrom == 14.24
    assert float(metal.temperature) == pytest.approx(0.0173, abs=1e-4)
    assert float(metal.phonon_energy) == pytest.approx(0.341, abs=1e-3)
    assert float(again.chemical_potential) * again.scales.energy_ev == pytest.approx(-0.036, abs=2e-3)
    assert (
        float(again.phonon_energy) == pytest.approx(0.0823, abs=1e-3) and str(again.transport) == "constant"
    )


@pytest.mark.slow
def test_k3c60_converges_with_the_mesh():
    fine, energy = k3c60_dos(56), np.linspace(-210.0, 250.0, 93)
    errors = [
        float(np.abs(k3c60_dos(n).cumulative(energy) - fine.cumulative(energy)).max()) for n in (12, 24)
    ]
    print(f"K3C60: errors of C against 56 cells: {errors} at 12, 24")
    assert errors[1] < 0.4 * errors[0] and errors[1] < 4e-3


@pytest.mark.parametrize(
    "change, message",
    [
        ({"lattice": np.eye(2)}, "lattice of shape"),
        ({"displacements": np.eye(3)[:2]}, "displacements of shape"),
        ({"displacements": 0.5 * np.eye(3)}, "displacements.*whole numbers of lattice vectors"),
        ({"matrices": np.ones((3, 1, 2))}, "matrices of shape"),
        ({"matrices": np.full((3, 1, 1), np.nan)}, "matrices with NaN"),
        ({"onsite": np.eye(2)}, "onsite of shape"),
    ],
)
def test_refuses_bad_bands(change, message):
    good = {"lattice": np.eye(3), "displacements": np.eye(3, dtype=int), "matrices": np.ones((3, 1, 1))}
    with pytest.raises(ValueError, match=message):
        TightBinding(**{**good, **change})


def test_refuses_bad_meshes_and_flat_bands():
    for mesh in (0, (4, 4), (4, 4, 0)):
        with pytest.raises(ValueError, match="mesh = "):
            simple_cubic().dos(mesh)
    with pytest.raises(ValueError, match="points = 3"):
        simple_cubic().dos(4, points=3)
    with pytest.raises(ValueError, match=r"band width.*flat band"):
        simple_cubic(0.0).dos(4)


@pytest.mark.slow
def test_the_default_k_mesh_is_fine_enough():
    """σ of K3C60 on the plateau at 100 K under every transport law: the default k points against 160³."""
    laws = ("constant", "band", "impurity", "hard_sphere")

    def sigma(mesh):
        return [
            float(nj.plateau(nj.k3c60(mesh=mesh, transport=law), 20.0, accuracy=1e-4).sigma) for law in laws
        ]

    found, finer = sigma(FINE), sigma(160)
    print("σ on 128³, 160³ k points:", found, finer)
    np.testing.assert_allclose(found, finer, atol=3e-4)
    assert found[1] == pytest.approx(0.0231, abs=1e-3) and found[3] == pytest.approx(-0.1610, abs=1e-3)


@pytest.mark.parametrize("mesh", [8, 16])  # 16 is extrapolated from half of it
def test_derivatives_of_the_table_are_differences(mesh):
    def filled(hopping):
        return k3c60_bands((hopping, *K3C60_HOPPINGS_MEV[1:])).dos(mesh, points=64).cumulative(20.0)

    numeric = (filled(-4.0 + 4e-5) - filled(-4.0 - 4e-5)) / 8e-5
    assert jax.grad(filled)(-4.0) == pytest.approx(float(numeric), rel=1e-6)
    assert jax.jacfwd(filled)(-4.0) == pytest.approx(float(numeric), rel=1e-6)
