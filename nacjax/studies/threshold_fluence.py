"""`threshold_fluence`: how strong a pump pulse has to be for σ < 0, in mJ/cm²."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from ..kinetics.ladder import count_rungs
from ..model.checks import as_arrays, is_concrete
from ..model.laboratory import phonons_per_fluence
from ..model.metal import Metal
from ..model.names import System, system_of
from ..model.pump import AbstractPump, Clamped
from ..model.units import physical, stated
from ..numerics.ticker import Ticker
from ..solvers.threshold_of import threshold_of
from ..solvers.way import AbstractWay
from ..solvers.ways import way_to

WEAKEST, STRONGEST = 1e-3, 1e3
"""Phonons per mode between which the threshold is looked for."""


class ThresholdFluence(NamedTuple):
    """What a pump needs for σ < 0.

    - `fluence`: incident, in mJ/cm²; NaN where σ does not turn negative
    - `zeta0`: the same as phonons per mode in the pulse; NaN there too
    - `reason`: the outcome as a sentence

    >>> print(nj.ThresholdFluence(1.5, 4.0, "σ turns negative there."))
    1.5 mJ/cm², 4 phonons per mode. σ turns negative there.
    """

    fluence: Any
    zeta0: Any
    reason: str

    def __str__(self) -> str:
        return f"{self.fluence:.4g} mJ/cm², {self.zeta0:.4g} phonons per mode. {self.reason}"


def threshold_fluence(
    metal: Metal,
    pump: AbstractPump | None = None,
    *,
    times: Any = None,
    penetration_depth: Any,
    reflectivity: Any = 0.0,
    cell_volume: Any = None,
    modes_per_cell: float = 1,
    **options: Any,
) -> ThresholdFluence:
    """The lowest incident fluence of a pump pulse at which σ turns negative, in mJ/cm².

    - `metal`: with its scales, and the volume of its cell unless `cell_volume` is given
    - `pump` and `times`: a pulse of any strength (`nacjax.pulse`), and the times, as in `evolve`, at one of which
      σ < 0 counts. Without them the plateau is looked at: ζ held at what the pulse brings, the least that is needed
    - `penetration_depth`, `reflectivity`, `cell_volume`, `modes_per_cell`: as in `zeta0_from_fluence`
    - `options` of `evolve` or `plateau`: `cells`, `mesh`, `rtol`, …

    Looked for between 10⁻³ and 10³ phonons per mode. NaN, with the `reason`, where σ stays positive. Differentiable in
    the numbers of the metal and the pulse. Raises `ValueError` naming the argument.
    Note [19] of PRB 101, 041105 (2020), doi:10.1103/PhysRevB.101.041105.

    >>> scales = nj.Scales(energy_ev=0.6, cell_volume=700.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "60 K", "330 meV", scales=scales)
    >>> found = nj.threshold_fluence(metal, penetration_depth="100 nm", cells=16)
    >>> found.reason
    'σ turns negative there.'
    """
    if (pump is None) != (times is None):
        raise ValueError(
            "pump and times go together: give both for a run in time, or neither for the plateau"
        )
    system = as_arrays(system_of(metal, Clamped(1.0) if pump is None else pump))  # pyright: ignore[reportCallIssue]
    times = None if times is None else np.atleast_1d(stated("times", times, "time", metal.scales))
    way = way_to(times, plateau=times is None, **options)
    way.check(system)
    ratio = phonons_per_fluence(metal, penetration_depth, reflectivity, cell_volume, modes_per_cell)
    unit = physical(1.0, "fluence", None, "mJ/cm^2").magnitude / ratio
    with Ticker("threshold_fluence"):
        zeta0, excess = _threshold(system, way.for_metal(metal), count_rungs(metal))
    return ThresholdFluence(zeta0 * unit, zeta0, _reason(zeta0, excess))


@eqx.filter_jit
def _threshold(system: System, way: AbstractWay, rungs: int) -> tuple[Any, Any]:
    def lowest(strength):
        pump = system.pump.with_strength(strength)
        return jnp.min(way.solve(system._replace(pump=pump), rungs)[1].sigma)

    return threshold_of(lowest, WEAKEST, STRONGEST)


def _reason(zeta0: Any, excess: Any) -> str:
    """The outcome as a sentence."""
    if not is_concrete(zeta0):
        return "Not known inside a transformation."
    if np.isfinite(zeta0):
        return "σ turns negative there."
    if np.isfinite(excess):
        return f"σ does not turn negative: σ/σ_0 ≥ {float(excess):.3g} up to {STRONGEST:g} phonons per mode."
    return f"σ < 0 already at {WEAKEST:g} phonons per mode, or σ is not known."
