"""What figures compute with: the trial metal, how finely, many states in one program, labels of datasets."""

import itertools
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float
from scipy.special import expit

from ..model.checks import as_arrays
from ..model.dos import FlatTopDOS
from ..model.field import ConstantField, NoField
from ..model.metal import Metal
from ..model.names import System, about_name, changed, resolve, unit_of
from ..model.pump import Clamped
from ..model.record import describe, versions
from ..solvers.evolve import trajectory
from ..solvers.plateau import plateau
from ..solvers.run import Run
from ..studies.transport_laws import Law

ZETA = 20.0
COLD = 0.003
GAMMA_IN = 1e-3
TIMES = (1.0, 10.0)
"""Times of Figs. 1 and 2 (1/Γ_eph); the last one is the paper's steady state."""
PAPER = {
    "filling": 0.5,
    "temperature": COLD,
    "phonon_energy": 0.53,
    "inelastic_rate": GAMMA_IN,
    "zeta": ZETA,
    "strength": 0.0,
}
"""The state of Figs. 1 and 2 that every panel varies in something."""
RUNGS = 5  # enough for ω_p ≥ W/5, so that one compilation serves every ω_p
BATCH = 48  # states in one compiled call; what stays in the caches of a CPU

TRIAL_DOS = "trial DoS D ∝ 1 − |2ε/W|⁸"
INELASTIC = f"Γ_in = {GAMMA_IN:g} W Γ_eph"


class Quality(NamedTuple):
    """How finely the figures are computed: cells in a rung, points on a curve, tolerance of a step."""

    cells: int
    points: int
    rtol: float


QUICK, FULL = Quality(64, 61, 1e-3), Quality(160, 181, 1e-4)


def trial_metal(**changes: Any) -> Metal:
    """The metal of Figs. 1–3: flat-top band, half filled, cold, little inelastic scattering."""
    numbers: dict[str, Any] = {
        name: PAPER[name] for name in ("filling", "temperature", "phonon_energy", "inelastic_rate")
    } | changes
    return Metal(numbers.pop("dos", FlatTopDOS()), **numbers)  # pyright: ignore[reportCallIssue]


def driven(metal: Metal) -> System:
    """The metal with clamped phonons in a constant field, both to be varied."""
    return as_arrays(System(metal, Clamped(ZETA), ConstantField(0.0)))  # pyright: ignore[reportCallIssue]


def clamped(metal: Metal | None = None) -> System:
    """A metal, the trial one by default, with clamped phonons, without a field."""
    return as_arrays(System(metal or trial_metal(), Clamped(ZETA), NoField()))  # pyright: ignore[reportCallIssue]


def grid(**axes: Any) -> dict[str, np.ndarray]:
    """Every combination of the values of the axes: name to (point,), the last axis fastest."""
    rows = list(itertools.product(*(np.atleast_1d(values) for values in axes.values())))
    return dict(zip(axes, np.array(rows, dtype=float).T, strict=True))


def states(quality: Quality, metal: Metal | None = None, **axes: Any) -> tuple[xr.Dataset, Run]:
    """σ at t = 10/Γ_eph over every combination of `axes`, the rest as in `PAPER`; and the runs, point by point.

    `metal`: another one than the trial metal, of which only the density of states is used. All calls with
    one kind of DoS and one quality share a program.
    """
    chosen = PAPER | axes
    run = many(driven(metal or trial_metal()), grid(**chosen), quality)
    varied = {name: np.asarray(values) for name, values in chosen.items() if np.ndim(values)}
    sigma = np.asarray(run.sigma[:, -1]).reshape([values.size for values in varied.values()])
    return xr.Dataset({"sigma": (tuple(varied), sigma)}, varied), run


def many(
    system: System,
    columns: Mapping[str, np.ndarray],
    quality: Quality,
    times: Any = TIMES,
    rungs: int = RUNGS,
    batch: int = BATCH,
) -> Run:
    """`evolve` at every point of `columns` (quantity to (point,)); a `Run` whose arrays begin with the point.

    One compilation serves all points, whatever their own number of rungs: spare rungs stay empty.
    """
    times = jnp.atleast_1d(jnp.asarray(times))
    paths, count, pieces = _pieces(system, columns, batch)
    found = [_many(system, piece, times, paths, quality, rungs) for piece in pieces]
    arrays = [eqx.filter(piece, eqx.is_array) for piece in found]
    joined = jax.tree.map(lambda *parts: np.concatenate(parts)[:count], *arrays)
    return eqx.combine(joined, eqx.filter(found[0], eqx.is_array, inverse=True))


