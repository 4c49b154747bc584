"""Beyond the paper: the reflectivity of a sample in which the pump decays."""

import dataclasses

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..studies.probe.reflectivity import reflectivity
from .claim import Claim
from .parts import Quality, stamp
from .sample import CHOICE, MOMENT, WINDOW, energies_mev, film_metal, film_pulse, lit, moment
from .style import BLUE, ORANGE, SKY, axes_or_new, legend_above, styled

PANELS = {"reflectivity": "R(ω) of a sample of K3C60: layered, uniform, and not pumped"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """R(ω) at `MOMENT` of the layers, of a half-space like the surface, and of the metal before the pump."""
    light, at = lit(quality), moment(quality)
    uniform = reflectivity(dataclasses.replace(light.optics, sigma=light.optics.sigma[0]), window=WINDOW)
    total = light.reflected + light.light.transmitted + light.light.absorbed.sum(-1)
    data = {
        "layered": ("frequency", light.reflected[at], {"long_name": "reflectivity R of the layers"}),
        "uniform": ("frequency", uniform.reflected[at], {"long_name": "reflectivity R of a half-space"}),
        "before": ("frequency", light.before.reflected, {"long_name": "reflectivity R before the pump"}),
        "absorbed": (
            "frequency",
            light.light.absorbed[at].sum(-1),
            {"long_name": "absorption of the layers"},
        ),
        "gained": (
            "frequency",
            -np.minimum(light.light.absorbed[at], 0.0).sum(-1),
            {"long_name": "gain in the layers with σ < 0"},
        ),
    }
    about = {"long_name": "photon energy ħω", "units": "meV"}
    panel = xr.Dataset(data, {"frequency": ("frequency", energies_mev(light), about)})
    panel.attrs["balance"] = float(abs(total - 1).max())
    return stamp(panel, metal=film_metal(), pump=film_pulse())


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Whether R passes 1, and what depth does to it."""
    panel = panels[name]
    highest = {kind: float(panel[kind].max()) for kind in ("layered", "uniform")}
    energy = panel["frequency"].to_numpy()
    gains = energy[panel["absorbed"].to_numpy() < 0]
    most = f"up to {gains.max():.0f} meV" if gains.size else "nowhere"
    gained = float(panel["gained"].max())
    return [
        Claim(
            name,
            "(beyond the paper) a layer with σ < 0 amplifies, so that R may pass 1",
            f"a half-space like the surface has R up to {highest['uniform']:.3f}, the layered sample up to "
            f"{highest['layered']:.3f}; layers with σ < 0 add up to {gained:.3f} of the light, those below take it: "
            f"all together amplify {most}; R + T + A = 1 within {panel.attrs['balance']:.0e}",
            "not stated",
            CHOICE,
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """R against ħω."""
    ax = axes_or_new(ax)
    ax.axhline(1, color="0.3", lw=0.6)
    energy = panel["frequency"]
    for kind, colour, style, text in (
        ("before", "0.4", "--", "before the pump"),
        ("uniform", SKY, "-", f"half-space like the surface, {MOMENT:g} ps"),
        ("layered", BLUE, "-", f"layers, {MOMENT:g} ps"),
    ):
        share = panel[kind].to_numpy()
        parts = np.split(np.arange(share.size), np.flatnonzero(np.abs(np.diff(share)) > 0.5) + 1)
        for part in parts:  # R of a half-space jumps where Re σ(ω) changes its sign
            ax.plot(energy[part], share[part], color=colour, ls=style, label=text if part[0] == 0 else None)
    ax.plot(energy, panel["absorbed"], color=ORANGE, lw=0.9, ls="-.", label="absorbed by the layers")
    values = np.concatenate([panel[kind].to_numpy() for kind in ("before", "uniform", "layered", "absorbed")])
    ax.set(xscale="log", xlabel="photon energy ħω (meV)", ylabel="share of the light")
    ax.set(
        xlim=(float(energy[0]), float(energy[-1])), ylim=(min(0.0, values.min()) - 0.03, values.max() + 0.05)
    )
    legend_above(ax, 2)
    return ax
