"""`evolve` and `plateau` against closed solutions: values, order of convergence, derivatives."""

import jax
import numpy as np
import pytest
from exact import change, two_rung_sigma

import nacjax as nj

TIMES = (0.05, 0.2, 1.0)
POINTS = np.array([(w, nu) for w in (0.505, 0.53, 0.6, 0.75, 0.9) for nu in (0.2, 0.35, 0.5, 0.8)])
FINE = nj.Mesh(cells=4096)
REFERENCE = nj.Mesh(cells=1024)


def test_universal_plateau(metal):
    """physics: flat-top DoS at ω_p = 0.53, ζ = 20, T = 0.003 has σ/σ_0 = −0.37394474."""
    assert abs(nj.plateau(metal, 20.0).sigma + 0.37394474) < 5e-4
    assert abs(nj.plateau(metal, 20.0, cells=1024).sigma + 0.37394474) < 1e-5


def test_universal_limit_of_a_flat_band():
    """Infinitesimally soft edges, ω_p just above W/2, ζ → ∞, T → 0: −(2 ln 2 − 1)."""
    box = nj.Metal(nj.FlatTopDOS(exponent=600.0), 0.5, 2e-5, 0.5 + 1e-2)
    assert abs(nj.plateau(box, 1e6, cells=2048).sigma + (2 * np.log(2) - 1)) < 0.03
    flatter = nj.Metal(nj.FlatTopDOS(exponent=4000.0), 0.5, 2e-5, 0.5 + 2e-3)
    assert abs(nj.plateau(flatter, 1e6, cells=2048).sigma + (2 * np.log(2) - 1)) < 6e-3


@pytest.mark.parametrize("dos", [nj.FlatTopDOS(), nj.SemiEllipticDOS()])
def test_evolve_equals_riccati(metal, dos):
    """To 1e-3 at the default cells and tolerance, over ω_p and ν."""
    base = nj.Metal(dos, 0.5, 0.003, 0.53)

    def at(point):
        return change(base, phonon_energy=point[0], filling=point[1])

    def evolved(point):
        return nj.evolve(at(point), nj.Clamped(20.0), TIMES, rungs=2, budget=False).sigma

    got = jax.jit(jax.vmap(evolved))(POINTS)
    want = jax.jit(lambda p: jax.lax.map(lambda q: two_rung_sigma(at(q), 20.0, TIMES, FINE), p))(POINTS)
    print(f"worst |σ − exact| = {np.abs(got - want).max():.1e}")
    assert np.abs(got - want).max() < 1e-3


@pytest.mark.parametrize("dos", [nj.FlatTopDOS(), nj.SemiEllipticDOS()])
def test_order_in_cells(dos):
    """Second order in the cell count: RMS error over points, slope 2 ± 0.2."""
    base = nj.Metal(dos, 0.5, 0.003, 0.53)
    points = POINTS[[1, 5, 6, 10, 13]]

    def sigma(cells):
        def at(point):
            metal = change(base, phonon_energy=point[0], filling=point[1])
            return nj.plateau(metal, 20.0, rungs=2, cells=cells).sigma

        return jax.jit(jax.vmap(at))(points)

    counts = np.array([64, 128, 256])
    exact = sigma(4096)
    errors = np.array([np.sqrt(np.mean((sigma(int(c)) - exact) ** 2)) for c in counts])
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    print("cells", counts, "errors", errors, f"slope {slope:.2f}")
    assert abs(slope - 2) < 0.2


def test_derivatives_equal_riccati(metal):
    """dσ/d(ω_p, ν, T, ζ) at t = 1 to 0.02 absolute at the default cells.

    The sharp steps of T = 0.003, where a uniform mesh fails silently, are for ω_p, ν and ζ: dσ/dT needs
    T to be no smaller than the cells at the Fermi step.
    """
    names = ("phonon_energy", "filling", "temperature")

    def changed(x):
        return change(metal, **dict(zip(names, x[:3], strict=True)))

    def evolved(x):
        options = {"rungs": 2, "budget": False, "rtol": 1e-4}
        return nj.evolve(changed(x), nj.Clamped(x[3]), [1.0], **options).sigma[0]

    def exact(x):
        return two_rung_sigma(changed(x), x[3], [1.0], REFERENCE)[0]

    warm = [(0.53, 0.5, 0.02, 20.0), (0.6, 0.4, 0.02, 5.0), (0.7, 0.35, 0.05, 1.0)]
    sharp = [(w, 0.5, 0.003, 20.0) for w in (0.505, 0.52, 0.53, 0.56, 0.6)] + [(0.7, 0.3, 0.003, 20.0)]
    got, want = (jax.jit(jax.vmap(jax.jacfwd(f)))(np.array(warm + sharp)) for f in (evolved, exact))
    error = np.abs(got - want)
    print("derivatives", want, "errors", error)
    assert error[: len(warm)].max() < 0.02
    assert error[len(warm) :, [0, 1, 3]].max() < 0.02


def test_plateau_derivatives(metal):
    """First and second derivatives of the plateau against finite differences; jvp equals vjp."""

    def sigma(w):
        return nj.plateau(change(metal, phonon_energy=w), 20.0, rungs=2, cells=48).sigma

    slope = jax.jit(jax.grad(sigma))
    h = 1e-6
    assert abs(slope(0.53) - (sigma(0.53 + h) - sigma(0.53 - h)) / (2 * h)) < 1e-5
    assert abs(jax.jit(jax.hessian(sigma))(0.53) - (slope(0.53 + 1e-4) - slope(0.53 - 1e-4)) / 2e-4) < 0.01
    assert abs(slope(0.53) - jax.jit(lambda w: jax.jvp(sigma, (w,), (1.0,))[1])(0.53)) < 1e-12


def test_derivatives_where_the_band_ends_like_a_root():
    """dσ/dω_p of a semi-elliptic band is 0.560 (independent spectral elements); order 1.6 in the cells."""
    metal = nj.Metal(nj.SemiEllipticDOS(), 0.5, 0.003, 0.55)

    def slope(cells):
        def sigma(w):
            mesh = nj.Mesh(cells, on_edges=True)
            return nj.plateau(change(metal, phonon_energy=w), 20.0, rungs=2, mesh=mesh).sigma

        return float(jax.grad(sigma)(0.55))

    errors = np.abs(np.array([slope(cells) for cells in (64, 128, 256)]) - slope(1024))
    print("errors of dσ/dω_p", errors)
    assert abs(slope(128) - 0.560) < 2e-3
    assert np.all(errors[:-1] / errors[1:] > 2.8)


def test_plateau_is_late_evolve():
    """`evolve` at Γ_in = 0 ends on the plateau of the same mesh, for three rungs too."""
    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.01, 0.36)
    run = nj.evolve(metal, nj.Clamped(5.0), [300.0], cells=32, rtol=1e-6, budget=False)
    assert abs(run.sigma[0] - nj.plateau(metal, 5.0, cells=32).sigma) < 1e-6


def test_plateau_without_phonons_is_equilibrium(metal):
    result = nj.plateau(metal, 0.0)
    assert abs(result.sigma - 1) < 2e-3
