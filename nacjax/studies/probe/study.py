"""The study of a pumped metal as a probe sees it: one sweep over pulses and fields, read for samples of any depth.

Fluences and the depths of layers share one grid of ζ_0: a layer is what the surface is at a weaker pump.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from ...kinetics.ladder import Ladder, Mesh, build_ladder, count_rungs, fermi
from ...model.field import ConstantField
from ...model.laboratory import phonons_per_fluence
from ...model.metal import Metal
from ...model.optical import HBAR_EV_FS, conductivity_scale
from ...model.pulses import ExponentialPulse
from ...model.record import describe
from ...model.transport import as_transport
from ...model.units import stated
from ...solvers.optics import spectrum
from ..sweep.sweep import sweep
from ..transport_laws import Law, transport_laws

AXES = ("phonon_energy", "temperature", "duration", "rate", "zeta0", "strength")
"""What differs from point to point of the sweep."""
DEEP = 4.0
"""Penetration depths of the layers of a sample; below is the metal that is not pumped."""


@dataclasses.dataclass(frozen=True)
class ProbeStudy:
    """What is varied; all in internal units of the metal but for fluences (mJ/cm²) and lengths (Å).

    - `metal`: with scales and one `ElectronElectron`, whose rate is among `rates`
    - `phonon_energies`, `temperatures`, `durations`, `rates`: values; `fluence`: lowest and highest; `fluences`:
      how many
    - `laws`: names of transport laws, that of the metal first; `frequencies`: ħω of the probe
    - `strengths`: fields 𝓔 > 0 among which E* is sought, for the `field_fluences` at the first duration and rate
    - `penetration_depth`; `reflectivity`: of the pump; `window`: index; `epsilon_inf`
    - `times`: when the state is looked at
    """

    metal: Metal
    phonon_energies: tuple[float, ...]
    temperatures: tuple[float, ...]
    durations: tuple[float, ...]
    rates: tuple[float, ...]
    fluence: tuple[float, float]
    fluences: int
    laws: tuple[str, ...]
    frequencies: tuple[float, ...]
    penetration_depth: float
    times: tuple[float, ...]
    strengths: tuple[float, ...] = tuple(np.geomspace(0.05, 20.0, 9))
    reflectivity: float = 0.0
    window: float = 1.0
    epsilon_inf: float = 1.0

    @property
    def step(self) -> float:
        """ln of the ratio of fluences, the thickness of a layer in penetration depths."""
        return float(np.log(self.fluence[1] / self.fluence[0]) / (self.fluences - 1))

    @property
    def layers(self) -> int:
        """Layers of a sample."""
        return int(np.ceil(DEEP / self.step)) + 1

    @property
    def grid(self) -> Float[np.ndarray, " pump"]:
        """Fluences, falling, and those of layers below the surface at the lowest one (mJ/cm²)."""
        count = self.fluences + self.layers - 1
        return self.fluence[1] * np.exp(-self.step * np.arange(count))

    @property
    def widths(self) -> Float[np.ndarray, " layer"]:
        """Of layers around the depths 0, s, 2s … (Å), where the first one reaches down to s/2."""
        width = np.full(self.layers, self.step * self.penetration_depth)
        width[0] *= 0.5
        return width

    @property
    def field_fluences(self) -> tuple[int, ...]:
        """Places in `grid` of the fluences at which E* is sought: the highest, and two lower ones."""
        return tuple(sorted({0, self.fluences // 4, self.fluences // 2}))

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes without a field: phonon energy, temperature, duration, rate, pump."""
        lists = (self.phonon_energies, self.temperatures, self.durations, self.rates, self.grid)
        return tuple(len(values) for values in lists)

    def zeta0(self, phonon_energy: float) -> Float[np.ndarray, " pump"]:
        """ζ_0 at the surface for the fluences of `grid`."""
        per = phonons_per_fluence(self.metal, (self.penetration_depth, "angstrom"), self.reflectivity)
        at_metal = float(per) * float(self.metal.phonon_energy) / phonon_energy
        return np.asarray(stated("fluence", (self.grid, "mJ/cm^2"), "fluence", self.metal.scales)) * at_metal

    def points(self) -> Float[np.ndarray, "point axis"]:
        """Every combination without a field, and behind them those for E*; the columns are `AXES`."""
        rows = [
            (energy, temperature, duration, rate, zeta, 0.0)
            for energy in self.phonon_energies
            for temperature in self.temperatures
            for duration in self.durations
            for rate in self.rates
            for zeta in self.zeta0(energy)
        ]
        rows += [
            (energy, temperature, self.durations[0], self.rates[0], self.zeta0(energy)[k], strength)
            for energy in self.phonon_energies
            for temperature in self.temperatures
            for k in self.field_fluences
            for strength in self.strengths
        ]
        return np.array(rows)

    @property
    def turns(self) -> tuple[float, ...]:
        """ωτ_tr at the Fermi level for each frequency."""
        scales = self.metal.scales
        assert scales is not None and scales.transport_time_fs is not None
        return tuple(w * scales.energy_ev * scales.transport_time_fs / HBAR_EV_FS for w in self.frequencies)


