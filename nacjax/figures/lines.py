"""σ against the phonon energy: of sweeps, of steady states beside plateaus, under several transport laws."""

import json
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..studies.commensurate import Landmark, commensurate
from .style import axes_or_new, colours, error_band, label_of, mark_top, styled, subscripts, zero_line

LAWS = {
    "constant": "⟨v²⟩τ constant",
    "band": "band ⟨v²⟩, τ constant",
    "impurity": "band ⟨v²⟩, τ ∝ 1/D",
    "hard_sphere": "band ⟨v²⟩, vτ constant",
}
"""Transport law → what a figure calls it."""


@styled
def plot_sigma(
    dataset: xr.Dataset, ax: Axes | None = None, x: str = "phonon_energy", variable: str = "sigma"
) -> Axes:
    """σ/σ_0 of a `nacjax.sweep` over the axis `x`, a line for each point of the other axes, by its name.

    A band shows the error of σ where it is known and wider than the line.

    Over "phonon_energy" dotted lines mark the energies that the commensurability criterion names, where the
    sweep knows them. Raises `ValueError` for a dataset without the `variable` over `x`.
    """
    if variable not in dataset or x not in dataset[variable].dims:
        raise ValueError(f"dataset is not allowed: it must hold {variable} over the axis {x}")
    sigma, omega = dataset[variable], dataset[x]
    others = [str(dim) for dim in sigma.dims if dim != x]
    ax = axes_or_new(ax)
    zero_line(ax)
    known = [name for name in (variable, f"{variable}_error") if name in dataset]
    lines: list[tuple[Any, str]] = [(dataset[known], "")]
    for dim in others:
        lines = [
            (row, ", ".join(filter(None, (name, more))))
            for line, name in lines
            for row, more in _by(line, dim)
        ]
    for (values, name), colour in zip(lines, colours(len(lines)), strict=True):
        ax.plot(omega, values[variable], color=colour, label=name or None)
        error_band(ax, omega, values, variable, colour)
    ax.set(xlabel=label_of(omega), ylabel=label_of(sigma), xlim=(float(omega[0]), float(omega[-1])))
    if others:
        ax.legend(loc="best", handlelength=1.4, ncols=-(-len(lines) // 12))
    if x == "phonon_energy":
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
    plot_sigma(dataset, ax)
    for (values, _), colour in zip(
        _by(dataset["plateau"], "zeta"), colours(dataset.sizes["zeta"]), strict=True
    ):
        ax.plot(dataset["phonon_energy"], values, color=colour, linestyle="--", linewidth=0.9)
    handles = ax.get_legend_handles_labels()[0]
    for style, text in (("-", "steady state"), ("--", "plateau before it")):
        handles += ax.plot([], [], style, color="0.3", linewidth=0.9, label=text)
    ax.legend(handles=handles, loc="best", handlelength=1.8)
    return ax


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


def _by(sigma: Any, dim: str) -> list[tuple[Any, str]]:
    """Each line along `dim` of an array or dataset, with its value and unit in words."""
    about = sigma[dim].attrs if dim in sigma.coords else {}
    symbol, unit = subscripts(about.get("symbol", dim)), subscripts(about.get("units", "1"))
    values = sigma[dim].to_numpy() if dim in sigma.coords else np.arange(sigma.sizes[dim])
    after = "" if unit == "1" else f" {unit}"
    return [(sigma.isel({dim: k}), f"{symbol} = {value:g}{after}") for k, value in enumerate(values)]


def mark_commensurate(ax: Axes, dataset: xr.Dataset) -> None:
    """Dotted lines at the commensurate phonon energies, where the dataset carries its landmarks."""
    marks = [Landmark(*pair) for pair in json.loads(dataset.attrs.get("landmarks", "[]"))]
    found = commensurate(marks, *(float(x) for x in ax.get_xlim()))
    if not found:
        return
    dips = any("DoS minimum" in mark.name for mark in found)
    meaning = "distance from μ to a band edge" + (" or minimum of D" if dips else "") + ", over 1, 2, …"
    mark_top(ax, [mark.distance for mark in found], [f"{mark.distance:.3g}" for mark in found], meaning)
