"""Beyond the paper: the weakest pump that makes σ negative, against temperature."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.names import changed, resolve
from ..solvers.plateau import plateau
from ..solvers.threshold_of import threshold_of
from .parts import RUNGS, Quality, clamped, stamp, trial_metal
from .style import axes_or_new, colours, styled

PANELS = {"threshold_pump": "the weakest pump with σ < 0, against temperature"}
PLACES = ((0.5, 0.53), (1 / 3, 0.36), (1 / 3, 0.67))
"""(ν, ω_p): the minima of Figs. 2a and 2b."""


def compute(name: str, quality: Quality) -> xr.Dataset:
    """ζ_c(T), the pump at which the plateau's σ turns negative; NaN where no pump is enough."""
    temperature = np.geomspace(0.002, 0.1, 40)
    rows = jnp.array([(nu, omega, t) for nu, omega in PLACES for t in temperature])
    found = np.asarray(_thresholds(clamped(), rows, quality.cells)).reshape(len(PLACES), -1)
    coordinates = {
        "temperature": temperature,
        "filling": ("place", [nu for nu, _ in PLACES]),
        "phonon_energy": ("place", [omega for _, omega in PLACES]),
    }
    about = {"long_name": "threshold pump ζ_c", "units": "1"}
    panel = xr.Dataset({"threshold": (("place", "temperature"), found, about)}, coordinates)
    return stamp(panel, metal=trial_metal(), state="plateau")


@eqx.filter_jit
def _thresholds(system, rows, cells):
    paths = [resolve(name, system) for name in ("filling", "phonon_energy", "temperature")]

    def one(row):
        metal, _, _ = changed(system, dict(zip(paths, row, strict=True)))
        return threshold_of(lambda zeta: plateau(metal, zeta, cells=cells, rungs=RUNGS).sigma)[0]

    return jax.lax.map(one, rows, batch_size=20)


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """ζ_c(T) for a few fillings and phonon energies."""
    ax = axes_or_new(ax)
    places = panel.sizes["place"]
    for k, (colour, style) in enumerate(zip(colours(places), ("-", "--", ":"), strict=False)):
        label = f"ν = {float(panel['filling'][k]):.2g}, ω$_p$ = {float(panel['phonon_energy'][k]):.2g} W"
        ax.plot(panel["temperature"], panel["threshold"][k], color=colour, ls=style, label=label)
    ax.set(xscale="log", yscale="log", xlabel="bath temperature T (W)", ylabel="threshold pump ζ$_c$")
    ax.legend(loc="upper left")
    return ax
