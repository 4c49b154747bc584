"""`fit`: numbers of a metal and its pump from a measured σ(t), or whatever else is seen, by Levenberg–Marquardt."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
import xarray as xr

from ..model.checks import as_arrays, require_count
from ..model.field import AbstractField
from ..model.laboratory import INTERNAL_UNITS
from ..model.metal import Metal
from ..model.names import System, all_quantities, changed, system_of
from ..model.pump import AbstractPump
from ..model.units import stated
from ..solvers.ways import RunInTime, run_in_time
from .fit_outcome import Fit, to_fit
from .probe.seen import Seen
from .search.bounds import (
    Box,
    check_corners,
    corners,
    latin_hypercube,
    make_box,
    physical,
    plain_bounds,
    resolve_all,
    squash,
    stretch,
)
from .sweep.chunks import rung_counts

FIT_RTOL = 1e-4
"""Tolerance of a step unless another is given: the misfit must be smooth on the scale of the noise."""
FIT_ACCURACY = 3e-4
"""Accuracy of σ unless cells, mesh or rtol are given."""
FIT_TOLERANCE = 1e-3
"""Where Levenberg–Marquardt stops: in u, where the box is about 6 wide, and in the share of χ²."""


def fit(
    data: Any,
    metal: Metal,
    pump: AbstractPump,
    *,
    over: Mapping[str, Sequence[Any]],
    times: Any = None,
    noise: Any = None,
    field: AbstractField | None = None,
    observe: Callable[[Any], Any] | Seen | None = None,
    starts: int = 4,
    seed: int = 0,
    steps: int = 60,
    **options: Any,
) -> Fit:
    """Quantities of `metal`, `pump` and `field` that reproduce a measured σ(t)/σ_0, or R(ω, t), best.

    - `data`: σ/σ_0 (time,), or several traces (trace, time), fitted in one batch; an `xarray.DataArray`
      over "time", or a list of them, brings its own times
    - `over`: name → (low, high[, "log"]), as in `search`; fitted values stay inside
    - `times`: (time,), as in `evolve`
    - `noise`: standard deviation of the data, one number or (time,); without it, estimated from the residuals
    - `observe`: what was measured instead of σ/σ_0: a function of a `Run`, such as one that returns R (time, freq) by
      `optics` and `reflectivity`, or a `Layered`, of the layers of a sample. `data` and `noise` have its shape
    - `starts`: the numbers given if inside, and a Latin hypercube of `seed`; `steps`: of Levenberg–Marquardt at most
    - options of `evolve`: `accuracy` (3e-4), or `cells`, `mesh`, `rtol` (1e-4); `rungs`, …

    Returns a `Fit`. Errors are those of the linearised model, from (JᵀJ)⁻¹; a second answer far away is seen with
    several starts only. Raises `ValueError` for bad bounds, names, data, noise, and fewer data than quantities.

    >>> metal, times = nj.trial(), [0.3, 1.0, 3.0]
    >>> data = nj.evolve(metal, nj.Kick(5.0), times, cells=16).sigma
    >>> found = nj.fit(data, metal, nj.Kick(4.0), over={"zeta0": (1.0, 9.0)}, times=times, cells=16, starts=1)
    >>> round(float(found.best[0, 0]), 1)
    5.0
    """
    require_count("steps", steps)
    system = as_arrays(system_of(metal, pump, field))
    box = make_box(plain_bounds(over, system))
    paths = resolve_all(box.names, system)
    check_corners(box, paths, system)
    everywhere = corners(box)
    needed = rung_counts(changed(system, dict(zip(paths, everywhere.T, strict=True))), len(everywhere))
    rungs = options.pop("rungs", None) or int(needed.max())
    way = run_in_time(**chosen(options)).for_metal(system.metal, int(needed.min()))
    seen = observe if isinstance(observe, Seen) else Seen() if observe is None else Seen(observe)
    recipe = Model(paths, box.log, way, rungs, seen)
    if observe is None:
        traces, times, shape = _data(data, times, metal.scales)
    else:
        traces, times, shape = _seen(data, times, metal.scales, lambda t: seen.of(system, way, rungs, t))
    weights = _noise(noise, shape)
    if weights.size < box.size + 1:
        raise ValueError(f"data of {weights.size} times cannot fix {box.size} quantities: give more times")
    u = _starts(box, paths, system, starts, seed)
    found = _fit(recipe, system, box.ends, jnp.asarray(times), jnp.asarray(weights), traces, u, steps)
    return _to_fit(
        box, traces, times, shape, weights if noise is not None else None, observe is not None, found
    )


def chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The options with the accuracy of a fit, or with its tolerance where cells, mesh or rtol are given."""
    own = {"rtol": FIT_RTOL} if {"cells", "mesh", "rtol"} & set(options) else {"accuracy": FIT_ACCURACY}
    return {**({} if "accuracy" in options else own), **options}


def _to_fit(box: Box, traces, times, shape, known, other: bool, found) -> Fit:
    """The `Fit` of what was found; `other`: not σ(t) was measured, but numbers of a `shape` of their own."""
    parts = [np.asarray(part) for part in found]
    if not other:
        return to_fit(box, traces, times, known, *parts)
    dims = ("trace", "time", *(f"seen_{k}" for k in range(1, len(shape))))
    model = xr.DataArray(parts[3].reshape(-1, *shape), dims=dims)
    return dataclasses.replace(to_fit(box, traces, np.arange(np.prod(shape)), known, *parts), model=model)


