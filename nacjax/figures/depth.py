"""Beyond the paper: σ in a sample in which the pump decays, over depth and time."""

import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..solvers.threshold_of import threshold
from .claim import Claim
from .parts import Quality, stamp
from .sample import CHOICE, LAYERS, MOMENT, PENETRATION_NM, THICKNESS_NM, film_metal, film_pulse, sampled
from .style import axes_or_new, styled

PANELS = {"depth": "σ over depth and time in a sample of K3C60 in which the pump decays"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ(z, t), the thickness with σ < 0, and the threshold pump ζ_c at `MOMENT`."""
    sample = sampled(quality)
    panel = sample.to_xarray()
    critical = threshold(
        film_metal(), film_pulse(), "zeta0", (0.1, 100.0), falls=True, times=jnp.array([MOMENT]),
        cells=sample.ladder.cells, rtol=10 * quality.rtol,
    )  # fmt: skip
    panel["time"].attrs["units"] = "ps"
    panel.attrs |= {"critical": float(critical), "surface": float(film_pulse().zeta0), "moment": MOMENT}
    return stamp(panel, metal=film_metal(), pump=film_pulse())


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How thick the layer with σ < 0 is."""
    panel = panels[name]
    surface, critical = panel.attrs["surface"], panel.attrs["critical"]
    expected = PENETRATION_NM * np.log(surface / critical)
    thick = float(panel["negative_thickness"].sel(time=MOMENT, method="nearest"))
    return [
        Claim.check(
            name,
            "(beyond the paper) σ saturates in ζ, so that the layer with σ < 0 is d ln(ζ_0/ζ_c) thick",
            f"{thick:.1f} nm at {MOMENT:g} ps; d ln({surface:.1f}/{critical:.2f}) = {expected:.1f} nm",
            abs(thick - expected) < THICKNESS_NM / LAYERS,
            CHOICE,
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ as a map over time and depth; where it is negative, and d ln(ζ_0/ζ_c)."""
    ax = axes_or_new(ax)
    most = float(abs(panel["sigma"]).max())
    sigma = panel["sigma"].to_numpy()
    depth, sigma = np.insert(panel["depth"], 0, 0.0), np.vstack([sigma[:1], sigma])  # up to the surface
    limits = {"cmap": "RdBu", "vmin": -most, "vmax": most}
    mesh = ax.pcolormesh(panel["time"], depth, sigma, shading="gouraud", rasterized=True, **limits)
    ax.figure.colorbar(mesh, ax=ax, label="conductivity σ/σ$_0$")
    ax.plot(panel["time"], panel["negative_thickness"], color="k", lw=1.0, label="end of σ < 0")
    expected = PENETRATION_NM * np.log(panel.attrs["surface"] / panel.attrs["critical"])
    ax.plot(panel.attrs["moment"], expected, "o", color="k", ms=4, label="d ln(ζ$_0$/ζ$_c$)")
    ax.set(xlabel="time t (ps)", ylabel="depth z (nm)", xlim=(0, None), ylim=(float(panel["depth"][-1]), 0))
    ax.legend(loc="lower right", frameon=True, framealpha=1.0)
    return ax
