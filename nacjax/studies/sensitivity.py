"""`sensitivity`: derivatives of σ(t), or of any function, and the uncertainty they carry."""

import dataclasses
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..model.checks import as_arrays, require, to_array
from ..model.names import TIME, System, all_quantities, changed, kind_of, resolve, unit_of
from ..model.shown import Said
from ..model.units import stated_difference
from ..solvers.run import Run
from ..solvers.ways import RunInTime, run_in_time
from .search.merit import FORWARD_AT_MOST


@dataclasses.dataclass(frozen=True, repr=False)
class Sensitivity(Said):
    """What a result depends on; (quantity, ...) with the shape of the result behind.

    - `value`: the result; `derivative`: d(result)/d(quantity); `elasticity`: d ln|result|/d ln(quantity)
    - `uncertainty`: first-order standard deviation of the result, `contribution`: the part of each quantity,
      |derivative| × its standard deviation; NaN where no standard deviations were given
    - `mode`: "forward" or "reverse"

    >>> found = nj.sensitivity(lambda x: x**2, wrt={"x": 3.0}, std={"x": 0.1})
    >>> float(found.elasticity[0]), round(float(found.uncertainty), 6)
    (2.0, 0.6)
    """

    value: xr.DataArray
    derivative: xr.DataArray
    elasticity: xr.DataArray
    uncertainty: xr.DataArray
    contribution: xr.DataArray
    mode: str

    def __str__(self) -> str:
        derivative = self.derivative.to_numpy().reshape(self.derivative.sizes["quantity"], -1)
        elasticity = self.elasticity.to_numpy().reshape(derivative.shape)
        value, uncertainty = (np.ravel(x.to_numpy()) for x in (self.value, self.uncertainty))
        shown = range(min(value.size, 6))
        lines = [f"derivatives by {self.mode} mode"]
        for k in shown:
            plus = f" ± {uncertainty[k]:.2g}" if np.isfinite(uncertainty[k]) else ""
            where = "" if value.size == 1 else f" [{k}]"
            lines.append(f"result{where} = {value[k]:.6g}{plus}")
            lines.append(f"  {'quantity':<20}{'derivative':>12}{'elasticity':>12}{'contribution':>14}")
            part = self.contribution.to_numpy().reshape(derivative.shape)[:, k]
            for j, name in enumerate(self.derivative["quantity"].to_numpy()):
                given = f"{part[j]:14.3g}" if np.isfinite(part[j]) else f"{'':14}"
                row = f"  {name:<20}{derivative[j, k]:12.5g}{elasticity[j, k]:12.4g}{given}"
                lines.append(row.rstrip())
        if value.size > len(shown):
            lines.append(f"… and {value.size - len(shown)} more results")
        return "\n".join(lines)


def sensitivity(
    what: Run | Callable[..., Any],
    *,
    wrt: Sequence[str] | Mapping[str, float],
    std: Mapping[str, Any] | None = None,
    mode: str | None = None,
    **options: Any,
) -> Sensitivity:
    """First derivatives of σ(t) of a run, or of a function of numbers, and the first-order uncertainty.

    - `what`: a `Run` (σ at its times is differentiated; it is computed again with its numbers), or a function
      of keyword arguments that returns a number or an array
    - `wrt`: names of quantities of the run, as `sweep` knows them; for a function, name → value
    - `std`: name → standard deviation of (independent) inputs; with its unit where the metal of the run has scales
    - `mode`: "forward" or "reverse"; by default forward for few quantities or many results
    - `options` of `evolve`, where the run was made with others than the defaults (`solver`, …)

    Raises `ValueError` for unknown names, and values that are not finite. Warns where σ computed again
    differs from that of the run.

    >>> metal = nj.trial()
    >>> def sigma(zeta):
    ...     return nj.plateau(metal, zeta, cells=16).sigma
    >>> nj.sensitivity(sigma, wrt={"zeta": 20.0}).derivative.shape
    (1,)
    """
    names = tuple(wrt)
    if not names or isinstance(wrt, str):
        raise ValueError(f"wrt = {wrt!r} is not allowed: it must name at least one quantity, in a list")
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f"mode = {mode!r} is not allowed: it must be 'forward' or 'reverse'")
    if isinstance(what, Run):
        function, point, outputs, coords, units = _of_run(what, names, options)
        std = _plain_std(std, names, function)
    elif callable(what) and isinstance(wrt, Mapping):
        if options:
            raise TypeError(f"{next(iter(options))!r} is no option where a function is differentiated")
        function, point = _of_function(what, names), np.array([_number(name, wrt[name]) for name in names])
        outputs, coords, units = jax.eval_shape(function, jnp.asarray(point)).size, {}, ""
    else:
        raise ValueError(
            f"what = {what!r} is not allowed: it must be a Run, or a function with wrt = {{name: value}}"
        )
    if not np.isfinite(point).all():
        bad = names[int(np.argmin(np.isfinite(point)))]
        raise ValueError(
            f"wrt: {bad} is not finite, so that nothing can be differentiated with respect to it"
        )
    few = len(names) <= max(FORWARD_AT_MOST, outputs)
    mode = mode or ("forward" if few else "reverse")
    value, jacobian = _differentiate(function, mode, jnp.asarray(point, float))
    if isinstance(what, Run) and not what.ok:
        warnings.warn(
            f"derivatives of a run that failed are NaN where it did: {what.result}",
            RuntimeWarning,
            stacklevel=2,
        )
    elif isinstance(what, Run):
        _compare(np.asarray(value), np.asarray(what.sigma))
    return _collect(names, point, np.asarray(value), np.asarray(jacobian), std, mode, coords, units)


