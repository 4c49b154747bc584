"""Figures of a pulse: Fig. 3 of PRB 101, 041105 (2020), and who pays for σE² < 0."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .draw import STYLE, colours

NAMES = {
    "joule": "field",
    "inelastic": "inelastic",
    "electron_phonon": "electron–phonon",
    "phonon_decay": "phonon decay",
}


def plot_pulse(result: xr.Dataset) -> Figure:
    """Fig. 3 from the dataset of `nacjax evolve`: σ and ζ, E* with ω_E inset, f at the chosen times."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(3, 1, figsize=(3.4, 6.6))
        draw_conductivity(axes[0], result)
        draw_field(axes[1], result)
        draw_occupation(axes[2], result)
        for axis, letter in zip(axes, "abc", strict=True):
            axis.text(-0.17, 1.0, f"({letter})", transform=axis.transAxes, va="top")
    return figure


def draw_conductivity(axes: Axes, result: xr.Dataset) -> None:
    """σ/σ_0 without and with the instability, and ζ/max ζ, against time."""
    time = result["time"]
    free, tuned = colours(2)
    axes.axhline(0, color="0.7", lw=0.6)
    axes.plot(time, result["phonons"] / result["phonons"].max(), color="tab:red", lw=0.9, label="ζ / max ζ")
    axes.plot(time, result["sigma"], color=free, ls="--", label="σ/σ$_0$, no instability")
    if "sigma_tuned" in result:
        axes.plot(time, result["sigma_tuned"], color=tuned, label="σ/σ$_0$, self-tuned field")
    axes.set(xlabel="time (1/Γ$_{eph}$)", xlim=(0, float(time[-1])))
    axes.legend()


def draw_field(axes: Axes, result: xr.Dataset) -> None:
    """The threshold field and the self-tuned field against time; inset: ω_E of the threshold field."""
    threshold, tuned = colours(2)
    known = "threshold_time" in result.coords
    if known:
        axes.plot(
            result["threshold_time"],
            result["threshold_field"],
            ".-",
            color=threshold,
            label="threshold field",
        )
    if "field_tuned" in result:
        field = result["field_tuned"].where(result["field_tuned"] > 0)
        axes.plot(result["time"], field, color=tuned, label="self-tuned field")
    axes.set(xlabel="time (1/Γ$_{eph}$)", ylabel="E* $e v_F (τ_{tr}/Γ_{in}ω_p)^{1/2}$")
    axes.set(xlim=(0, float(result["time"][-1])), ylim=(0, None))
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.05))
    if not known:
        return
    inset = axes.inset_axes((0.55, 0.55, 0.42, 0.4))
    inset.plot(result["threshold_time"], result["omega_e"], ".-", color=threshold, ms=2)
    inset.set_ylabel("ω$_E$/σ$_0$", fontsize=6)
    inset.set_xlabel("time (1/Γ$_{eph}$)", fontsize=6)
    inset.tick_params(labelsize=5)


def draw_occupation(axes: Axes, result: xr.Dataset) -> None:
    """f(ε) at the chosen times, dashed without and solid with the instability."""
    energy = result["energy"].to_numpy().ravel()
    filled = result["states"].to_numpy().ravel() > 0
    chosen = result["shape_time"].to_numpy()
    for colour, time in zip(colours(len(chosen)), chosen, strict=True):
        for name, style in (("occupation", "--"), ("occupation_tuned", "-")):
            if name in result:
                f = result[name].sel(shape_time=time).to_numpy().ravel()
                axes.plot(energy[filled], f[filled], style, color=colour, lw=0.9)
        axes.plot([], [], color=colour, label=f"t = {time:g}")
    if "occupation_tuned" in result:
        axes.plot([], [], "--", color="0.4", lw=0.9, label="no instability")
        axes.plot([], [], "-", color="0.4", lw=0.9, label="self-tuned field")
    axes.set(xlabel="energy ε (W)", ylabel="occupation f")
    axes.legend(loc="upper center", bbox_to_anchor=(0.56, 1.0), handlelength=1.6)


def plot_entropy(run: Any, axes: Axes | None = None) -> Axes:
    """Who pays: entropy production of a `Run` by process, and σE²/T, which may be negative."""
    with plt.rc_context(STYLE):
        axes = plt.subplots()[1] if axes is None else axes
        entropy = run.entropy
        for colour, (name, label) in zip(colours(len(NAMES)), NAMES.items(), strict=True):
            axes.plot(run.times, entropy[name], color=colour, label=label)
        axes.plot(run.times, entropy["total"], color="k", lw=0.8, label="total")
        axes.plot(run.times, entropy["work_over_temperature"], color="tab:red", ls="--", label="σE²/T")
        largest = float(np.nanmax(np.asarray(entropy["total"])))
        axes.set_yscale("symlog", linthresh=1e-4 * max(largest, 1e-300))
        axes.axhline(0, color="0.7", lw=0.6)
        axes.set(xlabel="time (1/Γ$_{eph}$)", ylabel="entropy production (Γ$_{eph}$ per mode)")
        axes.legend()
    return axes
