"""Beyond the paper: the sign of σ over phonon energy and pump strength."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .maps import plot_map
from .parts import Quality, clamped, grid, plateaus, stamp, trial_metal
from .style import mark_top, styled

PANELS = {"pump_map": "phase diagram of σ over phonon energy and pump strength"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """The plateau's σ over ω_p and ζ at half filling."""
    axes = {
        "zeta": np.geomspace(0.02, 50.0, quality.points),
        "phonon_energy": np.linspace(0.2, 0.95, quality.points),
    }
    sigma = plateaus(clamped(), grid(**axes), quality.cells).reshape(quality.points, -1)
    return stamp(xr.Dataset({"sigma": (tuple(axes), sigma)}, axes), metal=trial_metal(), state="plateau")


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ with ω_p = W/4 and W/2."""
    ax = plot_map(panel, "phonon_energy", "zeta", ax)
    ax.set_yscale("log")
    ax.set_xlim(float(panel["phonon_energy"][0]), float(panel["phonon_energy"][-1]))
    mark_top(ax, [0.25, 0.5], ["W/4", "W/2"], "commensurate with the band edges", "k")
    return ax
