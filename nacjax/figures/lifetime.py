"""Beyond the paper: the plateau with σ < 0, how inelastic scattering ends it, and the true steady state."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..kinetics.ladder import Mesh
from ..model.pump import Clamped
from ..solvers.plateau import plateau
from ..studies.sweep.sweep import sweep
from .claim import Claim, listed
from .parts import TRIAL_DOS, ZETA, Quality, trial_metal
from .style import CONDUCTIVITY, GREY, TIME, axes_or_new, colours, legend_above, styled, zero_line

PANELS = {"lifetime": "the plateau against the true steady state: σ(t) for several inelastic rates"}
RATES = (1e-3, 1e-2, 1e-1)


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ(t) from 0.01 to 1e4 for several Γ_in at ζ = 20, ω_p = 0.53 W; plateau and steady state beside it."""
    metal, cells, times = trial_metal(), 2 * quality.cells, np.geomspace(1e-2, 1e4, quality.points)
    common: Any = {"axes": {"inelastic_rate": RATES}, "progress": False}
    panel = sweep(metal, Clamped(ZETA), times=times, cells=cells, rtol=quality.rtol, **common)
    after = sweep(metal, Clamped(ZETA), steady=True, mesh=Mesh.uniform(cells), **common)
    panel["steady"] = after["sigma"].assign_attrs(long_name="steady-state conductivity σ/σ_0")
    ends = {"long_name": "time at which σ turns positive", "units": "1/Γ_eph"}
    panel["lifetime"] = ("inelastic_rate", [_end(times, sigma) for sigma in panel["sigma"].to_numpy()], ends)
    return panel.assign_attrs(plateau=float(plateau(metal, ZETA, cells=cells).sigma))


def _end(times: np.ndarray, sigma: np.ndarray) -> float:
    """The last time at which σ turns positive, interpolated in ln t."""
    turns = np.flatnonzero((sigma[:-1] < 0) & (sigma[1:] >= 0))
    if not turns.size:
        return float("nan")
    pair = slice(turns[-1], turns[-1] + 2)
    return float(np.exp(np.interp(0.0, sigma[pair], np.log(times[pair]))))


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How the end of the plateau goes with Γ_in."""
    panel = panels[name]
    rates, ends = panel["inelastic_rate"].to_numpy(), panel["lifetime"].to_numpy()
    slope = np.polyfit(np.log(rates), np.log(ends), 1)[0]
    return [
        Claim(
            name,
            "(beyond the paper) σ < 0 is a plateau that inelastic scattering ends",
            f"plateau σ/σ_0 = {panel.attrs['plateau']:.3f}; σ < 0 until t·Γ_in = {listed(rates * ends, '.3f')} W at "
            f"Γ_in = {listed(rates, 'g')} (t ∝ Γ_in^{slope:.2f}); true steady state {listed(panel['steady'], '+.2f')}",
            "not stated",
            f"the paper's steady state is the one at t = 10/Γ_eph with Γ_in ≪ Γ_eph; {TRIAL_DOS}",
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(t) for several Γ_in: a plateau, its end (ticks), and the steady state (dots)."""
    ax = axes_or_new(ax)
    zero_line(ax)
    time, rates = panel["time"].to_numpy(), panel["inelastic_rate"].to_numpy()
    for colour, k in zip(colours(rates.size), range(rates.size), strict=True):
        ax.plot(time, panel["sigma"][k], color=colour, label=f"Γ$_{{in}}$ = {rates[k]:g} W Γ$_{{eph}}$")
        ax.plot(time[-1], panel["steady"][k], "o", color=colour, ms=4, clip_on=False, zorder=5)
        ax.plot(panel["lifetime"][k], 0, "|", color=colour, ms=8, mew=1.2)
    ax.plot([], [], "|", color="0.3", ms=8, mew=1.2, label="end of σ < 0")
    ax.axhline(panel.attrs["plateau"], color=GREY, lw=0.8, ls="--", label="plateau, Γ$_{in}$ → 0")
    ax.plot([], [], "o", color="0.3", ms=4, label="steady state")
    ax.set(xscale="log", xlabel=TIME, ylabel=CONDUCTIVITY, xlim=(time[0], time[-1]), ylim=(-0.42, 0.65))
    legend_above(ax, 2)
    return ax
