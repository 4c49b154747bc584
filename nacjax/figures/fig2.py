"""Fig. 2: the conductivity against phonon energy, pump, temperature and field."""

import json
from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..model.k3c60 import k3c60_dos
from ..model.metal import Metal
from ..studies.commensurate import Landmark, landmarks, minima
from .parts import (
    COLD,
    GAMMA_IN,
    INELASTIC,
    TIMES,
    TRIAL_DOS,
    ZETAS,
    Claim,
    Quality,
    driven,
    grid,
    many,
    member,
    profile,
    stamp,
    trial_metal,
)

PANELS = {
    "fig2a": "σ(ω_p) at half filling for three pump strengths",
    "fig2b": "σ(ω_p) at 1/3 filling for three pump strengths",
    "fig2c": "σ(ω_p) for a double-peaked density of states",
    "fig2d": "σ(ω_p) at three temperatures",
    "fig2e": "σ against the dc field",
}
TEMPERATURES = (0.003, 0.02, 0.08)
LOW, HIGH = 0.2, 0.9
DEFAULTS = {
    "filling": 0.5,
    "temperature": COLD,
    "phonon_energy": 0.53,
    "inelastic_rate": GAMMA_IN,
    "zeta": 20.0,
    "strength": 0.0,
}


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The wanted panels of Fig. 2 as datasets of σ at t = 10/Γ_eph."""
    axes = {name: axis for name, axis in _axes(quality).items() if name in wanted}
    panels: dict[str, xr.Dataset] = {}
    tables = {name: _table(axis) for name, axis in axes.items() if name != "fig2c"}
    if tables:
        columns = {key: np.concatenate([table[key] for table in tables.values()]) for key in DEFAULTS}
        say(f"{', '.join(tables)}: {columns['zeta'].size} states")
        sigma, start = many(driven(trial_metal()), columns, quality).sigma[:, -1], 0
        for name, table in tables.items():
            values = sigma[start : start + table["zeta"].size]
            panels[name], start = _panel(axes[name], values), start + values.size
    if "fig2c" in wanted:
        panels["fig2c"] = _double_peaked(axes["fig2c"], quality, say)
    for name, panel in panels.items():
        metal = double_peaked_metal() if name == "fig2c" else trial_metal()
        filling = axes[name].get("filling", 0.5)
        panel.attrs["landmarks"] = json.dumps(_marks(metal, filling))
        stamp(panel, metal=metal, changed={k: v for k, v in axes[name].items()}, time=TIMES[-1])
    return panels


def _axes(quality: Quality) -> dict[str, dict[str, Any]]:
    """What each panel varies; everything else as in `DEFAULTS`."""
    omega = np.linspace(LOW, HIGH, quality.points)
    return {
        "fig2a": {"zeta": ZETAS, "phonon_energy": omega},
        "fig2b": {"filling": 1 / 3, "zeta": ZETAS, "phonon_energy": omega},
        "fig2c": {"zeta": ZETAS, "phonon_energy": omega},
        "fig2d": {"temperature": TEMPERATURES, "phonon_energy": omega},
        "fig2e": {"strength": np.linspace(0.0, 4.0, 41)},
    }


def _table(axes: dict[str, Any]) -> dict[str, np.ndarray]:
    """Every combination of `axes`, everything else as in `DEFAULTS`, each (point,)."""
    fixed = {name: value for name, value in DEFAULTS.items() if name not in axes}
    columns = grid(**fixed, **axes)
    return {name: columns[name] for name in DEFAULTS}


def double_peaked_metal() -> Metal:
    """p-like electrons in cubic symmetry: the t1u bands of K3C60, half filled, in units of their width."""
    dos = k3c60_dos()
    return trial_metal(dos=dos.rescaled(float(dos.width)))


def _panel(axes: dict[str, Any], sigma: Any) -> xr.Dataset:
    varied = {name: np.asarray(values) for name, values in axes.items() if np.ndim(values)}
    shape = [values.size for values in varied.values()]
    return xr.Dataset({"sigma": (tuple(varied), np.asarray(sigma).reshape(shape))}, varied)


def _double_peaked(axes: dict[str, Any], quality: Quality, say: Callable[[str], Any]) -> xr.Dataset:
    """Fig. 2c with the density of states and, at the marked ω_p, f."""
    columns = _table(axes)
    say(f"fig2c: {columns['zeta'].size} states of p-like electrons")
    run = many(driven(double_peaked_metal()), columns, quality)
    panel = _panel(axes, run.sigma[:, -1])
    above = columns["phonon_energy"] - dip_distance(double_peaked_metal())
    near = (columns["zeta"] == 20) & (above > 0) & (above < 0.1)
    lowest = int(np.argmin(np.where(near, run.sigma[:, -1], np.inf)))
    one = member(run, lowest)
    shape = profile(one.kinetics.metal, one.ladder, one.occupation[-1])
    panel.attrs |= {"marked": float(columns["phonon_energy"][lowest]), "sigma_marked": float(one.sigma[-1])}
    panel.attrs["dip"] = dip_distance(double_peaked_metal())
    panel.attrs["chemical_potential"] = shape.attrs["chemical_potential"]
    return panel.merge(shape)


def dip_distance(metal: Metal) -> float:
    """Distance from μ up to the minimum of the density of states (W)."""
    return next(m.distance for m in landmarks(metal) if m.name == "DoS minimum − μ")


def _marks(metal: Metal, filling: float) -> list[Landmark]:
    return landmarks(eqx.tree_at(lambda m: m.filling, metal, jnp.asarray(filling, float)))


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper says of Fig. 2, beside these panels."""
    found = []
    for name, at in (("fig2a", (0.25, 0.5)), ("fig2b", (1 / 3, 2 / 3))):
        if name in panels:
            found += [_minima(name, panels[name], at), _saturation(name, panels[name])]
    checks = {"fig2c": _dip, "fig2d": _temperature, "fig2e": _field}
    return found + [check(panels[name]) for name, check in checks.items() if name in panels]


