"""`nacjax probe`: what an experiment sees of a pumped metal; K3C60 beside what was measured."""

import dataclasses
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from ..kinetics.terms.electron_electron import ElectronElectron
from ..model.metal import Metal
from .interrupt import keeps
from .material import FEMTOSECONDS
from .options import TransportLaw, explained, transport_help
from .settings import Files, refuse_idle, save


@dataclasses.dataclass
class Probe:
    """R(ω), σ(ω), lifetime of σ < 0, E*, ω_E and growth of K3C60, and a table of published observations beside them.

    Without options: pumped at 41 and 170 meV, 100 and 300 K, 0.1 to 50 mJ/cm², pulses of 0.1 ps to 1 ns, all transport
    laws, with and without depth, three electron-electron rates. Quantities are texts with a unit. The first word may be
    a TOML file with the same options; what follows it wins.
    """

    phonon_energies: tuple[str, ...] = ("41 meV", "170 meV")
    """Energies of the phonon that is pumped."""
    temperatures: tuple[str, ...] = ("100 K", "300 K")
    """Bath temperatures."""
    durations: tuple[str, ...] = ("0.1 ps", "1 ps", "10 ps", "100 ps", "1000 ps")
    """Decay times of the pump pulse."""
    electron_electron: Annotated[tuple[str, ...], explained(ElectronElectron, "rate", unit="with a unit")] = (
        "0 / ps", "0.1 / ps", "1 / ps",
    )  # fmt: skip
    fluence: tuple[float, float] = (0.1, 50.0)
    """Lowest and highest incident fluence (mJ/cm²)."""
    fluences: int = 20
    """Number of fluences; their ratio is also that of the pump from layer to layer."""
    penetration_depth: str = "100 nm"
    """Depth over which the pump is absorbed."""
    pump_reflectivity: float = 0.0
    """Part of the pump that is reflected (no unit)."""
    transport: Annotated[tuple[TransportLaw, ...], transport_help("By default all.")] = (
        "constant", "band", "impurity", "hard_sphere",
    )  # fmt: skip
    frequencies: tuple[str, ...] = tuple(f"{w} meV" for w in (2, 4, 8, 15, 30, 60, 100, 200))
    """Photon energies of the probe."""
    window: float = 2.4
    """Refractive index in front of the sample (no unit); diamond by default."""
    epsilon_inf: float = 5.0
    """ε_∞ of what is not in the band (no unit); assumed."""
    transport_time: str = "10 fs"
    """τ_tr at the Fermi level; assumed."""
    time_unit: str = "1 ps"
    """1/Γ_eph; assumed."""
    inelastic_rate: Annotated[str, explained(Metal, "inelastic_rate", "Assumed.", "with a unit")] = (
        "0.5 meV/ps"
    )
    phonon_lifetime: Annotated[str, explained(Metal, "phonon_lifetime", "Assumed.", "with a unit")] = "5 ps"
    until: str = "10 ns"
    """Last time."""
    points: int = 36
    """Number of times, from 0.05 ps on, in equal ratios."""
    cells: int = 24
    """Cells of the mesh in each rung of width ω_p."""
    rtol: float = 3e-3
    """Relative tolerance of a time step (no unit)."""
    store: Path | None = None
    """Zarr store that gets what is finished, so that the study can go on after a crash."""
    resume: bool = False
    """Go on with an existing store."""
    files: Files = dataclasses.field(default_factory=Files)
    """Files, precision and device."""

    def run(self) -> None:
        """Compute, print the metal, the numbers and the observations, write the files."""
        self.files.set_up()
        if self.resume and self.store is None:
            refuse_idle(self, ("resume",), "without --store")
        from ..figures.probe import draw
        from ..studies.probe.observations import judged, observation_table
        from ..studies.probe.reading import read
        from ..studies.probe.study import run_study, scale_of
        from ..studies.sweep.sweep import interrupted

        study = self.study()
        output = self.files.free("probe.nc")
        if self.store is not None and self.store.exists() and not self.resume:
            raise FileExistsError(
                f"{self.store} exists; add --resume to go on with it, or give another --store"
            )
        began = time.perf_counter()
        print(study.metal, scale_of(study), sep="\n\n", end="\n\n")
        if study.step > 1 / 3:
            print(f"layers of {study.step:.2f} penetration depths are thicker than a third of one: the absorbed pump "
                  f"is off by {study.step**2 / 12:+.1%}; take more fluences", end="\n\n")  # fmt: skip
        keeps(lambda: interrupted(self.store))
        result = read(study, *run_study(study, self.store, cells=self.cells, rtol=self.rtol))
        result = result.merge(judged(result))
        result.attrs["seconds"] = time.perf_counter() - began
        said = save(result, output, draw)
        print("\n".join(numbers(result)), observation_table(result), sep="\n\n", end="\n\n")
        if result.attrs["failed"]:
            print(f"{result.attrs['failed']} of {result.attrs['points']} runs failed and are NaN")
        print(f"{said} after {result.attrs['seconds']:.1f} s, {result.attrs['points']} runs")

    def study(self) -> Any:
        """The study of these options; raises `ValueError`."""
        from ..model.k3c60 import k3c60
        from ..model.units import internal
        from ..studies.probe.study import ProbeStudy

        plain = {name: self.times_of(name) for name in ("time_unit", "transport_time")}
        scales = k3c60().scales
        assert scales is not None
        scales = dataclasses.replace(
            scales, time_fs=plain["time_unit"], transport_time_fs=plain["transport_time"]
        )
        metal = k3c60(
            self.first("temperatures"), self.first("phonon_energies"), inelastic_rate=self.inelastic_rate,
            phonon_lifetime=self.phonon_lifetime, scales=scales, transport=self.first("transport"),
            processes=(ElectronElectron(self.first("electron_electron")),),
        )  # fmt: skip
        lists = {"phonon_energies": "energy", "temperatures": "temperature", "durations": "time",
                 "electron_electron": "rate", "frequencies": "energy"}  # fmt: skip
        values = {}
        for name, kind in lists.items():
            self.first(name)
            given = np.asarray(internal(name, list(getattr(self, name)), kind, scales), float)
            if np.unique(given).size < given.size or (kind != "rate" and not np.all(given > 0)):
                raise ValueError(f"{name} = {list(getattr(self, name))} is not allowed: it must list different, "
                                 "positive values")  # fmt: skip
            values[name] = tuple(np.sort(given).tolist())
        low, high = self.fluence
        if not 0 < low < high or self.fluences < 2 or self.points < 8:
            raise ValueError(f"fluence = {self.fluence}, fluences = {self.fluences}, points = {self.points} is not "
                             "allowed: it must be 0 < low < high, at least 2 fluences and 8 points")  # fmt: skip
        times = np.geomspace(50.0, self.times_of("until"), self.points) / plain["time_unit"]
        return ProbeStudy(
            metal, values["phonon_energies"], values["temperatures"], values["durations"], values["electron_electron"],
            (low, high), self.fluences, tuple(self.transport), values["frequencies"],
            float(internal("penetration_depth", self.penetration_depth, "length")), tuple(times.tolist()),
            reflectivity=self.pump_reflectivity, window=self.window, epsilon_inf=self.epsilon_inf,
        )  # fmt: skip

    def first(self, name: str) -> str:
        """The first entry of a list; raises `ValueError` for an empty one."""
        if not getattr(self, name):
            raise ValueError(f"{name} = [] is not allowed: it must list at least one quantity")
        return getattr(self, name)[0]

    def times_of(self, name: str) -> float:
        """A time in fs; raises `ValueError` for what is none, or not positive."""
        from ..model.units import internal

        fs = float(internal(name, getattr(self, name), "time", FEMTOSECONDS))
        if not fs > 0:
            raise ValueError(f"{name} = {getattr(self, name)!r} is not allowed: it must be positive")
        return fs


