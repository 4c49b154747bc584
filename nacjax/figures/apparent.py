"""Beyond the paper: the conductivity that an analysis with a fixed profile reads from the reflectivity."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..studies.probe.apparent import apparent
from .claim import Claim
from .parts import Quality, stamp
from .sample import CHOICE, MOMENT, PENETRATION_NM, energies_mev, film_metal, film_pulse, lit, moment
from .style import BLUE, GREY, ORANGE, SKY, axes_or_new, legend_above, styled, zero_line

PANELS = {"apparent": "σ(ω) at the surface of a sample of K3C60, and as it is read from r(ω)"}
KINDS = {
    "surface": (BLUE, "-", "at the surface"),
    "exponential": (ORANGE, "--", "read, profile e$^{−z/d}$"),
    "uniform": (SKY, "-.", "read, uniform down to d"),
    "before": (GREY, ":", "before the pump"),
}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """Re and Im of σ(ω)/σ_0 at `MOMENT`, true and read with two profiles."""
    light, at = lit(quality), moment(quality)
    found = {
        kind: apparent(light, (PENETRATION_NM, "nm"), profile=kind)[at] for kind in ("exponential", "uniform")
    }  # pyright: ignore[reportArgumentType]
    found |= {"surface": light.optics.sigma[0, at], "before": light.optics.equilibrium}
    parts = {kind: np.stack([np.real(sigma), np.imag(sigma)]) for kind, sigma in found.items()}
    label = {"long_name": "conductivity σ(ω)/σ_0", "units": "1"}
    data = {kind: (("part", "frequency"), values, label) for kind, values in parts.items()}
    about = {"long_name": "photon energy ħω", "units": "meV"}
    coordinates = {"frequency": ("frequency", energies_mev(light), about), "part": ["real", "imaginary"]}
    return stamp(xr.Dataset(data, coordinates), metal=film_metal(), pump=film_pulse())


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How far what is read is from what is there."""
    low = panels[name].isel(frequency=0)
    true, exponential, uniform = (low[kind].to_numpy()[0] for kind in ("surface", "exponential", "uniform"))
    return [
        Claim.check(
            name,
            "(beyond the paper) an analysis that assumes an exponential profile misreads a response that saturates "
            "(arXiv 2210.01114, 2307.00204)",
            f"Re σ/σ_0 at {float(low['frequency']):g} meV is {true:+.2f} at the surface, and read as "
            f"{exponential:+.2f} with an exponential profile, {uniform:+.2f} with a uniform layer",
            abs(exponential - true) > 0.3 * abs(true),
            CHOICE,
        )
    ]  # fmt: skip


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Re σ (thick) and Im σ (thin) against ħω."""
    ax = axes_or_new(ax)
    zero_line(ax)
    energy = panel["frequency"]
    for kind, (colour, style, text) in KINDS.items():
        ax.plot(energy, panel[kind].sel(part="real"), color=colour, ls=style, lw=1.6, label=text)
        ax.plot(energy, panel[kind].sel(part="imaginary"), color=colour, ls=style, lw=0.7)
    ax.plot([], [], color="0.3", lw=1.6, label="Re σ")
    ax.plot([], [], color="0.3", lw=0.7, label=f"Im σ ({MOMENT:g} ps)")
    ax.set(xscale="log", xlabel="photon energy ħω (meV)", ylabel="conductivity σ(ω)/σ$_0$")
    ax.set(xlim=(float(energy[0]), float(energy[-1])))
    legend_above(ax, 2)
    return ax
