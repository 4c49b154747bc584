"""A metal pumped at several phonon energies, temperatures and fluences: where is σ < 0, and for how long?"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..model.laboratory import phonons_per_fluence
from ..model.metal import Metal
from ..model.pump import AbstractPump
from ..model.units import is_pair, physical, stated
from .sweep.outcomes import failed
from .sweep.sweep import sweep
from .transport_laws import transport_laws


def pumped(
    metal: Metal,
    pulse: AbstractPump,
    *,
    phonon_energies: Sequence[Any],
    temperatures: Sequence[Any],
    fluences: Sequence[Any],
    times: Any,
    transports: Sequence[str] = ("constant", "band"),
    penetration_depth: Any = "100 nm",
    reflectivity: Any = 0.0,
    **options: Any,
) -> xr.Dataset:
    """The conductivity of a metal that is pumped at several phonon energies, temperatures and fluences.

    σ/σ_0 over transport law, phonon energy, temperature, fluence and time, without a field.

    - `metal`: with scales of energy and time
    - `phonon_energies`, `temperatures`, `fluences`, `times`: what to vary; lists of texts with units, or pairs such as
      ([100, 300], "K")
    - `transports`: names of transport laws
    - `penetration_depth`, `reflectivity`: of the surface, as in `nj.zeta0_from_fluence`
    - `pulse`: its `zeta0` is replaced by that of each fluence and phonon energy (note [19] of
      PRB 101, 041105)
    - `options`: of `sweep` (`cells`, `rtol`, `progress`, …)

    Variables: `sigma`; `lowest`, its least value in time; `negative`, how long σ < 0 (internal time), and
    `negative_cut`, whether σ < 0 at the first or last time, so that it is a lower bound;
    `zeta0`; `outcome` of each point. Raises `ValueError` naming the argument.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> pulse = nj.ExponentialPulse(1.0, 0.3)
    >>> found = nj.pumped(metal, pulse, phonon_energies=["330 meV"], temperatures=["60 K"],
    ...     fluences=["1 mJ/cm^2", "9 mJ/cm^2"], times=["1 ps"], cells=16, progress=False)
    >>> found["sigma"].sizes["fluence"]
    2
    """
    scales = metal.scales
    energy = _listed("phonon_energies", phonon_energies, "energy", scales)
    temperature = _listed("temperatures", temperatures, "temperature", scales)
    fluence = _listed("fluences", fluences, "fluence", scales)
    for name, values in (("phonon_energies", energy), ("temperatures", temperature), ("fluences", fluence)):
        if values.size == 0 or np.unique(values).size < values.size:
            raise ValueError(f"{name} = {values.tolist()} is not allowed: it must list different values")
    at_metal = float(phonons_per_fluence(metal, penetration_depth, reflectivity))
    zeta0 = np.outer(at_metal * float(metal.phonon_energy) / energy, fluence)
    pairs = ("phonon_energy", "zeta0")
    axes = {pairs: (np.repeat(energy, fluence.size), zeta0.ravel()), "temperature": temperature}
    times = _listed("times", times, "time", scales)
    axes = {name: jax.tree.map(jnp.asarray, values) for name, values in axes.items()}
    result = sweep(
        metal, pulse, axes=axes, times=jnp.asarray(times), observe=transport_laws(*transports), **options
    )
    return _labelled(result, list(transports), energy, temperature, fluence, zeta0)


def _listed(name: str, given: Any, kind: str, scales: Any) -> np.ndarray:
    """A list of quantities in internal units."""
    plain = given if is_pair(given) or isinstance(given, jax.Array) else list(given)
    return np.asarray(stated(name, plain, kind, scales), float)


def _labelled(result: xr.Dataset, transports: list[str], energy, temperature, fluence, zeta0) -> xr.Dataset:
    """The dataset of `pumped` from that of its sweep; `zeta0` (phonon energy, fluence)."""
    times = result["time"].to_numpy()
    shape = (energy.size, fluence.size, temperature.size)
    sigma = np.stack([result[law].transpose("phonon_energy_zeta0", "temperature", "time").to_numpy().reshape(*shape, -1)
                      for law in transports])  # fmt: skip
    grid = ("phonon_energy", "fluence", "temperature")
    outcome = result["outcome"].transpose("phonon_energy_zeta0", "temperature").to_numpy().reshape(shape)
    labels = {
        "transport": ("transport", transports, {"long_name": "transport law"}),
        "phonon_energy": ("phonon_energy", energy, result["phonon_energy"].attrs),
        "fluence": (
            "fluence",
            np.asarray(physical(fluence, "fluence", unit="mJ/cm^2").magnitude),
            {"long_name": "fluence of the pulse", "units": "mJ/cm²"},
        ),
        "temperature": ("temperature", temperature, result["temperature"].attrs),
        "time": ("time", times, result["time"].attrs),
    }
    variables = {
        "sigma": (("transport", *grid, "time"), sigma, {"long_name": "conductivity", "symbol": "σ/σ_0", "units": "1"}),
        "lowest": (("transport", *grid), sigma.min(axis=-1),
                   {"long_name": "lowest conductivity", "symbol": "σ/σ_0", "units": "1"}),
        "negative": (("transport", *grid), time_below_zero(times, sigma),
                     {"long_name": "time with σ < 0", "units": result["time"].attrs["units"]}),
        "negative_cut": (("transport", *grid), (sigma[..., -1] < 0) | ((sigma[..., 0] < 0) & (times[0] > 0)),
                         {"long_name": "σ < 0 at the first or last time: the time with σ < 0 is a lower bound"}),
        "zeta0": (("phonon_energy", "fluence"), zeta0, {"long_name": "phonons per mode in the pulse", "units": "1"}),
        "outcome": (grid, outcome, {"long_name": "0 where the point was computed"}),
    }  # fmt: skip
    return xr.Dataset(variables, labels, result.attrs)


def time_below_zero(times: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """How long σ (…, time), linear between the times, is below zero from the first to the last of them; (…,)."""
    step = np.diff(times)
    low, high = np.minimum(sigma[..., 1:], sigma[..., :-1]), np.maximum(sigma[..., 1:], sigma[..., :-1])
    part = np.clip(-low / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    return np.sum(step * np.where(high > low, part, low < 0), axis=-1)


MARGIN = 0.01
"""|σ/σ_0| below which a sign is not decided."""


def verdict(result: xr.Dataset, margin: float = MARGIN) -> list[str]:
    """The answer in words: for each transport law whether σ < 0, where, and for how long.

    Values within `margin` of zero are not counted as negative: meshes of energies and of k points leave
    about as much.
    """
    lines = []
    for law in result["transport"].to_numpy():
        lowest = result["lowest"].sel(transport=law)
        place = lowest.where(lowest == lowest.min(), drop=True)
        least = f"lowest σ/σ_0 = {float(lowest.min()):.4f} at {_place(place)}"
        open_cases = int((abs(lowest) <= margin).sum())
        rest = f"; {open_cases} within ±{margin:g} of zero, which is not decided here" if open_cases else ""
        below = int((lowest < -margin).sum())
        if below == 0:
            lines.append(
                f"transport {law}: no negative conductivity at any of {lowest.size} points{rest}; {least}"
            )
            continue
        there = {"transport": law, **{d: place[d].item() for d in place.dims}}
        time, cut = (result[name].sel(there) for name in ("negative", "negative_cut"))
        least_time = "at least " if bool(cut) else ""
        lines.append(
            f"transport {law}: σ < 0 at {below} of {lowest.size} points{rest}; {least}, "
            f"negative for {least_time}{float(time):.3g} {result['negative'].attrs['units']} there"
        )
    lost = int(failed(result["outcome"]).sum())
    if lost:
        lines.append(f"{lost} of {result['outcome'].size} points failed and are not counted")
    return lines


def _place(point: xr.DataArray) -> str:
    return ", ".join(f"{point[d].item():.4g} {point[d].attrs.get('units', '')}" for d in point.dims)


def verdict_table(result: xr.Dataset) -> str:
    """Lowest σ/σ_0 in time for every law, phonon energy, temperature (lines) and fluence (columns), as text."""
    fluence = result["fluence"].to_numpy()
    head = "lowest σ/σ_0 in time" + " " * 18 + "fluence (mJ/cm²)"
    lines = [head, " " * 36 + "".join(f"{f:9.3g}" for f in fluence)]
    energies, temperatures = result["phonon_energy"], result["temperature"]
    for law in result["transport"].to_numpy():
        for e in energies:
            for t in temperatures:
                row = result["lowest"].sel(transport=law, phonon_energy=e, temperature=t)
                name = (f"{law:12}{e.item():8.4g} {energies.attrs['units']:5}{t.item():6.4g} "
                        f"{temperatures.attrs['units']:3}")  # fmt: skip
                lines.append(f"{name:36}" + "".join(f"{v:9.4f}" for v in row.to_numpy()))
    return "\n".join(lines)
