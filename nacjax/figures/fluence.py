"""The figure of a real material: lowest conductivity against fluence."""

from typing import Any

import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..studies.fluence import MARGIN
from .lines import LAWS
from .style import STYLE, colours, label_of, zero_line

STYLES = ("-", "--", ":", "-.")
"""Lines of the first temperature, the second, …"""

TICKS = (-0.5, -0.2, -0.1, -0.05, 0.0, 0.05, 0.1, 0.2, 0.5)
"""Marked values of σ/σ_0."""


def plot_fluence(result: xr.Dataset) -> Figure:
    """Lowest σ/σ_0 against fluence of `nacjax.studies.fluence`: a panel a transport law, a line a phonon energy.

    Full lines are the first temperature, dashed ones the second. The axis of σ widens smoothly towards zero, so
    that the sign can be read. Triangles mark where σ < 0 at the last time: how long it lasts is not seen. What lies in
    the grey strip is too close to zero to be decided.
    """
    laws = result["transport"].to_numpy()
    with plt.rc_context(STYLE):
        columns = min(2, laws.size)
        rows = -(-laws.size // columns)
        size = (3.4 * columns, 2.6 * rows)
        figure, panels = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
        for ax in panels.ravel()[laws.size :]:
            ax.set_visible(False)
        for law, ax in zip(laws, panels.ravel(), strict=False):
            _over_fluence(ax, result.sel(transport=law))
            ax.set_title(LAWS[str(law)], fontsize=8)
        for ax in panels[-1]:
            ax.set_xlabel(label_of(result["fluence"]))
        for ax in panels[:, 0]:
            ax.set_ylabel(label_of(result["lowest"]))
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3, handlelength=2.2)
    return figure


def _over_fluence(ax: Axes, result: xr.Dataset) -> None:
    """One panel of `plot_fluence`: the lines of one transport law."""
    energies, temperatures = result["phonon_energy"], result["temperature"]
    zero_line(ax)
    for energy, colour in zip(energies, colours(energies.size), strict=True):
        for temperature, style in zip(temperatures, STYLES, strict=False):
            line: Any = result["lowest"].sel(phonon_energy=energy, temperature=temperature)
            label = f"{energy.item():.3g} {energies.attrs['units']}" if style == "-" else None
            ax.plot(result["fluence"], line, style, color=colour, marker="o", markersize=2, label=label)
            cut: Any = result["negative_cut"].sel(phonon_energy=energy, temperature=temperature)
            ax.plot(result["fluence"].where(cut), line, ">", color=colour, markersize=4)
    for temperature, style in zip(temperatures, STYLES, strict=False):
        ax.plot([], [], style, color="0.3", label=f"{temperature.item():.4g} {temperatures.attrs['units']}")
    if bool(result["negative_cut"].any()):
        ax.plot([], [], ">", color="0.3", markersize=4, label="σ < 0 at the last time still")
    ax.axhspan(-MARGIN, MARGIN, color="0.88", zorder=0, label="too close to zero to be decided")
    ax.set_xscale("log")
    fluences = result["fluence"].to_numpy()
    if fluences.size <= 10:
        ax.set_xticks(fluences, [f"{x:g}" for x in fluences])
        ax.set_xticks([], minor=True)
    ax.set_yscale("asinh", linear_width=0.05)
    ax.set_yticks(TICKS, [f"{y:g}".replace("-", "−") for y in TICKS])
    ax.set_yticks([], minor=True)
