"""`plot`: the figure of whatever is given, a model or a result."""

import functools
from collections.abc import Callable
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from ..model.dos import AbstractDOS
from ..model.field import AbstractField
from ..model.laboratory import in_physical_units
from ..model.metal import Metal
from ..model.process import AbstractProcess
from ..model.pump import AbstractPump
from ..solvers.events import Events
from ..solvers.plateau import Plateau
from ..solvers.run import Run
from ..solvers.steady import SteadyState
from ..studies.fit_outcome import Fit
from ..studies.search.optimum import Optimum
from ..studies.sensitivity import Sensitivity
from . import models, outcomes
from .dataset import plot_dataset
from .distribution import draw_distribution
from .parts import profile
from .pulse import draw_conductivity
from .search import plot_search
from .style import axes_or_new, styled


def plot(result: Any, ax: Axes | None = None, **options: Any) -> Any:
    """The figure of a result or a model, by the same code as the figures of the paper; returns its axes.

    - `result`: a `Metal`, DoS, pump, field or process; a `Run`, `Plateau`, `SteadyState`, `Events`; an `Optimum`,
      `Fit`, `Sensitivity`; a dataset of `sweep`, of a run, or read from a file of a command
    - `ax`: axes to draw into; a new figure by default
    - `options`: `until=` (time) of a pump or field; `metal=` and `zeta=` of a process, which moves something in a
      metal only; `x=`, `y=`, `variable=` of a sweep, to choose axes and observable

    Lines over one axis of a sweep, a map with its contour σ = 0 over two. Raises `ValueError` where there is nothing
    to draw, such as a field law without a run.

    >>> axes = nj.plot(nj.ExponentialPulse(10.0, 0.3), until=2.0)
    >>> axes.get_xlabel()[:6]
    'time t'
    """
    draw = drawing_of(result)
    if draw is None:
        raise ValueError(
            f"result = {type(result).__name__} is not allowed: it must be a model or a result of nacjax"
        )
    return draw(result, ax, **options)


@functools.singledispatch
def drawing_of(result: Any) -> Callable[..., Any] | None:
    """The function that draws a thing, None where there is none."""
    return None


@styled
def plot_run(run: Run, ax: Axes | None = None) -> Axes:
    """σ and ζ against time; f(ε) where only one time was saved."""
    if run.sigma.ndim != 1:
        raise ValueError(f"run of shape {run.sigma.shape} is not allowed: give one run of several")
    if run.times.size == 1:
        return _occupation(run, run.occupation[0], ax)
    names = ("sigma", "sigma_error", "phonons", "time")
    result = run.to_xarray()
    result = result[[name for name in names if name in result]]
    if run.metal.scales is not None:
        result = in_physical_units(result, run.metal)
    ax = axes_or_new(ax)
    draw_conductivity(ax, result)
    return ax


@styled
def plot_state(state: Plateau | SteadyState, ax: Axes | None = None) -> Axes:
    """f(ε) of a plateau or a steady state."""
    if state.sigma.ndim:
        raise ValueError(f"state of shape {state.sigma.shape} is not allowed: give one state of several")
    return _occupation(state, state.occupation, ax)


def _occupation(state: Any, f: Any, ax: Axes | None) -> Axes:
    panel = profile(state.metal, state.ladder, f)
    panel.attrs["phonon_energy"] = float(state.metal.phonon_energy)
    return draw_distribution(panel, (("occupation", "-", "f"),), ax)


def _optimum(optimum: Optimum, ax: Axes | None = None) -> Axes:
    return plot_search(optimum.to_xarray(), ax=ax)


for _kind, _draw in {
    Metal: models.plot_metal,
    AbstractDOS: models.plot_dos,
    AbstractPump: models.plot_pump,
    AbstractField: models.plot_field,
    AbstractProcess: models.plot_process,
    Run: plot_run,
    Plateau: plot_state,
    SteadyState: plot_state,
    Events: outcomes.plot_events,
    Fit: outcomes.plot_fit,
    Sensitivity: outcomes.plot_sensitivity,
    Optimum: _optimum,
    xr.Dataset: plot_dataset,
}.items():
    drawing_of.register(_kind, lambda _, draw=_draw: draw)
