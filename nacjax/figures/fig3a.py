"""Fig. 3a: a pump pulse makes σ negative for about as long as the phonons live."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..model.field import NoField
from .claim import Claim, listed, similar
from .paper_pulse import CASES, CHOICE, LIFETIME, PULSE, follow, found, free, pulse, pulse_metal
from .parts import Quality, stamp
from .style import BLUE, ORANGE, SKY, TIME, axes_or_new, legend_above, styled, zero_line

PANELS = {"fig3a": "σ(t) and ζ(t) of a pulse, two temperatures and two pulse strengths"}
LIFETIMES = tuple(PULSE | {"phonon_lifetime": lifetime} for lifetime in (2.0, 5.0, 20.0))
"""The paper's pulse on phonons of several lifetimes τ_ph; it is followed five times as long."""


def compute(name: str, quality: Quality) -> xr.Dataset:
    """σ and ζ over time for each of `CASES`; how long σ < 0 for them and for each of `LIFETIMES`."""
    runs = free(quality)
    long = follow(quality, NoField(), LIFETIMES, stretch=5.0)  # pyright: ignore[reportCallIssue]
    seen = found(runs)
    time = {"units": "1/Γ_eph"}
    negative = time | {"long_name": "total time with σ < 0"}
    data = {
        "sigma": (("case", "time"), runs.sigma),
        "phonons": (("case", "time"), runs.phonons, {"long_name": "non-equilibrium phonons per mode ζ"}),
        "anomalous": ("case", seen.anomalous, negative),
        "turns_negative": ("case", seen.crossings[:, 0], time | {"long_name": "first sign change"}),
        "anomalous_of_lifetime": ("phonon_lifetime", found(long).anomalous, negative),
    }
    kept = ("temperature", "zeta0", "inelastic_rate")
    coordinates = {name: ("case", [case[name] for case in CASES]) for name in kept}
    coordinates |= {"time": runs.times[0], "phonon_lifetime": [case["phonon_lifetime"] for case in LIFETIMES]}
    return stamp(xr.Dataset(data, coordinates), metal=pulse_metal(), pump=pulse(), cases=CASES)


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """When σ turns negative, for how long, and what shortens that."""
    panel = panels[name]
    cold, warm, weak, quiet = (float(x) for x in panel["anomalous"])
    start = float(panel["turns_negative"][0])
    lifetime, lasting = (panel[key].to_numpy() for key in ("phonon_lifetime", "anomalous_of_lifetime"))
    return [
        Claim.check(
            name, "σ turns negative at t ~ 1/Γ_eph", f"at t = {start:.2f}/Γ_eph",
            similar(start, 1.0), CHOICE, sign=start > 0,
        ),
        Claim.check(
            name,
            "σ stays negative for ~ τ_ph",
            f"for {listed(lasting, '.1f')}/Γ_eph = {listed(lasting / lifetime, '.1f')} τ_ph at Γ_eph τ_ph = "
            f"{listed(lifetime, 'g')}; the paper's τ_ph is 5 ({quiet:.1f}/Γ_eph with Γ_in ten times smaller)",
            similar(cold, LIFETIME) and np.all(np.diff(lasting) > 0),
            CHOICE,
            sign=cold > 0,
        ),
        Claim.check(
            name,
            "a slight decrease of that time at higher T or lower ζ_0",
            f"{cold:.1f}/Γ_eph; {warm:.1f} at T = 0.08 W ({warm / cold - 1:+.0%}); {weak:.1f} at ζ_0 = 5 "
            f"({weak / cold - 1:+.0%})",
            0.75 * cold < min(warm, weak) and max(warm, weak) < cold,
            CHOICE,
            sign=max(warm, weak) < cold,
        ),
    ]  # fmt: skip


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """σ(t) of the cold, the warm and the weak pulse; ζ(t)/ζ_0 of the cold and the warm one."""
    ax = axes_or_new(ax)
    zero_line(ax)
    time = panel["time"]
    texts = [f"T = {float(panel['temperature'][case]):g} W" for case in (0, 1)]
    texts.append(f"ζ$_0$ = {float(panel['zeta0'][2]):g}")
    for case, (colour, style) in enumerate(((BLUE, "-"), (BLUE, "--"), (SKY, "-"))):
        ax.plot(time, panel["sigma"][case], color=colour, ls=style, label=f"σ/σ$_0$, {texts[case]}")
    for case, style in ((0, "-"), (1, "--")):
        ratio = panel["phonons"][case] / panel["zeta0"][case]
        ax.plot(time, ratio, color=ORANGE, ls=style, lw=0.9, label=f"ζ/ζ$_0$, {texts[case]}")
    ax.set(xlabel=TIME, ylabel="σ/σ$_0$, ζ/ζ$_0$", xlim=(0, float(time[-1])), ylim=(-0.45, 1.05))
    legend_above(ax, 2)
    return ax
