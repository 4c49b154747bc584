"""Figures of results. Every function draws on axes and returns them; none shows a window."""

import json
import re
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .studies.commensurate import Landmark, commensurate

STYLE: Any = {
    "figure.figsize": (3.4, 2.6),  # one column, inches
    "figure.dpi": 150,
    "savefig.dpi": 300,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.2,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "mathtext.fontset": "dejavusans",
}
"""matplotlib settings for one journal column; use as `with plt.rc_context(STYLE)`."""


def colours(count: int) -> np.ndarray:
    """`count` colours that stay apart for colour-blind readers and in grey, (count, RGBA)."""
    return plt.get_cmap("viridis")(np.linspace(0.0, 0.8, count)[::-1])


def label_of(variable: xr.DataArray) -> str:
    """Axis label of a variable: long name, symbol and unit."""
    symbol, unit = variable.attrs.get("symbol", ""), variable.attrs.get("units", "1")
    text = " ".join(part for part in (variable.attrs.get("long_name", str(variable.name)), symbol) if part)
    return subscripts(text if unit == "1" else f"{text} ({unit})")


def subscripts(text: str) -> str:
    """σ_0 as matplotlib's mathtext, upright."""
    return re.sub(r"(\w)_(\w+)", r"$\\mathrm{\1_{\2}}$", text)


def plot_sigma(dataset: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p)/σ_0 of a `nacjax.sweep` over "phonon_energy", one line for each value of a second axis.

    Dotted lines mark the phonon energies that the commensurability criterion names, where the
    sweep knows them. Of further axes the first entry is drawn. Raises `ValueError` for a dataset
    without `sigma` over "phonon_energy".
    """
    if "sigma" not in dataset or "phonon_energy" not in dataset["sigma"].dims:
        raise ValueError("dataset is not allowed: it must hold sigma over the axis phonon_energy")
    sigma, omega = dataset["sigma"], dataset["phonon_energy"]
    others = [str(dim) for dim in sigma.dims if dim != "phonon_energy"]
    second = "zeta" if "zeta" in others else (others[0] if others else None)
    sigma = sigma.isel({dim: 0 for dim in others if dim != second})
    with plt.rc_context(STYLE):
        if ax is None:
            ax = plt.figure().add_subplot()
        ax.axhline(0, color="0.3", linewidth=0.6)
        lines = [(sigma, None)] if second is None else _by(sigma, second)
        for (values, name), colour in zip(lines, colours(len(lines)), strict=True):
            ax.plot(omega, values, color=colour, label=name)
        ax.set(xlabel=label_of(omega), ylabel=label_of(sigma), xlim=(float(omega[0]), float(omega[-1])))
        if second is not None:
            ax.legend(loc="best", handlelength=1.4)
        mark_commensurate(ax, dataset)
    return ax


def _by(sigma: xr.DataArray, dim: str) -> list[tuple[xr.DataArray, str]]:
    labels = sigma[dim] if dim in sigma.coords else None
    symbol = subscripts(dim if labels is None else labels.attrs.get("symbol", dim))
    values = np.arange(sigma.sizes[dim]) if labels is None else labels.to_numpy()
    return [(sigma.isel({dim: k}), f"{symbol} = {value:g}") for k, value in enumerate(values)]


def mark_commensurate(ax: Axes, dataset: xr.Dataset) -> None:
    """Dotted lines at the commensurate phonon energies, where the dataset carries its landmarks."""
    marks = [Landmark(*pair) for pair in json.loads(dataset.attrs.get("landmarks", "[]"))]
    low, high = (float(x) for x in ax.get_xlim())
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.08 * (top - bottom))
    for mark in commensurate(marks, low, high):
        ax.axvline(mark.distance, color="0.55", linewidth=0.6, linestyle=":", zorder=0)
        ax.annotate(
            f"{mark.distance:.3g}", (mark.distance, 0.985), xycoords=("data", "axes fraction"),
            ha="center", va="top", fontsize=6, color="0.35", backgroundcolor="white", zorder=1,
        )  # fmt: skip
