"""Figures beyond the paper: plateau and steady state, phase diagrams, entropy, K3C60, a film of f(ε, t)."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes

from .draw import BLUE, GREY, ORANGE, SKY, STYLE, axes_or_new, colours, plot_map, styled, zero_line
from .draw_material import plot_transport
from .draw_paper import ENERGY, TIME

PROCESSES = {
    "phonon_decay": "phonon decay",
    "electron_phonon": "electron–phonon",
    "inelastic": "inelastic",
    "joule": "field",
}


@styled
def draw_lifetime(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(t) for several Γ_in: a plateau, its end at 0.11 W/Γ_in (ticks), and the steady state (dots)."""
    ax = axes_or_new(ax)
    zero_line(ax)
    time, rates = panel["time"].to_numpy(), panel["inelastic_rate"].to_numpy()
    ax.axhline(panel.attrs["plateau"], color=GREY, lw=0.8, ls="--")
    ax.annotate("plateau", (2e3, panel.attrs["plateau"]), (0, 2), textcoords="offset points", fontsize=6)
    for colour, k in zip(colours(rates.size), range(rates.size), strict=True):
        ax.plot(time, panel["sigma"][k], color=colour, label=f"{rates[k]:g}")
        ax.plot(time[-1], panel["steady"][k], "o", color=colour, ms=4, clip_on=False, zorder=5)
        ax.plot(panel["lifetime"][k], 0, "|", color=colour, ms=8, mew=1.2)
    ax.set(xscale="log", xlabel=TIME, ylabel="conductivity σ/σ$_0$", xlim=(time[0], time[-1]))
    ax.set_ylim(-0.45, 0.65)
    ax.legend(loc="lower right", title="Γ$_{in}$ (W Γ$_{eph}$)", title_fontsize=7, bbox_to_anchor=(1.0, 0.08))
    return ax


