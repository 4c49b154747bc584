"""Figs. 1–3 of PRB 101, 041105 (2020): one function for each kind of panel, drawn on given axes.

Each takes the dataset of a panel (`nacjax.figures`) and optional axes, and returns the axes.
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .draw import BLUE, GREY, ORANGE, SKY, axes_or_new, plot_sigma, styled, zero_line

ENERGY, TIME = "energy ε (W)", "time t (1/Γ$_{eph}$)"


@styled
def draw_distribution(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 1: f(ε), where it started, and D/D_F behind; dotted lines at μ − jω_p."""
    ax = axes_or_new(ax)
    energy, omega, mu = panel["energy"], panel.attrs["phonon_energy"], panel.attrs["chemical_potential"]
    ax.plot(energy, panel["density"], color=SKY, ls="-.", lw=0.9, label="D/D$_F$")
    ax.plot(energy, panel["equilibrium"], color=ORANGE, ls="--", lw=0.9, label="f$_T$")
    if "early" in panel:
        first, last = panel.attrs["times"]
        ax.plot(energy, panel["early"], color=BLUE, lw=0.8, ls=":", label=f"f, t = {first:g}")
        ax.plot(energy, panel["occupation"], color=BLUE, label=f"f, t = {last:g}")
    elif "wider" in panel:
        widths = panel.attrs["dispersions"]
        for name, width, style in zip(("occupation", "wider"), widths, ("-", ":"), strict=True):
            ax.plot(energy, panel[name], color=BLUE, ls=style, label=f"f, δω/ω$_p$ = {width:g}")
    else:
        ax.plot(energy, panel["occupation"], color=BLUE, label="f")
    for step in mu + omega * np.arange(-5, 6):
        if energy[0] < step < energy[-1]:
            ax.axvline(step, color=GREY, lw=0.6, ls=":", zorder=0)
    ax.set(xlabel=ENERGY, ylabel="f, D/D$_F$", ylim=(-0.03, 1.3), xlim=(float(energy[0]), float(energy[-1])))
    ax.legend(loc="upper right", ncols=2, handlelength=1.8, columnspacing=1.0)
    return ax


