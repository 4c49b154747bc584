"""`depth`: a sample in which the pump decays, as layers that are run in one batch."""

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...kinetics.ladder import Ladder
from ...model.checks import is_concrete, require, require_count, to_array
from ...model.field import AbstractField
from ...model.metal import Metal
from ...model.names import system_of
from ...model.pump import AbstractPump
from ...model.units import has_unit, is_pair, stated
from ...solvers.evolve import trajectory
from ...solvers.run import Run

if TYPE_CHECKING:
    import xarray as xr

Profile = Callable[[Array, Array, Array], Array]
"""(z, ζ_0 at the surface, penetration depth) → ζ_0 at the depth z."""

FINE = 400
"""Sublayers of the sum that a coarse one is compared with."""


class Depth(eqx.Module):
    """Layers of a pumped sample; they do not exchange anything. Lengths are in Å where the metal has scales.

    - `runs`: a `Run` whose arrays begin with the layer; `middle`, `width` (layer,): of the layers
    - `zeta0` (layer,): strength of the pump there; `penetration_depth`: d

    >>> sample = nj.depth(nj.trial(), nj.Kick(20.0), 1.0, 1.0, times=[1.0], layers=4, cells=16)
    >>> sample.zeta0.shape  # (layer,)
    (4,)
    """

    runs: Run
    middle: Float[Array, " layer"]
    width: Float[Array, " layer"]
    zeta0: Float[Array, " layer"]
    penetration_depth: Float[Array, ""]

    @property
    def metal(self) -> Metal:
        """The metal."""
        return self.member(0).metal

    @property
    def ladder(self) -> Ladder:
        """The mesh, the same in all layers."""
        return self.member(0).ladder

    @property
    def times(self) -> Float[Array, " time"]:
        """When the layers are looked at."""
        return self.runs.times[0]

    @property
    def occupation(self) -> Float[Array, "layer time rung cell"]:
        """f in each layer."""
        return self.runs.occupation

    @property
    def sigma(self) -> Float[Array, "layer time"]:
        """σ/σ_0 in each layer."""
        return self.runs.sigma

    def member(self, layer: int) -> Run:
        """The run of one layer, 0 at the surface."""
        return jax.tree.map(lambda x: x[layer] if eqx.is_array(x) else x, self.runs)

    @property
    def sheet_conductance(self) -> Float[Array, " time"]:
        """∫σ dz over the layers, in σ_0 × length."""
        return self.width @ self.sigma

    @property
    def negative_thickness(self) -> Float[Array, " time"]:
        """Thickness of what has σ < 0, in the unit of length; σ is linear between the middles of the layers."""
        return jax.vmap(below_zero, (None, 1, None))(self.middle, self.sigma, jnp.sum(self.width))

    def to_xarray(self) -> "xr.Dataset":
        """σ/σ_0 over depth and time, ζ_0 over depth; sheet conductance and thickness of σ < 0 over time.

        Depths in nm (in the unit they were given in, for a metal without scales), times in the inverse unit of rates.
        """
        import xarray as xr

        scaled = self.metal.scales is not None
        nm, unit = (0.1, "nm") if scaled else (1.0, "unit of length")
        about = {
            "sigma": {"long_name": "conductivity σ/σ_0", "units": "1"},
            "zeta0": {"long_name": "phonons per mode in the pulse ζ_0", "units": "1"},
            "sheet_conductance": {"long_name": "sheet conductance ∫σ/σ_0 dz", "units": unit},
            "negative_thickness": {"long_name": "thickness of the layer with σ < 0", "units": unit},
        }
        values = {
            "sigma": (("depth", "time"), self.sigma),
            "zeta0": ("depth", self.zeta0),
            "sheet_conductance": ("time", nm * self.sheet_conductance),
            "negative_thickness": ("time", nm * self.negative_thickness),
        }
        coordinates = {
            "depth": ("depth", np.asarray(nm * self.middle), {"long_name": "depth z", "units": unit}),
            "time": ("time", np.asarray(self.times), {"long_name": "time t", "units": "1/rate"}),
        }
        data = {name: (dims, np.asarray(x), about[name]) for name, (dims, x) in values.items()}
        return xr.Dataset(data, coordinates, {"penetration_depth": float(nm * self.penetration_depth)})


