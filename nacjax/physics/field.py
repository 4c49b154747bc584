"""The dc electric field of Eq. (7), as F = E v_F √τ_tr (absolute) or 𝓔 = F/√(Γ_in ω_p) (normalised).

A field law gives F² as a function of the state, and may carry one more dynamic variable.
"""

import abc
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import is_concrete, require, to_array
from .metal import Metal

if TYPE_CHECKING:
    from .kinetics import Kinetics, State


class AbstractField(eqx.Module):
    """A field law. `variables` counts its dynamic variables; `reacts` says whether F² depends on the state."""

    variables: eqx.AbstractClassVar[int]
    reacts: eqx.AbstractClassVar[bool]

    def check(self, metal: Metal) -> None:
        """Raise `ValueError` where this field has no meaning for this metal."""

    def initial(self) -> Float[Array, " variable"]:
        """The dynamic variables at t = 0."""
        return jnp.zeros(self.variables)

    @abc.abstractmethod
    def squared(self, kinetics: "Kinetics", t, state: "State") -> Float[Array, ""]:
        """F² = E²v_F²τ_tr, in energy² × rate."""

    def rates(self, kinetics: "Kinetics", t, state: "State") -> Float[Array, " variable"]:
        """Time derivatives of the dynamic variables."""
        return jnp.zeros(0)


class NoField(AbstractField):
    """E = 0."""

    variables = 0
    reacts = False

    def squared(self, kinetics, t, state):
        return jnp.zeros(())


class ConstantField(AbstractField):
    """A constant field, acting from t = 0.

    `strength` ≥ 0 is the paper's normalised 𝓔 = E v_F √(τ_tr/(Γ_in ω_p)) of Figs. 1d and 2e, or
    F = E v_F √τ_tr with `absolute=True` (the only choice at Γ_in = 0, where 𝓔 has no meaning).
    """

    strength: Float[Array, ""] = eqx.field(converter=to_array)
    absolute: bool = eqx.field(static=True, default=False)
    variables = 0
    reacts = False

    def __check_init__(self):
        require("strength", self.strength, "zero or a positive, finite field", lambda x: (x >= 0) & np.isfinite(x))

    def check(self, metal):
        values = (self.strength, metal.inelastic_rate)
        if not self.absolute and is_concrete(*values) and np.any((np.asarray(values[1]) == 0) & (np.asarray(values[0]) > 0)):
            raise ValueError(
                f"field = ConstantField({float(jnp.max(self.strength))!r}) is not allowed with inelastic_rate = 0: "
                "the normalised field E v_F sqrt(tau_tr / (inelastic_rate * phonon_energy)) has no meaning there. "
                "Give E v_F sqrt(tau_tr) with ConstantField(..., absolute=True), or a positive inelastic_rate."
            )

    def squared(self, kinetics, t, state):
        unit = 1.0 if self.absolute else kinetics.field_unit_squared
        return self.strength**2 * unit
