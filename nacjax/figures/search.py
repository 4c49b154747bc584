"""The figure of a search: landscape, paths of the starts, and the optimum."""

import json
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .maps import draw_signed
from .style import BLUE, ORANGE, STYLE, label_of, legend_above, subscripts

STAR: Any = {"color": "gold", "markersize": 9, "markeredgecolor": "k", "markeredgewidth": 0.6}
"""How the optimum is marked."""


def plot_search(result: xr.Dataset, landscape: xr.DataArray | None = None, ax: Axes | None = None) -> Axes:
    """Paths of a search, from `Optimum.to_xarray()`.

    Over two quantities they are drawn on the `landscape` (objective over the two, or None), over one along
    the curve; over more, the best objective so far is drawn against the step.
    """
    about = json.loads(result.attrs["search"])
    names = list(about["best"])
    with plt.rc_context(STYLE):
        if ax is None:
            ax = plt.figure(figsize=(3.6, 2.8)).add_subplot()
        if len(names) == 2:
            _plane(ax, result, landscape, about, names)
        elif len(names) == 1:
            _curve(ax, result, landscape, about, names[0])
        else:
            _progress(ax, result, about)
    return ax


def _plane(ax: Axes, result: xr.Dataset, landscape, about: dict[str, Any], names: list[str]) -> None:
    x, y = (result[name].to_numpy() for name in names)
    if landscape is not None:
        draw_signed(ax, landscape.transpose(names[1], names[0]), subscripts(about["objective"]))
    halo = [withStroke(linewidth=1.2, foreground="white")]  # dark paths are seen on the darkest blue too
    labels = ["path", *[None] * (len(x) - 1)]
    ax.plot(x.T, y.T, color="0.15", linewidth=0.5, path_effects=halo, label=labels)
    dot = {"color": "0.15", "markersize": 2.2, "markeredgecolor": "white", "markeredgewidth": 0.3}
    ax.plot(x[:, 0], y[:, 0], "o", label="start", **dot)
    ax.plot(*([about["best"][name]] for name in names), "*", label="optimum", **STAR)
    legend_above(ax, 3)
    ax.set(xlabel=label_of(result[names[0]]), ylabel=label_of(result[names[1]]))
    ax.set(xlim=about["bounds"][names[0]], ylim=about["bounds"][names[1]])


def _curve(ax: Axes, result: xr.Dataset, landscape, about: dict[str, Any], name: str) -> None:
    if landscape is not None:
        ax.plot(landscape[name], landscape, color="0.6", linewidth=1.0, label="landscape")
    x, y = result[name].to_numpy(), result["objective"].to_numpy()
    for part, colour, label in _parts(result):
        labels = [label, *[None] * (len(x) - 1)]
        look: Any = {"markersize": 2, "linewidth": 0.4, "alpha": 0.7, "color": colour}
        ax.plot(x[:, part].T, y[:, part].T, ".-", label=labels, **look)
    ax.plot([about["best"][name]], [about["value"]], "*", label="optimum", **STAR)
    legend_above(ax, 2)
    ax.set(xlabel=label_of(result[name]), ylabel=label_of(result["objective"]), xlim=about["bounds"][name])


def _parts(result: xr.Dataset) -> list[tuple[slice, str, str]]:
    """The steps with what stood for the run ("plateau descent", "coarse polish"), then those with the run."""
    stages = result["stage"].to_numpy().astype(str)
    first = int(np.char.count(stages, " ").astype(bool).sum())
    if not first:
        return [(slice(0, None), BLUE, "paths")]
    cheap = stages[0].split(" ")[0]
    return [
        (slice(0, first), ORANGE, f"by the {cheap}"),
        (slice(first, None), BLUE, "by the run"),
    ]


def _progress(ax: Axes, result: xr.Dataset, about: dict[str, Any]) -> None:
    values = result["objective"].to_numpy()
    best = np.fmax.accumulate if about["maximised"] else np.fmin.accumulate
    steps = np.arange(values.shape[1])
    for part, colour, label in _parts(result):
        for row in values[:, part]:
            known = np.flatnonzero(np.isfinite(row))
            if known.size:
                shown = slice(known[0], known[-1] + 1)
                ax.plot(
                    steps[part][shown], best(row)[shown], linewidth=0.6, alpha=0.6, color=colour, label=label
                )
                label = None
    ax.axhline(about["value"], color="0.3", linewidth=0.6, linestyle=":", label="optimum")
    legend_above(ax, 2)
    ax.set(xlabel="step", ylabel=f"best so far: {label_of(result['objective'])}")
