"""Eq. (10), the analytic estimate: exact where it is a sum of known numbers, and how far it can be trusted."""

import jax
import numpy as np
import pytest

import nacjax as nj

LAWS = ("constant", "band", "impurity", "hard_sphere")


def test_a_box_without_neighbouring_steps():
    """Flat band, ω_p > W/2, half filling: σ̃ = σ_0 at μ only, and ∫σ̃ dε = W σ_0, so 1 − W/ω_p."""
    for omega in (0.55, 0.8):
        metal = nj.Metal(nj.FlatTopDOS(exponent=2000.0), 0.5, 0.003, omega)
        assert float(nj.conductivity_estimate(metal)) == pytest.approx(1 - 1 / omega, abs=2e-3)


@pytest.mark.parametrize("law", LAWS)
def test_a_phonon_that_fits_the_band_many_times_gives_next_to_nothing(law):
    """For small ω_p the sum over steps is a midpoint rule for the integral, and σ a small difference of the two."""

    def estimate(omega):
        return float(
            nj.conductivity_estimate(nj.Metal(nj.FlatTopDOS(exponent=4.0), 0.4, 0.003, omega, transport=law))
        )

    integral = 0.99 * (1 - estimate(0.99))  # ∫σ̃ dε/σ_0: from μ, no other step of 0.99 W reaches into the band
    assert 0 < integral < 2
    assert abs(estimate(0.02)) < 1e-2 * integral / 0.02


def test_unit_of_energy_does_not_matter():
    metal = nj.Metal(nj.FlatTopDOS(1.0), 0.3, 0.003, 0.37)
    larger = nj.Metal(nj.FlatTopDOS(5.0), 0.3, 0.015, 1.85)
    assert float(nj.conductivity_estimate(metal)) == pytest.approx(
        float(nj.conductivity_estimate(larger)), rel=1e-12
    )


def test_lowest_where_the_phonon_is_commensurate_and_the_plateau_slightly_above():
    """The paper: minima of σ(ω_p) lie slightly above the commensurate values 1/2 (ν = 1/2) and 1/3 (ν = 1/3)."""

    def curves(filling, omega):
        def both(omega):
            metal = nj.Metal(nj.FlatTopDOS(), filling, 0.003, omega)
            return nj.conductivity_estimate(metal, 4), nj.plateau(metal, 20.0, cells=64, rungs=4).sigma

        return jax.jit(jax.vmap(both))(omega)

    for filling, commensurate in ((0.5, 0.5), (1 / 3, 1 / 3)):
        omega = commensurate * np.linspace(0.9, 1.3, 161)
        estimate, plateau = curves(filling, omega)
        guess, real = omega[np.argmin(estimate)], omega[np.argmin(plateau)]
        print(
            f"{filling:.3f}: Eq. (10) {estimate.min():.3f} at {guess:.3f}, plateau {plateau.min():.3f} at {real:.3f}"
        )
        assert guess == pytest.approx(commensurate, abs=0.02)
        assert guess < real < guess + 0.1
        assert estimate.min() < plateau.min() < 0


def test_gradient_is_that_of_differences():
    def estimate(omega):
        return nj.conductivity_estimate(nj.Metal(nj.FlatTopDOS(), 0.4, 0.003, omega), 4)

    for omega in (0.31, 0.47, 0.77):
        difference = (estimate(omega + 1e-6) - estimate(omega - 1e-6)) / 2e-6
        assert float(jax.grad(estimate)(omega)) == pytest.approx(float(difference), rel=1e-6)


def test_spare_rungs_change_nothing_and_tracers_need_them():
    metal = nj.Metal(nj.FlatTopDOS(), 0.4, 0.003, 0.31)
    assert float(nj.conductivity_estimate(metal)) == pytest.approx(
        float(nj.conductivity_estimate(metal, 9)), abs=1e-13
    )
    with pytest.raises(ValueError, match="rungs is needed here"):
        jax.jit(lambda w: nj.conductivity_estimate(nj.Metal(nj.FlatTopDOS(), 0.4, 0.003, w)))(0.31)
