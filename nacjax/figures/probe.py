"""What `nacjax probe` found, in one picture: where σ < 0, for how long, and R(ω)."""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from .style import CONDUCTIVITY, STYLE, colours, zero_line


def draw(result: xr.Dataset) -> Figure:
    """Lowest σ against fluence, its lifetime, and R(ω) at the highest fluence, a row for each pumped phonon."""
    energies, laws = result["phonon_energy"].to_numpy(), result["transport"].to_numpy()
    with plt.rc_context(STYLE):
        figure, rows = plt.subplots(energies.size, 3, figsize=(8.5, 2.6 * energies.size), squeeze=False)
        for axes, energy in zip(rows, energies, strict=True):
            here = result.sel(phonon_energy=energy).isel(temperature=0, electron_electron=0)
            here = here.sel(duration=1.0, method="nearest")
            for law, colour in zip(laws, colours(laws.size), strict=True):
                one = here.sel(transport=law)
                axes[0].plot(one["fluence"], one["lowest"], color=colour, label=law)
                until = np.where(one["until"] > 0, one["until"], np.nan)
                axes[1].plot(one["fluence"], until, color=colour)
                axes[1].plot(
                    one["fluence"], np.where(one["cut"], until, np.nan), "^", color=colour
                )  # still then
                top = one.isel(fluence=0)
                axes[2].plot(top["frequency"], top["layered"], color=colour)
                axes[2].plot(top["frequency"], top["unpumped"], color=colour, ls=":")
            zero_line(axes[0])
            axes[0].set(
                xscale="log",
                xlabel="fluence (mJ/cm²)",
                ylabel=f"lowest {CONDUCTIVITY}",
                title=f"{energy:.0f} meV",
            )
            axes[1].set(
                xscale="log", xlabel="fluence (mJ/cm²)", ylabel="σ < 0 until (ps)", xlim=axes[0].get_xlim()
            )
            if bool(here["cut"].any()):
                axes[1].plot([], [], "^", color="0.3", label="at the last time still")
                axes[1].legend()
            if (here["until"] > 0).any():
                axes[1].set(ylim=(0, None))
            else:
                axes[1].set(yticks=[])
                axes[1].text(0.5, 0.5, "σ is not negative", ha="center", transform=axes[1].transAxes)
            axes[2].set(
                xscale="log", xlabel="photon energy ħω (meV)", ylabel="R of the layers (dotted: before)"
            )
            axes[0].legend()
    return figure
