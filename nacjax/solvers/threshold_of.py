"""Thresholds of any quantity: where σ vanishes, differentiable through the implicit function theorem."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..kinetics.ladder import count_rungs, fewest_rungs
from ..model.checks import as_arrays
from ..model.field import AbstractField, NoField
from ..model.metal import Metal
from ..model.names import System, changed, kind_of, resolve
from ..model.pump import AbstractPump
from ..model.units import stated
from ..numerics.crossing import crossing
from ..numerics.program import program
from .way import AbstractWay
from .ways import way_to

SCANNED = 25
"""Values of the scan that brackets the threshold: four in a decade of the widest one."""
REFINEMENTS = 10
"""Steps from there to round-off."""


def threshold(
    metal: Metal,
    pump: AbstractPump,
    quantity: str,
    between: tuple[Any, Any],
    *,
    falls: bool = False,
    field: AbstractField | None = None,
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    **options: Any,
) -> Float[Array, ""]:
    """Where σ changes its sign in one quantity.

    The value of a quantity at which the lowest σ of the given times passes zero, a scalar in internal units.

    - `quantity`: its name, as `sweep` knows it ("zeta0", "temperature", "rate" of an `ElectronElectron`)
    - `between`: its lowest and highest value, both > 0, in the unit of the metal; scanned in logarithms
    - `falls`: σ ≥ 0 at the lowest value and turns negative, as with a pump. By default σ < 0 there and rises, as
      with a rate: beyond the threshold σ is negative at none of the `times`
    - one of `times`, `plateau`, `steady`, and `options`, as in `sweep`; `field` as in `evolve`

    NaN where there is no such value. Differentiable in all numbers of metal, pump and field, forward and reverse.
    Raises `ValueError` for an unknown quantity and for bounds that are not positive and in order.

    >>> found = nj.threshold(nj.trial(), nj.Clamped(20.0), "zeta", (0.1, 30.0), falls=True, plateau=True, cells=16)
    >>> bool((found > 0.1) & (found < 30.0))
    True
    """
    system = as_arrays(System(metal, pump, NoField() if field is None else field))  # pyright: ignore[reportCallIssue]
    path = resolve(quantity, system, "quantity")
    kind = kind_of(path, system)
    ends = stated("between", list(between), kind, metal.scales) if kind else between
    low, high = (float(end) for end in ends)
    if not 0 < low < high < np.inf:
        raise ValueError(f"between = {between!r} is not allowed: it must be two values, 0 < low < high")
    rungs = options.pop("rungs", None)
    if times is not None:
        options = {"derivatives": None} | options
        times = np.asarray(stated("times", times, "time", metal.scales), float)
    way = way_to(times, plateau, steady, **options)
    metals = [changed(system, {path: end}).metal for end in (low, high)]
    needed, fewest = max(count_rungs(m, rungs) for m in metals), min(map(fewest_rungs, metals))
    return _threshold(system, path, (low, high), falls, way.for_metal(metal, fewest), needed)


@program
def _threshold(
    system: System, path: str, ends: tuple[float, float], falls: bool, way: AbstractWay, rungs: int
):
    def lowest(value):
        return jnp.min(way.solve(changed(system, {path: value}), rungs)[1].sigma)

    return threshold_of(lowest, *ends, upward=not falls, together=way.in_time)[0]


def threshold_of(
    sigma: Callable[[Float[Array, ""]], Float[Array, ""]],
    low: float = 1e-3,
    high: float = 1e3,
    *,
    upward: bool = False,
    together: bool = False,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """(x, excess): x is the lowest value between `low` and `high` at which σ turns negative, or positive if `upward`.

    `sigma` is σ/σ_0 as a function of the value. A scan in ln x brackets the first change of sign, regula falsi
    finishes it, in batches of the size of the scan if `together`, which compiles one program less. Derivatives in
    whatever `sigma` closes over, forward and reverse. Where σ does not change its sign x is NaN, and the excess, 0
    elsewhere, is the σ/σ_0 of the scan nearest to being negative, or NaN if σ < 0 all along.
    """
    pure, closed_over = jax.closure_convert(lambda x: sigma(jnp.exp(x)), jnp.zeros(()))

    def curves(numbers, places):
        return (jax.vmap(lambda x: pure(x, *numbers))(places)[:, None],)

    def residual(numbers, x):
        return pure(x[0], *numbers)[None]

    grid = np.linspace(np.log(low), np.log(high), SCANNED)
    root = crossing(
        curves, residual, closed_over, grid, upward=upward, refinements=REFINEMENTS, together=together
    )
    missing = jnp.where(root.miss >= 0, root.miss, jnp.nan)
    return jnp.where(root.found, jnp.exp(root.x), jnp.nan)[0], jnp.where(root.found, 0.0, missing)[0]
