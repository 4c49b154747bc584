"""What the sweep of a `ProbeStudy` says: σ and its lifetime, R(ω) with and without depth, E*, ω_E, growth."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import xarray as xr

from ...model.units import physical
from ...solvers.optics import Optics
from ..sweep.outcomes import failed
from .apparent import apparent
from .reflectivity import reflectivity
from .study import ProbeStudy, scale_of

CASES = ("phonon_energy", "temperature", "duration", "electron_electron", "fluence")
"""Axes of the result, besides the transport law."""


def read(study: ProbeStudy, swept: xr.Dataset, before: np.ndarray) -> xr.Dataset:
    """The dataset of a study, in meV, K, ps, 1/ps, mJ/cm², nm, kV/cm.

    `swept`, `before`: from `run_study`. Spectra are those at the time when σ at the surface is lowest.
    """
    count = int(np.prod(study.shape))
    sigma = np.stack([swept[law].to_numpy() for law in study.laws], axis=1)  # (point, law, time)
    free = np.moveaxis(
        sigma[:count].reshape(*study.shape, *sigma.shape[1:]), -2, 0
    )  # (law, case, pump, time)
    surface = free[..., : study.fluences, :]
    moment = np.argmin(surface, axis=-1)
    spectra = swept["spectrum"].to_numpy()
    spectra = (spectra[:count, ..., 0] + 1j * spectra[:count, ..., 1]).reshape(
        *study.shape, *spectra.shape[1:4]
    )
    values = _in_time(study, surface, moment)
    values |= _light(study, np.moveaxis(spectra, -2, 0), before, moment)
    data = {name: (("transport", *CASES, *dims), x, about) for name, (dims, x, about) in values.items()}
    result = xr.Dataset(data | _fields(study, sigma[count:, 0]), _coordinates(study))
    lost = int(failed(swept["outcome"]).sum())
    kept = {
        name: swept.attrs[name]
        for name in ("configuration", "versions", "study", "device")
        if name in swept.attrs
    }
    return result.assign_attrs(kept, failed=lost, points=int(swept["outcome"].size))


def _coordinates(study: ProbeStudy) -> dict[str, Any]:
    scales = study.metal.scales

    def axis(name: str, values: Any, kind: str, unit: str, text: str):
        shown = np.atleast_1d(physical(np.asarray(values), kind, scales, unit).magnitude)
        return (name, shown, {"long_name": text, "units": unit})

    return {
        "transport": ("transport", list(study.laws), {"long_name": "transport law"}),
        "phonon_energy": axis("phonon_energy", study.phonon_energies, "energy", "meV", "pumped phonon"),
        "temperature": axis("temperature", study.temperatures, "temperature", "kelvin", "bath temperature"),
        "duration": axis("duration", study.durations, "time", "ps", "duration of the pulse"),
        "electron_electron": axis("electron_electron", study.rates, "rate", "1/ps", "electron-electron rate"),
        "fluence": ("fluence", study.grid[: study.fluences], {"long_name": "fluence", "units": "mJ/cm²"}),
        "frequency": axis("frequency", study.frequencies, "energy", "meV", "photon energy ħω"),
        "field_fluence": ("field_fluence", study.grid[list(study.field_fluences)], {"units": "mJ/cm²"}),
    }


def _in_time(study: ProbeStudy, sigma: np.ndarray, moment: np.ndarray) -> dict[str, Any]:
    """Lowest σ, when, how long σ < 0, also after the pulse, and how fast a charge fluctuation grows."""
    unit = float(physical(1.0, "time", study.metal.scales, "ps").magnitude)
    times = unit * np.asarray(study.times)
    lowest = np.take_along_axis(sigma, moment[..., None], -1)[..., 0]
    negative = sigma < 0
    until = _last_zero(times, sigma)
    after = np.maximum(until - unit * np.asarray(study.durations)[:, None, None], 0.0)
    growth = 1000 * scale_of(study).growth_rate * np.maximum(-lowest, 0.0)
    return {
        "lowest": ((), lowest, {"long_name": "lowest conductivity σ/σ_0", "units": "1"}),
        "moment": ((), times[moment], {"long_name": "time of the lowest conductivity", "units": "ps"}),
        "until": ((), until, {"long_name": "time until which σ < 0, 0 where it is not", "units": "ps"}),
        "after": ((), after, {"long_name": "time with σ < 0 after the duration of the pulse", "units": "ps"}),
        "cut": ((), negative[..., -1], {"long_name": "σ < 0 at the last time: until is a lower bound"}),
        "growth": ((), growth, {"long_name": "growth rate 4π|σ| of a charge fluctuation", "units": "1/ps"}),
    }


def _last_zero(times: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """When σ (…, time) turns positive for the last time, linear in ln t; 0 where it is never negative."""
    negative = sigma < 0
    last = sigma.shape[-1] - 1 - np.argmax(negative[..., ::-1], axis=-1)
    following = np.minimum(last + 1, sigma.shape[-1] - 1)
    low, high = (np.take_along_axis(sigma, k[..., None], -1)[..., 0] for k in (last, following))
    share = np.where(high > low, -low / np.where(high > low, high - low, 1.0), 0.0)
    until = times[last] * (times[following] / times[last]) ** np.clip(share, 0.0, 1.0)
    return np.where(negative.any(axis=-1), until, 0.0)


def _light(study: ProbeStudy, spectra: np.ndarray, before: np.ndarray, moment: np.ndarray) -> dict[str, Any]:
    """σ(ω) at the surface, R of a half-space like it and of the layers, what is read from that, and thicknesses.

    `spectra` (law, case, pump, time, freq), `before` (phonon energy, temperature, law, freq), `moment` (law, case,
    fluence).
    """
    shape, freq = moment.shape, spectra.shape[-1]
    names = ("sigma", "uniform", "layered", "unpumped", "read")
    found: dict[str, Any] = {
        name: np.zeros((*shape, freq), complex if name in ("sigma", "read") else float) for name in names
    }
    thickness = np.zeros(shape)
    deeper = np.arange(study.fluences)[:, None] + np.arange(study.layers)  # (fluence, layer)
    for place in np.ndindex(shape[:3]):
        law, energy, temperature = place
        rest = before[energy, temperature, law]
        pumps = spectra[place][:, :, deeper]  # (duration, rate, fluence, layer, time, freq)
        layers = np.take_along_axis(pumps, moment[place][..., None, None, None], axis=-2)
        flat = np.moveaxis(layers.reshape(-1, study.layers, freq), 1, 0)  # (layer, state, freq)
        for name, read in _of_layers(study, flat, rest).items():
            found[name][place] = read.reshape(found[name][place].shape)
        negative = np.real(flat[:, :, 0]) < 0
        thickness[place] = 0.1 * (study.widths @ negative).reshape(shape[3:])
    table = {
        "uniform": "reflectivity R of a half-space like the surface",
        "layered": "reflectivity R of the layers",
        "unpumped": "reflectivity R before the pump",
    }
    values: dict[str, Any] = {
        name: (("frequency",), found[name], {"long_name": text, "units": "1"}) for name, text in table.items()
    }
    for name, text in (
        ("sigma", "σ(ω)/σ_0 at the surface"),
        ("read", "σ(ω)/σ_0 read from R with an exponential profile"),
    ):
        for part, array in (("real", found[name].real), ("imaginary", found[name].imag)):
            values[f"{name}_{part}"] = (
                ("frequency",),
                array,
                {"long_name": f"{text}, {part} part", "units": "1"},
            )
    values["thickness"] = ((), thickness, {"long_name": "thickness of the layers with σ < 0", "units": "nm"})
    return values


def _of_layers(study: ProbeStudy, layers: np.ndarray, before: np.ndarray) -> dict[str, np.ndarray]:
    """Spectra (state, freq) of samples with `layers` (layer, state, freq)."""
    scales = study.metal.scales
    assert scales is not None
    photon = jnp.asarray(study.frequencies) * scales.energy_ev
    scale = scale_of(study)._replace(sources=())

    def optics(sigma):
        return Optics(jnp.asarray(study.frequencies), jnp.asarray(sigma), jnp.asarray(before),
                      jnp.asarray(study.epsilon_inf), photon, scale)  # fmt: skip

    deep = reflectivity(optics(layers), window=study.window, width=(study.widths, "angstrom"))
    flat = reflectivity(optics(layers[0]), window=study.window)
    read_as = apparent(deep, (study.penetration_depth, "angstrom"))
    unpumped = np.broadcast_to(np.asarray(deep.before.reflected), layers.shape[1:])
    found = {
        "sigma": layers[0],
        "uniform": flat.reflected,
        "layered": deep.reflected,
        "unpumped": unpumped,
        "read": read_as,
    }
    return {name: np.asarray(x) for name, x in found.items()}


def _fields(study: ProbeStudy, sigma: np.ndarray) -> dict[str, Any]:
    """E* in kV/cm and ω_E/σ_0 under the metal's own law, where σ(E → 0) is lowest; `sigma` (point, time)."""
    shape = (
        len(study.phonon_energies),
        len(study.temperatures),
        len(study.field_fluences),
        len(study.strengths),
    )
    curves = sigma.reshape(*shape, -1)
    at = np.argmin(curves[..., 0, :], axis=-1)
    lowest = np.take_along_axis(curves, at[..., None, None], -1)[..., 0]  # (…, strength)
    star, slope = np.full(shape[:3], np.nan), np.full(shape[:3], np.nan)
    x = np.log(study.strengths)
    for place in np.ndindex(shape[:3]):
        row = lowest[place]
        turns = np.flatnonzero((row[:-1] < 0) & (row[1:] >= 0))
        if turns.size:
            k = turns[0]
            star[place] = np.exp(np.interp(0.0, row[k : k + 2], x[k : k + 2]))
            slope[place] = 0.5 * (row[k + 1] - row[k]) / (x[k + 1] - x[k])  # dσ/d ln 𝓔²
    unit = np.sqrt(float(study.metal.inelastic_rate) * np.array(study.phonon_energies))[:, None, None]
    strength = np.asarray(physical(star * unit, "field", study.metal.scales, "kV/cm").magnitude)
    dims = ("phonon_energy", "temperature", "field_fluence")
    return {
        "threshold_field": (dims, strength, {"long_name": "threshold field E*", "units": "kV/cm"}),
        "omega_e": (dims, slope, {"long_name": "ω_E/σ_0 = dσ/d ln E² at E*", "units": "1"}),
    }
