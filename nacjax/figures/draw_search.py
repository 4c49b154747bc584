"""The figure of a search: landscape, paths of the starts, and the optimum."""

import json
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .draw import STYLE, label_of, subscripts


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
        values = landscape.transpose(names[1], names[0])
        reach = float(np.nanmax(np.abs(values)))
        mixed = float(values.min()) < 0 < float(values.max())
        scale: dict = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach} if mixed else {"cmap": "viridis"}
        image = ax.pcolormesh(
            values[names[0]], values[names[1]], values, shading="nearest", rasterized=True, **scale
        )
        if mixed:
            ax.contour(values[names[0]], values[names[1]], values, [0.0], colors="0.3", linewidths=0.5)
        figure = ax.get_figure(root=True)
        assert figure is not None
        figure.colorbar(image, ax=ax, label=subscripts(about["objective"]))
    halo = [withStroke(linewidth=1.2, foreground="white")]  # dark paths are seen on the darkest blue too
    ax.plot(x.T, y.T, color="0.15", linewidth=0.5, path_effects=halo)
    ax.plot(x[:, 0], y[:, 0], "o", color="0.15", markersize=2.2, markeredgecolor="white", markeredgewidth=0.3)
    star = {"color": "gold", "markersize": 9, "markeredgecolor": "k", "markeredgewidth": 0.6}
    ax.plot(*([about["best"][name]] for name in names), "*", label="optimum", **star)
    ax.set(xlabel=label_of(result[names[0]]), ylabel=label_of(result[names[1]]))
    ax.set(xlim=about["bounds"][names[0]], ylim=about["bounds"][names[1]])


def _curve(ax: Axes, result: xr.Dataset, landscape, about: dict[str, Any], name: str) -> None:
    if landscape is not None:
        ax.plot(landscape[name], landscape, color="0.6", linewidth=1.0)
    x, y = result[name].to_numpy(), result["objective"].to_numpy()
    for part, style in _parts(result):
        ax.plot(
            x[:, part].T, y[:, part].T, ".-", markersize=2, linewidth=0.4, alpha=0.7, color=style["color"]
        )
    _explain(ax, result)
    star = {"color": "gold", "markersize": 9, "markeredgecolor": "k", "markeredgewidth": 0.6}
    ax.plot([about["best"][name]], [about["value"]], "*", **star)
    ax.set(xlabel=label_of(result[name]), ylabel=label_of(result["objective"]), xlim=about["bounds"][name])


def _parts(result: xr.Dataset) -> list[tuple[slice, dict[str, Any]]]:
    """The steps with what stood for the run ("plateau descent", "coarse polish"), then those with the run."""
    stages = result["stage"].to_numpy().astype(str)
    first = int(np.char.count(stages, " ").astype(bool).sum())
    cheap = stages[0].split(" ")[0] if first else ""
    return [
        (slice(0, first), {"color": "tab:orange", "label": f"{cheap}, in place of the run"}),
        (slice(first, None), {"color": "tab:blue", "label": "run"}),
    ][0 if first else 1 :]


def _explain(ax: Axes, result: xr.Dataset) -> None:
    """A legend where there are two parts."""
    parts = _parts(result)
    if len(parts) > 1:
        ax.legend(handles=[ax.plot([], [], **style)[0] for _, style in parts], fontsize="small")


def _progress(ax: Axes, result: xr.Dataset, about: dict[str, Any]) -> None:
    values = result["objective"].to_numpy()
    best = np.fmax.accumulate if about["maximised"] else np.fmin.accumulate
    steps = np.arange(values.shape[1])
    for part, style in _parts(result):
        for row in values[:, part]:
            known = np.flatnonzero(np.isfinite(row))
            if known.size:
                shown = slice(known[0], known[-1] + 1)
                ax.plot(steps[part][shown], best(row)[shown], linewidth=0.6, alpha=0.6, color=style["color"])
    ax.axhline(about["value"], color="0.3", linewidth=0.6, linestyle=":")
    _explain(ax, result)
    ax.set(xlabel="step", ylabel=f"best so far: {label_of(result['objective'])}")