@eqx.filter_jit
def _many(system, values, times, paths, quality, rungs):
    def one(row):
        metal, pump, field = changed(system, dict(zip(paths, row, strict=True)))
        options: dict[str, Any] = {"cells": quality.cells, "rtol": quality.rtol, "rungs": rungs}
        return trajectory(metal, pump, times, field, budget=False, **options)

    return eqx.filter_vmap(one)(values)


def plateaus(
    system: System,
    columns: Mapping[str, np.ndarray],
    cells: int,
    rungs: int = RUNGS,
    batch: int = 256,
    laws: tuple[Law, ...] = (),
) -> Float[np.ndarray, "point *law"]:
    """σ of `plateau` at every point of `columns` (quantity to (point,)); one compilation for all of them.

    `rungs` must be enough for the lowest phonon energy: W/ω_p, rounded up. `laws`: σ under each of these
    transport laws in place of the metal's own.
    """
    paths, count, pieces = _pieces(system, columns, batch)
    found = [np.asarray(_plateaus(system, piece, paths, cells, rungs, laws)) for piece in pieces]
    return np.concatenate(found)[:count]


@eqx.filter_jit
def _plateaus(system, values, paths, cells, rungs, laws):
    def one(row):
        metal, pump, _ = changed(system, dict(zip(paths, row, strict=True)))
        state = plateau(metal, pump.initial_phonons(), cells=cells, rungs=rungs)
        return jnp.stack([law(state) for law in laws]) if laws else state.sigma

    return jax.vmap(one)(values)


def _pieces(system: System, columns: Mapping[str, np.ndarray], batch: int) -> tuple[Any, int, list[Array]]:
    """Full paths of the quantities, number of points, and the points in pieces of `batch`, the last one padded."""
    paths = tuple(resolve(name, system) for name in columns)
    values = np.stack([np.asarray(column, dtype=float) for column in columns.values()], axis=1)
    padded = np.pad(values, ((0, -len(values) % batch), (0, 0)), mode="edge")
    return paths, len(values), [jnp.asarray(piece) for piece in padded.reshape(-1, batch, len(paths))]


def stamp(dataset: xr.Dataset, **parts: Any) -> xr.Dataset:
    """The dataset with labels of its quantities, the configuration of `parts` and the versions."""
    for name in dataset.coords:
        long_name, symbol, kind = about_name(str(name))
        labels = {"long_name": long_name, "symbol": symbol, "units": unit_of(kind)}
        dataset[name].attrs = {k: v for k, v in labels.items() if v} | dataset[name].attrs
    if "sigma" in dataset:
        dataset["sigma"].attrs |= {"long_name": "conductivity σ/σ_0", "units": "1"}
    dataset.attrs |= {"configuration": json.dumps(describe(parts)), "versions": json.dumps(versions())}
    return dataset


def profile(metal: Metal, ladder: Any, f: Any) -> xr.Dataset:
    """f, the f of equilibrium and D/D_F against ε over the cells with states; μ in the attributes."""
    filled = np.asarray(ladder.states).ravel() > 0
    mu, fermi_density = (float(x) for x in _levels(metal))
    energy = np.asarray(ladder.energy).ravel()[filled]
    columns = {
        "occupation": (np.asarray(f).ravel()[filled], "occupation f"),
        "equilibrium": (expit((mu - energy) / float(metal.temperature)), "occupation in equilibrium f_T"),
        "density": (np.asarray(ladder.density).ravel()[filled] / fermi_density, "density of states D/D_F"),
    }
    data = {name: ("energy", values, {"long_name": text}) for name, (values, text) in columns.items()}
    about = {"long_name": "electron energy", "symbol": "ε", "units": "W"}
    return xr.Dataset(data, {"energy": ("energy", energy, about)}, {"chemical_potential": mu})


@eqx.filter_jit
def _levels(metal: Metal):
    return metal.chemical_potential, metal.fermi_density


def member(run: Run, index: int) -> Run:
    """One point of `many`."""
    return jax.tree.map(lambda x: x[index] if eqx.is_array(x) else x, run)


def largest_rise(f: np.ndarray) -> float:
    """The largest rise of f with energy, 0 for a function that falls: the size of the inversion."""
    return float(np.max(f - np.minimum.accumulate(f)))
