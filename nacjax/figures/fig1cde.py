"""Fig. 1c–e: what smooths the distribution: inelastic scattering, a dc field, a dispersive phonon."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..kinetics.equations import electrons_gained
from ..kinetics.terms.inelastic import Inelastic
from ..model.metal import Metal
from ..model.process import Moment
from ..solvers.plateau import plateau
from .claim import Claim, listed
from .distribution import draw_distribution
from .fig1ab import THIRD
from .parts import (
    INELASTIC,
    RUNGS,
    ZETA,
    Quality,
    clamped,
    largest_rise,
    many,
    member,
    profile,
    stamp,
    states,
    trial_metal,
)

PANELS = {
    "fig1c": "f(ε) with stronger inelastic scattering",
    "fig1d": "f(ε) in a dc field",
    "fig1e": "f(ε) with a dispersive phonon",
}
SCATTERED = {"temperature": 0.02, "inelastic_rate": 0.03}
"""T (W) and Γ_in (W Γ_eph) of Fig. 1c: the mean |St_in| in the distribution of Fig. 1b is then 0.05 Γ_eph."""
FIELD = 0.4
DISPERSIONS = (0.01, 0.03)
"""δω/ω_p."""
LABELS = {
    "fig1c": ("f, t = 1/Γ$_{eph}$", "f, t = 10/Γ$_{eph}$"),
    "fig1d": (r"f, $\mathcal{E}$ = 0", rf"f, $\mathcal{{E}}$ = {FIELD:g}"),
    "fig1e": tuple(f"f, δω = {width:g} ω$_p$" for width in DISPERSIONS),
}
"""What the figure calls both states."""


def compute(name: str, quality: Quality) -> xr.Dataset:
    """f of two states against ε, `first` and `second`, and the largest rise of f with nothing that smooths it."""
    metal = trial_metal(**THIRD, **(SCATTERED if name == "fig1c" else {}))
    if name == "fig1e":
        metal = trial_metal(**THIRD, dispersion=DISPERSIONS[0])
        runs = many(clamped(metal), {"dispersion": np.array(DISPERSIONS)}, quality, rungs=3, batch=2)
    else:
        varied: dict[str, Any] = SCATTERED if name == "fig1c" else {"strength": [0.0, FIELD]}
        runs = states(quality, None, **THIRD, **varied)[1]
    two = runs.occupation[0] if name == "fig1c" else runs.occupation[:, -1]
    panel, second = (profile(metal, member(runs, 0).ladder, f) for f in two)
    panel = panel.rename(occupation="first").assign(second=second["occupation"])
    plain = states(quality, None, **THIRD)[1]
    panel.attrs |= {
        "panel": name,
        "sigma": float(runs.sigma[-1, -1]),
        "phonon_energy": THIRD["phonon_energy"],
        "rise_without": largest_rise(np.ravel(plain.occupation[0, -1])),
    }
    if name == "fig1c":
        panel.attrs["inelastic"] = float(inelastic_ratio(metal, quality.cells))
    return stamp(panel, metal=metal, zeta=ZETA, strength=FIELD if name == "fig1d" else 0.0)


@eqx.filter_jit
def inelastic_ratio(metal: Metal, cells: int):
    """Mean |St_in| over the electrons' states in the plateau of a metal, over Γ_eph; a scalar."""
    state = plateau(metal, ZETA, cells=cells, rungs=RUNGS)
    ladder = state.ladder
    now = Moment(jnp.zeros(()), state.occupation, jnp.full(1, ZETA))
    moved = Inelastic.of(metal, ladder, metal.fermi_density).flow(now, ladder)
    mean = jnp.sum(jnp.abs(electrons_gained(moved, ladder))) / jnp.sum(ladder.states)
    return mean / metal.coupling_rate


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How much of the inversion is left."""
    panel, about = panels[name], panels[name].attrs
    first, second = (largest_rise(panel[key].to_numpy()) for key in ("first", "second"))
    before = about["rise_without"]
    says, computed, choice = {
        "fig1c": (
            "stronger inelastic scattering smooths f",
            f"{first:.2f} at t = 1, {second:.2f} at t = 10",
            f"St_in/St_el is taken as the mean |St_in| in the plateau over Γ_eph, {about.get('inelastic', 0):.3f} at "
            f"Γ_in = {SCATTERED['inelastic_rate']:g} W Γ_eph; by t = 10 the drift f(1 − f) of so strong a "
            "scattering has moved the rises to where they no longer make σ negative",
        ),
        "fig1d": (
            f"a field 𝓔 = {FIELD:g} smooths f and leaves an inversion",
            f"{second:.2f}",
            f"{INELASTIC}; t = 10/Γ_eph",
        ),
        "fig1e": (
            f"a phonon dispersion δω/ω_p = {listed(DISPERSIONS)} smooths f (T_eff = T + ζδω)",
            f"{first:.2f} and {second:.2f}",
            f"{INELASTIC}; t = 10/Γ_eph",
        ),
    }[name]
    computed = f"largest rise of f {computed} ({before:.2f} without); σ/σ_0 = {about['sigma']:.2f}"
    return [Claim.check(name, says, computed, second < min(before, first + 1e-6), choice)]


def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """f of both states."""
    name = panel.attrs["panel"]
    lines = list(zip(("first", "second"), (":", "-"), LABELS[name], strict=True))
    return draw_distribution(panel, lines, ax, None if name == "fig1c" else "t = 10/Γ$_{eph}$")
