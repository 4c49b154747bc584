"""Fig. 3b: σ(t) of the pulse with and without the instability, and the fields that stand for E*(t)."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..solvers.threshold import threshold_and_response
from .claim import SIMILAR, Claim, similar
from .fig2e import zero_field
from .paper_pulse import CASES, CHOICE, LIFETIME, found, free, pulse, pulse_metal, tuned
from .parts import Quality, member, stamp
from .pulse import draw_conductivity, draw_fields
from .style import axes_or_new, styled

PANELS = {"fig3b": "σ(t) with and without the instability, and the fields"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ without and with the self-tuned field, that field, the threshold field 𝓔* and its ω_E."""
    runs, with_field = free(quality), tuned(quality)
    undisturbed, held = found(runs), found(with_field)
    strength = member(with_field, 0).field_normalised
    early = np.linspace(0, 0.97, 18 if quality.points < 100 else 36)[1:] ** 2
    times = undisturbed.crossings[0, 1] * np.array([*early, 0.97, 0.99, 0.998, 1.05])
    options: dict[str, Any] = {"cells": quality.cells, "rtol": quality.rtol}
    field, response = threshold_and_response(pulse_metal(), pulse(), times, **options)
    ratio = {"units": "1"}
    data = {
        "sigma": ("time", runs.sigma[0]),
        "sigma_tuned": ("time", with_field.sigma[0], {"long_name": "conductivity σ/σ_0, self-tuned field"}),
        "field_tuned": ("time", strength, ratio | {"long_name": "self-tuned field 𝓔"}),
        "threshold_field": ("threshold_time", np.asarray(field), ratio | {"long_name": "threshold field 𝓔*"}),
        "omega_e": ("threshold_time", np.asarray(response), ratio | {"long_name": "ω_E/σ_0 at 𝓔*"}),
    }
    notes = {
        "anomalous": float(undisturbed.anomalous[0]),
        "crossings": undisturbed.crossings[0],
        "held_from": float(held.held_from[0]),
        "held_until": float(held.held_until[0]),
        "held": float(held.held[0]),
        "strongest": float(np.max(strength)),
        "held_less_inelastic": float(held.held[len(CASES) - 1]),
        "anomalous_after": float(held.anomalous[0]),
    }
    panel = xr.Dataset(data, {"time": runs.times[0], "threshold_time": times}, notes)
    panel["threshold_time"].attrs["units"] = "1/Γ_eph"
    return stamp(panel, metal=pulse_metal(), pump=pulse(), cases=CASES)


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """How long σ is held at zero, how the fields come and go, and how strong they are beside Fig. 2e."""
    panel, about = panels[name], panels[name].attrs
    after = [_comparable(name, panel, zero_field(panels["fig2e"]))] if "fig2e" in panels else []
    held, alone = about["held"], about["anomalous"]
    lives = Claim.check(
        name,
        "the zero-conductivity state is not destroyed at once but lives shorter",
        f"self-tuned field (τ_M → 0): σ = 0 from t = {about['held_from']:.2f} to {about['held_until']:.2f} "
        f"(held for {held:.2f}, {about['held_less_inelastic']:.2f} with Γ_in ten times smaller), "
        f"against σ < 0 for {alone:.1f} without it",
        alone / SIMILAR < held < alone,
        CHOICE,
        sign=0 < held < alone and about["anomalous_after"] < 0.01,
    )
    return [lives, *_decay(name, panel), *after]


def _decay(name: str, panel: xr.Dataset) -> list[Claim]:
    """How E* comes and goes, of the threshold field and of the self-tuned one; ω_E."""
    times, field, response = (
        panel[key].to_numpy() for key in ("threshold_time", "threshold_field", "omega_e")
    )
    known, about = np.isfinite(field), panel.attrs
    last, peak = times[known][-1], int(np.nanargmax(field))
    follows = "E*(t) grows fast, then decays following ζ(t), and vanishes in finite time"
    return [
        Claim.check(
            name,
            follows,
            f"threshold field: 𝓔* = {field[peak]:.1f} at t = {times[peak]:.2f}, "
            f"{field[known][-1]:.2f} at t = {last:.1f}, none later",
            times[peak] < 1.5 and np.all(np.diff(field[peak:][known[peak:]]) < 0) and last < times[-1],
            f"taken as the constant field, acting from t = 0, with σ(t) = 0, as in Fig. 2e; {CHOICE}",
        ),
        Claim.check(
            name,
            f"{follows} (of the field that the instability builds)",
            f"self-tuned field: 𝓔 = {about['strongest']:.0f} at most, gone at t = {about['held_until']:.2f}, "
            "where ζ is at its largest",
            about["held_until"] > LIFETIME,
            "the field diffuses away the structure that makes σ negative, and electron–phonon scattering, which "
            "conserves every ladder, does not bring it back; so this field lives only while the inversion builds "
            "up, at any Γ_in. The paper does not state its Γ_in or its time step",
        ),
        Claim.check(
            name,
            "ω_E(t) → 0 as E*(t) → 0",
            f"at the threshold field ω_E/σ_0 = {np.nanmax(response):.2f} at most, {response[known][-1]:.3f} "
            f"at t = {last:.1f}, where 𝓔* is {field[known][-1] / field[peak]:.0%} of its peak",
            response[known][-1] < 0.1 * np.nanmax(response),
            "ω_E = E² ∂σ/∂E² at 𝓔*, by automatic differentiation",
            sign=response[known][-1] < 0.5 * np.nanmax(response),
        ),
    ]


def _comparable(name: str, panel: xr.Dataset, steady: float) -> Claim:
    """Both fields beside the 𝓔* of Fig. 2e."""
    threshold, strongest = float(panel["threshold_field"].max()), panel.attrs["strongest"]
    return Claim.check(
        name,
        "the value of E* is comparable with the steady-state one of Fig. 2e",
        f"at most 𝓔 = {strongest:.1f} (self-tuned) and {threshold:.1f} (threshold field) against {steady:.1f}: "
        f"{strongest / steady:.1f} and {threshold / steady:.1f} times as much",
        similar(strongest, steady) and similar(threshold, steady),
        CHOICE,
    )


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(t) without and with the self-tuned field; below it both fields called E*, and ω_E."""
    ax = axes_or_new(ax, size=(3.4, 4.4))
    ax.set_axis_off()
    draw_conductivity(ax.inset_axes((0, 0.62, 1, 0.38)), panel)
    draw_fields(ax.inset_axes((0, 0, 1, 0.38)), panel)
    return ax