def numbers(result: Any) -> list[str]:
    """For each phonon, temperature and law: lowest σ, lifetime, growth and thickness at the highest fluence; E*."""
    head = (("", "lowest", "σ < 0 until", "4π|σ|", "thickness", "highest R"),
            ("highest fluence, best pulse", "σ/σ_0", "ps", "1/ps", "nm", "layers"))  # fmt: skip
    lines = [
        f"{row[0]:34}{row[1]:>9}{row[2]:>13}" + "".join(f"{word:>11}" for word in row[3:]) for row in head
    ]
    best = result.isel(fluence=0)
    for energy in result["phonon_energy"].to_numpy():
        for temperature in result["temperature"].to_numpy():
            for law in result["transport"].to_numpy():
                here = best.sel(phonon_energy=energy, temperature=temperature, transport=law)
                lowest = float(here["lowest"].min())
                until, growth, thickness = (float(here[n].max()) for n in ("until", "growth", "thickness"))
                lasts = f"{'≥ ' if (here['cut'] == 1).any() else ''}{until:.3g}"  # cut off by the last time
                label = f"{energy:.0f} meV  {temperature:.0f} K  {law}"
                lines.append(f"{label:34}{lowest:9.3f}{lasts:>13}{growth:11.3g}{thickness:11.1f}"
                             f"{float(here['layered'].max()):11.4f}")  # fmt: skip
    for energy in result["phonon_energy"].to_numpy():
        at = result.sel(phonon_energy=energy).isel(temperature=0)
        shown = ", ".join(
            f"{float(at['threshold_field'][k]):.3g} kV/cm at {float(at['field_fluence'][k]):.3g} mJ/cm² "
            f"(ω_E/σ_0 = {float(at['omega_e'][k]):.3g})"
            for k in range(result.sizes["field_fluence"]) if np.isfinite(at["threshold_field"][k])
        )  # fmt: skip
        lines.append(
            f"E*, {energy:.0f} meV, lowest temperature: {shown or 'σ is not negative without a field'}"
        )
    return lines
