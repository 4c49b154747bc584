"""The figure of a pulse: σ without and with the instability, the two fields called E*, f at chosen times."""

import itertools
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.interpolate import PchipInterpolator

from .style import BLUE, ENERGY, ORANGE, STYLE, TIME, colours, error_band, legend_above, time_label, zero_line


def plot_pulse(result: xr.Dataset) -> Figure:
    """Fig. 3 from the dataset of `nacjax evolve`: σ and ζ, both fields with ω_E inset, f at the chosen times."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(3, 1, figsize=(3.4, 7.2))
        draw_conductivity(axes[0], result)
        draw_fields(axes[1], result)
        draw_occupation(axes[2], result)
        for axis, letter in zip(axes, "abc", strict=True):
            axis.text(-0.19, 1.0, f"({letter})", transform=axis.transAxes, va="bottom")
    return figure


def draw_conductivity(axes: Axes, result: xr.Dataset) -> None:
    """σ/σ_0 without and with the instability, and ζ/max ζ where there is one, against time."""
    time, label = result["time"], "σ/σ$_0$"
    zero_line(axes)
    if "phonons" in result:
        axes.plot(
            time, result["phonons"] / result["phonons"].max(), color=ORANGE, lw=0.9, label="ζ/ζ$_{max}$"
        )
        label = "σ/σ$_0$, ζ/ζ$_{max}$"
    if "sigma_tuned" not in result:
        axes.plot(time, result["sigma"], color=BLUE, label="σ/σ$_0$")
        error_band(axes, time, result, "sigma", BLUE)
    else:
        axes.plot(time, result["sigma"], color=BLUE, ls="--", label="σ/σ$_0$, no instability")
        axes.plot(time, result["sigma_tuned"], color=BLUE, label="σ/σ$_0$, self-tuned field")
    axes.set(xlabel=time_label(time), ylabel=label, xlim=(0, float(time[-1])))
    legend_above(axes, 2)


def draw_fields(parent: Axes, result: xr.Dataset) -> None:
    """The threshold and the self-tuned field against time; inset: ω_E of the threshold field.

    The self-tuned field is gone long before the threshold field, so that the axis of time is broken: its
    life on the left, the rest on the right. Drawn into the place of `parent`.
    """
    last, split = float(result["time"][-1]), 1.3 * _gone(result)
    parent.set_axis_off()
    whole = not 0 < split < 0.5 * last
    left = parent.inset_axes((0, 0, 1, 1) if whole else (0, 0, 0.4, 1))
    parts = [left] if whole else [left, parent.inset_axes((0.43, 0, 0.57, 1), sharey=left)]
    times, field, response = smooth_threshold(result)
    own = _self_tuned(result) if "field_tuned" in result else None
    for ax in parts:
        if times.size:
            ax.plot(times, field, color=ORANGE, label=r"threshold field $\mathcal{E}$*")
        if own is not None:
            ax.plot(own[0], own[1], color="k", label="self-tuned field")
    left.set(
        ylabel=r"field $\mathcal{E}$" + "\n" + r"$eEv_F\,(τ_{tr}/Γ_{in}ω_p)^{1/2}$",
        ylim=(0, None),
        xlim=(0, last if whole else split),
    )
    if not whole:
        _break(left, parts[-1], split, last)
    parent.text(0.5, -0.17, TIME, transform=parent.transAxes, ha="center", va="top", fontsize=8)
    handles, labels = left.get_legend_handles_labels()
    parent.legend(handles, labels, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, handlelength=1.8)
    if times.size:
        inset = parts[-1].inset_axes((0.42, 0.5, 0.55, 0.42))
        inset.plot(times, response, color=ORANGE, lw=0.8)
        inset.set_ylabel("ω$_E$/σ$_0$ at $\\mathcal{E}$*", fontsize=6, labelpad=1)
        inset.tick_params(labelsize=5, pad=1.5)
        inset.set(ylim=(0, None), xlim=(0, last))


def _break(left: Axes, right: Axes, split: float, last: float) -> None:
    """Both parts of an axis of time that is broken at `split`."""
    right.set_xlim(split, last)
    right.spines["left"].set_visible(False)
    left.spines["right"].set_visible(False)
    right.tick_params(left=False, labelleft=False)
    right.locator_params(axis="x", nbins=4)
    cut: Any = {"marker": [(-1, -2), (1, 2)], "markersize": 6, "color": "k", "mew": 0.6, "clip_on": False}
    left.plot([1, 1], [0, 1], transform=left.transAxes, linestyle="none", **cut)
    right.plot([0, 0], [0, 1], transform=right.transAxes, linestyle="none", **cut)


def _gone(result: xr.Dataset) -> float:
    """When the self-tuned field has vanished for good; 0 without one, the last time where it still acts then."""
    on = np.flatnonzero(result["field_tuned"].to_numpy() > 0) if "field_tuned" in result else []
    return float(result["time"][min(on[-1] + 1, result.sizes["time"] - 1)]) if len(on) else 0.0


def _self_tuned(result: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Times and self-tuned field, with zero where it sets in and where it is gone, and nothing outside."""
    field = result["field_tuned"].to_numpy()
    near = field > 0
    near[:-1] |= field[1:] > 0
    near[1:] |= field[:-1] > 0
    return result["time"].to_numpy(), np.where(near, field, np.nan)


