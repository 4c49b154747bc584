"""`nacjax sweep`: σ(ω_p) for several pump strengths; Fig. 2a without any option."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .settings import free_path, set_up


@dataclasses.dataclass
class Sweep:
    """σ(ω_p)/σ_0 for several pump strengths: a table of its minima, a NetCDF file and a figure.

    Without options this is Fig. 2a of PRB 101, 041105: half filling, ζ = 1, 5, 20, T = 0.003 W,
    t = 10/Γ_eph. Energies are in band widths W, rates in Γ_eph, times in 1/Γ_eph. The first word may be
    a TOML file with the same options (phonon_range = [0.2, 0.8]); what follows it wins.
    """

    material: Literal["flat-top", "semi-ellipse", "k3c60"] = "flat-top"
    """The band: D ∝ 1 − |2ε/W|ⁿ, the Bethe lattice, or the t1u bands of K3C60."""
    dos: Path | None = None
    """A text file instead of a material: energy, DoS and, optionally, ⟨v²⟩ DoS; any unit of energy."""
    exponent: float = 8.0
    """n of the flat-top band (no unit)."""
    filling: float = 0.5
    """Occupied fraction of the band ν, between 0 and 1 (no unit)."""
    temperature: float | None = None
    """Bath temperature T (W). 0.003 by default, 100 K for K3C60."""
    phonon_range: tuple[float, float] = (0.2, 0.8)
    """Lowest and highest phonon energy ω_p (W)."""
    points: int = 120
    """Number of phonon energies."""
    zeta: tuple[float, ...] = (1.0, 5.0, 20.0)
    """Non-equilibrium phonons per mode ζ, held fixed (no unit)."""
    time: float = 10.0
    """Time after the pump was switched on (1/Γ_eph)."""
    plateau: bool = False
    """The plateau instead: inelastic rate → 0 first, then time → ∞."""
    inelastic_rate: float = 1e-3
    """Inelastic rate Γ_in (W Γ_eph)."""
    field: float = 0.0
    """Electric field 𝓔 = e E v_F √(τ_tr/(Γ_in ω_p)) (no unit)."""
    transport: Literal["constant", "band", "impurity", "hard_sphere"] = "constant"
    """Transport law: ⟨v²⟩τ constant, τ constant, τ ∝ 1/DoS, or vτ constant."""
    vary: tuple[str, ...] = ()
    """More axes: name=1,2,5 or name=first:last:count, such as temperature=0.003:0.03:10."""
    cells: int = 128
    """Cells of the mesh in each rung of width ω_p."""
    rtol: float = 1e-3
    """Relative tolerance of a time step (no unit)."""
    output: Path | None = None
    """NetCDF file to write; the figure goes beside it as PNG. By default sweep.nc, numbered if it exists."""
    force: bool = False
    """Overwrite existing files."""
    store: Path | None = None
    """Zarr store that gets every finished chunk, so that a sweep can go on after a crash."""
    resume: bool = False
    """Go on with an existing store."""
    chunk: int | None = None
    """Points per batch; by default what suits the device."""
    device: Literal["cpu", "gpu", "tpu"] | None = None
    """Where to compute; by default the best there is."""
    x64: bool = True
    """Double precision; --no-x64 computes in single precision."""
    dry_run: bool = False
    """Only say how many points, compilations and how much memory it would take."""

    def run(self) -> None:
        """Compute, print the minima, write the files."""
        set_up(self.x64, self.device)
        metal, pump, field = self.system()
        axes = self.axes()
        state: dict[str, Any] = {"plateau": True} if self.plateau else {"times": self.time, "rtol": self.rtol}
        if self.dry_run:
            return self.estimate(metal, pump, field, axes)
        output = free_path(self.output, "sweep.nc", self.force, others=(".png",))
        if self.store is not None and self.store.exists() and not self.resume:
            raise FileExistsError(
                f"{self.store} exists; add --resume to go on with it, or give another --store"
            )

        from ..studies.sweep import sweep

        result = sweep(
            metal, pump, axes=axes, field=field, store=self.store, chunk=self.chunk, cells=self.cells, **state
        )
        self.report(result, metal, output)
        return None

    def system(self) -> tuple[Any, Any, Any]:
        """Metal, pump and field of these options."""
        from .. import Clamped, ConstantField, NoField
        from .metal import make_metal

        metal = make_metal(
            self.material, self.dos, self.exponent, self.temperature,
            filling=self.filling, inelastic_rate=self.inelastic_rate, transport=self.transport,
            phonon_energy=self.phonon_range[1],
        )  # fmt: skip
        field = NoField() if self.field == 0 else ConstantField(self.field)  # pyright: ignore[reportCallIssue]
        return metal, Clamped(self.zeta[0]), field  # pyright: ignore[reportCallIssue]

    def axes(self) -> dict[Any, Any]:
        """ω_p, ζ and what `vary` adds; raises `ValueError`."""
        low, high = self.phonon_range
        if not 0 < low < high:
            raise ValueError(
                f"phonon-range = {low:g} {high:g} is not allowed: it must be two energies, 0 < low < high"
            )
        if self.points < 2:
            raise ValueError(f"points = {self.points} is not allowed: it must be at least 2")
        axes: dict[Any, Any] = {"phonon_energy": np.linspace(low, high, self.points), "zeta": list(self.zeta)}
        for entry in self.vary:
            name, _, values = entry.partition("=")
            axes[name.replace("-", "_")] = _listed(entry, values)
        return axes

    def estimate(self, metal: Any, pump: Any, field: Any, axes: Any) -> None:
        """Print what the sweep would take, without computing it."""
        from ..studies.estimate import estimate

        times = None if self.plateau else self.time
        for line in estimate(metal, pump, field, axes, times, self.cells, self.chunk):
            print(line)

    def report(self, result: Any, metal: Any, output: Path) -> None:
        """Table, files and times."""
        from .table import minima_table

        print(minima_table(result, metal))
        unfinished = output.with_name(output.name + ".partial")
        result.to_netcdf(unfinished, engine="h5netcdf")
        unfinished.replace(output)  # a result is there whole, or not at all
        figure = output.with_suffix(".png")
        draw(result, figure)
        failed = int((result["outcome"] != 0).sum())
        if failed:
            print(f"{failed} of {result['outcome'].size} points failed; the variable `reason` says why.")
        print(f"wrote {output} and {figure}")
        print(
            f"compiled in {result.attrs['compile_seconds']:.1f} s, ran {result['outcome'].size} points in "
            f"{result.attrs['run_seconds']:.1f} s on {result.attrs['device']}"
        )


def _listed(entry: str, values: str) -> Any:
    try:
        if ":" in values:
            first, last, count = values.split(":")
            return np.linspace(float(first), float(last), int(count))
        return [float(value) for value in values.split(",")]
    except ValueError:
        raise ValueError(
            f"vary = {entry!r} is not allowed: it must be name=1,2,5 or name=first:last:count"
        ) from None


def draw(result: Any, path: Path) -> None:
    """σ(ω_p) as a PNG."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from ..plots import plot_sigma

    axes = plot_sigma(result)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.savefig(path, dpi=300)
    plt.close(figure)
