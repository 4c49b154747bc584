"""Fig. 3c: the instability weakens the inversion of f."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from .claim import Claim
from .paper_pulse import CHOICE, SHAPE_TIME, free, pulse, pulse_metal, tuned
from .parts import Quality, largest_rise, member, profile, stamp
from .style import BLUE, ENERGY, ORANGE, SKY, axes_or_new, legend_above, styled

PANELS = {"fig3c": "f(ε) at t = 5/Γ_eph with and without the instability"}


def compute(name: str, quality: Quality) -> xr.Dataset:
    """f, free and tuned, and the density of states at the time of Fig. 3c."""
    runs = [member(run(quality), 0) for run in (free, tuned)]
    at = int(np.searchsorted(runs[0].times, SHAPE_TIME))
    panel, other = (profile(pulse_metal(), run.ladder, run.occupation[at]) for run in runs)
    panel["occupation_tuned"] = other["occupation"].assign_attrs(long_name="occupation f, self-tuned field")
    panel.attrs["time"] = float(runs[0].times[at])
    return stamp(panel, metal=pulse_metal(), pump=pulse())


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """The largest rise of f with and without."""
    free_rise, tuned_rise = (
        largest_rise(panels[name][key].to_numpy()) for key in ("occupation", "occupation_tuned")
    )
    return [
        Claim.check(
            name,
            "the field weakens the inversion in f",
            f"largest rise of f {free_rise:.2f} without and {tuned_rise:.2f} with the instability at t = 5",
            0.02 < tuned_rise < free_rise,
            CHOICE,
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """f without and with the instability, and D/D_F."""
    ax = axes_or_new(ax)
    energy = panel["energy"]
    ax.plot(energy, panel["density"], color=SKY, ls="-.", lw=0.9, label="D/D$_F$")
    ax.plot(energy, panel["occupation"], color=ORANGE, ls="--", label="f, no instability")
    ax.plot(energy, panel["occupation_tuned"], color=BLUE, label="f, self-tuned field")
    ax.set(xlabel=ENERGY, ylabel="f, D/D$_F$", xlim=(float(energy[0]), float(energy[-1])), ylim=(-0.03, 1.1))
    legend_above(ax, 2, title=f"t = {panel.attrs['time']:g}/Γ$_{{eph}}$", title_fontsize=7)
    return ax
