"""Beyond the paper: how much electron–electron scattering the negative conductivity survives."""

import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from ..kinetics.terms.electron_electron import ElectronElectron
from ..model.checks import as_arrays
from ..model.field import NoField
from ..model.names import System
from .claim import Claim, listed
from .paper_pulse import LIFETIME, found, pulse, pulse_times
from .parts import TRIAL_DOS, Quality, grid, many, stamp, trial_metal
from .style import CONDUCTIVITY, axes_or_new, colours, legend_above, styled, zero_line

PANELS = {"electron_electron": "lowest σ and time with σ < 0 against the electron–electron rate"}
INELASTIC = (1e-4, 1e-3, 1e-2)
RATES = np.concatenate([[0.0], np.geomspace(1e-2, 10.0, 15)])


def compute(name: str, quality: Quality) -> xr.Dataset:
    """The pulse of Fig. 3a for several Γ_ee and Γ_in: lowest σ, time with σ < 0, and the Γ_ee where both end."""
    metal = trial_metal(
        filling=1 / 3,
        phonon_energy=2 / 3,
        phonon_lifetime=LIFETIME,
        processes=(ElectronElectron(jnp.asarray(0.1)),),
    )
    system = as_arrays(System(metal, pulse(), NoField()))  # pyright: ignore[reportCallIssue]
    columns = grid(inelastic_rate=INELASTIC, rate=RATES)
    runs = many(system, columns, quality, pulse_times(2 * quality.points), rungs=2)
    shape = (len(INELASTIC), RATES.size)
    lowest = np.asarray(runs.sigma).min(axis=1).reshape(shape)
    data = {
        "lowest": (("inelastic_rate", "rate"), lowest, {"long_name": "lowest conductivity σ/σ_0", "units": "1"}),
        "negative": (
            ("inelastic_rate", "rate"),
            found(runs).anomalous.reshape(shape),
            {"long_name": "time with σ < 0", "units": "1/Γ_eph"},
        ),
        "threshold": ("inelastic_rate", [_zero(row) for row in lowest], {"long_name": "threshold rate"}),
    }  # fmt: skip
    about = {"long_name": "electron-electron rate Γ_ee", "units": "Γ_eph"}
    panel = xr.Dataset(data, {"rate": ("rate", RATES, about), "inelastic_rate": list(INELASTIC)})
    return stamp(panel, metal=metal, pump=pulse())


def _zero(lowest: np.ndarray) -> float:
    """Γ_ee at which the lowest σ turns positive, linear in ln Γ_ee; NaN where it does not."""
    turns = np.flatnonzero((lowest[1:-1] < 0) & (lowest[2:] >= 0))
    if not turns.size:
        return float("nan")
    pair = slice(turns[0] + 1, turns[0] + 3)
    return float(np.exp(np.interp(0.0, lowest[pair], np.log(RATES[pair]))))


def claims(name: str, panels: dict[str, xr.Dataset]) -> list[Claim]:
    """Up to which Γ_ee σ turns negative, and what it costs in time."""
    panel = panels[name]
    halves = [np.interp(0.5 * row[0], row[::-1], RATES[::-1]) for row in panel["negative"].to_numpy()]
    return [
        Claim(
            name,
            "(beyond the paper) σ < 0 survives electron–electron scattering as fast as electron–phonon scattering",
            f"σ is never negative from Γ_ee = {listed(panel['threshold'])} Γ_eph on, and negative for half as long "
            f"at {listed(halves, '.3f')} Γ_eph, at Γ_in = {listed(INELASTIC, 'g')} W Γ_eph",
            "not stated",
            f"pulse of Fig. 3a; conserving relaxation time; {TRIAL_DOS}",
        )
    ]


@styled
def draw(panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Lowest σ (lines, left) and time with σ < 0 (dashed, right) against Γ_ee, for several Γ_in."""
    ax = axes_or_new(ax)
    zero_line(ax)
    right = ax.twinx()
    rate = panel["rate"].to_numpy()[1:]
    for colour, k in zip(
        colours(panel.sizes["inelastic_rate"]), range(panel.sizes["inelastic_rate"]), strict=True
    ):
        label = f"Γ$_{{in}}$ = {float(panel['inelastic_rate'][k]):g} W Γ$_{{eph}}$"
        ax.plot(rate, panel["lowest"][k][1:], color=colour, label=label)
        right.plot(rate, panel["negative"][k][1:], color=colour, ls="--", lw=0.9)
        ax.plot(panel["threshold"][k], 0, "o", color=colour, ms=4, clip_on=False, zorder=5)
    for style, text in (("-", "lowest σ/σ$_0$ (left)"), ("--", "time with σ < 0 (right)")):
        ax.plot([], [], style, color="0.3", lw=0.9, label=text)
    ax.plot([], [], "o", color="0.3", ms=4, label="threshold Γ$_{ee}$")
    ax.set(
        xscale="log", xlabel="electron–electron rate Γ$_{ee}$ (Γ$_{eph}$)", ylabel=f"lowest {CONDUCTIVITY}"
    )
    ax.set(xlim=(rate[0], rate[-1]))
    right.set(ylabel="time with σ < 0 (1/Γ$_{eph}$)", ylim=(0, None))
    legend_above(ax, 2)
    return ax
