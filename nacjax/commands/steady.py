"""`nacjax steady`: σ(ω_p) at t → ∞, beside the plateau that precedes it."""

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from ..model.field import ConstantField
from ..model.units import Internal
from ..numerics.ticker import Ticker
from .metal import Band
from .options import explained
from .reading import Reading
from .settings import Files, Fine, save
from .sweep import FIELD, Curves, field_of

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass
class Steady:
    """σ(ω_p)/σ_0 of the true steady state, and of the plateau before it: a table, a NetCDF file and a figure.

    Inelastic scattering erases the plateau within about 0.1 W/Γ_in; what follows stays for good. Without
    options: half filling, ζ = 5 and 20, T = 0.003 W. Energies are in band widths W, rates in Γ_eph. The first
    word may be a TOML file with the same options; what follows it wins.
    """

    band: Band = dataclasses.field(default_factory=lambda: Band(inelastic_rate=Internal(0.01)))
    """The metal."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How the file of --dos is read."""
    curves: Curves = dataclasses.field(
        default_factory=lambda: Curves((Internal(0.34), Internal(0.8)), 61, (5.0, 20.0))
    )
    """What is on the axes of the figure."""
    field: Annotated[float, explained(ConstantField, "strength", f"{FIELD} The plateau has none.")] = 0.0
    fine: Fine = dataclasses.field(default_factory=Fine)
    """How accurate σ is to be."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Compute, print the table, write the files."""
        self.files.set_up()
        metal = self.band.metal(self.reading, phonon_energy=self.curves.phonon_range[1])
        axes = self.curves.axes(metal)
        output = self.files.free("steady.nc")

        from ..figures import plot_steady
        from ..studies.sweep.outcomes import failed

        with Ticker("nacjax steady", lines=True):
            result = self.compute(metal, axes)
        said = save(result, output, plot_steady)
        print("\n".join(table(result)))
        erased = 0.1 / float(metal.inelastic_rate)
        print(f"the plateau lasts until t of order 0.1 W/Γ_in = {erased:.3g}/Γ_eph")
        lost = int(failed(result["outcome"]).sum())
        if lost:
            print(f"{lost} of {result['outcome'].size} points failed; the variable `reason` says why.")
        print(f"{said} after {result.attrs['wall_seconds']:.1f} s")

    def compute(self, metal: Any, axes: dict[Any, Any]) -> "xr.Dataset":
        """`sigma` of the steady state and of the `plateau` over ω_p and ζ."""
        from ..studies.sweep.sweep import sweep

        pump, field = self.curves.pump(), field_of(self.field)
        result = sweep(metal, pump, axes=axes, field=field, steady=True, **self.fine.options())
        before = sweep(metal, pump, axes=axes, plateau=True, **self.fine.options())
        result["plateau"] = before["sigma"].assign_attrs(long_name="conductivity σ/σ_0 of the plateau")
        result.attrs["wall_seconds"] += before.attrs["wall_seconds"]
        return result


def table(result: "xr.Dataset") -> list[str]:
    """Lowest σ of both states for each ζ, and where σ < 0."""
    lines = [f"{'':12}{'plateau: lowest σ/σ_0':40}steady state: lowest σ/σ_0"]
    for zeta in result["zeta"].to_numpy():
        row = result.sel(zeta=zeta)
        lines.append(f"{f'ζ = {zeta:g}':12}{_lowest(row['plateau']):40}{_lowest(row['sigma'])}")
    return lines


def _lowest(sigma: "xr.DataArray") -> str:
    values = sigma.to_numpy()
    if not np.any(np.isfinite(values)):
        return "none computed"
    place, negative = int(np.nanargmin(values)), int(np.sum(values < 0))
    below = f"{negative} of {values.size} points < 0" if negative else "nowhere < 0"
    return f"{values[place]:.3f} at {float(sigma['phonon_energy'][place]):.3f} W, {below}"
