"""Fig. 3: a pump pulse in time, with and without the instability at σ < 0."""

from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax
import numpy as np
import xarray as xr

from ..model.checks import as_arrays
from ..model.feedback import SelfTunedField
from ..model.field import NoField
from ..model.names import System
from ..model.pulses import ExponentialPulse
from ..solvers.events import events
from ..solvers.run import Run
from ..solvers.threshold import threshold_and_response
from .parts import (
    COLD,
    GAMMA_IN,
    INELASTIC,
    TRIAL_DOS,
    Claim,
    Quality,
    largest_rise,
    many,
    member,
    profile,
    stamp,
    trial_metal,
)

PANELS = {
    "fig3a": "σ(t) and ζ(t) of a pulse, two temperatures and two pulse strengths",
    "fig3b": "σ(t) with and without the instability, and the fields",
    "fig3c": "f(ε) at t = 5/Γ_eph with and without the instability",
}
LIFETIME, DURATION, STRENGTH, WARM = 5.0, 0.3, 10.0, 0.08
UNTIL = 20.0
SHAPE_TIME = 5.0
PAPER = {"temperature": COLD, "zeta0": STRENGTH, "inelastic_rate": GAMMA_IN, "phonon_lifetime": LIFETIME}
CASES = (
    PAPER,
    PAPER | {"temperature": WARM},
    PAPER | {"zeta0": 0.5 * STRENGTH},
    PAPER | {"inelastic_rate": 0.1 * GAMMA_IN},
)
"""The pulses of the figure: the paper's, the warm one, a weaker one, and less inelastic scattering."""
LIFETIMES = tuple(PAPER | {"phonon_lifetime": lifetime} for lifetime in (2.0, 5.0, 20.0))
"""The paper's pulse on phonons of several lifetimes τ_ph; it is followed five times as long."""


def pulse_metal():
    """The metal of Fig. 3: 1/3 filling, ω_p = 2W/3, phonons that live for 5/Γ_eph."""
    return trial_metal(filling=1 / 3, phonon_energy=2 / 3, phonon_lifetime=LIFETIME)


def pulse() -> ExponentialPulse:
    """I_p = (ζ_0/τ_pulse) e^{−t/τ_pulse} with ζ_0 = 10, Γτ_pulse = 0.3."""
    return ExponentialPulse(STRENGTH, DURATION)  # pyright: ignore[reportCallIssue, reportArgumentType]


def pulse_times(points: int) -> np.ndarray:
    """Times up to `UNTIL`, denser at the start, with that of Fig. 3c among them."""
    return np.unique([*(UNTIL * np.linspace(0, 1, points + 1)[1:] ** 2), SHAPE_TIME])


