"""A run as a labelled `xarray.Dataset`, with units, configuration and versions."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

BUDGET = {
    "particles": "electrons gained",
    "electron_energy": "energy gained by the electrons",
    "phonon_energy": "energy gained by the phonons",
    "joule": "work of the field on the electrons",
    "bath": "heat from the electrons to their bath",
    "decay": "energy lost by decay of the phonons",
    "pump": "energy put in by the pump",
    "mismatch": "what the balance fails to close by",
}


def to_xarray(run: Any) -> "xr.Dataset":
    """σ, ζ, field, f, energy balance and entropy production over time, energy by rung and cell.

    Energies in the unit of the DoS (the band width for model bands), times in the inverse unit of the
    rates. The attributes hold the configuration as JSON and the versions of the libraries.
    """
    import xarray as xr

    from ..model.record import describe, versions

    kinetics, mesh = run.kinetics, ("rung", "cell")
    data: dict[str, Any] = {
        "sigma": ("time", run.sigma, attributes("conductivity", "σ/σ_0")),
        "sigma_error": ("time", run.sigma_error, attributes("estimated error of the conductivity", "")),
        "phonons": ("time", run.phonons, attributes("non-equilibrium phonons per mode", "ζ")),
        "field": ("time", run.field, attributes("electric field", "E v_F √τ_tr", "energy × √rate")),
        "field_normalised": ("time", run.field_normalised, attributes("electric field", "𝓔")),
        "occupation": (("time", *mesh), run.occupation, attributes("occupation of electron states", "f")),
        "states": (mesh, run.ladder.states, attributes("electron states per mode in a cell", "n")),
        "width": (mesh, run.ladder.width, attributes("width of a cell", "h", "energy")),
    }
    if kinetics.ledger:
        for name, values in run.budget.items():
            unit = "1" if name == "particles" else "energy"
            text = BUDGET.get(name, f"energy brought by {name.replace('_', ' ')}")
            data[f"budget_{name}"] = ("time", values, attributes(f"{text}, per mode", "", unit))
    for name, values in run.entropy.items():
        text = f"entropy production per mode, {name.replace('_', ' ')}"
        data[f"entropy_{name}"] = ("time", values, attributes(text, "", "rate"))
    coordinates = {
        "time": ("time", np.asarray(run.times), attributes("time", "t", "1/rate")),
        "energy": (mesh, np.asarray(run.ladder.energy), attributes("electron energy", "ε", "energy")),
    }
    configuration = {"metal": kinetics.metal, "pump": kinetics.pump, "field": kinetics.field}
    notes = {
        "configuration": json.dumps(describe(configuration)),
        "versions": json.dumps(versions()),
        "result": run.result,
    }
    variables = {name: (dims, np.asarray(values), about) for name, (dims, values, about) in data.items()}
    return xr.Dataset(variables, coordinates, notes)


def attributes(name: str, symbol: str, unit: str = "1") -> dict[str, str]:
    """xarray attributes of a variable."""
    return {"long_name": name, "symbol": symbol, "units": unit}