def smooth_threshold(result: xr.Dataset, points: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, 𝓔* and ω_E as smooth lines from and to zero where σ changes sign, NaN where σ > 0; (point,) each.

    Monotone cubics between the computed times. Empty where the dataset has no threshold field.
    """
    if "threshold_field" not in result:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    known = result["threshold_time"].to_numpy()
    turns = np.atleast_1d(result.attrs["crossings"])
    turns = turns[np.isfinite(turns)]
    edges = [0.0, *turns, np.inf]
    fine = np.unique([*np.linspace(0, known[-1], points), *turns[turns <= known[-1]]])
    lines = []
    for name in ("threshold_field", "omega_e"):
        values, line = result[name].to_numpy(), np.full(fine.size, np.nan)
        for begin, end in itertools.pairwise(edges):
            inside = (known > begin) & (known < end) & np.isfinite(values)
            if inside.any():
                ends = [edge for edge in (begin, end) if edge in turns]
                x, order = np.unique([*known[inside], *ends], return_index=True)
                y = np.concatenate([values[inside], np.zeros(len(ends))])[order]
                here = (fine >= x[0]) & (fine <= x[-1])
                line[here] = PchipInterpolator(x, y)(fine[here]) if x.size > 1 else y[0]
        lines.append(line)
    return fine, lines[0], lines[1]


def draw_occupation(axes: Axes, result: xr.Dataset) -> None:
    """f(ε) at the chosen times, dashed without and solid with the instability."""
    energy = result["energy"].to_numpy().ravel()
    filled = result["states"].to_numpy().ravel() > 0
    chosen = result["shape_time"].to_numpy()
    for colour, time in zip(colours(len(chosen)), chosen, strict=True):
        for name, style in (("occupation", "--"), ("occupation_tuned", "-")):
            if name in result:
                f = result[name].sel(shape_time=time).to_numpy().ravel()
                axes.plot(energy[filled], f[filled], style, color=colour, lw=0.9)
        axes.plot([], [], color=colour, label=f"t = {time:g}/Γ$_{{eph}}$")
    for name, style, label in (
        ("occupation", "--", "no instability"),
        ("occupation_tuned", "-", "self-tuned field"),
    ):
        if name in result:
            axes.plot([], [], style, color="0.4", lw=0.9, label=label)
    axes.set(xlabel=ENERGY, ylabel="occupation f")
    legend_above(axes, 2)
