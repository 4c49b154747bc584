"""What a sweep records at each point: named observables of a run, or functions of it."""

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax.numpy as jnp

from ...solvers.way import AbstractWay


@dataclasses.dataclass(frozen=True)
class Observable:
    """A function of a `Run` (or `Plateau`) with one number, one number per time, or more (`dims`) as its result."""

    name: str
    function: Callable[[Any], Any]
    long_name: str = ""
    kind: str = "1"

    @property
    def dims(self) -> dict[str, Any]:
        """Further dimensions of the result and the values along them, behind that of time: `function.dims`, if any."""
        return dict(getattr(self.function, "dims", {}))

    @property
    def inner(self) -> tuple[int, ...]:
        """The lengths of `dims`."""
        return tuple(len(values) for values in self.dims.values())


@dataclasses.dataclass(frozen=True)
class Part:
    """The function that takes one attribute of a run; unlike a lambda it can be sent to another process."""

    name: str

    def __call__(self, run: Any) -> Any:
        if self.name == "steps":
            return jnp.asarray(run.stats["num_steps"], float)
        return getattr(run, self.name)


NAMED = {
    observable.name: observable
    for observable in (
        Observable("sigma", Part("sigma"), "conductivity σ/σ_0", "1"),
        Observable("sigma_error", Part("sigma_error"), "estimated error of σ/σ_0", "1"),
        Observable("phonons", Part("phonons"), "non-equilibrium phonons per mode ζ", "1"),
        Observable("field", Part("field"), "electric field E v_F √τ_tr", "energy × √rate"),
        Observable("field_normalised", Part("field_normalised"), "electric field 𝓔", "1"),
        Observable("steps", Part("steps"), "steps of the integrator", "1"),
    )
}
"""Observables that a sweep knows by name."""

Observe = str | Callable | Mapping[str, Callable] | Iterable[str | Callable]


def observables(observe: Observe, way: AbstractWay) -> tuple[Observable, ...]:
    """The observables that `observe` names; raises `ValueError` for an unknown or repeated name."""
    if isinstance(observe, str) or callable(observe):
        observe = (observe,)
    if isinstance(observe, Mapping):
        found = [Observable(str(name), function) for name, function in observe.items()]
    else:
        found = [_observable(entry, way) for entry in observe]
    names = [entry.name for entry in found]
    if way.fine.paired and "sigma" in names and "sigma_error" not in names:
        found.insert(names.index("sigma") + 1, NAMED["sigma_error"])
    if not names or len(set(names)) < len(names):
        raise ValueError(f"observe = {names} is not allowed: it must name observables, each once")
    return tuple(found)


def check_names(observed: tuple[Observable, ...], taken: Iterable[str]) -> None:
    """Raise `ValueError` for an observable named like something else in the result, such as an axis."""
    for name in {*taken, "time", "outcome", "reason"} & {entry.name for entry in observed}:
        raise ValueError(
            f"observe: the name {name!r} is not allowed, since the result has an axis or a variable of that name; "
            f"give another, such as {{'{name}_observed': function}}"
        )


def _observable(entry: str | Callable, way: AbstractWay) -> Observable:
    known = {name: NAMED[name] for name in way.measures}
    if not isinstance(entry, str):
        return Observable(getattr(entry, "__name__", "observable"), entry)
    if entry not in known:
        nearest = difflib.get_close_matches(entry, known, n=1, cutoff=0.4)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise ValueError(f"observe: there is no observable {entry!r}{hint} Known here: {', '.join(known)}")
    return known[entry]
