"""Figures of what studies find: events of a run, a fit, a sensitivity."""

import numpy as np
from matplotlib.axes import Axes

from ..solvers.events import Events
from ..studies.fit_outcome import Fit
from ..studies.sensitivity import Sensitivity
from .style import (
    BLUE,
    CONDUCTIVITY,
    GREY,
    ORANGE,
    TIME,
    axes_or_new,
    colours,
    legend_above,
    styled,
    zero_line,
)


@styled
def plot_events(events: Events, ax: Axes | None = None) -> Axes:
    """When σ < 0, and when a field held it at zero, as bars over time."""
    if np.ndim(events.anomalous):
        raise ValueError("events of several runs are not allowed: give those of one")
    turns = np.asarray(events.crossings)[np.isfinite(events.crossings)]
    ax = axes_or_new(ax, (3.4, 1.4))
    edges = [0.0, *turns] if events.anomalous_cut and turns.size % 2 == 0 and turns.size else [*turns]
    if len(edges) % 2:  # the last spell lasts to the last time
        closed = sum(b - a for a, b in zip(edges[:-1:2], edges[1::2], strict=True))
        edges.append(edges[-1] + max(float(events.anomalous) - closed, 0.0))
    for k, (begin, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        ax.barh(1, end - begin, left=begin, color=BLUE, label="σ < 0" if k == 0 else None)
    if float(events.held) > 0:
        begin, end = float(events.held_from), float(events.held_until)
        ax.barh(0, end - begin, left=begin, color=ORANGE, label="σ held at 0")
    ax.set(xlabel=TIME, ylim=(-0.7, 1.7), yticks=[])
    ax.set_xlim(left=0)
    if ax.get_legend_handles_labels()[0]:
        legend_above(ax, 2)
    return ax


@styled
def plot_fit(fit: Fit, ax: Axes | None = None, trace: int = 0) -> Axes:
    """The data of one `trace`, and the fitted σ(t)."""
    one = fit.of(trace)
    ax = axes_or_new(ax)
    zero_line(ax)
    ax.plot(one.data["time"], one.data, ".", color=GREY, label="data")
    ax.plot(one.model["time"], one.model, color=BLUE, label="fit")
    ax.set(xlabel=TIME, ylabel=CONDUCTIVITY)
    legend_above(ax, 2)
    return ax


@styled
def plot_sensitivity(sensitivity: Sensitivity, ax: Axes | None = None) -> Axes:
    """d(result)/d ln(quantity): bars for one number, lines over time for several."""
    change = sensitivity.elasticity * sensitivity.value
    names = [str(name) for name in change["quantity"].to_numpy()]
    ax = axes_or_new(ax)
    if sensitivity.value.size == 1:
        ax.axvline(0, color="0.3", linewidth=0.6)
        ax.barh(names, change.to_numpy().ravel(), color=BLUE)
        ax.set(xlabel="d(result)/d ln(quantity)")
        return ax
    zero_line(ax)
    along = change.dims[-1]
    x = change[along] if along in change.coords else np.arange(change.sizes[along])
    for name, row, colour in zip(names, change.to_numpy(), colours(len(names)), strict=True):
        ax.plot(x, row.reshape(-1, np.size(x))[0], color=colour, label=name)
    ax.set(xlabel=TIME if along == "time" else str(along), ylabel="d(result)/d ln(quantity)")
    legend_above(ax, 2)
    return ax