def follow(quality: Quality, tuned: bool, cases=CASES, stretch: float = 1.0) -> Run:
    """The runs of `cases`, free or with the self-tuned field, to `stretch` · `UNTIL`; arrays begin with the case."""
    field = SelfTunedField() if tuned else NoField()  # pyright: ignore[reportCallIssue]
    system = as_arrays(System(pulse_metal(), pulse(), field))
    columns = {name: np.array([case[name] for case in cases]) for name in PAPER}
    times = stretch * pulse_times(quality.points * 2)
    return many(system, columns, quality, times, rungs=2, batch=len(CASES))


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The wanted panels of Fig. 3."""
    panels = {}
    say("fig3: pulses without the instability")
    free = follow(quality, tuned=False)
    if "fig3a" in wanted:
        panels["fig3a"] = _pulses(free, follow(quality, tuned=False, cases=LIFETIMES, stretch=5.0))
    if "fig3b" in wanted or "fig3c" in wanted:
        say("fig3: pulses with the self-tuned field")
        tuned = follow(quality, tuned=True)
        if "fig3b" in wanted:
            panels["fig3b"] = _add_thresholds(_instability(free, tuned), member(free, 0), quality, say)
        if "fig3c" in wanted:
            panels["fig3c"] = _shapes(member(free, 0), member(tuned, 0))
    for panel in panels.values():
        stamp(panel, metal=pulse_metal(), pump=pulse(), cases=CASES)
    return panels


def _found(runs: Run) -> Any:
    return jax.tree.map(np.asarray, eqx.filter_jit(eqx.filter_vmap(events))(runs))


def _pulses(free: Run, long: Run) -> xr.Dataset:
    found, cases = _found(free), len(CASES)
    data = {
        "sigma": (("case", "time"), free.sigma),
        "phonons": (("case", "time"), free.phonons, {"long_name": "non-equilibrium phonons per mode ζ"}),
        "anomalous": ("case", found.anomalous, {"long_name": "total time with σ < 0", "units": "1/Γ_eph"}),
        "turns_negative": (
            "case",
            found.crossings[:, 0],
            {"long_name": "first sign change", "units": "1/Γ_eph"},
        ),
        "anomalous_of_lifetime": (
            "phonon_lifetime",
            _found(long).anomalous,
            {"long_name": "total time with σ < 0", "units": "1/Γ_eph"},
        ),
    }
    coordinates = {
        "time": free.times[0],
        "temperature": ("case", [CASES[k]["temperature"] for k in range(cases)]),
        "zeta0": ("case", [CASES[k]["zeta0"] for k in range(cases)]),
        "inelastic_rate": ("case", [CASES[k]["inelastic_rate"] for k in range(cases)]),
        "phonon_lifetime": [case["phonon_lifetime"] for case in LIFETIMES],
    }
    return xr.Dataset(data, coordinates)


def _instability(free: Run, tuned: Run) -> xr.Dataset:
    """σ(t) without and with the self-tuned field, and that field, for the pulse of the paper."""
    found, undisturbed = _found(tuned), _found(free)
    data = {
        "sigma": ("time", free.sigma[0]),
        "sigma_tuned": ("time", tuned.sigma[0], {"long_name": "conductivity σ/σ_0, self-tuned field"}),
        "field_tuned": ("time", member(tuned, 0).field_normalised, {"long_name": "self-tuned field 𝓔"}),
    }
    less = len(CASES) - 1
    notes = {
        "anomalous": float(undisturbed.anomalous[0]),
        "held_from": float(found.held_from[0]),
        "held_until": float(found.held_until[0]),
        "held": float(found.held[0]),
        "strongest": float(np.max(member(tuned, 0).field_normalised)),
        "held_less_inelastic": float(found.held[less]),
        "anomalous_after": float(found.anomalous[0]),
    }
    return xr.Dataset(data, {"time": free.times[0]}, notes)


def _add_thresholds(panel: xr.Dataset, free: Run, quality: Quality, say: Callable[[str], Any]) -> xr.Dataset:
    """The panel with the threshold field 𝓔*(t) and ω_E of both fields."""
    times = np.linspace(0, 16.0, 17 if quality.points < 100 else 33)[1:]
    options: dict[str, Any] = {"cells": quality.cells, "rtol": quality.rtol}
    say(f"fig3b: threshold fields at {times.size} times")
    field, response = threshold_and_response(pulse_metal(), pulse(), times, **options)  # pyright: ignore[reportArgumentType]
    panel = panel.assign_coords(threshold_time=("threshold_time", times, {"units": "1/Γ_eph"}))
    panel["threshold_field"] = ("threshold_time", np.asarray(field), {"long_name": "threshold field 𝓔*"})
    about = {"long_name": "response to the energy of the field ω_E/σ_0"}
    panel["omega_e"] = ("threshold_time", np.asarray(response), about)
    return panel


def _shapes(free: Run, tuned: Run) -> xr.Dataset:
    """f, free and tuned, and the density of states at the time of Fig. 3c."""
    at = int(np.searchsorted(free.times, SHAPE_TIME))
    metal, ladder = free.kinetics.metal, free.ladder
    panel = profile(metal, ladder, free.occupation[at])
    with_field = profile(metal, ladder, tuned.occupation[at])["occupation"]
    panel["occupation_tuned"] = with_field.assign_attrs(long_name="occupation f, self-tuned field")
    panel.attrs["time"] = float(free.times[at])
    return panel


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper says of Fig. 3, beside these panels."""
    checks = {"fig3a": _transient, "fig3b": _self_tuned, "fig3c": _weakened}
    return [claim for name, check in checks.items() if name in panels for claim in check(panels[name])]


CHOICE = f"{TRIAL_DOS}; {INELASTIC} (not stated)"


