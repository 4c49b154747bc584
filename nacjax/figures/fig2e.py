"""Fig. 2e: the conductivity against the dc field."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .claim import Claim, similar
from .parts import INELASTIC, TIMES, Quality, stamp, states, trial_metal
from .style import BLUE, CONDUCTIVITY, FIELD, axes_or_new, styled, zero_line

PANELS = {"fig2e": "σ against the dc field"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ over 𝓔 at half filling, ω_p = 0.53 W, ζ = 20, t = 10/Γ_eph."""
    panel, _ = states(quality, strength=np.linspace(0.0, 4.0, 41))
    return stamp(panel, metal=trial_metal(), time=TIMES[-1])


def zero_field(panel: xr.Dataset) -> float:
    """𝓔* with σ = 0, by linear interpolation between the fields of the panel; NaN if σ keeps its sign."""
    field, sigma = panel["strength"].to_numpy(), panel["sigma"].to_numpy()
    crossed = np.flatnonzero((sigma[:-1] < 0) & (sigma[1:] >= 0))
    if not crossed.size:
        return float("nan")
    pair = slice(crossed[0], crossed[0] + 2)
    return float(np.interp(0.0, sigma[pair], field[pair]))


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Where the field takes σ to zero."""
    zero = zero_field(panels[name])
    return [
        Claim.check(
            name,
            "σ(E) crosses zero at a field 𝓔* ~ 1",
            f"σ = 0 at 𝓔* = {zero:.3f}",
            similar(zero, 1.0),
            f"{INELASTIC}; t = 10/Γ_eph",
            sign=zero > 0,
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ against the normalised field, with 𝓔*."""
    ax = axes_or_new(ax)
    zero_line(ax)
    ax.plot(panel["strength"], panel["sigma"], color=BLUE)
    zero = zero_field(panel)
    ax.plot(zero, 0.0, "o", color="k", ms=3)
    ax.annotate(
        rf"$\mathcal{{E}}^*$ = {zero:.2f}", (zero, 0.0), (-4, 5), textcoords="offset points", ha="right"
    )
    ax.set(xlabel=FIELD, ylabel=CONDUCTIVITY, xlim=(0, float(panel["strength"][-1])))
    return ax
