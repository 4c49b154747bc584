"""The axes of a sweep: names and values in, checked points out."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...model.names import System, changed, kind_of, resolve
from ...model.units import stated
from .room import point_bytes, require_room


@dataclasses.dataclass(frozen=True)
class Coordinate:
    """One varied quantity: its name in the result, its path in the system, its dimension and values."""

    name: str
    path: str
    dim: str
    values: np.ndarray


@dataclasses.dataclass(frozen=True)
class Points:
    """The points of a sweep, in C order of its dimensions.

    `dims`: dimension to length; `coordinates`: what is varied; `columns`: path to the value at
    each point, each (point,).
    """

    dims: dict[str, int]
    coordinates: tuple[Coordinate, ...]
    columns: dict[str, np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.dims.values())

    @property
    def size(self) -> int:
        """Number of points."""
        return int(np.prod(self.shape))

    def at(self, index) -> dict[str, np.ndarray]:
        """Path to value(s) at a flat index, or at several."""
        return {path: column[index] for path, column in self.columns.items()}


Axes = Mapping[str | tuple[str, ...], Any]


def make_points(axes: Axes, system: System, results: int = 1) -> Points:
    """Points from `axes`; see `nacjax.sweep`. Raises `ValueError` before anything is computed.

    `results`: numbers kept for each point; more points than memory are refused before they are made.
    """
    if not axes:
        raise ValueError(
            "axes is empty: name at least one quantity to vary, such as {'phonon_energy': [0.3, 0.5]}"
        )
    if not isinstance(axes, Mapping):
        raise ValueError(f"axes = {axes!r} is not allowed: it must be like {{'phonon_energy': [0.3, 0.5]}}")
    dims: dict[str, int] = {}
    coordinates: list[Coordinate] = []
    for key, given in axes.items():
        names = (key,) if isinstance(key, str) else tuple(key)
        dim = "_".join(names).replace(".", "_")
        listed = [given] if isinstance(key, str) else _zipped(names, given)
        for name, values in zip(names, listed, strict=True):
            path = resolve(name, system)
            if any(path == other.path for other in coordinates):
                raise ValueError(f"axes: {name!r} is given twice")
            kind = kind_of(path, system)
            plain = stated(f"axes: {name}", values, kind, system.metal.scales) if kind else values
            coordinates.append(Coordinate(name.replace(".", "_"), path, dim, _values(name, plain)))
        lengths = {c.name: c.values.size for c in coordinates if c.dim == dim}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"axes: {key!r} go together and must be equally long, but have {lengths} values")
        dims[dim] = coordinates[-1].values.size
    count = math.prod(dims.values())
    shape = " × ".join(f"{length} {dim}" for dim, length in dims.items())
    needed = count * point_bytes(len(coordinates), results)
    require_room(needed, f"axes: {count} points ({shape})", "vary fewer values, or sweep in parts")
    points = Points(dims, tuple(coordinates), _columns(dims, coordinates))
    check_points(points, system)
    return points


def _zipped(names: Sequence[str], given: Any) -> list[Any]:
    listed = list(given)
    if len(names) < 2 or len(listed) != len(names):
        raise ValueError(
            f"axes: {tuple(names)!r} needs one list of values per name, {len(names)} lists, not {len(listed)}"
        )
    return listed


def _values(name: str, given: Any) -> np.ndarray:
    try:
        values = np.asarray(given, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"axes: {name} = {given!r} is not allowed: it must be a list of numbers") from None
    if values.ndim != 1 or values.size == 0:
        allowed = "it must be a non-empty list of numbers"
        raise ValueError(f"axes: {name} of shape {values.shape} is not allowed: {allowed}")
    if np.any(np.isnan(values)):
        at = int(np.argmax(np.isnan(values)))
        raise ValueError(f"axes: {name}[{at}] = nan is not allowed: it must be a number")
    return values


def _columns(dims: dict[str, int], coordinates: Sequence[Coordinate]) -> dict[str, np.ndarray]:
    shape = tuple(dims.values())
    columns = {}
    for coordinate in coordinates:
        place = list(dims).index(coordinate.dim)
        along = coordinate.values.reshape([-1 if d == place else 1 for d in range(len(shape))])
        columns[coordinate.path] = np.broadcast_to(along, shape).ravel()
    return columns


def check_points(points: Points, system: System) -> System:
    """The system with every point in it; raises `ValueError` naming the first point that is not allowed."""

    def build(indices) -> System:
        batch = changed(system, points.at(indices))
        batch.field.check(batch.metal)
        return batch

    everything = np.arange(points.size)
    try:
        return build(everything)
    except ValueError:
        bad = everything
    while bad.size > 1:  # the first half that is refused holds the culprit
        half = bad[: bad.size // 2]
        try:
            build(half)
            bad = bad[bad.size // 2 :]
        except ValueError:
            bad = half
    try:
        build(int(bad[0]))
    except ValueError as error:
        place = np.unravel_index(int(bad[0]), points.shape)
        where = dict(zip(points.dims, place, strict=True))
        shown = ", ".join(f"{c.name} = {c.values[where[c.dim]]:g}" for c in points.coordinates)
        raise ValueError(f"axes: at {shown}: {error}") from None
    raise AssertionError("a point was refused in company and allowed alone")
