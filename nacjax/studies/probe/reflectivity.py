"""`reflectivity`: R(ω, t) of a layered sample, and `apparent`: the conductivity that is read from it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...model.checks import require, require_kind, to_array
from ...model.optical import HBAR_EV_FS, LIGHT
from ...model.units import stated
from ...solvers.layers import Light, Polarization, stack
from ...solvers.optics import Optics, optics
from .depth import Depth


class Setup(eqx.Module):
    """How light meets the sample: `front` ε of the window, `back` ε (freq,) of the substrate, angle, polarization."""

    front: Float[Array, ""]
    back: Complex[Array, " freq"]
    wavenumber: Float[Array, " freq"]
    angle: Float[Array, ""]
    polarization: Polarization = eqx.field(static=True)

    def light(
        self, permittivity: Complex[Array, "layer *state freq"], width: Float[Array, " layer"]
    ) -> Light:
        """What becomes of light on layers of `width` (Å); the fields of `Light` begin with (*state, freq)."""
        count, freq = permittivity.shape[0], permittivity.shape[-1]
        rows = jnp.moveaxis(permittivity.reshape(count, -1, freq), 0, -1)  # (state, freq, layer)

        def at(epsilon, wavenumber, back):
            return stack(epsilon, width * wavenumber, self.front, back, self.angle, self.polarization)

        found = jax.vmap(jax.vmap(at), (0, None, None))(rows, self.wavenumber, self.back)
        shape = permittivity.shape[1:]
        return jax.tree.map(lambda x: x.reshape(*shape, *x.shape[2:]), found)


class Reflectivity(eqx.Module):
    """Light on a sample; (*state, freq), with the times of the run as state.

    - `light`: amplitude r, R, T, and A (*state, freq, layer) of each layer; `before`: the same of the sample that is
      not pumped
    - `optics`: σ(ω, t) of the layers; `width` (layer,): in Å, and none for a half-space; `setup`: how light meets it

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> optics = nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"])
    >>> nj.reflectivity(optics).light.reflected.shape  # (freq,)
    (1,)
    """

    light: Light
    before: Light
    optics: Optics
    width: Float[Array, " layer"]
    setup: Setup

    @property
    def frequencies(self) -> Float[Array, " freq"]:
        """ħω in the unit of energy of the metal."""
        return self.optics.frequencies

    @property
    def reflected(self) -> Float[Array, "*state freq"]:
        """R."""
        return self.light.reflected

    @property
    def change(self) -> Float[Array, "*state freq"]:
        """ΔR/R."""
        return self.light.reflected / self.before.reflected - 1


def reflectivity(
    sample: Depth | Optics,
    frequencies: Any = None,
    *,
    window: Any = 1.0,
    substrate: Any = None,
    angle: Any = 0.0,
    polarization: Polarization = "s",
    width: Any = None,
    **options: Any,
) -> Reflectivity:
    """Light on a sample: what is reflected, transmitted and absorbed.

    R(ω, t), transmission and absorption of a sample, by the Fresnel coefficients of its layers.

    - `sample`: a `Depth`, with `frequencies` and `options` of `optics`; or the `Optics` of one, or of a uniform sample
    - `window`: refractive index > 0 of what the light comes from (diamond: 2.4)
    - `substrate`: refractive index n + iκ behind the layers, one or (freq,); by default the metal that is not pumped
    - `angle`: in the window, from the normal (radian); `polarization`: "s" or "p"
    - `width` (layer,): thicknesses of the layers of an `Optics`, with a unit. Without them its first state axis is no
      layer, and the sample a half-space (`substrate` does nothing then)

    R + T + ΣA = 1, and A < 0 in layers with Re σ(ω) < 0, so that R may pass 1. Differentiable.
    Raises `ValueError` for a window and an angle that are not allowed, and for scales that are missing.

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> optics = nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"])
    >>> bool(nj.reflectivity(optics).light.reflected[0] > 0)
    True
    """
    require_kind(
        "sample", sample, Depth | Optics, "a Depth or an Optics, as nacjax.depth and optics return them"
    )
    layered = isinstance(sample, Depth)
    if layered != (frequencies is not None):
        raise ValueError(
            "frequencies is needed with a Depth, and not allowed with an Optics, which has its own"
        )
    if isinstance(sample, Depth):
        seen, thick = optics(sample, frequencies, **options), sample.width
    else:
        seen = sample
        lengths = None if width is None else stated("width", width, "length", True)
        thick = jnp.zeros(0) if lengths is None else jnp.atleast_1d(to_array(lengths))
        require("width", thick, "positive, finite lengths", lambda x: (x > 0) & (x < np.inf))
    require("window", window, "a positive refractive index", lambda n: (n > 0) & (n < np.inf))
    require("angle", angle, "from 0 to below π/2", lambda a: (a >= 0) & (a < np.pi / 2))
    if polarization not in ("s", "p"):
        raise ValueError(f"polarization = {polarization!r} is not allowed: it must be 's' or 'p'")
    epsilon, rest = seen.permittivity(), seen.permittivity(seen.equilibrium)
    assert seen.photon_ev is not None
    _check_sizes(seen, thick, substrate)
    index = rest if substrate is None else (jnp.asarray(substrate) + 0j) ** 2
    back = jnp.broadcast_to(index, rest.shape)
    wave = seen.photon_ev / (HBAR_EV_FS * LIGHT)
    setup = Setup(to_array(window) ** 2, back, wave, to_array(angle), polarization)
    light, before = _lit(setup, epsilon, rest, thick)
    return Reflectivity(light, before, seen, thick, setup)


def _check_sizes(seen: Optics, thick: Array, substrate: Any) -> None:
    """`ValueError` for layers or a substrate that are not as many as the spectra have."""
    if thick.size and thick.shape != seen.sigma.shape[:-1][:1]:
        raise ValueError(
            f"width of {thick.size} layers is not allowed: the Optics has states of shape {seen.sigma.shape[:-1]}, of "
            "which the first axis must be the layers"
        )
    shapes, freq = ((), seen.equilibrium.shape), seen.equilibrium.size
    index = 1.0 if substrate is None else jnp.abs(jnp.asarray(substrate))
    require(
        "substrate", index, f"one index n + iκ, or {freq}, one per frequency", lambda n: n.shape in shapes
    )


@eqx.filter_jit
def _lit(setup: Setup, epsilon, rest, width):
    """Light on the pumped sample and on the other one."""
    if width.size:
        unpumped = jnp.broadcast_to(rest, (width.size, *rest.shape))
        return setup.light(epsilon, width), setup.light(unpumped, width)
    return _half_space(setup, epsilon), _half_space(setup, rest)


def _half_space(setup: Setup, epsilon: Complex[Array, "*state freq"]) -> Light:
    """Light on a half-space of permittivity `epsilon`."""

    def at(back, wavenumber):
        none = jnp.zeros(0)
        return stack(none + 0j, none, setup.front, back, setup.angle, setup.polarization)

    rows = epsilon.reshape(-1, epsilon.shape[-1])
    found = jax.vmap(jax.vmap(at), (0, None))(rows, setup.wavenumber)
    return jax.tree.map(lambda x: x.reshape(*epsilon.shape, *x.shape[2:]), found)
