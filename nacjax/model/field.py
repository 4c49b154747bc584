"""The dc electric field of Eq. (7), as F = E v_F √τ_tr (absolute) or 𝓔 = F/√(Γ_in ω_p) (normalised).

A field law gives F² as a function of the state, and may carry one more dynamic variable.
"""

import abc
import dataclasses
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .checks import is_concrete, require
from .metal import Metal
from .numbers import Declared, Scalar, converted, number


class Response(NamedTuple):
    """What a field law may know of a state: σ/σ_0 and how it moves; scalars.

    - `sigma`: σ/σ_0; `drift`: its rate of change without a field; `push`: that per unit F²
    - `stirred`: Σ over the faces of |what the flow that a unit F² drives there changes in σ|, per unit time
    - `unit`: F² of the normalised field 𝓔 = 1

    All but the last are NaN for a law that does not declare that it `reacts`.
    """

    sigma: Float[Array, ""]
    drift: Float[Array, ""]
    push: Float[Array, ""]
    stirred: Float[Array, ""]
    unit: Float[Array, ""]


class AbstractField(Declared):
    """A field law: `variables` counts dynamic variables, `reacts` says whether F² depends on the state.

    `acts` is False for no field at all; `holds` says whether the law holds σ at zero while it is on.
    """

    variables: eqx.AbstractClassVar[int]
    reacts: eqx.AbstractClassVar[bool]
    acts: ClassVar[bool] = True
    holds: ClassVar[bool] = False

    def check(self, metal: Metal) -> None:
        """Raise `ValueError` where this field has no meaning for this metal."""

    def initial(self) -> Float[Array, " variable"]:
        """The dynamic variables at t = 0."""
        return jnp.zeros(self.variables)

    @abc.abstractmethod
    def squared(self, t, variables: Float[Array, " variable"], response: Response) -> Float[Array, ""]:
        """F² = E²v_F²τ_tr, in energy² × rate."""

    def rates(self, t, variables: Float[Array, " variable"], response: Response) -> Float[Array, " variable"]:
        """Time derivatives of the dynamic variables."""
        return jnp.zeros(0)

    def pace(self, before: Response, after: Response, duration) -> tuple[Bool[Array, ""], Float[Array, ""]]:
        """Whether a step between two states is too long for a switch of the law in it; the longest next one."""
        return jnp.asarray(False), jnp.asarray(jnp.inf)

    def scaled(self, factor: Float[Array, ""]) -> "AbstractField":
        """The law with F² multiplied by `factor` at all times, for a law that does not react to the state."""
        raise NotImplementedError(f"{type(self).__name__} has no F² of its own to multiply")

    def at_each(self, count: int) -> "AbstractField | None":
        """The law as `count` laws along a first axis, one for each time of interest; None where one serves all."""
        return None


class NoField(AbstractField):
    """No field, E = 0 at all times.

    >>> nj.NoField().acts
    False
    """

    variables: ClassVar[int] = 0
    reacts: ClassVar[bool] = False
    acts: ClassVar[bool] = False

    def squared(self, t, variables, response):
        return jnp.zeros(())


class ConstantField(AbstractField):
    """A constant field, acting from t = 0.

    `strength` ≥ 0 is the paper's normalised 𝓔 = E v_F √(τ_tr/(Γ_in ω_p)) of Figs. 1d and 2e, or
    F = E v_F √τ_tr with `absolute=True` (the only choice at Γ_in = 0, where 𝓔 has no meaning).

    >>> nj.ConstantField(2.0).scaled(4.0)
    ConstantField(strength=4, absolute=False)
    """

    strength: Scalar = number("𝓔", "", "not negative", "electric field")
    absolute: bool = eqx.field(static=True, default=False)
    variables: ClassVar[int] = 0
    reacts: ClassVar[bool] = False

    def declaration(self, name):
        found = super().declaration(name)
        if found is None or not (self.absolute and name == "strength"):
            return found
        return dataclasses.replace(found, symbol="E v_F √τ_tr", kind="field")

    def check(self, metal):
        if not self.absolute:
            require_field_unit("ConstantField", self.strength, metal)

    def squared(self, t, variables, response):
        return self.strength**2 * (1.0 if self.absolute else response.unit)

    def scaled(self, factor):
        return ConstantField(self.strength * jnp.sqrt(factor), self.absolute)

    def at_each(self, count):
        return ConstantField(jnp.broadcast_to(self.strength, (count,)), self.absolute)


class SampledField(AbstractField):
    """A field given against time: F² is linear between samples and constant beyond them.

    - `times` (sample,): strictly increasing
    - `strength` (sample,): ≥ 0, F = E v_F √τ_tr (absolute, such as `Run.field`)
    - `scale` ≥ 0: multiplies F² at all times; dσ/d(scale) at 1 is the ω_E of a trajectory

    >>> nj.SampledField(times=[0.0, 1.0], strength=[0.0, 2.0])
    SampledField(times=array (2,), strength=array (2,), scale=1)
    """

    times: Float[Array, " sample"] = eqx.field(converter=converted)
    strength: Float[Array, " sample"] = eqx.field(converter=converted)
    scale: Scalar = number("", "", "not negative", "scale of the squared field", default=1.0)
    variables: ClassVar[int] = 0
    reacts: ClassVar[bool] = False

    def __check_init__(self):
        require("times", self.times, "finite numbers without a unit", np.isfinite)
        require(
            "strength",
            self.strength,
            "zero or positive, finite numbers without a unit",
            lambda x: (x >= 0) & np.isfinite(x),
        )
        if self.times.ndim != 1 or self.times.shape != self.strength.shape or self.times.size == 0:
            raise ValueError(
                f"times and strength of shapes {self.times.shape} and {self.strength.shape} are not allowed: "
                "they must be equally long lists"
            )
        require("times", self.times, "strictly increasing", lambda x: np.all(np.diff(x) > 0))

    def valid(self):
        return super().valid() & jnp.all(jnp.diff(self.times) > 0) & jnp.all(self.strength >= 0)

    def squared(self, t, variables, response):
        return self.scale * jnp.interp(t, self.times, self.strength**2)

    def scaled(self, factor):
        return eqx.tree_at(lambda field: field.scale, self, self.scale * factor)


def require_field_unit(name: str, strength: Float[Array, ""], metal: Metal) -> None:
    """Raise `ValueError` for a normalised field at Γ_in = 0, where its unit √(Γ_in ω_p) vanishes."""
    values = (strength, metal.inelastic_rate)
    if is_concrete(*values) and np.any((np.asarray(values[1]) == 0) & (np.asarray(values[0]) > 0)):
        raise ValueError(
            f"field = {name}({float(jnp.max(strength))!r}) is not allowed with inelastic_rate = 0: "
            "the normalised field E v_F sqrt(tau_tr / (inelastic_rate * phonon_energy)) means nothing there. "
            f"Give E v_F sqrt(tau_tr) with {name}(..., absolute=True), or a positive inelastic_rate."
        )
