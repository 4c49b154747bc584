"""The figure of a dataset: of a sweep, a run, or what a command wrote."""

from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from .fluence import plot_fluence
from .lines import plot_sigma, plot_steady, plot_transport
from .maps import plot_map
from .pulse import draw_conductivity, plot_pulse
from .search import plot_search
from .style import axes_or_new, styled

LINES = 8
"""An axis with so few values is drawn as lines, one with more as a side of a map."""


def plot_dataset(
    dataset: xr.Dataset,
    ax: Axes | None = None,
    x: str | None = None,
    y: str | None = None,
    variable: str | None = None,
) -> Any:
    """The figure that fits a dataset of nacjax; see `nacjax.plot`."""
    if not (x or y or variable):
        if "shape_time" in dataset.dims:
            return plot_pulse(dataset)
        if "search" in dataset.attrs:
            return plot_search(dataset, ax=ax)
        if {"fluence", "transport"} <= set(dataset.dims):
            return plot_fluence(dataset)
        if {"energy", "rung", "cell"} <= {*dataset.dims, *dataset.coords}:
            return _run(dataset, ax)
        if "plateau" in dataset:
            return plot_steady(dataset, ax)
        if "sigma" not in dataset and "phonon_energy" in dataset.dims and {"constant", "band"} & set(dataset):
            return plot_transport(dataset, ax)
    return _sweep(dataset, ax, x, y, variable)


@styled
def _run(dataset: xr.Dataset, ax: Axes | None) -> Axes:
    ax = axes_or_new(ax)
    draw_conductivity(ax, dataset)
    return ax


def observable(dataset: xr.Dataset, variable: str | None = None) -> str:
    """What is drawn of a sweep: `variable`, else σ, else its first observable; raises `ValueError`."""
    found = [str(name) for name in dataset.data_vars if name not in ("outcome", "reason")]
    if variable is None and found:
        return "sigma" if "sigma" in found else found[0]
    if variable not in found:
        raise ValueError(
            f"variable = {variable!r} is not allowed: it must be one of {', '.join(found) or 'none is there'}"
        )
    return variable


def _sweep(dataset: xr.Dataset, ax: Axes | None, x: str | None, y: str | None, variable: str | None) -> Any:
    name = observable(dataset, variable)
    values = dataset[name].squeeze(drop=True)
    dims = [str(dim) for dim in values.dims]
    for argument, dim in (("x", x), ("y", y)):
        if dim is not None and dim not in dims:
            raise ValueError(f"{argument} = {dim!r} is not allowed: it must be one of {', '.join(dims)}")
    if not dims:
        raise ValueError("dataset is not allowed: it holds one point only; give an axis of two or more")
    long = sorted(dims, key=lambda dim: -values.sizes[dim])
    if y is not None or (x is None and len(dims) == 2 and values.sizes[long[1]] > LINES):
        first = x or next(dim for dim in dims if dim != y)
        second = y or next(dim for dim in dims if dim != first)
        if len(dims) != 2:
            raise ValueError(
                f"dataset over {', '.join(dims)} is not allowed: choose points of the other axes by .sel"
            )
        return plot_map(dataset.squeeze(drop=True), first, second, ax, name)
    x = x or ("phonon_energy" if "phonon_energy" in dims else long[0])
    lines = values.size // values.sizes[x]
    if lines > 40:
        raise ValueError(
            f"dataset with {lines} lines over {x} is not allowed: choose some by .sel, or two axes by y="
        )
    return plot_sigma(dataset.squeeze(drop=True), ax, x, name)