@dataclasses.dataclass(frozen=True)
class Spectra:
    """The function that gives σ(ω, t)/σ_0 of a run under several transport laws, (time, law, freq, part)."""

    laws: tuple[str, ...]
    turns: tuple[float, ...]

    @property
    def dims(self) -> dict[str, Any]:
        """What is behind the time: laws, frequencies, real and imaginary part."""
        return {"law": range(len(self.laws)), "turn": self.turns, "part": (0, 1)}

    def __call__(self, run: Any) -> Float[Array, "time law freq part"]:
        return self.of(run.metal, run.ladder, run.occupation)

    def of(
        self, metal: Metal, ladder: Ladder, f: Float[Array, "*state rung cell"]
    ) -> Float[Array, "*state law freq part"]:
        """The same of occupations on a ladder."""
        found = []
        for law in self.laws:
            there = dataclasses.replace(metal, transport=as_transport(law))
            seen = spectrum(there, Law(law).ladder(metal, ladder), f, jnp.asarray(self.turns))
            found.append(jnp.stack([seen.real, seen.imag], axis=-1))
        return jnp.stack(found, axis=-3)


def run_study(
    study: ProbeStudy, store: str | Path | None = None, **options: Any
) -> tuple[xr.Dataset, np.ndarray]:
    """The sweep of a study, and σ(ω)/σ_0 before the pump (phonon energy, temperature, law, freq).

    `store` and `options` (`cells`, `rtol`, `progress`, …) are those of `sweep`: with a store it is resumable.
    """
    columns = study.points().T
    spectra = Spectra(study.laws, study.turns)
    result = sweep(
        study.metal, ExponentialPulse(jnp.asarray(1.0), jnp.asarray(1.0)), field=ConstantField(jnp.asarray(0.0)),  # pyright: ignore[reportCallIssue]
        axes={AXES: tuple(jnp.asarray(column) for column in columns)}, times=jnp.asarray(study.times),
        observe={**transport_laws(*study.laws), "spectrum": spectra}, store=store, **options,
    )  # fmt: skip
    before = [[_before(study, energy, temperature, spectra, options) for temperature in study.temperatures]
              for energy in study.phonon_energies]  # fmt: skip
    result.attrs["study"] = json.dumps(describe(dataclasses.replace(study, metal=None)))  # pyright: ignore[reportArgumentType]
    return result, np.array(before)


def _before(
    study: ProbeStudy, energy: float, temperature: float, spectra: Spectra, options: dict
) -> np.ndarray:
    metal = dataclasses.replace(
        study.metal, phonon_energy=jnp.asarray(energy), temperature=jnp.asarray(temperature), processes=()
    )
    parts = np.asarray(_equilibrium(metal, spectra, Mesh(cells=options.get("cells", 48)), count_rungs(metal)))
    return parts[..., 0] + 1j * parts[..., 1]


@eqx.filter_jit
def _equilibrium(metal: Metal, spectra: Spectra, mesh: Mesh, rungs: int):
    ladder = build_ladder(metal, mesh, rungs)
    return spectra.of(metal, ladder, fermi(ladder.energy, ladder.chemical_potential, metal.temperature))


def scale_of(study: ProbeStudy):
    """σ_0 of the metal in laboratory units, as plain numbers."""
    return jax.tree.map(lambda x: x if isinstance(x, str) else float(x), conductivity_scale(study.metal))
