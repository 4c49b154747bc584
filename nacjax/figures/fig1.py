"""Fig. 1: the electron distribution under steadily driven phonons, and what smooths it."""

from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..kinetics.equations import electrons_gained
from ..kinetics.ladder import count_rungs
from ..kinetics.terms.inelastic import Inelastic
from ..model.checks import as_arrays
from ..model.field import NoField
from ..model.metal import Metal
from ..model.names import System
from ..model.process import Moment
from ..model.pump import Clamped
from ..solvers.plateau import plateau
from ..solvers.run import Run
from .parts import (
    GAMMA_IN,
    INELASTIC,
    TRIAL_DOS,
    Claim,
    Quality,
    driven,
    largest_rise,
    many,
    member,
    profile,
    stamp,
    trial_metal,
)

ZETA = 20.0
PANELS = {
    "fig1a": "f(ε) at half filling, ω_p = W/2",
    "fig1b": "f(ε) at 1/3 filling, ω_p = 0.36 W",
    "fig1c": "f(ε) with stronger inelastic scattering",
    "fig1d": "f(ε) in a dc field",
    "fig1e": "f(ε) with a dispersive phonon",
}
DISPERSIONS = (0.01, 0.03)
"""δω/ω_p of Fig. 1e."""
STRONG_INELASTIC = 0.03
"""Γ_in of Fig. 1c (W Γ_eph): the mean |St_in| in the distribution of Fig. 1b is then 0.05 Γ_eph."""


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The wanted panels of Fig. 1 as datasets of f against ε."""
    panels = {}
    for name, metal in (("fig1a", trial_metal(phonon_energy=0.5)), ("fig1b", _third())):
        if name in wanted:
            say(f"{name}: plateau")
            panels[name] = _plateau(metal, quality)
    rows = {"fig1c": (0.02, STRONG_INELASTIC, 0.0), "fig1d": (0.003, GAMMA_IN, 0.4)}
    rows = {name: row for name, row in rows.items() if name in wanted}
    if rows:
        say(f"{', '.join(rows)}: {len(rows)} states")
        columns = _columns(rows)
        run = many(driven(_third()), columns, quality)
        for place, name in enumerate(rows):
            panels[name] = _driven(member(run, place))
    if "fig1e" in wanted:
        say("fig1e: 2 states")
        panels["fig1e"] = _dispersive(quality)
    return panels


def _dispersive(quality: Quality) -> xr.Dataset:
    """f at t = 10/Γ_eph for both widths of the phonon branch."""
    metal = trial_metal(filling=1 / 3, phonon_energy=0.36, dispersion=DISPERSIONS[0])
    system = as_arrays(System(metal, Clamped(ZETA), NoField()))  # pyright: ignore[reportCallIssue]
    run = many(system, {"dispersion": np.array(DISPERSIONS)}, quality, rungs=3, batch=2)
    narrow, wide = (member(run, k) for k in range(2))
    panel = profile(narrow.kinetics.metal, narrow.ladder, narrow.occupation[-1])
    more = profile(wide.kinetics.metal, wide.ladder, wide.occupation[-1])["occupation"]
    panel["wider"] = more.assign_attrs(long_name=f"occupation f, δω/ω_p = {DISPERSIONS[1]:g}")
    panel.attrs |= {"phonon_energy": float(metal.phonon_energy), "dispersions": list(DISPERSIONS)}
    return stamp(panel, metal=metal, zeta=ZETA)


def _columns(rows: dict[str, tuple[float, float, float]]) -> dict[str, np.ndarray]:
    temperature, inelastic_rate, strength = np.array(list(rows.values())).T
    same = np.ones(len(rows))
    return {
        "filling": same / 3,
        "temperature": temperature,
        "phonon_energy": 0.36 * same,
        "inelastic_rate": inelastic_rate,
        "zeta": ZETA * same,
        "strength": strength,
    }


def _third() -> Metal:
    return trial_metal(filling=1 / 3, phonon_energy=0.36)


def _plateau(metal: Metal, quality: Quality) -> xr.Dataset:
    state = plateau(metal, ZETA, cells=2 * quality.cells)
    f = np.asarray(state.occupation)
    both = np.asarray(state.ladder.states[1:] > 0) & np.asarray(state.ladder.states[:-1] > 0)
    dataset = profile(metal, state.ladder, f)
    dataset.attrs |= {
        "sigma": float(state.sigma),
        "phonon_energy": float(metal.phonon_energy),
        "aperiodic": float(np.max(np.abs(np.diff(f, axis=0))[both])),
    }
    return stamp(dataset, metal=metal, zeta=ZETA)


def _driven(run: Run) -> xr.Dataset:
    """f at the last time, and as `early` at the first."""
    metal, ladder = run.kinetics.metal, run.ladder
    early, late = (profile(metal, ladder, f) for f in run.occupation)
    late["early"] = early["occupation"].assign_attrs(long_name=f"occupation f at t = {run.times[0]:g}/Γ_eph")
    late.attrs |= {
        "sigma": float(run.sigma[-1]),
        "phonon_energy": float(metal.phonon_energy),
        "times": [float(t) for t in run.times],
        "inelastic": inelastic_ratio(metal, run.occupation.shape[-1]),
    }
    return stamp(late, metal=metal, zeta=ZETA, field=run.kinetics.field)


def inelastic_ratio(metal: Metal, cells: int) -> float:
    """Mean |St_in| over the electrons' states in the plateau of a metal, over Γ_eph."""
    return float(_inelastic_ratio(metal, cells, count_rungs(metal)))


