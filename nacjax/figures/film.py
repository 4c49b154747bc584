"""Beyond Fig. 3: f(ε, t) through a pulse, as a map and as an animation."""

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes

from .entropy import probed
from .paper_pulse import pulse, pulse_metal
from .parts import Quality, profile, stamp
from .style import BLUE, ENERGY, ORANGE, STYLE, TIME, axes_or_new, styled

PANELS = {"film": "f(ε, t) through a pulse, as an animation"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """f over time and energy, with σ and ζ."""
    run = probed(quality, 0.0)
    panel = profile(pulse_metal(), run.ladder, run.occupation[0])
    f = np.stack([profile(pulse_metal(), run.ladder, f)["occupation"] for f in run.occupation])
    panel["occupation"] = (("time", "energy"), f, {"long_name": "occupation f"})
    panel = panel.assign_coords(time=np.asarray(run.times))
    panel["sigma"], panel["phonons"] = ("time", run.sigma), ("time", run.phonons)
    panel["phonons"].attrs["long_name"] = "non-equilibrium phonons per mode ζ"
    return stamp(panel, metal=pulse_metal(), pump=pulse())


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
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
        ax.set(xlabel=ENERGY, ylabel="occupation f", ylim=(-0.03, 1.2), xlim=(energy[0], energy[-1]))
        ax.legend(loc="upper center", ncols=2)
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
