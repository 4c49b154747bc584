"""Beyond the paper: the plateau against the true steady state, phase diagrams, the threshold pump."""

from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..kinetics.ladder import Mesh
from ..model.checks import as_arrays
from ..model.field import NoField
from ..model.metal import Metal
from ..model.names import System, changed, resolve
from ..model.pump import Clamped
from ..solvers.plateau import plateau
from ..solvers.steady import steady_state
from .parts import TRIAL_DOS, Claim, Quality, many, plateau_sigma, plateaus, stamp, trial_metal

PANELS = {
    "lifetime": "the plateau against the true steady state: σ(t) for several inelastic rates",
    "filling_map": "phase diagram of σ over phonon energy and filling",
    "pump_map": "phase diagram of σ over phonon energy and pump strength",
    "threshold_pump": "the weakest pump with σ < 0, against temperature",
}
RATES = (1e-3, 1e-2, 1e-1)


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The wanted panels."""
    makers = {
        "lifetime": lifetime,
        "filling_map": filling_map,
        "pump_map": pump_map,
        "threshold_pump": threshold_pump,
    }
    panels = {}
    for name in wanted:
        say(f"{name}: {PANELS[name]}")
        panels[name] = makers[name](quality)
    return panels


def lifetime(quality: Quality) -> xr.Dataset:
    """σ(t) from 0.01 to 1e4 for several Γ_in at ζ = 20, ω_p = 0.53 W; plateau and steady state beside it."""
    times = np.geomspace(1e-2, 1e4, quality.points)
    metal = trial_metal()
    system = trial_system()
    columns = {"inelastic_rate": np.array(RATES)}
    fine = quality._replace(cells=2 * quality.cells)
    run = many(system, columns, fine, times, rungs=2, batch=len(RATES))
    steady = np.asarray(_steady(system, jnp.asarray(RATES), Mesh.uniform(2 * quality.cells)))
    level = float(plateau(metal, 20.0, cells=2 * quality.cells).sigma)
    data = {
        "sigma": (("inelastic_rate", "time"), run.sigma),
        "steady": ("inelastic_rate", steady, {"long_name": "steady-state conductivity σ/σ_0"}),
        "lifetime": ("inelastic_rate", [_end(times, s) for s in run.sigma], {"units": "1/Γ_eph"}),
    }
    panel = xr.Dataset(data, {"inelastic_rate": list(RATES), "time": times}, {"plateau": level})
    panel["lifetime"].attrs["long_name"] = "time at which σ turns positive"
    return stamp(panel, metal=metal, zeta=20.0)


@eqx.filter_jit
def _steady(system, rates, mesh):
    def one(rate):
        metal, pump, _ = changed(system, {"metal.inelastic_rate": rate})
        return steady_state(metal, pump, mesh=mesh, rungs=2).sigma

    return jax.vmap(one)(rates)


def _end(times: np.ndarray, sigma: np.ndarray) -> float:
    """The time at which σ turns positive again, interpolated in ln t."""
    turns = np.flatnonzero((sigma[:-1] < 0) & (sigma[1:] >= 0))
    if not turns.size:
        return float("nan")
    k = turns[-1]
    part = sigma[k] / (sigma[k] - sigma[k + 1])
    return float(times[k] * (times[k + 1] / times[k]) ** part)


def trial_system() -> System:
    """The trial metal with clamped phonons."""
    return as_arrays(System(trial_metal(), Clamped(20.0), NoField()))  # pyright: ignore[reportCallIssue]


def filling_map(quality: Quality) -> xr.Dataset:
    """The plateau's σ over ω_p and ν, with μ(ν) for the lines of commensurability."""
    omega, filling = np.linspace(0.2, 0.95, quality.points), np.linspace(0.02, 0.98, quality.points)
    rows = np.stack(np.meshgrid(filling, omega, indexing="ij"), -1).reshape(-1, 2)
    columns = {"filling": rows[:, 0], "phonon_energy": rows[:, 1], "zeta": np.full(len(rows), 20.0)}
    sigma = plateaus(trial_system(), columns, quality.cells).reshape(filling.size, omega.size)
    coordinates = {"filling": filling, "phonon_energy": omega}
    panel = xr.Dataset({"sigma": (("filling", "phonon_energy"), sigma)}, coordinates)
    panel["chemical_potential"] = ("filling", np.asarray(_levels(trial_metal(), jnp.asarray(filling))))
    panel["chemical_potential"].attrs |= {"long_name": "chemical potential μ", "units": "W"}
    return stamp(panel, metal=trial_metal(), zeta=20.0, state="plateau")


