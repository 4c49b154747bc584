"""Figures of real materials: lowest conductivity against fluence; transport laws side by side."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .plots import STYLE, axes_or_new, colours, label_of, styled, zero_line

LAWS = {
    "constant": "⟨v²⟩τ constant",
    "band": "band ⟨v²⟩, τ constant",
    "impurity": "band ⟨v²⟩, τ ∝ 1/D",
    "hard_sphere": "band ⟨v²⟩, vτ constant",
}
"""Transport law → what a figure calls it."""


def plot_fluence(result: xr.Dataset) -> Figure:
    """Lowest σ/σ_0 against fluence of `nacjax.studies.pumped`: a panel a transport law, a line a phonon energy.

    Full lines are the first temperature, dashed ones the second.
    """
    laws = result["transport"].to_numpy()
    with plt.rc_context(STYLE):
        columns = min(2, laws.size)
        rows = -(-laws.size // columns)
        figure, panels = plt.subplots(
            rows, columns, figsize=(3.4 * columns, 2.6 * rows), sharex=True, squeeze=False
        )
        for ax in panels.ravel()[laws.size :]:
            ax.set_visible(False)
        energies, temperatures = result["phonon_energy"], result["temperature"]
        for law, ax in zip(laws, panels.ravel(), strict=False):
            ax.axhline(0, color="0.3", linewidth=0.6)
            for energy, colour in zip(energies, colours(energies.size), strict=True):
                for temperature, style in zip(temperatures, ("-", "--", ":", "-."), strict=False):
                    line: Any = result["lowest"].sel(
                        transport=law, phonon_energy=energy, temperature=temperature
                    )
                    first = style == "-"
                    label = f"{energy.item():.3g} {energies.attrs['units']}" if first else None
                    ax.plot(
                        result["fluence"], line, style, color=colour, marker="o", markersize=2, label=label
                    )
            ax.set(xscale="log", title=LAWS[str(law)])
            ax.title.set_fontsize(8)
        for ax in panels[-1]:
            ax.set_xlabel(label_of(result["fluence"]))
        for ax in panels[:, 0]:
            ax.set_ylabel(label_of(result["lowest"]))
        panels[0, 0].legend(title="phonon", title_fontsize=7, handlelength=1.4)
        styles = ("full", "dashed", "dotted", "dash-dotted")
        shown = zip(temperatures.to_numpy(), styles, strict=False)
        note = ", ".join(f"{style}: {t:.4g} {temperatures.attrs['units']}" for t, style in shown)
        panels[0, 0].annotate(note, (0.03, 0.03), xycoords="axes fraction", fontsize=6)
    return figure


@styled
def plot_transport(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p)/σ_0 of a sweep with `observe=nacjax.transport_laws()`: one line a law, as remark [18] compares them.

    Raises `ValueError` for a dataset without any of these.
    """
    laws = [name for name in LAWS if name in result]
    if not laws or "phonon_energy" not in result.coords:
        raise ValueError("result is not allowed: it must hold transport laws over the axis phonon_energy")
    ax = axes_or_new(ax)
    zero_line(ax)
    for law, colour in zip(laws, colours(len(laws)), strict=True):
        ax.plot(result["phonon_energy"], np.squeeze(result[law]), color=colour, label=LAWS[law])
    ax.set(xlabel=label_of(result["phonon_energy"]), ylabel="conductivity σ/σ$_0$ (each law's own)")
    ax.legend(handlelength=1.4)
    return ax