@styled
def draw_double_peak(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 2c: σ(ω_p) with D and f in the inset, at the ω_p marked by a dot."""
    ax = plot_sigma(panel, ax)
    ax.plot(panel.attrs["marked"], panel.attrs["sigma_marked"], "o", color="k", ms=3)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + 0.75 * (top - bottom))
    inset = ax.inset_axes((0.52, 0.66, 0.45, 0.27))
    inset.plot(panel["energy"], panel["density"] / panel["density"].max(), color=SKY, ls="-.", lw=0.7)
    inset.plot(panel["energy"], panel["occupation"], color=BLUE, lw=0.8)
    inset.set_xlabel("ε (W)", fontsize=6, labelpad=1)
    inset.set_ylabel("f, D", fontsize=6, labelpad=1)
    inset.tick_params(labelsize=5, pad=1.5)
    legend = ax.get_legend()
    if legend is not None:
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((0.0, 0.92))
    return ax


@styled
def draw_field_scan(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 2e: σ against the normalised field."""
    ax = axes_or_new(ax)
    zero_line(ax)
    ax.plot(panel["strength"], panel["sigma"], color=BLUE)
    field = r"field $\mathcal{E}$ = e E v$_F$ (τ$_{tr}$ / Γ$_{in}$ω$_p$)$^{1/2}$"
    ax.set(xlabel=field, ylabel="conductivity σ/σ$_0$")
    return ax


@styled
def draw_pulses(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 3a: σ(t) of the pulses of the paper, and ζ(t)/ζ_0."""
    ax = axes_or_new(ax)
    zero_line(ax)
    time = panel["time"]
    for case, style in ((0, "-"), (1, "--")):
        warmth = f"T = {float(panel['temperature'][case]):g} W"
        ax.plot(time, panel["sigma"][case], color=BLUE, ls=style, label=f"σ/σ$_0$, {warmth}")
    ax.plot(time, panel["sigma"][2], color=SKY, label=f"σ/σ$_0$, ζ$_0$ = {float(panel['zeta0'][2]):g}")
    for case, style in ((0, "-"), (1, "--")):
        ratio = panel["phonons"][case] / panel["zeta0"][case]
        ax.plot(time, ratio, color=ORANGE, ls=style, lw=0.9, label="ζ/ζ$_0$" if case == 0 else None)
    ax.set(xlabel=TIME, ylabel="σ/σ$_0$, ζ/ζ$_0$", xlim=(0, float(time[-1])), ylim=(-0.45, 1.3))
    ax.legend(loc="upper center", ncols=2, handlelength=1.8, columnspacing=1.0)
    return ax


@styled
def draw_instability(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 3b: σ(t) without and with the self-tuned field; below it both fields called E*, and ω_E."""
    ax = axes_or_new(ax, size=(3.4, 3.6))
    ax.set_axis_off()
    upper, lower = ax.inset_axes((0, 0.56, 1, 0.44)), ax.inset_axes((0, 0, 1, 0.44))
    time = panel["time"]
    zero_line(upper)
    upper.plot(time, panel["sigma"], color=BLUE, ls="--", label="no instability")
    upper.plot(time, panel["sigma_tuned"], color=BLUE, label="self-tuned field")
    upper.set(ylabel="σ/σ$_0$", xlim=(0, float(time[-1])), xticklabels=[])
    upper.legend(loc="upper center")
    lower.plot(
        panel["threshold_time"], panel["threshold_field"], ".-", color=ORANGE, ms=3, label="threshold field"
    )
    field = panel["field_tuned"].where(panel["field_tuned"] > 0)
    lower.plot(time, field, color="k", label="self-tuned field")
    highest = 1.1 * max(float(np.nanmax(panel[name])) for name in ("threshold_field", "field_tuned"))
    lower.set(xlabel=TIME, ylabel="field E* (normalised)", xlim=(0, float(time[-1])), ylim=(0, highest))
    lower.legend(loc="upper left", bbox_to_anchor=(0.1, 1.0))
    inset = lower.inset_axes((0.62, 0.52, 0.35, 0.42))
    inset.plot(panel["threshold_time"], panel["omega_e"], color=ORANGE, lw=0.8)
    inset.set_ylabel("ω$_E$/σ$_0$", fontsize=6, labelpad=1)
    inset.tick_params(labelsize=5, pad=1.5)
    inset.set_ylim(0, None)
    return ax


@styled
def draw_weakened(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Fig. 3c: f at t = 5/Γ_eph without and with the instability, and D/D_F."""
    ax = axes_or_new(ax)
    energy = panel["energy"]
    ax.plot(energy, panel["density"], color=SKY, ls="-.", lw=0.9, label="D/D$_F$")
    ax.plot(energy, panel["occupation"], color=ORANGE, ls="--", label="f, no instability")
    ax.plot(energy, panel["occupation_tuned"], color=BLUE, label="f, self-tuned field")
    ax.set(xlabel=ENERGY, ylabel="f, D/D$_F$", xlim=(float(energy[0]), float(energy[-1])), ylim=(-0.03, 1.45))
    ax.legend(loc="upper center", ncols=2, handlelength=1.8, columnspacing=1.0)
    return ax


DRAW: dict[str, Any] = {
    **{name: draw_distribution for name in ("fig1a", "fig1b", "fig1c", "fig1d", "fig1e")},
    **{name: plot_sigma for name in ("fig2a", "fig2b", "fig2d")},
    "fig2c": draw_double_peak,
    "fig2e": draw_field_scan,
    "fig3a": draw_pulses,
    "fig3b": draw_instability,
    "fig3c": draw_weakened,
}
"""Panel → the function that draws it."""