def _seen(data: Any, times: Any, scales: Any, of: Callable[[Any], Any]):
    """Traces (trace, number), times in internal units and the shape of what is seen at them; raises `ValueError`."""
    if times is None:
        raise ValueError("times is needed with observe: the times at which the data were measured")
    times = np.atleast_1d(np.asarray(stated("times", times, "time", scales), dtype=float))
    shape, given = eqx.filter_eval_shape(of, jnp.asarray(times)).shape, np.asarray(data, dtype=float)
    if given.shape not in (shape, (*given.shape[:1], *shape)):
        raise ValueError(
            f"data of shape {given.shape} is not allowed: what observe returns has the shape {shape}, and "
            "several traces one more axis in front"
        )
    if not np.isfinite(given).all():
        raise ValueError("data holds values that are not finite")
    return given.reshape(-1, int(np.prod(shape))), times, shape


def _data(data: Any, times: Any, scales: Any) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Traces (trace, time), times in internal units and their shape; raises `ValueError`."""
    if isinstance(data, list | tuple) and data and all(isinstance(trace, xr.DataArray) for trace in data):
        try:
            data = xr.concat(data, "trace", join="exact")
        except ValueError as error:
            raise ValueError(
                f"data of {len(data)} traces over different times is not allowed: {error}"
            ) from None
    if isinstance(data, xr.DataArray) and "time" in data.dims:
        times = _own_times(data) if times is None else times
        data = data.transpose(..., "time")
    if times is None:
        raise ValueError(
            "times is needed: the times at which σ was measured, or an xarray.DataArray over time"
        )
    times = np.atleast_1d(np.asarray(stated("times", times, "time", scales), dtype=float))
    try:
        traces = np.asarray(data, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"data = {data!r} is not allowed: it must be numbers, one per time") from None
    if traces.ndim not in (1, 2) or traces.shape[-1] != times.size:
        raise ValueError(
            f"data of shape {traces.shape} is not allowed: it must be ({times.size},), one number per time, "
            f"or (traces, {times.size})"
        )
    if not np.isfinite(traces).all():
        raise ValueError("data holds values that are not finite: leave them out, together with their times")
    if not (np.isfinite(times).all() and times[0] >= 0 and np.all(np.diff(times) > 0)):
        raise ValueError("times is not allowed: it must be finite, ≥ 0 and increasing")
    return np.atleast_2d(traces), times, times.shape


def _own_times(data: xr.DataArray) -> Any:
    """The times of a trace, with the unit that they are labelled with; results of ours may be in internal units."""
    unit, values = data["time"].attrs.get("units"), data["time"].to_numpy()
    if unit is None:
        return values
    return jnp.asarray(values) if unit in INTERNAL_UNITS else (values, str(unit))


def _noise(noise: Any, shape: tuple[int, ...]) -> np.ndarray:
    given = np.broadcast_to(np.asarray(1.0 if noise is None else noise, dtype=float), shape).ravel()
    if not (np.isfinite(given).all() and (given > 0).all()):
        raise ValueError(f"noise = {noise!r} is not allowed: it must be positive and finite")
    return given


def _starts(box: Box, paths, system: System, starts: int, seed: int) -> np.ndarray:
    if starts < 1 or starts != int(starts):
        raise ValueError(f"starts = {starts!r} is not allowed: it must be a whole number, at least 1")
    rng = np.random.default_rng(seed)
    z = latin_hypercube(rng, starts, box.size, margin=0.1)
    known = all_quantities(system)
    own = box.shares([float(known[path]) for path in paths])
    z[0] = np.where((own > 0.01) & (own < 0.99), own, z[0])
    return stretch(z)


class Model(eqx.Module):
    """What is seen, as a function of u; what is compiled in."""

    paths: tuple[str, ...] = eqx.field(static=True)
    log: tuple[bool, ...] = eqx.field(static=True)
    way: RunInTime = eqx.field(static=True)
    rungs: int = eqx.field(static=True)
    seen: Seen = eqx.field(static=True)

    def __call__(self, u, system: System, ends, times):
        values = physical(squash(u), ends, self.log)
        here = changed(system, dict(zip(self.paths, values, strict=True)))
        return self.seen.of(here, self.way, self.rungs, times).ravel()


@eqx.filter_jit
def _fit(model: Model, system, ends, times, weights, traces, starts, steps: int):
    """(u, misfit, converged, σ(t), d(σ/noise)/du) of the best start of every trace, u and misfit of all."""
    solver = optx.LevenbergMarquardt(rtol=FIT_TOLERANCE, atol=FIT_TOLERANCE)

    @jax.custom_jvp
    def sigma(u):
        """σ(t), and dσ/du (quantity, time) as constants: one integration serves both."""

        def along(direction):
            return jax.jvp(lambda u: model(u, system, ends, times), (u,), (direction,))

        return jax.vmap(along, out_axes=(None, 0))(jnp.eye(u.size))

    @sigma.defjvp
    def _(primals, tangents):
        value, columns = sigma(*primals)
        return (value, columns), (tangents[0] @ columns, jnp.zeros_like(columns))

    def residual(u, trace):
        value, columns = sigma(u)
        return (value - trace) / weights, (value, columns)

    def once(u, trace):
        solution = optx.least_squares(
            residual, solver, u, trace, has_aux=True, options={"jac": "fwd"}, max_steps=steps, throw=False
        )
        value, columns = solution.aux
        misfit = jnp.sum(((value - trace) / weights) ** 2)
        misfit = jnp.where(jnp.isfinite(misfit), misfit, jnp.inf)
        return solution.value, misfit, solution.result == optx.RESULTS.successful, value, columns / weights

    def best(trace):
        found = jax.vmap(lambda start: once(start, trace))(starts)
        return *jax.tree.map(lambda x: x[jnp.argmin(found[1])], found), *found[:2]

    return jax.vmap(best)(traces)
