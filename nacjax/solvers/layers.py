"""Light on a stack of layers: reflected, transmitted, absorbed. Fresnel coefficients, from the bottom to the top.

Fields are e^{i(kz − ωt)}, z into the sample. In a medium that amplifies, too, k has Im k ≥ 0, which is the limit of
thick layers, and the sign of k does not matter in a layer of finite thickness.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

Polarization = Literal["s", "p"]


class Light(NamedTuple):
    """What becomes of light; R + T + Σ A = 1.

    - `amplitude` r: of E for s, of H for p; `reflected` R, `transmitted` T into the substrate
    - `absorbed` A (layer,): work on each layer, ½ωε_vac Im ε ∫|E|² dz over the flux that comes in,
      < 0 where it amplifies
    """

    amplitude: Complex[Array, ""]
    reflected: Float[Array, ""]
    transmitted: Float[Array, ""]
    absorbed: Float[Array, " layer"]


def stack(
    permittivity: Complex[Array, " layer"],
    thickness: Float[Array, " layer"],
    front: Float[Array, ""],
    back: Complex[Array, ""],
    angle: Float[Array, ""] | float = 0.0,
    polarization: Polarization = "s",
) -> Light:
    """Light from a transparent half-space `front` on layers that stand on a half-space `back`.

    - `permittivity` ε of the layers, `front` > 0 and `back` of the half-spaces
    - `thickness` of the layers ≥ 0, times ω/c
    - `angle` in the front medium (radian); `polarization`
    """
    media = jnp.concatenate([jnp.reshape(front + 0j, (1,)), permittivity, jnp.reshape(back + 0j, (1,))])
    along = front * jnp.sin(angle) ** 2  # square of the wave vector along the surface
    k = _into(media - along)
    admittance = k if polarization == "s" else k / media
    step = (admittance[:-1] - admittance[1:]) / (admittance[:-1] + admittance[1:])
    through = jnp.exp(1j * k[1:-1] * thickness)

    def upwards(below, layer):
        """The amplitude reflected at the top of a layer, from that at its bottom."""
        step, through = layer
        turned = below * through**2
        above = (step + turned) / (1 + step * turned)
        return above, (turned, above)

    top, (turned, above) = jax.lax.scan(upwards, step[-1], (step[:-1], through), reverse=True)
    passed = (1 + above) / (1 + turned)  # down-going wave at the top of a layer, over that above
    down = jnp.cumprod(passed * jnp.append(jnp.ones(1), through[:-1])) if thickness.size else passed
    bottom = down * through
    below = jnp.append(above[1:], step[-1]) if thickness.size else above
    last = jnp.append(jnp.ones(1, bottom.dtype), bottom)[-1] * (1 + step[-1])
    transmitted = jnp.real(admittance[-1]) / jnp.real(admittance[0]) * jnp.abs(last) ** 2
    absorbed = _work(permittivity, thickness, k[1:-1], down, below * bottom, along, polarization)
    return Light(top, jnp.abs(top) ** 2, transmitted, absorbed / jnp.real(admittance[0]))


def _into(squared: Complex[Array, " medium"]) -> Complex[Array, " medium"]:
    """k (c/ω) from its square: the wave that decays into the sample, or runs into it."""
    k = jnp.sqrt(squared)
    return jnp.where((jnp.imag(k) < 0) | ((jnp.imag(k) == 0) & (jnp.real(k) < 0)), -k, k)


def _work(permittivity, thickness, k, down, up, along, polarization: Polarization) -> Float[Array, " layer"]:
    """Im ε ∫|E|² dz ω/c for a wave down e^{ikz} + up e^{ik(D − z)}, where H is 1 for p."""
    decays = thickness * _share(2 * jnp.imag(k) * thickness)
    squares = (jnp.abs(down) ** 2 + jnp.abs(up) ** 2) * jnp.real(decays)
    turns = thickness * _share(-2j * jnp.real(k) * thickness)
    cross = 2 * jnp.real(down * jnp.conj(up * jnp.exp(1j * k * thickness)) * turns)
    if polarization == "s":
        return jnp.imag(permittivity) * (squares + cross)
    along_surface, into = along / jnp.abs(permittivity) ** 2, jnp.abs(k / permittivity) ** 2
    return jnp.imag(permittivity) * (into * (squares - cross) + along_surface * (squares + cross))


def _share(x: Array) -> Array:
    """(1 − e^{−x})/x, also at 0."""
    small = jnp.abs(x) < 1e-5
    safe = jnp.where(small, 1.0, x)
    return jnp.where(small, 1 - x / 2 + x**2 / 6, -jnp.expm1(-safe) / safe)