class _OfRun(eqx.Module):
    """σ(t) of a run as a function of (quantity,)."""

    system: System
    times: jax.Array
    paths: tuple[str, ...] = eqx.field(static=True)
    way: RunInTime = eqx.field(static=True)
    rungs: int = eqx.field(static=True)

    def __call__(self, point, mode="forward"):
        here = changed(self.system, dict(zip(self.paths, point, strict=True)))
        way = self.way.in_reverse() if mode == "reverse" else self.way
        return way.sigma(here, self.rungs, self.times)


def _of_run(run: Run, names, options):
    kinetics = run.kinetics
    system = as_arrays(System(kinetics.metal, kinetics.pump, kinetics.field))
    paths = tuple(resolve(name, system, "wrt") for name in names)
    for k, path in enumerate(paths):
        if path in paths[:k]:
            raise ValueError(f"wrt: {names[k]!r} is given twice")
    rungs, way = options.pop("rungs", run.ladder.rungs), run_in_time(**options)
    if not {"accuracy", "cells", "mesh"} & set(options):
        fine = run.fineness._replace(rtol=options.get("rtol", run.fineness.rtol))
        way = dataclasses.replace(way, fine=fine)
    else:
        way = way.for_metal(system.metal)
    function = _OfRun(system, run.times, paths, way, rungs)
    known = all_quantities(system)
    point = np.array([float(known[path]) for path in paths])
    about = {"long_name": TIME[0], "units": unit_of(TIME[2], system.metal)}
    coords = {"time": ("time", np.asarray(run.times), about)}
    return function, point, run.times.size, coords, "1"


def _plain_std(std: Mapping[str, Any] | None, names: Sequence[str], of: _OfRun) -> dict[str, Any]:
    """Standard deviations in internal units; a name that is not in `names` is left for a complaint."""
    kinds = {name: kind_of(path, of.system) for name, path in zip(names, of.paths, strict=True)}
    scales = of.system.metal.scales
    return {
        name: stated_difference(f"std: {name}", value, kinds[name], scales) if kinds.get(name) else value
        for name, value in dict(std or {}).items()
    }


def _number(name: str, value: Any) -> float:
    require(f"wrt: {name}", value, "a finite number", np.isfinite)
    return float(value)


def _of_function(what: Callable, names) -> Callable:
    def function(point, mode="forward"):
        return to_array(what(**dict(zip(names, point, strict=True))))

    return function


@eqx.filter_jit
def _differentiate(function, mode, point):
    if mode == "reverse":
        return function(point, "reverse"), jax.jacrev(lambda p: function(p, "reverse"))(point)

    def along(direction):
        return jax.jvp(lambda p: function(p, "forward"), (point,), (direction,))

    value, columns = jax.vmap(along, out_axes=(None, 0))(jnp.eye(point.size))
    return value, jnp.moveaxis(columns, 0, -1)


def _compare(again: np.ndarray, sigma: np.ndarray) -> None:
    off = float(np.max(np.abs(again - sigma), initial=0.0))
    if not off < 0.01:
        warnings.warn(
            f"σ computed again differs from that of the run by {off:.2g}: pass the options that it was made "
            "with (solver, …)",
            RuntimeWarning,
            stacklevel=3,
        )


def _collect(names, point, value, jacobian, std, mode, coords, units) -> Sensitivity:
    std = dict(std or {})
    for name, deviation in std.items():
        if name not in names:
            raise ValueError(f"std: there is no quantity {name!r} in wrt; known there: {', '.join(names)}")
        allowed = "one number, zero or positive, and finite"
        require(f"std: {name}", deviation, allowed, lambda x: np.isfinite(x) & (x >= 0) & (x.ndim == 0))
    dims = tuple(coords) or tuple(f"result_{k}" for k in range(value.ndim))
    derivative = np.moveaxis(jacobian, -1, 0)
    column = (slice(None), *(None,) * value.ndim)
    with np.errstate(divide="ignore", invalid="ignore"):
        elasticity = derivative * point[column] / value
    deviations = np.array([std.get(name, np.nan if not std else 0.0) for name in names])
    contribution = np.abs(derivative) * deviations[column]
    both = {"quantity": list(names), **coords}

    def array(values, *first):
        return xr.DataArray(values, both if first else coords, (*first, *dims))

    return Sensitivity(
        xr.DataArray(value, coords, dims, attrs={"units": units} if units else {}),
        array(derivative, "quantity"),
        array(elasticity, "quantity"),
        array(np.sqrt(np.sum(contribution**2, axis=0))),
        array(contribution, "quantity"),
        mode,
    )
