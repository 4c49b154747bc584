"""ω_E = E² ∂σ/∂E², the response of σ to the energy of the field; PRB 101, 041105 (2020), Fig. 3c."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from ..model.checks import as_arrays, is_concrete, require_kind, to_array
from ..model.field import AbstractField, SampledField
from ..model.metal import Metal
from ..model.names import system_of
from ..model.pump import AbstractPump
from ..model.units import stated
from ..numerics.program import program
from ..numerics.spoiled import unless
from .evolve import NUMERICAL, numerics, trajectory
from .options import check_known
from .sound import check_times
from .ways import outcome_code, run_in_time

Times = Float[Array, " time"]


def omega_e(
    metal: Metal, pump: AbstractPump, times: ArrayLike, field: AbstractField, *, samples: int = 500, **options
) -> Times:
    """How σ responds to the energy of the field, the paper's ω_E.

    ω_E/σ_0 = dσ(t)/d ln E² of a `metal` under a `pump` at the given `field` and `times` (as in `evolve`); (time,).

    - `ConstantField`: E² ∂σ/∂E². `strength` may be (time,), one field for each time, such as the
      `threshold_field` (with 0 for NaN; ω_E is 0 there).
    - any other field: where it reacts to the state, the trajectory E²(t') of `evolve` is replayed from `samples`
      samples; σ(t) is differentiated with respect to a relative change of E²(t') at all t' ≤ t.

    Where a run fails ω_E is NaN, and a warning says why. Differentiable in forward mode. `options` are those
    of `evolve`.

    >>> metal = nj.trial()
    >>> response = nj.omega_e(metal, nj.Clamped(20.0), [1.0], nj.ConstantField(2.0), cells=16)
    >>> response.shape
    (1,)
    """
    system_of(metal, pump)
    require_kind("field", field, AbstractField, "a field, such as nacjax.ConstantField(0.4)")
    times = stated("times", times, "time", metal.scales)
    check_times(times)
    inputs = as_arrays((metal, pump, jnp.atleast_1d(to_array(times)), field))
    if field.reacts:
        dense = jnp.linspace(0.0, inputs[2][-1], samples)
        record = trajectory(metal, pump, dense, field, **options)
        inputs = (*inputs[:3], SampledField(dense, record.field))
    check_known("evolve", options, (*NUMERICAL, "derivatives"))
    asked: dict[str, Any] = {"derivatives": "forward"} | options
    how = numerics(metal, **asked)
    options = {"budget": False} | options | {"rungs": how.rungs, "fine": how.fineness}
    response, codes = _omega(inputs, tuple(sorted(options.items())))
    if is_concrete(codes) and np.any(np.asarray(codes)):
        why = run_in_time().sentence(int(np.max(np.asarray(codes))))
        warnings.warn(f"omega_e is NaN where a run fails: {why}", RuntimeWarning, stacklevel=2)
    return response


@program
def _omega(inputs, options):
    metal, pump, times, field = inputs

    def response(times, field):
        def sigma(log_square):
            run = trajectory(metal, pump, times, field.scaled(jnp.exp(log_square)), **dict(options))
            return unless(run.unphysical, run.sigma), outcome_code(run)

        return jax.jvp(sigma, (jnp.zeros(()),), (jnp.ones(()),), has_aux=True)[1:]

    many = field.at_each(times.size)
    if many is None:
        return response(times, field)
    found, codes = jax.vmap(lambda t, field: response(t[None], field))(times, many)
    return found[:, 0], codes
