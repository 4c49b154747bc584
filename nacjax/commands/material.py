"""`nacjax material`: a real metal pumped at several phonon energies, temperatures and fluences; is σ < 0?"""

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from ..model.metal import Metal, Scales
from ..model.pulses import AnalyticPulse, pulse_shapes
from ..numerics.ticker import Ticker
from .options import DURATION, PulseShape, TransportLaw, explained, transport_help
from .reading import Reading, check_laws
from .settings import Files, FineInTime, save

if TYPE_CHECKING:
    import xarray as xr


FEMTOSECONDS = Scales(energy_ev=1.0, time_fs=1.0)
"""Scales on which texts can be checked before those of the metal are known."""

FILLING = "1/2 for K3C60, and what the file counts below E_F for a file."
LAWS = "By default the first, and the second where ⟨v²⟩ is known."
STATES = "6 for K3C60, and what the file counts for a file."


@dataclasses.dataclass
class Material:
    """Whether a real metal gets a negative conductivity, for each pumped phonon, temperature and fluence.

    Without options: K3C60 at half filling, its four intramolecular phonons, 100 K and 300 K. Quantities
    are texts with a unit. The first word may be a TOML file with the same options; what follows it wins.
    """

    dos: Path | None = None
    """A density of states instead of K3C60's: DOSCAR, dos.x, postw90 and others, or a table."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How that file is read."""
    filling: Annotated[float | None, explained(Metal, "filling", FILLING)] = None
    cell_volume: str | None = None
    """Volume of the primitive cell, for the phonons per fluence; needed with --dos."""
    states_per_mode: Annotated[float | None, explained(Metal, "states_per_mode", STATES)] = None
    phonon_energies: tuple[str, ...] = ("41 meV", "71 meV", "117 meV", "170 meV")
    """Energies of the phonon that is pumped."""
    temperatures: tuple[str, ...] = ("100 K", "300 K")
    """Bath temperatures."""
    fluences: tuple[str, ...] = tuple(f"{f} mJ/cm^2" for f in (0.4, 1, 2, 4, 8, 15, 30, 50))
    """Incident fluences of the pump pulse."""
    penetration_depth: str = "100 nm"
    """Depth over which the pump is absorbed."""
    reflectivity: float = 0.0
    """Part of the pump that is reflected (no unit)."""
    pulse: PulseShape = "exponential"
    """Shape of the pump pulse."""
    duration: Annotated[str, explained(AnalyticPulse, "duration", DURATION, "with a unit")] = "300 fs"
    until: str = "20 ps"
    """Last time."""
    points: int = 60
    """Number of times, denser at the start."""
    time_unit: str = "1 ps"
    """1/Γ_eph."""
    inelastic_rate: Annotated[str, explained(Metal, "inelastic_rate", unit="with a unit")] = "0.5 meV/ps"
    phonon_lifetime: Annotated[str, explained(Metal, "phonon_lifetime", unit="with a unit")] = "5 ps"
    transport: Annotated[tuple[TransportLaw, ...], transport_help(LAWS)] = ()
    fine: FineInTime = dataclasses.field(default_factory=FineInTime)
    """How accurate σ is to be."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Compute, print the metal, the table and the verdict, write the files."""
        from ..figures import plot_fluence
        from ..studies.fluence import verdict, verdict_table

        self.files.set_up()
        output = self.files.free("material.nc")
        began = time.perf_counter()
        metal = self.metal()
        print(metal, end="\n\n")
        with Ticker("nacjax material", lines=True):
            result = self.compute(metal)
        result.attrs["seconds"] = time.perf_counter() - began
        said = save(result, output, plot_fluence)
        print(verdict_table(result), end="\n\n")
        for line in verdict(result):
            print(line)
        print(f"{said} after {result.attrs['seconds']:.1f} s")

    def metal(self) -> Any:
        """The metal of these options, at the first phonon energy and temperature."""
        from .. import k3c60
        from ..model.units import internal

        self.check()
        common: dict[str, Any] = {
            "temperature": self.temperatures[0],
            "phonon_energy": self.phonon_energies[0],
            "inelastic_rate": self.inelastic_rate,
            "phonon_lifetime": self.phonon_lifetime,
        }
        given = {"filling": self.filling, "states_per_mode": self.states_per_mode}
        common |= {name: value for name, value in given.items() if value is not None}
        unit = float(internal("time_unit", self.time_unit, "time", FEMTOSECONDS))
        volume = None
        if self.cell_volume is not None:
            volume = float(internal("cell_volume", self.cell_volume, "volume"))
        if self.dos is None:
            scales = dataclasses.replace(k3c60().scales, time_fs=unit)  # pyright: ignore[reportArgumentType]
            return k3c60(
                **common, scales=dataclasses.replace(scales, cell_volume=volume or scales.cell_volume)
            )
        return self.metal_of_file(common, unit, volume)

    def check(self) -> None:
        """Raise `ValueError` for lists without entries, and for times that are none."""
        from ..model.units import internal

        self.reading.check(self.dos)
        lists = {"temperatures": "temperature", "phonon_energies": "energy", "fluences": "fluence"}
        for name, kind in lists.items():
            values = list(getattr(self, name))
            if not values:
                raise ValueError(f"{name} = [] is not allowed: it must list at least one quantity")
            internal(name, values, kind, FEMTOSECONDS)
        for name in ("time_unit", "until"):
            if not internal(name, getattr(self, name), "time", FEMTOSECONDS) > 0:
                raise ValueError(f"{name} = {getattr(self, name)!r} is not allowed: it must be positive")

    def metal_of_file(self, common: dict[str, Any], unit: float, volume: float | None) -> Any:
        """The metal of a density of states in a file."""
        from .. import Metal

        table = self.reading.read(self.dos)  # pyright: ignore[reportArgumentType]
        source = table.source
        assert source is not None
        check_laws(self.transport, table)
        if self.cell_volume is None:
            raise ValueError("cell-volume is needed with dos: give --cell-volume '722 angstrom^3'")
        filling = common.pop("filling", source.filling)
        if filling is None:
            raise ValueError(f"filling is needed: {self.dos} gives no Fermi energy")
        width = float(table.width)
        if "states_per_mode" not in common and not source.per_cell:
            raise ValueError(
                f"states-per-mode is needed: {self.dos} does not say in what its DoS is counted; give the states "
                "of the band (both spins) per cell and pumped mode"
            )
        common.setdefault("states_per_mode", source.states)
        if source.unit is None:
            print(f"{self.dos} names no unit of energy: eV is taken; --unit states another", end="\n\n")
        scales = Scales((source.unit_ev or 1.0) * width, time_fs=unit, cell_volume=volume)
        return Metal(table.rescaled(width), filling, **common, scales=scales)

    def laws(self, metal: Any) -> tuple[str, ...]:
        """The transport laws asked for; by default those that the band allows."""
        if self.transport:
            return self.transport
        if self.dos is not None and metal.dos.transport is None:
            print(f"{self.dos} has no velocities: the law 'band' is left out", end="\n\n")
            return ("constant",)
        return ("constant", "band")

    def compute(self, metal: Any) -> "xr.Dataset":
        """The study as one dataset, in physical units."""
        from .. import in_physical_units
        from ..model.units import Internal, internal
        from ..studies.fluence import pumped

        if self.points < 4:
            raise ValueError(f"points = {self.points} is not allowed: it must be at least 4")
        until = float(internal("until", self.until, "time", metal.scales))
        duration = internal("duration", self.duration, "time", metal.scales)
        result = pumped(
            metal,
            pulse_shapes()[self.pulse](1.0, duration),
            phonon_energies=self.phonon_energies,
            temperatures=self.temperatures,
            fluences=self.fluences,
            times=[Internal(until * share**2) for share in np.linspace(0, 1, self.points + 1)[1:]],
            transports=self.laws(metal),
            penetration_depth=self.penetration_depth,
            reflectivity=self.reflectivity,
            **self.fine.options(),
        )
        return in_physical_units(result, metal)