def pump_map(quality: Quality) -> xr.Dataset:
    """The plateau's σ over ω_p and ζ at half filling."""
    omega, zeta = np.linspace(0.2, 0.95, quality.points), np.geomspace(0.02, 50.0, quality.points)
    rows = np.stack(np.meshgrid(zeta, omega, indexing="ij"), -1).reshape(-1, 2)
    columns = {"filling": np.full(len(rows), 0.5), "phonon_energy": rows[:, 1], "zeta": rows[:, 0]}
    sigma = plateaus(trial_system(), columns, quality.cells).reshape(zeta.size, omega.size)
    panel = xr.Dataset({"sigma": (("zeta", "phonon_energy"), sigma)}, {"zeta": zeta, "phonon_energy": omega})
    return stamp(panel, metal=trial_metal(), state="plateau")


@eqx.filter_jit
def _levels(metal: Metal, filling):
    return jax.vmap(lambda v: eqx.tree_at(lambda m: m.filling, metal, v).chemical_potential)(filling)


PLACES = ((0.5, 0.53), (1 / 3, 0.36), (1 / 3, 0.67))
"""(ν, ω_p) of the threshold pump: the minima of Figs. 2a and 2b."""


def threshold_pump(quality: Quality) -> xr.Dataset:
    """ζ_c(T): the pump at which the plateau's σ = 0, by bisection in ln ζ; NaN where no pump is enough."""
    temperature = np.geomspace(0.002, 0.1, 40)
    system = trial_system()
    rows = [(nu, t, omega, 1.0) for nu, omega in PLACES for t in temperature]
    paths = tuple(resolve(name, system) for name in ("filling", "temperature", "phonon_energy", "zeta"))
    found = np.asarray(_thresholds(system, jnp.array(rows), paths, quality.cells)).reshape(len(PLACES), -1)
    coordinates = {
        "temperature": temperature,
        "filling": ("place", [nu for nu, _ in PLACES]),
        "phonon_energy": ("place", [omega for _, omega in PLACES]),
    }
    about = {"long_name": "threshold pump ζ_c", "units": "1"}
    panel = xr.Dataset({"threshold": (("place", "temperature"), found, about)}, coordinates)
    return stamp(panel, metal=trial_metal(), state="plateau")


@eqx.filter_jit
def _thresholds(system, rows, paths, cells):
    def sigma(log_zeta):
        points = rows.at[:, 3].set(jnp.exp(log_zeta))
        return jax.vmap(lambda row: plateau_sigma(system, dict(zip(paths, row, strict=True)), cells))(points)

    def halve(_, ends):
        middle = 0.5 * (ends[0] + ends[1])
        positive = sigma(middle) > 0
        return jnp.where(positive, middle, ends[0]), jnp.where(positive, ends[1], middle)

    ones = jnp.ones(len(rows))
    low, high = jax.lax.fori_loop(0, 22, halve, (jnp.log(1e-3) * ones, jnp.log(1e3) * ones))
    return jnp.where(high < jnp.log(999.0), jnp.exp(0.5 * (low + high)), jnp.nan)


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What these figures show."""
    return [_lifetime_law(panels["lifetime"])] if "lifetime" in panels else []


def _lifetime_law(panel: xr.Dataset) -> Claim:
    rates, ends = panel["inelastic_rate"].to_numpy(), panel["lifetime"].to_numpy()
    slope = np.polyfit(np.log(rates), np.log(ends), 1)[0]
    shown = ", ".join(f"{r * e:.3f}" for r, e in zip(rates, ends, strict=True))
    steady = ", ".join(f"{s:+.2f}" for s in panel["steady"].to_numpy())
    return Claim(
        "lifetime",
        "(beyond the paper) σ < 0 is a plateau that inelastic scattering ends",
        f"plateau σ/σ_0 = {panel.attrs['plateau']:.3f}; σ < 0 until t·Γ_in = {shown} W at "
        f"Γ_in = {', '.join(f'{r:g}' for r in rates)} (t ∝ Γ_in^{slope:.2f}); true steady state {steady}",
        "not stated",
        f"the paper's steady state is the one at t = 10/Γ_eph with Γ_in ≪ Γ_eph; {TRIAL_DOS}",
    )
