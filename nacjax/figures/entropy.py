"""Beyond Fig. 3: who pays for σE² < 0 during a pulse."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.field import ConstantField
from .claim import Claim
from .paper_pulse import UNTIL, pulse, pulse_metal, pulsed
from .parts import Quality, many, member, stamp
from .style import BLUE, GREEN, GREY, ORANGE, SKY, TIME, axes_or_new, styled, zero_line

PANELS = {"entropy": "entropy balance through a pulse, with a weak probe field: who pays for σE² < 0"}
PROBE = 0.2
"""Probe field 𝓔 of the entropy balance."""
PAYING = {"phonon_decay": SKY, "inelastic": BLUE, "joule": GREY, "electron_phonon": GREEN}
"""Entropy production that is never negative, and its colour."""


def probed(quality: Quality, strength: float):
    """The `Run` of the paper's pulse in a constant field 𝓔."""
    times = UNTIL * np.linspace(0, 1, 81)[1:] ** 2
    system = pulsed(ConstantField(PROBE))  # pyright: ignore[reportCallIssue]
    return member(many(system, {"strength": np.array([strength])}, quality, times, rungs=2, batch=1), 0)


def compute(name: str, quality: Quality) -> xr.Dataset:
    """Entropy production by process, and σ, over time."""
    run = probed(quality, PROBE)
    about = {"units": "Γ_eph"}
    data = {
        name: ("time", np.asarray(values), about | {"long_name": f"entropy per mode, {_words(name)}"})
        for name, values in run.entropy.items()
    }
    panel = xr.Dataset(data | {"sigma": ("time", run.sigma)}, {"time": run.times}, {"probe": PROBE})
    return stamp(panel, metal=pulse_metal(), pump=pulse())


def _words(name: str) -> str:
    words = {"joule": "field", "electron_phonon": "electron–phonon"}
    return words.get(name, name.replace("_", " "))


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Who pays."""
    panel = panels[name]
    lowest = int(np.argmin(panel["work_over_temperature"].to_numpy()))
    at = {name: float(panel[name][lowest]) for name in (*PAYING, "work_over_temperature", "total")}
    shown = ", ".join(f"{_words(name)} {at[name]:.2g}" for name in PAYING)
    least = min(float(panel[name].min()) for name in PAYING)
    return [
        Claim.check(
            name,
            "other sources of entropy production compensate σE² < 0",
            f"where σE²/T is lowest ({at['work_over_temperature']:.2g} Γ_eph per mode, "
            f"t = {float(panel['time'][lowest]):.2g}) the others produce: {shown}; "
            f"none is ever negative (least {least:.1g})",
            at["work_over_temperature"] < 0 < at["total"] and least > -1e-9,
            f"pulse of Fig. 3a with a constant probe field 𝓔 = {PROBE:g}",
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Entropy production of each process (logarithmic), and below it σE²/T with its sign (linear)."""
    ax = axes_or_new(ax, size=(3.4, 3.6))
    ax.set_axis_off()
    upper, lower = ax.inset_axes((0, 0.44, 1, 0.56)), ax.inset_axes((0, 0, 1, 0.38))
    time = panel["time"]
    for name, colour in PAYING.items():
        upper.plot(time, panel[name], color=colour, label=_words(name))
    upper.set(yscale="log", ylim=(1e-6, 1e3), xticklabels=[])
    upper.set_ylabel("produced by a process\n(Γ$_{eph}$ per mode)")
    upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    zero_line(lower)
    work = 1e3 * panel["work_over_temperature"]
    lower.plot(time, work, color=ORANGE)
    lower.fill_between(time, work, 0, where=work < 0, color=ORANGE, alpha=0.25, lw=0)
    lower.set_ylabel("σE²/T\n(10$^{-3}$ Γ$_{eph}$ per mode)")
    lower.set(xlabel=TIME, ylim=(1.2 * float(work.min()), 1.2 * max(float(work[-1]), 0.5)))
    for part in (upper, lower):
        part.set_xlim(0, float(time[-1]))
    return ax
