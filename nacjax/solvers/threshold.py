"""The threshold field 𝓔*(t).

Two fields bear the name E* in PRB 101, 041105 (2020): the constant field at which σ(t) = 0 (here;
Fig. 2e), and the one that the instability builds (`SelfTunedField`; Fig. 3b).
"""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ..kinetics.ladder import count_rungs
from ..model.checks import as_arrays, require, to_array
from ..model.field import ConstantField, require_field_unit
from ..model.metal import Metal
from ..model.names import System, system_of
from ..model.pump import AbstractPump
from ..model.units import stated
from ..numerics.crossing import crossing
from ..numerics.program import program
from .sound import check_times
from .ways import RunInTime, run_in_time

Times = Float[Array, " time"]


def threshold_field(
    metal: Metal,
    pump: AbstractPump,
    times: ArrayLike,
    *,
    weakest: float = 1e-3,
    strongest: float = 1e2,
    **options,
) -> Times:
    """The constant field that lifts σ to zero.

    𝓔*(t): the constant field, acting from t = 0, with σ(t) = 0; normalised as in Fig. 2e, (time,).

    `metal` and `pump` as in `evolve`, `times` (time,) > 0 too. NaN where σ(t) ≥ 0 without a field, where no field up
    to `strongest` lifts it to zero, and for numbers out of their ranges that JAX's transformations hide from the
    checks. A scan between `weakest`
    and `strongest` brackets the lowest root of σ(t; ln 𝓔), the Illinois method finishes it, all times at
    once; derivatives come from the implicit function theorem.

    `options` are those of `evolve`. Raises `ValueError` at Γ_in = 0, where 𝓔 has no meaning.

    >>> field = nj.threshold_field(nj.trial(), nj.Clamped(20.0), [1.0], cells=16)
    >>> bool(field[0] > 0)
    True
    """
    return threshold_and_excess(metal, pump, times, weakest=weakest, strongest=strongest, **options)[0]


def threshold_and_excess(
    metal: Metal, pump: AbstractPump, times: ArrayLike, **options
) -> tuple[Times, Times]:
    """𝓔*(t), and by how much σ(t) misses being negative, each (time,); `options` are those of `threshold_field`.

    The excess is σ/σ_0 without a field, with its derivatives, where that is not negative, else 0.
    """
    field, _, excess = _threshold(*_checked(metal, pump, times, **options), False)
    return field, excess


def threshold_and_response(
    metal: Metal, pump: AbstractPump, times: ArrayLike, **options
) -> tuple[Times, Times]:
    """(𝓔*(t), ω_E(t)/σ_0 at that field), each (time,): `threshold_field` and `omega_e` in one program.

    `options` are those of `threshold_field`. The derivatives of ω_E are NaN here: `omega_e` has them.
    """
    return _threshold(*_checked(metal, pump, times, **options), True)[:2]


def _checked(metal, pump, times, weakest=1e-3, strongest=1e2, **options):
    """Arguments of `_threshold` as arrays; raises `ValueError`."""
    system_of(metal, pump)
    require_field_unit("ConstantField", jnp.asarray(strongest), metal)
    times = stated("times", times, "time", metal.scales)
    check_times(times)
    require("times", times, "positive", lambda t: t > 0)
    inputs = as_arrays((metal, pump, jnp.atleast_1d(to_array(times))))
    return inputs, (weakest, strongest), *_way(metal, options)


def _way(metal: Metal, options: dict) -> tuple[RunInTime, int]:
    """The run that options of `evolve` ask for, and its rungs, read while the metal is concrete."""
    rest: dict[str, Any] = {"derivatives": None} | {k: v for k, v in options.items() if k != "rungs"}
    rungs, way = count_rungs(metal, options.get("rungs")), run_in_time(**rest)
    return way if "fine" in options else way.for_metal(metal), rungs


SCANNED = 22
"""Field strengths, zero among them, of the scan that brackets the threshold (more for more times)."""
REFINEMENTS = 7
"""Steps from there: to about 1e-8 in ln 𝓔."""


@program
def _threshold(inputs, limits, way: RunInTime, rungs: int, response: bool):
    """(𝓔*, slope of σ by ln 𝓔² there or no slope without `response`, excess), each (time,)."""
    numbers, rest = eqx.partition(inputs, eqx.is_inexact_array)
    ahead = dataclasses.replace(way, derivatives="forward")
    count = inputs[2].size
    grid = np.linspace(np.log(limits[0]), np.log(limits[1]), max(SCANNED, count) - 1)
    grid = np.append(grid[0] - 3 * np.log(10.0), grid)  # the first stands for no field

    def sigma(way, numbers, x, times=None):
        """σ (time,) in the field exp(x)."""
        metal, pump, all_times = eqx.combine(numbers, rest)
        field = ConstantField(jnp.where(x > float(grid[0]), jnp.exp(x), 0.0))
        return way.sigma(System(metal, pump, field), rungs, all_times if times is None else times)

    def curves(numbers, places):
        """σ and its slope at all times in all fields."""

        def at(x):
            if not response:
                return (sigma(ahead, numbers, x),)
            return jax.jvp(lambda x: sigma(ahead, numbers, x), (x,), (jnp.ones_like(x),))

        return jax.vmap(at)(places)

    def residual(numbers, x, way=way):
        """σ at each time in the field for it; one time after the other."""
        return jax.lax.map(lambda at: sigma(way, numbers, at[0], at[1][None])[0], (x, numbers[2]))

    def steepness(numbers, x):
        return jax.jvp(lambda x: residual(numbers, x, ahead), (x,), (jnp.ones_like(x),))[1]

    found = crossing(
        curves,
        residual,
        numbers,
        grid,
        upward=True,
        refinements=REFINEMENTS,
        together=True,
        steepness=steepness,
    )
    field = jnp.where(found.found, jnp.exp(found.x), jnp.nan)
    slope = jnp.where(found.found, found.seen[-1], jnp.nan)
    return field, 0.5 * slope, jnp.maximum(found.miss, 0.0)
