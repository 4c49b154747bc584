"""The box that a search or a fit stays in, and the smooth bijection between it and all of space."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model.names import System, changed, kind_of, resolve
from ...model.units import is_pair, stated

SCALE = np.pi / 6
"""The box is 6 wide in u, and dz/du is about 1/4 in the middle."""


@dataclasses.dataclass(frozen=True)
class Box:
    """Bounds of several quantities, (quantity,) each.

    A point is a share z of the way from `low` to `high`, 0 < z < 1 (of the logarithms where `log`),
    and z = (1 + sin πu/6)/2 of an unbounded u: a search moves u freely and never leaves the box.
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    log: tuple[bool, ...]

    @property
    def size(self) -> int:
        """Number of quantities."""
        return len(self.names)

    @property
    def ends(self) -> np.ndarray:
        """Low and high end of every quantity, logarithms where `log`; (2, quantity)."""
        log = np.array(self.log)
        return np.stack([np.log(end, where=log, out=end.copy()) for end in (self.low, self.high)])

    def values(self, z) -> np.ndarray:
        """Physical values at shares z (..., quantity)."""
        return np.clip(np.asarray(physical(jnp.asarray(z), self.ends, self.log)), self.low, self.high)

    def shares(self, values) -> np.ndarray:
        """Shares of physical values (..., quantity)."""
        low, high = self.ends
        log = np.array(self.log)
        values = np.asarray(values, dtype=float)
        return (np.where(log, np.log(np.where(log, values, 1.0)), values) - low) / (high - low)

    def slopes(self, z) -> np.ndarray:
        """d(value)/dz at shares z, (..., quantity)."""
        low, high = self.ends
        return (high - low) * np.where(self.log, self.values(z), 1.0)


def physical(z: Float[Array, "*batch quantity"], ends, log: tuple[bool, ...]):
    """Values at shares z, for `ends` (2, quantity) and which of them are logarithms."""
    low, high = ends
    linear = low + (high - low) * z
    return jnp.where(jnp.array(log), jnp.exp(jnp.where(jnp.array(log), linear, 0.0)), linear)  # pyright: ignore[reportArgumentType]


def squash(u: Any) -> Any:
    """z = (1 + sin πu/6)/2, elementwise: one to one for |u| ≤ 3, where z is 0 and 1, and mirrored there.

    An optimum at a bound is a plain minimum in u, which a quasi-Newton method reaches in a few steps; with
    z = 1/(1 + e^{−u}) it lies at infinity.
    """
    xp = jnp if isinstance(u, jax.Array) else np
    return 0.5 * (1 + xp.sin(SCALE * u))


def squash_slope(u: np.ndarray) -> np.ndarray:
    """dz/du of `squash`."""
    return 0.5 * SCALE * np.cos(SCALE * u)


def stretch(z: np.ndarray) -> np.ndarray:
    """The u in [−3, 3] with squash(u) = z, elementwise."""
    return np.arcsin(2 * z - 1) / SCALE


def latin_hypercube(
    rng: np.random.Generator, count: int, size: int, margin: float = 0.01
) -> Float[np.ndarray, "point quantity"]:
    """Shares of a box, one point in each of `count` equal slices of every quantity, none within `margin` of a bound."""
    strata = rng.permuted(np.tile(np.arange(count), (size, 1)), axis=1).T
    return margin + (1 - 2 * margin) * (strata + rng.random((count, size))) / count


def plain_bounds(over: Any, system: System, own: Sequence[str] = ()) -> Any:
    """`over` with bounds in internal units; `own` are names of no quantity of the system, and what is no bound stays.

    Bounds may be ("100 K", "300 K"), pairs ((100, "K"), (300, "K")), or one pair ((100, 300), "K"), each with
    "log" behind.
    Raises the `ValueError` of `resolve` and of `nacjax.model.units.stated`.
    """
    if not isinstance(over, Mapping) or getattr(system.metal, "scales", None) is None:
        return over
    found = dict(over)
    for name, given in over.items():
        kind = "" if name in own else kind_of(resolve(name, system, "over"), system)
        given = given.tolist() if isinstance(given, np.ndarray) else given
        if not kind or isinstance(given, str) or not isinstance(given, Sequence):
            continue
        logarithmic = len(given) > 1 and isinstance(given[-1], str) and given[-1] == "log"
        ends = tuple(given[:-1] if logarithmic else given)
        ends = ends[0] if len(ends) == 1 and is_pair(ends[0]) else ends
        plain = stated(f"over: {name}", ends if is_pair(ends) else list(ends), kind, system.metal.scales)
        found[name] = (*np.asarray(plain).tolist(), *(["log"] if logarithmic else []))
    return found


def make_box(over: Mapping[str, Sequence[Any]]) -> Box:
    """The box of `over`, name → (low, high) or (low, high, "log"); raises `ValueError` for what is none."""
    if not isinstance(over, Mapping) or not over:
        raise ValueError(
            "over is empty: name at least one quantity and its bounds, such as {'phonon_energy': (0.2, 0.8)}"
        )
    rows = [_bounds(name, given) for name, given in over.items()]
    low, high, log = zip(*rows, strict=True)
    return Box(tuple(over), np.array(low), np.array(high), tuple(log))


def _bounds(name: str, given: Any) -> tuple[float, float, bool]:
    allowed = 'it must be (low, high), or (low, high, "log")'
    if isinstance(given, str) or not isinstance(given, Sequence | np.ndarray):
        raise ValueError(f"over: {name} = {given!r} is not allowed: {allowed}")
    ends, scale = list(given[:2]), list(given[2:])
    if len(ends) != 2 or scale not in ([], ["log"]):
        raise ValueError(f"over: {name} = {given!r} is not allowed: {allowed}")
    try:
        low, high = float(ends[0]), float(ends[1])
    except (TypeError, ValueError):
        raise ValueError(f"over: {name} = {given!r} is not allowed: {allowed}") from None
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(
            f"over: {name} = ({low:g}, {high:g}) is not allowed: the bounds must be finite, the lower one first"
        )
    if scale and low <= 0:
        raise ValueError(
            f'over: {name} = ({low:g}, {high:g}, "log") is not allowed: a logarithmic scale needs bounds above 0'
        )
    return low, high, bool(scale)


def resolve_all(names: Sequence[str], system: System) -> tuple[str, ...]:
    """Paths of the quantities in `over`; raises `ValueError` for unknown, ambiguous and repeated ones."""
    paths = tuple(resolve(name, system, "over") for name in names)
    for k, path in enumerate(paths):
        if path in paths[:k]:
            raise ValueError(f"over: {names[k]!r} is given twice")
    return paths


def corners(box: Box) -> np.ndarray:
    """Points at the ends of the box, (corner, quantity): all of them, or all lows and all highs if many."""
    if box.size > 10:
        one = np.where(np.eye(box.size, dtype=bool), box.high, box.low)
        return np.concatenate([np.stack([box.low, box.high]), one, box.low + box.high - one])
    grid = np.meshgrid(*np.stack([box.low, box.high], axis=1), indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=1)


def check_corners(box: Box, paths: Sequence[str], system: System) -> None:
    """Raise `ValueError` naming the first corner of the box that lies outside physics."""
    for corner in corners(box):
        try:
            there = changed(system, dict(zip(paths, corner, strict=True)))
            there.field.check(there.metal)
        except ValueError as error:
            shown = ", ".join(f"{n} = {v:g}" for n, v in zip(box.names, corner, strict=True))
            raise ValueError(f"over: at {shown}: {error}") from None
