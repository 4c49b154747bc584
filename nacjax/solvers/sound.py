"""Whether a state may be believed: numbers in their range, enough rungs, increasing times, f between 0 and 1.

JAX's transformations hide numbers from the checks of constructors and solvers. So solvers judge again in the
compiled program, and what is refused there is NaN, and says why once it is known.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..kinetics.ladder import enough_rungs
from ..model.checks import in_numpy, is_concrete, require
from ..model.metal import Metal
from ..model.numbers import check_within, within_range

UNPHYSICAL = "The occupation is not between 0 and 1: take more cells, or smaller rtol and atol."


def allowed(rungs: int, metal: Metal, *others: Any) -> Bool[Array, ""]:
    """Whether all numbers of a metal, and of a pump and a field beside it, are in their ranges on so many rungs."""
    fits = enough_rungs(metal, rungs) & (metal.phonon_energy < metal.dos.width)
    return within_range(metal, *others) & fits


def refusal(rungs: int, metal: Metal, *others: Any) -> str:
    """Why the numbers are not allowed, as a sentence; "" where they are, or where they are not known."""
    metal, others = in_numpy((metal, others))
    try:
        check_within(metal, *others)
        ratio = metal.phonon_energy / metal.dos.width
        require("phonon_energy / band width", ratio, "below 1", lambda x: x < 1)
    except ValueError as error:
        return f"Not computed: {error}."
    if not np.all(np.asarray(enough_rungs(metal, rungs))):
        return (
            f"Not computed: rungs = {rungs} is not allowed: the band is wider than so many phonon energies."
        )
    return ""


def in_order(times: Float[Array, " time"]) -> Bool[Array, ""]:
    """Whether times are finite, not negative and increasing."""
    return jnp.all(jnp.diff(times, prepend=-jnp.finfo(times.dtype).tiny) > 0) & (times[-1] < jnp.inf)


def check_times(times: Any) -> None:
    """Raise the `ValueError` of times that are not `in_order`; tracers pass."""
    require(
        "times",
        times,
        "finite, not before the start of the pulse at t = 0, and increasing",
        lambda t: np.all(np.isfinite(t)) & np.all(t >= 0) & np.all(np.diff(t) > 0),
    )


def beyond(f: Any) -> Any:
    """By how much f leaves 0 … 1 at most, NaN apart; without derivatives."""
    f, xp = (np.asarray(f), np) if is_concrete(f) else (jax.lax.stop_gradient(f), jnp)
    return xp.max(xp.where(xp.isfinite(f), xp.maximum(xp.maximum(-f, f - 1), 0.0), 0.0))


def range_of(f: Any) -> str:
    """Between what f lies, as a sentence."""
    return f"It lies between {np.nanmin(np.asarray(f)):.2g} and {np.nanmax(np.asarray(f)):.2g}."