def _transient(panel: xr.Dataset) -> list[Claim]:
    cold, warm, weak, quiet = (float(x) for x in panel["anomalous"])
    start = float(panel["turns_negative"][0])
    lifetime, lasting = (panel[name].to_numpy() for name in ("phonon_lifetime", "anomalous_of_lifetime"))
    return [
        Claim.check(
            "fig3a",
            "σ turns negative at t ~ 1/Γ_eph and stays so for ~ τ_ph",
            f"σ < 0 from t = {start:.2f} for {cold:.1f} = {cold / LIFETIME:.1f} τ_ph "
            f"({quiet:.1f} with Γ_in ten times smaller)",
            0.1 < start < 3 and 0.5 < cold / LIFETIME < 5,
            CHOICE,
        ),
        Claim.check(
            "fig3a",
            "shorter at higher T or lower ζ_0",
            f"{cold:.1f}/Γ_eph; {warm:.1f} at T = 0.08 W; {weak:.1f} at ζ_0 = 5",
            warm < cold and weak < cold,
            CHOICE,
        ),
        Claim.check(
            "fig3a",
            "the anomalous state lives as long as the phonons",
            "σ < 0 for "
            + ", ".join(f"{time:.1f}" for time in lasting)
            + " = "
            + ", ".join(f"{time / tau:.1f} τ_ph" for time, tau in zip(lasting, lifetime, strict=True))
            + " at τ_ph = "
            + ", ".join(f"{tau:g}" for tau in lifetime),
            np.all(np.diff(lasting) > 0) and np.all(lasting > lifetime),
            CHOICE,
        ),
    ]


def _self_tuned(panel: xr.Dataset) -> list[Claim]:
    notes = panel.attrs
    times, field = panel["threshold_time"].to_numpy(), panel["threshold_field"].to_numpy()
    response = panel["omega_e"].to_numpy()
    known = np.isfinite(field)
    last = times[known][-1]
    return [
        Claim.check(
            "fig3b",
            "with the instability E*(t) keeps σ = 0 and the anomalous state is shorter",
            f"self-tuned field (τ_M → 0): σ = 0 from t = {notes['held_from']:.2f} to {notes['held_until']:.2f} "
            f"(held for {notes['held']:.2f}, {notes['held_less_inelastic']:.2f} with Γ_in ten times smaller), "
            f"against σ < 0 for {notes['anomalous']:.1f} without it",
            notes["held"] > 0 and notes["held"] < notes["anomalous"] and notes["anomalous_after"] < 0.01,
            CHOICE,
        ),
        Claim.check(
            "fig3b",
            "E*(t) grows fast, then decays following ζ(t), and vanishes in finite time",
            f"threshold field: 𝓔* = {np.nanmax(field):.1f} at t = {times[np.nanargmax(field)]:g}, "
            f"{field[known][-1]:.2f} at t = {last:g}, none later",
            np.nanargmax(field) <= 1 and np.all(np.diff(field[known]) < 0) and last < times[-1],
            f"taken as the constant field, acting from t = 0, with σ(t) = 0, as in Fig. 2e; {CHOICE}",
        ),
        Claim.check(
            "fig3b",
            "(the same of the field that the instability builds)",
            f"self-tuned field: 𝓔 = {notes['strongest']:.0f} at most, gone at t = {notes['held_until']:.2f}, "
            "where ζ is at its largest",
            notes["held_until"] > LIFETIME,
            "explained: the field diffuses away the structure that makes σ negative, and electron–phonon "
            "scattering, which conserves every ladder, does not bring it back; so this field lives only while the "
            "inversion builds up, at any Γ_in. The paper does not state its Γ_in or its time step",
        ),
        Claim.check(
            "fig3b",
            "ω_E(t) → 0 as E*(t) → 0",
            f"at the threshold field ω_E/σ_0 = {np.nanmax(response):.2f} at its largest, "
            f"{response[known][-1]:.3f} at t = {last:g}",
            response[known][-1] < 0.35 * np.nanmax(response),
            "ω_E = E² ∂σ/∂E² at 𝓔*, by automatic differentiation",
        ),
    ]


def _weakened(panel: xr.Dataset) -> list[Claim]:
    free, tuned = (largest_rise(panel[name].to_numpy()) for name in ("occupation", "occupation_tuned"))
    return [
        Claim.check(
            "fig3c",
            "the field weakens the inversion in f",
            f"largest rise of f {free:.2f} without and {tuned:.2f} with the instability at t = 5",
            tuned < free,
            CHOICE,
        )
    ]
