"""Beyond the paper: the sign of σ over phonon energy and filling, and over phonon energy and pump strength."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.metal import Metal
from .maps import plot_map
from .parts import ZETA, Quality, clamped, grid, plateaus, stamp, trial_metal
from .style import legend_above, mark_top, styled

PANELS = {
    "filling_map": "phase diagram of σ over phonon energy and filling",
    "pump_map": "phase diagram of σ over phonon energy and pump strength",
}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """The plateau's σ over ν and ω_p, with μ(ν) for the lines of commensurability; or over ζ and ω_p at ν = 1/2."""
    axes = {"phonon_energy": np.linspace(0.2, 0.95, quality.points)}
    if name == "filling_map":
        axes = {"filling": np.linspace(0.02, 0.98, quality.points)} | axes
    else:
        axes = {"zeta": np.geomspace(0.02, 50.0, quality.points)} | axes
    sigma = plateaus(clamped(), grid(**axes), quality.cells).reshape(quality.points, -1)
    panel = xr.Dataset({"sigma": (tuple(axes), sigma)}, axes)
    if name == "filling_map":
        levels = np.asarray(_levels(trial_metal(), jnp.asarray(axes["filling"])))
        panel["chemical_potential"] = ("filling", levels, {"long_name": "chemical potential μ", "units": "W"})
    return stamp(panel, metal=trial_metal(), zeta=ZETA, state="plateau")


@eqx.filter_jit
def _levels(metal: Metal, filling):
    return jax.vmap(lambda v: eqx.tree_at(lambda m: m.filling, metal, v).chemical_potential)(filling)


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ with the lines on which ω_p or 2ω_p is the distance from μ to a band edge."""
    filling = "filling" in panel.dims
    ax = plot_map(panel, "phonon_energy", "filling" if filling else "zeta", ax)
    ax.set_xlim(float(panel["phonon_energy"][0]), float(panel["phonon_energy"][-1]))
    if not filling:
        ax.set_yscale("log")
        mark_top(ax, [0.25, 0.5], ["W/4", "W/2"], "commensurate with the band edges", "k")
        return ax
    mu = panel["chemical_potential"]
    for distance, style, text in ((mu + 0.5, ":", "μ − bottom"), (0.5 - mu, "--", "top − μ")):
        for m in (1, 2):
            label = f"ω$_p$, 2ω$_p$ = {text}" if m == 1 else None
            ax.plot(distance / m, panel["filling"], color="k", lw=0.7, ls=style, label=label)
    ax.plot([], [], color="k", lw=0.9, label="σ = 0")
    legend_above(ax, 2)
    return ax
