"""`check_process`: whether the slopes of a user's process belong to its flow, by finite differences."""

import jax
import jax.numpy as jnp
import numpy as np

from ..model.field import NoField
from ..model.metal import Metal
from ..model.process import AbstractProcess, Moment, Slopes
from ..model.pump import Kick
from .equations import Kinetics, electrons_gained
from .jacobian import assemble
from .ladder import Mesh, count_rungs

STEP = 1e-6
"""Of f and ζ in the differences, whose error is about its square."""

ALLOWED = 1e-5
"""Largest difference, in units of the largest slope."""


def check_process(process: AbstractProcess, metal: Metal, cells: int = 8) -> None:
    """Compare the shapes of what a process moves, and its slopes with differences, at a random state.

    - `process`: what is checked; `metal`: a `Metal` whose numbers it may read; `cells`: of the ladder it is tried on

    Returns nothing. Raises `ValueError` that says which part has a wrong shape, or which slope is off by how much
    (rates, in the unit of the metal's).

    >>> nj.check_process(nj.ElectronElectron(0.1), nj.trial())
    """
    if not isinstance(process, AbstractProcess):
        raise ValueError(f"process = {process!r} is not allowed: it must be a nacjax.AbstractProcess")
    kinetics = Kinetics.build(metal, Kick(2.0), NoField(), Mesh(cells=cells), count_rungs(metal))
    ladder, number = kinetics.ladder, len(kinetics.quanta)
    process = process.prepared(metal, ladder)
    f = np.random.default_rng(0).uniform(0.1, 0.9, ladder.states.shape)
    now = Moment(jnp.asarray(0.5), jnp.asarray(f), jnp.full(number, 2.0))
    shapes = {"chain": (ladder.states.size - 1,), "rungs": (ladder.rungs - 1, ladder.cells),
              "cells": ladder.states.shape, "phonons": (number,)}  # fmt: skip
    moved = process.flow(now, ladder)
    _check_shapes("flow", moved._asdict(), shapes)
    if not process.structured:
        return
    slopes = process.slopes(now, ladder)
    ends = {"chain": slopes.chain, "rungs": slopes.rungs}
    for name, pair in ends.items():
        for part in pair or ():
            _check_shapes("slopes", {name: part}, shapes)
    _check_shapes("slopes", {"cells": slopes.cells}, shapes)
    for part in slopes.low_rank or ():
        _check_shapes("slopes.low_rank", {"cells": part[0]}, shapes)
    _compare(kinetics, process, slopes, now)


def _check_shapes(where: str, parts: dict, shapes: dict) -> None:
    for name, part in parts.items():
        if part is not None and jnp.shape(part) != shapes[name]:
            raise ValueError(
                f"{where}: {name} of shape {jnp.shape(part)} is not allowed: it must be {shapes[name]}"
            )


def _compare(kinetics: Kinetics, process: AbstractProcess, slopes: Slopes, now: Moment) -> None:
    """Raise `ValueError` where the slopes by f or by ζ are not the differences of the flow."""
    ladder, size = kinetics.ladder, kinetics.ladder.states.size
    y = jnp.append(now.f.ravel(), now.phonons)
    empty = jnp.zeros((0, y.size))
    given = assemble(kinetics, [slopes], y, None, empty, empty).dense()[:size, : size + 1]

    def gained(y):
        moved = process.flow(now._replace(f=y[:size].reshape(now.f.shape), phonons=y[size:]), ladder)
        return (electrons_gained(moved, ladder) * ladder.inverse).ravel()

    steps = STEP * jnp.eye(y.size)[: size + 1]
    found = jax.vmap(lambda step: (gained(y + step) - gained(y - step)) / (2 * STEP), out_axes=1)(steps)
    scale = float(jnp.max(jnp.abs(found))) or 1.0
    off = np.abs(np.asarray(given - found))
    for what, part in (("by f", off[:, :size]), ("by ζ of the driven mode", off[:, size:])):
        if part.max() > ALLOWED * scale:
            place = np.unravel_index(np.where(np.isin(off, part), off, 0.0).argmax(), off.shape)
            rung, cell = np.unravel_index(place[0], ladder.states.shape)
            raise ValueError(
                f"slopes of {process.name} {what} do not belong to its flow: in ∂f/∂t of rung {rung}, cell {cell} "
                f"one is {given[place]:.6g} where differences give {found[place]:.6g}, off by {off[place]:.2g}"
            )
