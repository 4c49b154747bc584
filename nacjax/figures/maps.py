"""σ over two quantities as a map."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from .style import axes_or_new, label_of, styled


@styled
def plot_map(dataset: xr.Dataset, x: str, y: str, ax: Axes | None = None, variable: str = "sigma") -> Axes:
    """σ/σ_0 over two quantities: blue where σ < 0, red where σ > 0, white and a black line at zero.

    Both colours reach their full depth, whatever the range of either sign. Raises `ValueError` for a
    dataset without the `variable` over `x` and `y` alone.
    """
    if variable not in dataset or set(dataset[variable].dims) != {x, y}:
        raise ValueError(
            f"dataset is not allowed: it must hold {variable} over the axes {x} and {y}, and no others"
        )
    ax = axes_or_new(ax)
    draw_signed(ax, dataset[variable].transpose(y, x), label_of(dataset[variable]))
    ax.set(xlabel=label_of(dataset[x]), ylabel=label_of(dataset[y]))
    return ax


def draw_signed(ax: Axes, values: xr.DataArray, label: str) -> None:
    """A map of `values` (y, x) with its colour bar; where both signs occur, in two colours that meet at zero."""
    y, x = (values[dim] for dim in values.dims)
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    mixed = lowest < 0 < highest
    scale: dict[str, Any] = {"cmap": "viridis"}
    if mixed:
        scale = {"cmap": "RdBu_r", "norm": TwoSlopeNorm(0.0, lowest, highest)}
    mesh = ax.pcolormesh(x, y, values, shading="nearest", rasterized=True, **scale)
    bar = ax.figure.colorbar(mesh, ax=ax, label=label)
    if mixed:
        ax.contour(x, y, values, levels=[0.0], colors="k", linewidths=0.9)
        bar.ax.axhline(0.0, color="k", linewidth=0.9)
