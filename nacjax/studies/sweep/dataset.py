"""The results of a sweep as a labelled `xarray.Dataset` with CF attributes."""

import json

import numpy as np
import xarray as xr

from ...model.names import TIME, about, unit_of
from . import accessor  # noqa: F401  what a sweep returns has .nacjax
from .axes import Points
from .batch import Study
from .outcomes import sentence


def blank(study: Study, points: Points, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Arrays of the results before any point is known: NaN, and outcome −1. First axis: the point."""
    results = {name: np.full((points.size, *shape), np.nan) for name, shape in shapes.items()}
    return {**results, "outcome": np.full(points.size, -1, np.int32)}


def to_dataset(study: Study, points: Points, results: dict[str, np.ndarray]) -> xr.Dataset:
    """The dataset of a sweep: axes as coordinates, observables, outcome codes and their sentences.

    `results` are (point, ...) arrays; a time that is no axis is a scalar coordinate.
    """
    metal, way = study.system.metal, study.way
    dims = tuple(points.dims)

    def labels(long_name: str, symbol: str, kind: str) -> dict[str, str]:
        shown = {"long_name": long_name, "units": unit_of(kind, metal), "symbol": symbol}
        return {key: text for key, text in shown.items() if text}

    coords: dict = {}
    for c in points.coordinates:
        coords[c.name] = ((c.dim,), c.values, {**labels(*about(c.path, study.system)), "path": c.path})
    if way.in_time:
        along, when = (("time",), list(way.times)) if way.time_axis else ((), way.times[0])
        coords["time"] = (along, when, labels(*TIME))
    variables = {}
    for entry in study.observables:
        values = results[entry.name]
        timed = values.ndim > 1 + len(entry.inner)
        if timed and not way.time_axis:
            values, timed = values[:, 0], False
        along = (*dims, *(("time",) if timed else ()), *entry.dims)
        coords |= {name: list(along_it) for name, along_it in entry.dims.items()}
        values = values.reshape(*points.shape, *values.shape[1:])
        long_name = entry.long_name or entry.name.replace("_", " ")
        variables[entry.name] = (along, values, labels(long_name, "", entry.kind))
    codes = results["outcome"].astype(np.int32)
    met = np.unique(codes)
    texts = ["Not computed yet." if code < 0 else sentence(int(code), way) for code in met]
    meanings = json.dumps(dict(zip(map(str, met), texts, strict=True)))
    attrs = {"long_name": "outcome code (0: computed)", "flag_values": met, "flag_meanings": meanings}
    variables["outcome"] = (dims, codes.reshape(points.shape), attrs)
    reasons = np.array(texts, dtype=object)[np.searchsorted(met, codes)]
    variables["reason"] = (dims, reasons.reshape(points.shape), {"long_name": "outcome as a sentence"})
    return xr.Dataset(variables, coords, {"Conventions": "CF-1.11"})
