"""How figures look: one journal column, colours that stay apart, labels, legends, marks at the top."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

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

BLUE, ORANGE, SKY, GREEN, GREY = "#0072B2", "#D55E00", "#56B4E9", "#009E73", "0.55"
"""Colours that colour-blind readers tell apart (Okabe and Ito), and that of auxiliary lines."""

ENERGY, TIME, CONDUCTIVITY = "energy ε (W)", "time t (1/Γ$_{eph}$)", "conductivity σ/σ$_0$"
FIELD = r"field $\mathcal{E} = e E v_F\,(τ_{tr}/Γ_{in}ω_p)^{1/2}$"
"""Labels of axes."""


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
    """A thin line at zero."""
    ax.axhline(0, color="0.3", linewidth=0.6)


def colours(count: int) -> np.ndarray:
    """`count` colours that stay apart for colour-blind readers and in grey, (count, RGBA)."""
    return plt.get_cmap("viridis")(np.linspace(0.0, 0.8, count)[::-1])


def error_band(ax: Axes, x: Any, dataset: xr.Dataset, name: str, colour: Any) -> None:
    """A band about the line of a variable as wide as its `NAME_error`, where the dataset knows one."""
    if f"{name}_error" in dataset:
        values, error = dataset[name], dataset[f"{name}_error"]
        ax.fill_between(x, values - error, values + error, color=colour, alpha=0.3, linewidth=0)


def legend_above(ax: Axes, columns: int, **options: Any) -> None:
    """The legend over the axes, where no curve is."""
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": columns}
    ax.legend(**place, handlelength=1.8, columnspacing=1.0, **options)


def mark_top(
    ax: Axes, places: Sequence[float], labels: Sequence[str], meaning: str, colour: str = GREY
) -> None:
    """Dotted vertical lines at `places`, each with its label over the frame, and what they mean above."""
    low, high = (float(x) for x in ax.get_xlim())
    rows: list[float] = []  # where the last label of each row ends
    raised = []
    for place, label in sorted(zip(places, labels, strict=True)):
        ax.axvline(place, color=colour, linewidth=0.8, linestyle=":", zorder=0)
        half = 0.5 * 0.021 * (len(label) + 1) * (high - low)
        row = next((k for k, end in enumerate(rows) if place - half > end), len(rows))
        rows[row : row + 1] = [place + half]
        raised.append(label + "\n" * row)
    top = ax.secondary_xaxis("top")
    top.set_xticks(sorted(places), raised, fontsize=6, color="0.3")
    top.tick_params(length=0, pad=1.5)
    top.set_xlabel(meaning, fontsize=6, color="0.3", labelpad=2)


def label_of(variable: xr.DataArray) -> str:
    """Axis label of a variable: long name, symbol and unit."""
    symbol, unit = variable.attrs.get("symbol", ""), variable.attrs.get("units", "1")
    text = " ".join(part for part in (variable.attrs.get("long_name", str(variable.name)), symbol) if part)
    return subscripts(text if unit == "1" else f"{text} ({unit})")


def time_label(time: xr.DataArray) -> str:
    """Axis label of a time in whatever unit it has."""
    known = time.attrs.get("units", "1/rate") in ("1/rate", "1/Γ_eph", "1")
    return TIME if known else f"time t ({time.attrs['units']})"


def subscripts(text: str) -> str:
    """σ_0 as matplotlib's mathtext, upright."""
    return re.sub(r"(\w)_(\w+)", r"$\\mathrm{\1_{\2}}$", text)
