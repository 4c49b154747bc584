"""From the laboratory to the model and back: fluence into phonons, fields in kV/cm, results in eV and fs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import require
from .field import ConstantField
from .metal import Metal
from .pulses import AnalyticPulse, pulse_shapes
from .units import physical, stated, unit_size

if TYPE_CHECKING:
    import xarray as xr


def phonons_per_fluence(
    metal: Metal,
    penetration_depth: Any,
    reflectivity: Any = 0.0,
    cell_volume: Any = None,
    modes_per_cell: float = 1,
) -> Any:
    """Phonons per mode for each eV/Å² of fluence: (1 − R) V_cell / (d ω_p modes).

    All of the absorbed energy goes into the phonon mode: note [19] of PRB 101, 041105 (2020).
    """
    scales = metal.scales
    volume = getattr(scales, "cell_volume", None)
    if cell_volume is not None:
        volume = stated("cell_volume", cell_volume, "volume", scales)
    if volume is None:
        raise ValueError(
            "cell_volume is needed: the metal does not know it; give cell_volume='722 angstrom^3' (of the "
            "primitive cell), or nacjax.Scales(cell_volume=...)"
        )
    depth = stated("penetration_depth", penetration_depth, "length", scales)
    positive = ("positive and finite", lambda x: (x > 0) & np.isfinite(x))
    for name, value in (
        ("cell_volume", volume),
        ("penetration_depth", depth),
        ("modes_per_cell", modes_per_cell),
    ):
        require(name, value, *positive)
    require("reflectivity", reflectivity, "between 0 and 1, 1 excluded", lambda x: (x >= 0) & (x < 1))
    energy = metal.phonon_energy * unit_size("energy", scales, "phonon_energy")
    return (1 - reflectivity) * volume / (depth * energy * modes_per_cell)


def zeta0_from_fluence(
    metal: Metal,
    fluence: Any,
    *,
    penetration_depth: Any,
    reflectivity: Any = 0.0,
    cell_volume: Any = None,
    modes_per_cell: float = 1,
) -> Any:
    """The phonons per mode that a pulse of some fluence brings.

    ζ_0, phonons per mode in a pulse, from its fluence: all that is absorbed goes into the mode.

    - `fluence`: incident energy per area ("1 mJ/cm^2", or a pair such as (x, "mJ/cm^2") of an array or a tracer);
      a list of texts gives an array
    - `penetration_depth`: of the energy ("100 nm")
    - `reflectivity`: of the surface, 0 to 1
    - `cell_volume`: of the primitive cell ("722 angstrom^3"); by default that of the metal
    - `modes_per_cell`: pumped modes in it

    Note [19] of PRB 101, 041105 (2020), doi:10.1103/PhysRevB.101.041105. Raises `ValueError` naming the
    argument for a wrong dimension or range, for a number without unit, and for a metal without a scale of energy.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> round(float(nj.zeta0_from_fluence(metal, "1 mJ/cm^2", penetration_depth="100 nm")), 2)
    1.32
    """
    ratio = phonons_per_fluence(metal, penetration_depth, reflectivity, cell_volume, modes_per_cell)
    return stated("fluence", fluence, "fluence", metal.scales) * ratio


def fluence_from_zeta0(
    metal: Metal,
    zeta0: Any,
    *,
    penetration_depth: Any,
    reflectivity: Any = 0.0,
    cell_volume: Any = None,
    modes_per_cell: float = 1,
    unit: str = "mJ/cm^2",
) -> Any:
    """The fluence of a pulse of ζ_0 phonons per mode, a pint quantity: the inverse of `zeta0_from_fluence`.

    - `metal`: its phonon energy and its scales
    - `zeta0`: phonons per mode, a number or an array
    - `penetration_depth`, `reflectivity`, `cell_volume`, `modes_per_cell`: as in `zeta0_from_fluence`
    - `unit`: of the result, an energy per area

    Raises `ValueError` naming the argument, as `zeta0_from_fluence`.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> fluence = nj.fluence_from_zeta0(metal, 3.0, penetration_depth="100 nm")
    >>> f"{fluence:.1f~P}"
    '2.3 mJ/cm²'
    """
    ratio = phonons_per_fluence(metal, penetration_depth, reflectivity, cell_volume, modes_per_cell)
    return physical(zeta0 / ratio, "fluence", None, unit)


def pulse(
    metal: Metal,
    fluence: Any,
    duration: Any,
    *,
    shape: str = "exponential",
    delay: Any = 0.0,
    penetration_depth: Any,
    reflectivity: Any = 0.0,
    cell_volume: Any = None,
    modes_per_cell: float = 1,
) -> AnalyticPulse:
    """A pump pulse in internal units from one in those of a laboratory.

    - `metal`: its phonon energy and its scales
    - `shape`: "exponential", "gaussian", "square", or that of another `AnalyticPulse`; `duration` and `delay` as in
      these ("300 fs")
    - `fluence`, `penetration_depth`, `reflectivity`, `cell_volume`, `modes_per_cell`: as in `zeta0_from_fluence`

    Raises `ValueError` naming the argument.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> float(nj.pulse(metal, "1 mJ/cm^2", "300 fs", penetration_depth="100 nm").duration)
    0.3
    """
    shapes = pulse_shapes()
    if shape not in shapes:
        raise ValueError(f"shape = {shape!r} is not allowed: it must be one of {', '.join(shapes)}")
    zeta0 = zeta0_from_fluence(
        metal, fluence, penetration_depth=penetration_depth, reflectivity=reflectivity,
        cell_volume=cell_volume, modes_per_cell=modes_per_cell,
    )  # fmt: skip
    times = [stated(name, value, "time", metal.scales) for name, value in
             (("duration", duration), ("delay", delay))]  # fmt: skip
    return shapes[shape](zeta0, *times)


def field(metal: Metal, strength: Any) -> ConstantField:
    """A constant field from one in physical units.

    - `metal`: its scales, `fermi_velocity` and `transport_time_fs` among them
    - `strength`: "10 kV/cm"; JAX arrays without a unit are F = E v_F √τ_tr in internal units

    Raises `ValueError` for a wrong dimension, for a plain number, and for a metal without these scales.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, fermi_velocity=2e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> float(nj.field(metal, "10 kV/cm").strength) > 0
    True
    """
    return ConstantField(stated("strength", strength, "field", metal.scales), absolute=True)  # pyright: ignore[reportCallIssue]


INTERNAL_UNITS = {
    "energy": "energy", "W": "energy", "unit of energy of the DoS": "energy",
    "rate": "rate", "Γ_eph": "rate", "unit of rate": "rate",
    "1/rate": "time", "1/Γ_eph": "time", "1/(unit of rate)": "time",
    "energy × rate": "energy × rate", "W Γ_eph": "energy × rate",
    "energy × √rate": "field", "W √Γ_eph": "field",
}  # fmt: skip
"""What the results call their internal units → the kind of quantity."""


def in_physical_units(dataset: "xr.Dataset", metal: Metal) -> "xr.Dataset":
    """A result (of `Run.to_xarray` or `sweep`) with its axes and variables in eV or meV, fs or ps, kV/cm, K.

    - `dataset`: what to convert; it is not changed
    - `metal`: whose scales are used

    What has no unit (σ/σ_0, ζ, f, 𝓔) stays; so does what the scales of the metal do not fix.

    >>> scales = nj.Scales(energy_ev=0.6, time_fs=1000.0, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> import xarray as xr
    >>> run = xr.Dataset(coords={"time": ("time", [2.0], {"units": "1/rate"})})
    >>> nj.in_physical_units(run, metal).time.attrs["units"]
    'ps'
    """
    scales = metal.scales
    if scales is None:
        raise ValueError(
            "metal is not allowed: it has no scales; give it scales=nacjax.Scales(energy_ev=..., ...)"
        )
    result = dataset.copy()
    for name in [*result.coords, *result.data_vars]:
        variable = result[name]
        kind = (
            "temperature" if name == "temperature" else INTERNAL_UNITS.get(str(variable.attrs.get("units")))
        )
        if kind is None or variable.attrs.get("units") == "1":
            continue
        try:
            quantity = physical(
                variable.to_numpy(), kind, scales, _best_unit(kind, variable.to_numpy(), scales)
            )
        except ValueError:  # a scale is not known
            continue
        attributes = {**variable.attrs, "units": f"{quantity.units:~P}"}
        if kind == "field":
            attributes["symbol"] = "E"
        changed = (variable.dims, np.asarray(quantity.magnitude), attributes)
        result = (
            result.assign_coords({name: changed}) if name in result.coords else result.assign({name: changed})
        )
    return result


def _best_unit(kind: str, values: np.ndarray, scales: Any) -> str:
    """A unit in which the largest value is handy."""
    largest = float(np.nanmax(np.abs(values), initial=0.0)) * unit_size(kind, scales)
    small = largest < 1
    units = {
        "energy": "meV" if small else "eV",
        "time": "fs" if largest < 1000 else "ps",
        "rate": "1/ps",
        "energy × rate": "meV/ps",
        "field": "kV/cm",
        "temperature": "kelvin",
    }
    return units[kind]
