"""Fig. 2a–b: the conductivity against the phonon energy, at half and at 1/3 filling."""

import json

import numpy as np
import xarray as xr

from ..model.metal import Metal
from ..studies.commensurate import landmarks, minima
from .claim import Claim
from .lines import plot_sigma
from .parts import INELASTIC, TIMES, TRIAL_DOS, Quality, stamp, states, trial_metal

PANELS = {
    "fig2a": "σ(ω_p) at half filling for three pump strengths",
    "fig2b": "σ(ω_p) at 1/3 filling for three pump strengths",
}
ZETAS = (1.0, 5.0, 20.0)
LOW, HIGH = 0.2, 0.9
FILLINGS = {"fig2a": 1 / 2, "fig2b": 1 / 3}
EXPECTED = {"fig2a": (1 / 4, 1 / 2), "fig2b": (1 / 3, 2 / 3)}
"""Where the paper's arrows point (ω_p/W)."""


def phonon_energies(quality: Quality, finer: tuple[float, ...] = ()) -> np.ndarray:
    """ω_p from `LOW` to `HIGH`, denser around the energies of `finer` (W)."""
    around = [place + np.linspace(-0.03, 0.05, 17) for place in finer]
    return np.unique(np.round(np.concatenate([np.linspace(LOW, HIGH, quality.points), *around]), 9))


def with_landmarks(panel: xr.Dataset, metal: Metal) -> xr.Dataset:
    """The panel with the distances from μ that the commensurability criterion names."""
    return panel.assign_attrs(landmarks=json.dumps(landmarks(metal)))


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ over ζ and ω_p at t = 10/Γ_eph."""
    omega = phonon_energies(quality, EXPECTED[name])
    panel, _ = states(quality, filling=FILLINGS[name], zeta=ZETAS, phonon_energy=omega)
    metal = trial_metal(filling=FILLINGS[name])
    return stamp(with_landmarks(panel, metal), metal=metal, zeta=list(ZETAS), time=TIMES[-1])


CHOICE = f"{TRIAL_DOS}; {INELASTIC}; ζ = 1, 5, 20; constant ⟨v²⟩τ_tr as in the paper"


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Where the minima are, and whether more phonons change anything."""
    panel = panels[name]
    return [*(_minimum(name, panel, place) for place in EXPECTED[name]), _saturation(name, panel)]


def _minimum(name: str, panel: xr.Dataset, expected: float) -> Claim:
    """The minimum beside an arrow of the paper, and beside the distance in this density of states."""
    curve = panel["sigma"].sel(zeta=20)
    found = minima(panel["phonon_energy"].to_numpy(), curve.to_numpy())
    lowest = min(found, key=lambda m: abs(m.phonon_energy - expected))
    distances = [d / m for _, d in json.loads(panel.attrs["landmarks"]) for m in (1, 2)]
    own = min(distances, key=lambda d: abs(d - expected))
    over = lowest.phonon_energy - expected
    return Claim.check(
        name,
        f"a minimum of σ slightly above ω_p/W = {expected:.3g}",
        f"at {lowest.phonon_energy:.3f} (σ/σ_0 = {lowest.sigma:.3f}) for ζ = 20, {over:+.3f} from it; the distance "
        f"in this DoS is {own:.3f} W, the minimum {lowest.phonon_energy - own:+.3f} from it",
        lowest.sigma < 0 and 0.001 < over < 0.05,
        CHOICE,
        sign=lowest.sigma < 0 and 0 < over < 0.1,
    )


def _saturation(name: str, panel: xr.Dataset) -> Claim:
    weak, middle, strong = (float(panel["sigma"].sel(zeta=z).min()) for z in ZETAS)
    return Claim.check(
        name,
        "the dependence on ζ saturates rapidly above ζ ≈ 1",
        f"lowest σ/σ_0 = {weak:.3f}, {middle:.3f}, {strong:.3f} at ζ = 1, 5, 20; 1 without a pump",
        1 - weak > 0.8 * (1 - strong) and middle - strong < 0.25 * (weak - strong),
        CHOICE,
        sign=weak > middle > strong,
    )


draw = plot_sigma
"""A line a pump strength."""
