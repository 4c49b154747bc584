"""Figures of results. Every function draws on axes and returns them; none shows a window."""

import functools
import json
import re
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm

from ..studies.commensurate import Landmark, commensurate

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

BLUE, ORANGE, SKY, GREY = "#0072B2", "#D55E00", "#56B4E9", "0.55"
"""Colours that colour-blind readers tell apart (Okabe and Ito), and that of auxiliary lines."""


def styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """The drawing function with `STYLE` in force."""

    @functools.wraps(draw)
    def inside(*args: Any, **options: Any) -> Axes:
        with plt.rc_context(STYLE):
            return draw(*args, **options)

    return inside


def axes_or_new(ax: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    """`ax`, or the axes of a new figure of `size` (inches; one column by default)."""
    return plt.figure(figsize=size).add_subplot() if ax is None else ax


def zero_line(ax: Axes) -> None:
    """A thin line at σ = 0."""
    ax.axhline(0, color="0.3", linewidth=0.6)


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


@styled
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
    ax = axes_or_new(ax)
    zero_line(ax)
    lines = [(sigma, None)] if second is None else _by(sigma, second)
    for (values, name), colour in zip(lines, colours(len(lines)), strict=True):
        ax.plot(omega, values, color=colour, label=name)
    ax.set(xlabel=label_of(omega), ylabel=label_of(sigma), xlim=(float(omega[0]), float(omega[-1])))
    if second is not None:
        ax.legend(loc="best", handlelength=1.4)
    mark_commensurate(ax, dataset)
    return ax


@styled
def plot_steady(dataset: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p)/σ_0 of the steady state (lines) and of the plateau before it (dashed), a colour for each ζ.

    `dataset`: `sigma` and `plateau` over "phonon_energy" and "zeta", as `nacjax steady` writes it.
    Raises `ValueError` for another one.
    """
    if "plateau" not in dataset or set(dataset["plateau"].dims) != {"phonon_energy", "zeta"}:
        raise ValueError("dataset is not allowed: it must hold sigma and plateau over phonon_energy and zeta")
    ax = axes_or_new(ax)
    for values, colour in zip(dataset["plateau"].T, colours(dataset.sizes["zeta"]), strict=True):
        ax.plot(dataset["phonon_energy"], values.squeeze(), color=colour, linestyle="--", linewidth=0.9)
    plot_sigma(dataset, ax)
    ax.get_lines()[0].set_label("plateau")
    ax.legend(loc="best", handlelength=1.8)
    return ax


@styled
def plot_map(dataset: xr.Dataset, x: str, y: str, ax: Axes | None = None) -> Axes:
    """σ/σ_0 over two quantities: blue where σ < 0, red where σ > 0, white and a black line at zero.

    Raises `ValueError` for a dataset without `sigma` over `x` and `y` alone.
    """
    if "sigma" not in dataset or set(dataset["sigma"].dims) != {x, y}:
        raise ValueError(
            f"dataset is not allowed: it must hold sigma over the axes {x} and {y}, and no others"
        )
    ax = axes_or_new(ax)
    sigma = dataset["sigma"].transpose(y, x)
    mesh = ax.pcolormesh(dataset[x], dataset[y], sigma, cmap="RdBu_r", norm=CenteredNorm(0), rasterized=True)
    if float(sigma.min()) < 0 < float(sigma.max()):
        ax.contour(dataset[x], dataset[y], sigma, levels=[0.0], colors="k", linewidths=0.9)
    ax.figure.colorbar(mesh, ax=ax, label=label_of(sigma))
    ax.set(xlabel=label_of(dataset[x]), ylabel=label_of(dataset[y]))
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
    labelled = low
    for mark in commensurate(marks, low, high):
        ax.axvline(mark.distance, color="0.55", linewidth=0.6, linestyle=":", zorder=0)
        if mark.distance - labelled < 0.045 * (high - low) or high - mark.distance < 0.04 * (high - low):
            continue  # its number would run into the one before, or over the frame
        labelled = mark.distance + 0.055 * (high - low)
        ax.annotate(
            f"{mark.distance:.3g}", (mark.distance, 0.985), xycoords=("data", "axes fraction"),
            ha="center", va="top", fontsize=6, color="0.35", backgroundcolor="white", zorder=1,
        )  # fmt: skip