@styled
def draw_filling_map(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ over ω_p and ν with the lines on which mω_p is the distance from μ to a band edge."""
    ax = plot_map(panel, "phonon_energy", "filling", ax)
    filling, mu = panel["filling"], panel["chemical_potential"]
    for distance, style in ((mu + 0.5, ":"), (0.5 - mu, "--")):
        for m in (1, 2):
            ax.plot(distance / m, filling, color="k", lw=0.7, ls=style)
    ax.set_xlim(float(panel["phonon_energy"][0]), float(panel["phonon_energy"][-1]))
    return ax


@styled
def draw_pump_map(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ over ω_p and ζ at half filling, with ω_p = W/4 and W/2."""
    ax = plot_map(panel, "phonon_energy", "zeta", ax)
    ax.set_yscale("log")
    for place in (0.25, 0.5):
        ax.axvline(place, color="k", lw=0.7, ls=":")
    return ax


@styled
def draw_threshold_pump(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """ζ_c(T) for a few fillings and phonon energies."""
    ax = axes_or_new(ax)
    places = panel.sizes["place"]
    for k, (colour, style) in enumerate(zip(colours(places), ("-", "--", ":"), strict=False)):
        label = f"ν = {float(panel['filling'][k]):.2g}, ω$_p$ = {float(panel['phonon_energy'][k]):.2g} W"
        ax.plot(panel["temperature"], panel["threshold"][k], color=colour, ls=style, label=label)
    ax.set(xscale="log", yscale="log", xlabel="bath temperature T (W)", ylabel="threshold pump ζ$_c$")
    ax.legend(loc="upper left")
    return ax


@styled
def draw_entropy(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Entropy production of each process through the pulse, and σE²/T with its sign (symmetric log scale)."""
    ax = axes_or_new(ax)
    time = panel["time"]
    zero_line(ax)
    for colour, (name, label) in zip((SKY, "#009E73", BLUE, GREY), PROCESSES.items(), strict=True):
        ax.plot(time, panel[name], color=colour, label=label)
    ax.plot(time, panel["work_over_temperature"], color=ORANGE, ls="--", label="σE²/T")
    smallest = float(np.abs(panel["work_over_temperature"]).max())
    ax.set_yscale("symlog", linthresh=10 ** np.floor(np.log10(smallest / 30)))
    ax.set(xlabel=TIME, ylabel="entropy production\n(Γ$_{eph}$ per mode)", xlim=(0, float(time[-1])))
    ax.legend(
        loc="upper center",
        ncols=3,
        fontsize=6,
        handlelength=1.3,
        columnspacing=0.8,
        bbox_to_anchor=(0.5, 1.22),
    )
    return ax


@styled
def draw_k3c60(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(ω_p) of K3C60 for both transport laws, with the pumped phonon marked."""
    ax = axes_or_new(ax)
    zero_line(ax)
    labels = {"constant": "⟨v²⟩τ$_{tr}$ constant", "band": "bands' own ⟨v²⟩, τ$_{tr}$ constant"}
    for law, colour, style in (("constant", BLUE, "-"), ("band", ORANGE, "--")):
        ax.plot(
            panel["phonon_energy"],
            panel["sigma"].sel(transport=law),
            color=colour,
            ls=style,
            label=labels[law],
        )
    low, high = float(panel["phonon_energy"][0]), float(panel["phonon_energy"][-1])
    for mode in panel.attrs["modes"]:
        if low <= mode <= high:
            ax.axvline(mode, color=GREY, lw=0.7, ls=":", zorder=0)
            ax.annotate(
                f"{mode:g} meV", (mode, 0.02), xycoords=("data", "axes fraction"), fontsize=6, rotation=90,
                ha="right", va="bottom", color="0.3",
            )  # fmt: skip
    ax.set(
        xlabel="phonon energy ω$_p$ (meV)", ylabel="conductivity σ/σ$_0$", xlim=(low, high), ylim=(-1.05, 1.5)
    )
    ax.legend(loc="upper right")
    return ax


@styled
def draw_film(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """f over energy and time as a map: the film in one picture."""
    ax = axes_or_new(ax)
    mesh = ax.pcolormesh(
        panel["time"], panel["energy"], panel["occupation"].T, cmap="cividis", vmin=0, vmax=1, rasterized=True
    )
    ax.figure.colorbar(mesh, ax=ax, label="occupation f")
    ax.set(xlabel=TIME, ylabel=ENERGY)
    return ax


def animate(panel: xr.Dataset, path: str | Path, fps: int = 12) -> Path:
    """Write f(ε, t) through a pulse as a GIF, one frame for each time of the dataset; returns its path."""
    with plt.rc_context({**STYLE, "figure.constrained_layout.use": False}):
        figure, ax = plt.subplots(dpi=130)
        figure.subplots_adjust(left=0.13, right=0.97, bottom=0.16, top=0.9)
        energy = panel["energy"]
        ax.plot(energy, panel["equilibrium"], color=ORANGE, ls="--", lw=0.9, label="before the pulse")
        (line,) = ax.plot(energy, panel["occupation"][0], color=BLUE, label="f(ε, t)")
        ax.set(xlabel=ENERGY, ylabel="occupation f", ylim=(-0.03, 1.05), xlim=(energy[0], energy[-1]))
        ax.legend(loc="lower left")
        title = ax.set_title("", fontsize=8)

        def frame(k: int) -> tuple[Any, ...]:
            line.set_ydata(panel["occupation"][k])
            time, sigma, zeta = (float(panel[name][k]) for name in ("time", "sigma", "phonons"))
            title.set_text(f"t = {time:5.2f}/Γ$_{{eph}}$    ζ = {zeta:5.2f}    σ/σ$_0$ = {sigma:+.2f}")
            return line, title

        film = FuncAnimation(figure, frame, frames=panel.sizes["time"])  # pyright: ignore[reportArgumentType]
        film.save(path, writer=PillowWriter(fps=fps))
        plt.close(figure)
    return Path(path)


DRAW: dict[str, Any] = {
    "lifetime": draw_lifetime,
    "filling_map": draw_filling_map,
    "pump_map": draw_pump_map,
    "threshold_pump": draw_threshold_pump,
    "entropy": draw_entropy,
    "transport": plot_transport,
    "k3c60": draw_k3c60,
    "film": draw_film,
}
"""Panel → the function that draws it."""
