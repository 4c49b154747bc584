"""What the unit of conductivity is in a laboratory: σ_0 in S/cm, from the bands and a transport time."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from .checks import require
from .metal import Metal
from .numbers import shown
from .units import stated

VACUUM = 8.8541878128e-12
"""ε_vac in F/m."""
CHARGE = 1.602176634e-19
"""e in C, and eV in J."""
HBAR_EV_FS = 0.6582119569
"""ħ in eV fs."""
LIGHT = 2997.92458
"""c in Å/fs."""


class ConductivityScale(NamedTuple):
    """σ_0 = e² v_F² τ_tr D_F/3 and what it is made of, in laboratory units; `print` says where each comes from.

    - `sigma0` (S/cm); `transport_time` τ_tr (fs); `fermi_velocity` v_F (m/s)
    - `fermi_density` D_F: states of both spins in 1/(eV cell); `cell_volume` (Å³)
    - `sources`: (name, where its number comes from) pairs
    """

    sigma0: Any
    transport_time: Any
    fermi_velocity: float
    fermi_density: Any
    cell_volume: float
    sources: tuple[tuple[str, str], ...] = ()

    @property
    def siemens_per_metre(self) -> Any:
        """σ_0 in S/m."""
        return 100 * self.sigma0

    @property
    def plasma_energy(self) -> Any:
        """ħ√(σ_0/(ε_vac τ_tr)) in eV: the unscreened plasma energy of a Drude metal of this σ_0 and τ_tr."""
        per_time = self.siemens_per_metre / VACUUM * 1e-15 / self.transport_time
        return HBAR_EV_FS * jnp.sqrt(per_time)

    @property
    def mean_free_path(self) -> Any:
        """v_F τ_tr in nm."""
        return 1e-6 * self.fermi_velocity * self.transport_time

    @property
    def growth_rate(self) -> Any:
        """σ_0/ε_vac in 1/fs, 4πσ_0 in Gaussian units: −σ/σ_0 times it is how fast a charge fluctuation grows."""
        return 1e-15 * self.siemens_per_metre / VACUUM

    def __str__(self):
        told = dict(self.sources)
        rows = [
            ("σ_0 = e² v_F² τ_tr D_F/3", self.sigma0, "S/cm", "of the numbers below"),
            ("τ_tr", self.transport_time, "fs", told.get("transport_time_fs", "")),
            ("v_F", self.fermi_velocity, "m/s", told.get("fermi_velocity", "")),
            ("D_F, both spins", self.fermi_density, "1/(eV cell)", "D(μ) of the bands at T → 0"),
            ("cell", self.cell_volume, "Å³", told.get("cell_volume", "")),
            ("v_F τ_tr", self.mean_free_path, "nm", ""),
            ("ħ √(σ_0/(ε_vac τ_tr))", self.plasma_energy, "eV", "plasma energy, not screened"),
            ("4π σ_0", 1000 * self.growth_rate, "1/ps", "−σ/σ_0 times this: growth of a charge fluctuation"),
        ]
        lines = [f"{name:26}{shown(value):>12} {unit:13}{source}" for name, value, unit, source in rows]
        return "\n".join(line.rstrip() for line in lines)


def conductivity_scale(
    metal: Metal, *, transport_time: Any = None, modes_per_cell: float = 1
) -> ConductivityScale:
    """What σ_0 is in S/cm for a `metal` with scales.

    - `transport_time`: τ_tr at the Fermi level, with a unit ("10 fs", or a pair (t, "fs") of a tracer); by default
      that of the scales
    - `modes_per_cell`: pumped modes in the primitive cell; `states_per_mode` times it are the states of the cell

    Raises `ValueError` naming the scale that is missing, and for a τ_tr that is not positive.

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> float(nj.conductivity_scale(metal).sigma0) > 0
    True
    """
    scales = metal.scales
    needed = {"energy_ev": "eV", "fermi_velocity": "m/s", "cell_volume": "Å³"}
    if transport_time is None:
        needed["transport_time_fs"] = "fs, or transport_time= here"
    for name, unit in needed.items():
        if getattr(scales, name, None) is None:
            raise ValueError(
                f"{name} of the metal is needed for σ in S/cm: give scales=nacjax.Scales({name}=...) ({unit})"
            )
    assert scales is not None and scales.fermi_velocity is not None and scales.cell_volume is not None
    time = scales.transport_time_fs if transport_time is None else to_fs(transport_time, metal)
    require("transport_time", time, "a positive, finite time", lambda t: (t > 0) & (t < np.inf))
    density = metal.fermi_density * modes_per_cell / scales.energy_ev  # 1/(eV cell)
    # S/m by fs and 1/(eV cell), in plain numbers of Python, as parts of it are beyond single precision
    unit = CHARGE * float(scales.fermi_velocity) ** 2 * 1e-15 / (float(scales.cell_volume) * 1e-30) / 3
    sigma0 = unit * time * density  # pyright: ignore[reportOperatorIssue]
    sources = tuple(
        (name, text) for name, text in metal.sources if transport_time is None or "transport_t" not in name
    )
    return ConductivityScale(
        0.01 * sigma0, time, float(scales.fermi_velocity), density, float(scales.cell_volume), sources
    )


def to_fs(transport_time: Any, metal: Metal) -> Any:
    """A transport time in fs, whatever unit it is given in."""
    scales = metal.scales
    unit = 1.0 if scales is None or scales.time_fs is None else scales.time_fs
    return stated("transport_time", transport_time, "time", scales) * unit
