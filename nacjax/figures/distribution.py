"""Panels of f(ε): the axes that Fig. 1, Fig. 3c and the film share."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .style import BLUE, ENERGY, GREY, ORANGE, SKY, axes_or_new, legend_above, styled


@styled
def draw_distribution(
    panel: xr.Dataset, lines: Sequence[tuple[str, str, str]], ax: Axes | None = None, title: str | None = None
) -> Axes:
    """f(ε), where it started, and D/D_F behind; dotted lines at μ − jω_p.

    - `panel`: of `parts.profile`, with `phonon_energy` among its attributes
    - `lines`: (variable, line style, label) of each f; `title`: over the legend
    """
    ax = axes_or_new(ax)
    energy, omega, mu = panel["energy"], panel.attrs["phonon_energy"], panel.attrs["chemical_potential"]
    ax.plot(energy, panel["density"], color=SKY, ls="-.", lw=0.9, label="D/D$_F$")
    ax.plot(energy, panel["equilibrium"], color=ORANGE, ls="--", lw=0.9, label="f$_T$ at t = 0")
    for name, style, label in lines:
        ax.plot(energy, panel[name], color=BLUE, ls=style, label=label)
    inside = [step for step in mu + omega * np.arange(-5, 6) if energy[0] < step < energy[-1]]
    for step in inside:
        ax.axvline(
            step, color=GREY, lw=0.8, ls=":", zorder=0, label="μ − jω$_p$" if step == inside[0] else None
        )
    ax.set(xlabel=ENERGY, ylabel="f, D/D$_F$", ylim=(-0.03, 1.1), xlim=(float(energy[0]), float(energy[-1])))
    legend_above(ax, 3, title=title, title_fontsize=7)
    return ax