CHOICE = f"{TRIAL_DOS}; {INELASTIC}; ζ = 1, 5, 20; constant ⟨v²⟩τ_tr as in the paper"


def _minima(name: str, panel: xr.Dataset, expected: tuple[float, ...]) -> Claim:
    curve = panel["sigma"].sel(zeta=20)
    lowest = [m for m in minima(panel["phonon_energy"].to_numpy(), curve.to_numpy()) if m.sigma < 0.1]
    nearest = [min(lowest, key=lambda m, e=e: abs(m.phonon_energy - e)) for e in expected]
    holds = all(-0.005 < m.phonon_energy - e < 0.05 for m, e in zip(nearest, expected, strict=True))
    shown = ", ".join(f"{m.phonon_energy:.3f} (σ/σ_0 = {m.sigma:.3f})" for m in nearest)
    at = ", ".join(f"{e:.3g}" for e in expected)
    return Claim.check(
        name, f"minima of σ slightly above ω_p/W = {at}", f"at {shown} for ζ = 20", holds, CHOICE
    )


def _saturation(name: str, panel: xr.Dataset) -> Claim:
    weak, middle, strong = (float(panel["sigma"].sel(zeta=z).min()) for z in ZETAS)
    return Claim.check(
        name,
        "the dependence on ζ saturates above ζ ≈ 1",
        f"lowest σ/σ_0 = {weak:.3f}, {middle:.3f}, {strong:.3f} at ζ = 1, 5, 20; 1 without a pump",
        1 - weak > 0.7 * (1 - strong) and middle - strong < 0.3 * (weak - strong) + 0.05,
        CHOICE,
    )


def _dip(panel: xr.Dataset) -> Claim:
    distance = panel.attrs["dip"]
    return Claim.check(
        "fig2c",
        "σ < 0 also where ω_p matches the distance from μ to the minimum of D",
        f"minimum of D at {distance:.3f} W from μ; σ/σ_0 = {panel.attrs['sigma_marked']:.3f} at "
        f"ω_p = {panel.attrs['marked']:.3f} W",
        panel.attrs["sigma_marked"] < 0,
        "bands not stated; t1u bands on the fcc lattice (K3C60), whose minimum of D is off μ; " + INELASTIC,
    )


def _temperature(panel: xr.Dataset) -> Claim:
    curves = [panel["sigma"].sel(temperature=t) for t in TEMPERATURES]
    at = [float(curve.interp(phonon_energy=0.53)) for curve in curves]
    share = [float((curve < 0).mean()) * (HIGH - LOW) for curve in curves]
    lowest = ", ".join(f"{float(curve.min()):.3f}" for curve in curves)
    shown = ", ".join(
        f"{s:.3f} and {w:.2f} W at T = {t:g} W" for s, w, t in zip(at, share, TEMPERATURES, strict=True)
    )
    return Claim.check(
        "fig2d",
        "σ < 0 is suppressed at high temperature",
        f"σ/σ_0 at ω_p = 0.53 W and width of the range with σ < 0: {shown}; the minimum moves up in ω_p, "
        f"its depth is {lowest}",
        at[0] < at[1] < at[2] and share[0] > share[1] > share[2],
        f"T/W = 0.003, 0.02, 0.08, the temperatures of the paper's other figures; {INELASTIC}",
    )


def zero_field(panel: xr.Dataset) -> float:
    """𝓔* of Fig. 2e, by linear interpolation between the fields of the panel; NaN if σ keeps its sign."""
    field, sigma = panel["strength"].to_numpy(), panel["sigma"].to_numpy()
    crossed = np.flatnonzero((sigma[:-1] < 0) & (sigma[1:] >= 0))
    if not crossed.size:
        return float("nan")
    k = crossed[0]
    return float(field[k] - sigma[k] * (field[k + 1] - field[k]) / (sigma[k + 1] - sigma[k]))


def _field(panel: xr.Dataset) -> Claim:
    zero = zero_field(panel)
    return Claim.check(
        "fig2e", "σ(E) crosses zero at a field 𝓔* of order 1", f"σ = 0 at 𝓔* = {zero:.3f}",
        0.2 < zero < 5, f"{INELASTIC}; t = 10/Γ_eph",
    )  # fmt: skip
