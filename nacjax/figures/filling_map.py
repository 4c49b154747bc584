"""Beyond the paper: the sign of σ over phonon energy and filling."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.metal import Metal
from .maps import plot_map
from .parts import ZETA, Quality, clamped, grid, plateaus, stamp, trial_metal
from .style import legend_above, styled

PANELS = {"filling_map": "phase diagram of σ over phonon energy and filling"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """The plateau's σ over ω_p and ν, with μ(ν) for the lines of commensurability."""
    axes = {
        "filling": np.linspace(0.02, 0.98, quality.points),
        "phonon_energy": np.linspace(0.2, 0.95, quality.points),
    }
    sigma = plateaus(clamped(), grid(**axes), quality.cells).reshape(quality.points, -1)
    panel = xr.Dataset({"sigma": (tuple(axes), sigma)}, axes)
    levels = np.asarray(_levels(trial_metal(), jnp.asarray(axes["filling"])))
    panel["chemical_potential"] = ("filling", levels, {"long_name": "chemical potential μ", "units": "W"})
    return stamp(panel, metal=trial_metal(), zeta=ZETA, state="plateau")


@eqx.filter_jit
def _levels(metal: Metal, filling):
    return jax.vmap(lambda v: eqx.tree_at(lambda m: m.filling, metal, v).chemical_potential)(filling)


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ with the lines on which ω_p or 2ω_p is the distance from μ to a band edge."""
    ax = plot_map(panel, "phonon_energy", "filling", ax)
    filling, mu = panel["filling"], panel["chemical_potential"]
    for distance, style, text in ((mu + 0.5, ":", "μ − bottom"), (0.5 - mu, "--", "top − μ")):
        for m in (1, 2):
            label = f"ω$_p$, 2ω$_p$ = {text}" if m == 1 else None
            ax.plot(distance / m, filling, color="k", lw=0.7, ls=style, label=label)
    ax.plot([], [], color="k", lw=0.9, label="σ = 0")
    ax.set_xlim(float(panel["phonon_energy"][0]), float(panel["phonon_energy"][-1]))
    legend_above(ax, 2)
    return ax