@eqx.filter_jit
def _inelastic_ratio(metal: Metal, cells: int, rungs: int):
    state = plateau(metal, ZETA, cells=cells, rungs=rungs)
    ladder = state.ladder
    inelastic = Inelastic.of(metal, ladder, metal.fermi_density)
    moved = inelastic.flow(Moment(jnp.zeros(()), state.occupation, jnp.full(1, ZETA)), ladder)
    mean = jnp.sum(jnp.abs(electrons_gained(moved, ladder))) / jnp.sum(ladder.states)
    return mean / metal.coupling_rate


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper says of Fig. 1, beside these panels."""
    found = [_periodic(name, panels[name]) for name in ("fig1a", "fig1b") if name in panels]
    if "fig1c" in panels:
        found.append(_inelastic(panels["fig1c"]))
    if "fig1d" in panels:
        found.append(_field(panels["fig1d"]))
    if "fig1e" in panels:
        found.append(_dispersion(panels["fig1e"]))
    return found


def _dispersion(panel: xr.Dataset) -> Claim:
    narrow, wide = (largest_rise(panel[name].to_numpy()) for name in ("occupation", "wider"))
    return Claim.check(
        "fig1e",
        "a phonon dispersion δω/ω_p = 0.01, 0.03 smooths f (T_eff = T + ζδω)",
        f"largest rise of f {narrow:.2f} and {wide:.2f} (0.42 without dispersion)",
        wide < narrow < 0.42,
        f"{INELASTIC}; t = 10/Γ_eph",
    )


def _periodic(name: str, panel: xr.Dataset) -> Claim:
    mu, omega = panel.attrs["chemical_potential"], panel.attrs["phonon_energy"]
    energy, f = panel["energy"].to_numpy(), panel["occupation"].to_numpy()
    steps = [mu + j * omega for j in range(-3, 4)]
    steps = [step for step in steps if energy[0] + 0.05 < step < energy[-1] - 0.05]
    drops = [np.interp(step - 0.03, energy, f) - np.interp(step + 0.03, energy, f) for step in steps]
    aperiodic = panel.attrs["aperiodic"]
    return Claim.check(
        name,
        "f is ω_p-periodic, rises smoothly inside a period and steps down at μ − jω_p",
        f"|f(ε+ω_p) − f(ε)| ≤ {aperiodic:.3f}; f falls by {_listed(drops)} at ε = {_listed(steps)}; "
        f"largest rise {largest_rise(f):.2f}",
        aperiodic < 0.02 and min(drops) > 0.2 and largest_rise(f) > 0.2,
        f"{TRIAL_DOS}; limit Γ_in → 0, t → ∞",
    )


def _inelastic(panel: xr.Dataset) -> Claim:
    early, late = (largest_rise(panel[name].to_numpy()) for name in ("early", "occupation"))
    first, last = panel.attrs["times"]
    return Claim.check(
        "fig1c",
        "stronger inelastic scattering smooths f",
        f"largest rise of f {early:.2f} at t = {first:g}, {late:.2f} at t = {last:g} "
        f"(0.47 in Fig. 1b); σ/σ_0 = {panel.attrs['sigma']:.2f} at t = {last:g}",
        0.02 < early < 0.4 and late < early,
        f"St_in/St_el is taken as the mean |St_in| in the plateau over Γ_eph, {panel.attrs['inelastic']:.3f} at "
        f"Γ_in = {STRONG_INELASTIC:g} W Γ_eph; by t = {last:g} the drift f(1 − f) of so strong a scattering has "
        "moved the rises to where they no longer make σ negative",
    )


def _field(panel: xr.Dataset) -> Claim:
    rise = largest_rise(panel["occupation"].to_numpy())
    return Claim.check(
        "fig1d",
        "a field 𝓔 = 0.4 smooths f and leaves an inversion",
        f"largest rise of f {rise:.2f} (0.42 without the field); σ/σ_0 = {panel.attrs['sigma']:.2f}",
        0.05 < rise < 0.4,
        f"{INELASTIC}; t = 10/Γ_eph",
    )


def _listed(numbers: list[float]) -> str:
    return ", ".join(f"{x:.2f}" for x in numbers)