def depth(
    metal: Metal,
    pump: AbstractPump,
    penetration_depth: Any,
    thickness: Any,
    *,
    times: Any,
    layers: int | None = None,
    profile: Profile | None = None,
    field: AbstractField | None = None,
    **options: Any,
) -> Depth:
    """Follow a thick sample, in which the pump decays with depth, as a batch of runs.

    σ(z, t) and f of a sample in which the pump decays with depth, its layers as one batch of runs.

    - `metal`, `times`, `field`: as in `evolve`; `pump`: as it is at the surface
    - `penetration_depth` d, `thickness` of the sample: lengths > 0, with a unit where the metal has scales ("100 nm")
    - `layers`: how many, of equal thickness, each pumped as its middle is; by default those of at most d/8
    - `profile`: ζ_0(z) as a function of z, of ζ_0 at the surface and of d. By default ζ_0 e^{−z/d}; with
      `lambda z, zeta0, d: zeta0 / (1 + z / d) ** 2` the pump is absorbed by two photons at a time
    - options of `evolve`

    Where σ saturates in ζ, the layer with σ < 0 is d ln(ζ_0/ζ_c) thick with the threshold ζ_c. Differentiable.
    Warns where layers are thicker than d/3. Raises `ValueError` for lengths that are not positive.

    >>> sample = nj.depth(nj.trial(), nj.Kick(20.0), 1.0, 1.0, times=[1.0], layers=4, cells=16)
    >>> bool(sample.zeta0[0] > sample.zeta0[3])
    True
    """
    system_of(metal, pump, field)
    times = stated("times", times, "time", metal.scales)
    d, whole = _lengths(metal, penetration_depth, thickness)
    if layers is None:
        if not is_concrete(d, whole):
            raise ValueError("layers is needed here: JAX is transforming penetration_depth or thickness")
        layers = max(1, math.ceil(8 * float(whole / d) - 1e-9))
    require_count("layers", layers)
    if not (profile is None or callable(profile)):
        raise ValueError(f"profile = {profile!r} is not allowed: it must be a function of z, ζ_0 and d")
    law = exponential if profile is None else profile
    width = jnp.full(layers, whole / layers)
    middle = width * (jnp.arange(layers) + 0.5)
    zeta0 = law(middle, pump.strength, d)
    if is_concrete(zeta0, d) and float(width[0]) > float(d) / 3 * (1 + 1e-9):
        _warn(law, pump.strength, d, whole, zeta0, width)

    def layer(strength):
        return trajectory(
            metal,
            pump.with_strength(strength),
            times,
            field,
            **{"derivatives": None, "budget": False, **options},
        )

    return Depth(eqx.filter_vmap(layer)(zeta0), middle, width, zeta0, d)


def _lengths(metal: Metal, penetration_depth: Any, thickness: Any) -> list[Array]:
    """Penetration depth and thickness as numbers; raises `ValueError`."""
    lengths = {"penetration_depth": penetration_depth, "thickness": thickness}
    units = [has_unit(x) or is_pair(x) for x in lengths.values()]
    if any(units) and not all(units) and metal.scales is None:
        raise ValueError(
            f"penetration_depth = {penetration_depth!r} and thickness = {thickness!r} are not allowed: both must have "
            "a unit, or none"
        )
    found = [to_array(stated(name, x, "length", metal.scales)) for name, x in lengths.items()]
    for name, length in zip(lengths, found, strict=True):
        require(name, length, "a positive, finite length", lambda x: (x > 0) & (x < np.inf))
    return found


def exponential(z: Array, zeta0: Array, d: Array) -> Array:
    """ζ_0 e^{−z/d}: absorption by single photons."""
    return zeta0 * jnp.exp(-z / d)


def _warn(law: Profile, strength, d, whole, zeta0, width) -> None:
    fine = (jnp.arange(FINE) + 0.5) * whole / FINE
    exact = float(jnp.mean(law(fine, strength, d)))
    off = float(jnp.mean(zeta0)) / exact - 1
    warnings.warn(
        f"layers of {float(width[0] / d):.2g} penetration depths are thicker than a third of one: the absorbed pump "
        f"is off by {off:+.2g}, as a part of it; take layers = {math.ceil(8 * float(whole / d))}",
        RuntimeWarning,
        stacklevel=3,
    )


def below_zero(
    middle: Float[Array, " layer"], sigma: Float[Array, " layer"], whole: Float[Array, ""]
) -> Float[Array, ""]:
    """How much of 0 … `whole` has σ < 0, for σ linear between `middle` and constant beyond the outermost ones."""
    places = jnp.concatenate([jnp.zeros(1), middle, jnp.reshape(whole, (1,))])
    values = jnp.concatenate([sigma[:1], sigma, sigma[-1:]])
    low, high = jnp.minimum(values[1:], values[:-1]), jnp.maximum(values[1:], values[:-1])
    crosses = (low < 0) & (high > 0)
    part = jnp.where(crosses, -low / jnp.where(crosses, high - low, 1.0), (low < 0) * 1.0)
    return jnp.sum(jnp.diff(places) * part)
