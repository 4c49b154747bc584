"""`dataset.nacjax`: what a sweep found in three lines, and its figure."""

from typing import Any

import numpy as np
import xarray as xr

from ...model.shown import Said, draw
from .outcomes import UNSURE, failed


@xr.register_dataset_accessor("nacjax")
class Accessor(Said):
    """What nacjax knows of a dataset that it made: `print(dataset.nacjax)`, `dataset.nacjax.plot()`.

    `dataset`: of a sweep, a run, or read from a file that a command wrote.
    """

    def __init__(self, dataset: xr.Dataset):
        self._dataset = dataset

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw it, as `nacjax.plot` does: lines over one axis, a map with the contour σ = 0 over two."""
        return draw(self._dataset, ax, **options)

    def __str__(self) -> str:
        dataset = self._dataset
        name = next((str(n) for n in ("sigma", *dataset.data_vars) if n in dataset), None)
        if name is None or not np.issubdtype(dataset[name].dtype, np.number):
            return "a dataset without numbers"
        return "\n".join(filter(None, (extent(dataset[name]), sign(dataset[name], name), outcome(dataset))))


def extent(values: xr.DataArray) -> str:
    """The lowest and the highest value, and where the lowest is."""
    numbers = values.to_numpy()
    if not np.isfinite(numbers).any():
        return f"{values.name}: none of {numbers.size} values is known"
    place = np.unravel_index(np.nanargmin(numbers), numbers.shape)
    where = ", ".join(_at(values, str(dim), int(k)) for dim, k in zip(values.dims, place, strict=True))
    label = "σ/σ_0" if values.name == "sigma" else str(values.name)
    return f"{label}: lowest {np.nanmin(numbers):.4g}{where and f' at {where}'}, highest {np.nanmax(numbers):.4g}"


def _at(values: xr.DataArray, dim: str, k: int) -> str:
    """Where the point k of an axis is, in words."""
    known = [c for c in values.coords.values() if c.dims == (dim,)]
    said = []
    for axis in known:
        unit = axis.attrs.get("units", "1")
        said.append(f"{axis.name} = {axis.to_numpy()[k]:.4g}" + ("" if unit == "1" else f" {unit}"))
    return ", ".join(said) or f"{dim} {k}"


def sign(values: xr.DataArray, name: str) -> str:
    """Where σ < 0."""
    if name != "sigma":
        return ""
    numbers = values.to_numpy()
    below = int((numbers < 0).sum())
    if not below:
        return f"σ < 0 at none of {numbers.size} points"
    spans = []
    for dim in values.dims:
        others = [d for d in values.dims if d != dim]
        hit = (values < 0).any(others) if others else values < 0
        if values.sizes[dim] > 1 and dim in values.coords:
            at = values[dim].to_numpy()[hit.to_numpy()]
            spans.append(f"{dim} {at.min():.4g} to {at.max():.4g}")
    return ", ".join([f"σ < 0 at {below} of {numbers.size} points", *spans])


def outcome(dataset: xr.Dataset) -> str:
    """How the points ended."""
    if "outcome" not in dataset:
        return str(dataset.attrs.get("result", ""))
    codes = dataset["outcome"].to_numpy()
    lost, doubtful = failed(codes), codes == UNSURE
    if lost.any():
        why = "" if "reason" not in dataset else f": {dataset['reason'].to_numpy()[lost][0]}"
        return f"{lost.sum()} of {lost.size} points failed{why}"
    less = f", {doubtful.sum()} of them less surely than was asked for" if doubtful.any() else ""
    return f"all {lost.size} points were computed{less}{known(dataset)}"


def known(dataset: xr.Dataset) -> str:
    """How well σ is known, where that is."""
    if "sigma_error" not in dataset or not np.isfinite(dataset["sigma_error"]).any():
        return ""
    return f"; σ/σ_0 is known to {float(dataset['sigma_error'].max()):.1g}"
