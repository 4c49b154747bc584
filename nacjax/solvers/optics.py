"""`optics`: the conductivity σ(ω, t) that a probe pulse sees, from f and the transport law's own τ_tr(ε)."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..kinetics.ladder import Ladder, fermi
from ..kinetics.measures import conductivity
from ..model.checks import require, to_array
from ..model.metal import Metal
from ..model.optical import HBAR_EV_FS, VACUUM, ConductivityScale, conductivity_scale
from ..model.units import stated
from ..numerics.program import program
from ..numerics.sums import total

LONGEST = 1e15
"""Largest ωτ_tr(ε): where nothing scatters τ_tr is a very large number, whose square must be finite."""


class Optics(eqx.Module):
    """σ(ω) of one or many states, and what follows from it.

    - `frequencies` (freq,): ħω in the unit of energy of the metal
    - `sigma` (*state, freq): σ(ω)/σ_0, complex, for fields e^{−iωt}; `state` is the time of a `Run`, layer and time of
      a `Depth`, nothing for a `Plateau` or a `SteadyState`
    - `equilibrium` (freq,): the same before the pump
    - `epsilon_inf`: ε_∞ of all that is not in the band
    - `photon_ev` (freq,) ħω in eV and `scale`, σ_0 in S/cm; None for a metal without scales

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> optics = nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"])
    >>> optics.sigma.shape  # (freq,)
    (1,)
    """

    frequencies: Float[Array, " freq"]
    sigma: Complex[Array, "*state freq"]
    equilibrium: Complex[Array, " freq"]
    epsilon_inf: Float[Array, ""]
    photon_ev: Float[Array, " freq"] | None
    scale: ConductivityScale | None

    def permittivity(
        self, sigma: Complex[Array, "*shape freq"] | None = None
    ) -> Complex[Array, "*shape freq"]:
        """ε(ω) = ε_∞ + iσ(ω)/(ε_vac ω) of `sigma` in σ_0, by default that of the states.

        Raises `ValueError` for a metal without scales.
        """
        sigma = self.sigma if sigma is None else sigma
        if self.scale is None or self.photon_ev is None:
            raise ValueError(
                "energy_ev of the metal is needed for ε(ω): give scales=nacjax.Scales(energy_ev=..., cell_volume=..., "
                "fermi_velocity=..., transport_time_fs=...)"
            )
        omega = self.photon_ev / HBAR_EV_FS * 1e15  # 1/s
        return self.epsilon_inf + 1j * sigma * self.scale.siemens_per_metre / (VACUUM * omega)

    @property
    def loss(self) -> Float[Array, "*state freq"]:
        """−Im 1/ε(ω), which is negative where the metal amplifies."""
        return -jnp.imag(1 / self.permittivity())

    @property
    def siemens_per_cm(self) -> Complex[Array, "*state freq"]:
        """σ(ω) in S/cm; `ValueError` for a metal without scales."""
        self.permittivity(self.equilibrium)
        assert self.scale is not None
        return self.sigma * self.scale.sigma0


def optics(
    state: Any,
    frequencies: Any,
    *,
    transport_time: Any = None,
    epsilon_inf: Any = 1.0,
    modes_per_cell: float = 1,
) -> Optics:
    """The conductivity at the frequencies of light.

    σ(ω) = Σ_faces σ̃(ε)(f_L − f_R)/(1 − iωτ_tr(ε)), at the faces of Eq. (9), with the τ_tr(ε) of the transport law.

    - `state`: a `Run`, `Depth`, `Plateau` or `SteadyState`
    - `frequencies` (freq,) > 0: ħω; with a unit where the metal has scales (["1 THz", "10 meV"])
    - `transport_time`: τ_tr at the Fermi level. With a unit where the metal has scales, by default theirs; else in the
      inverse unit of the frequencies
    - `epsilon_inf`: ε_∞ of other bands and the lattice
    - `modes_per_cell`: as in `conductivity_scale`

    ω → 0 gives σ, the extrapolated one of an accuracy too. A law with constant τ_tr gives Drude's σ/(1 − iωτ).
    Differentiable in everything.
    Raises `ValueError` for frequencies that are not positive, a τ_tr that is not, and scales that are missing.

    >>> scales = nj.Scales(0.5, time_fs=1000.0, cell_volume=700.0, fermi_velocity=1.6e5, transport_time_fs=10.0)
    >>> metal = nj.Metal(nj.FlatTopDOS(), 0.5, "20 K", "270 meV", scales=scales)
    >>> optics = nj.optics(nj.plateau(metal, 20.0, cells=16), ["10 meV"])
    >>> bool(optics.sigma.real[0] < 0)
    True
    """
    if not all(hasattr(state, name) for name in ("metal", "ladder", "occupation")):
        raise ValueError(
            f"state = {state!r:.200} is not allowed: it must be what nacjax.evolve, depth, plateau or steady_state "
            "return"
        )
    metal: Metal = state.metal
    energy = jnp.atleast_1d(to_array(stated("frequencies", _listed(frequencies), "energy", metal.scales)))
    require("epsilon_inf", epsilon_inf, "a positive, finite number", lambda e: (e > 0) & (e < np.inf))
    require("frequencies", energy, "positive, finite energies ħω", lambda w: (w > 0) & (w < np.inf))
    require("frequencies", energy, "at least one energy ħω", lambda w: w.size > 0)
    if metal.scales is None:
        if transport_time is None:
            raise ValueError(
                "transport_time is needed: the metal has no scales; give transport_time=τ_tr in the inverse unit of "
                "the frequencies, or the metal scales=nacjax.Scales(transport_time_fs=..., ...)"
            )
        require("transport_time", transport_time, "a positive, finite time", lambda t: (t > 0) & (t < np.inf))
        photon, scale, turn = None, None, energy * transport_time
    else:
        scale = conductivity_scale(metal, transport_time=transport_time, modes_per_cell=modes_per_cell)
        photon = energy * metal.scales.energy_ev
        turn = photon * scale.transport_time / HBAR_EV_FS
        scale = scale._replace(sources=())  # texts are no leaves for JAX
    sigma, before = _spectra(metal, state.ladder, state.occupation, state.sigma, turn)
    return Optics(energy, sigma, before, to_array(epsilon_inf), photon, scale)


def _listed(frequencies: Any) -> Any:
    return (
        frequencies
        if isinstance(frequencies, str | tuple) or hasattr(frequencies, "ndim")
        else list(frequencies)
    )


@program
def _spectra(metal: Metal, ladder: Ladder, f: Float[Array, "*state rung cell"], sigma, turn):
    """σ(ω)/σ_0 of states and of equilibrium; `turn` = ωτ_tr at the Fermi level (freq,).

    What the extrapolated `sigma` of a state has beyond that of its f gets the τ_tr of the Fermi level.
    """
    before = fermi(ladder.energy, ladder.chemical_potential, metal.temperature)
    more = (sigma - conductivity(f, ladder))[..., None] / (1 - 1j * turn)
    return spectrum(metal, ladder, f, turn) + more, spectrum(metal, ladder, before, turn)


def spectrum(
    metal: Metal, ladder: Ladder, f: Float[Array, "*state rung cell"], turn: Float[Array, " freq"]
) -> Complex[Array, "*state freq"]:
    """σ(ω)/σ_0 of an occupation on a ladder, where ωτ_tr at the Fermi level is `turn`."""
    faces = (ladder.energy + 0.5 * ladder.width).ravel()[:-1]
    time = metal.transport.relaxation_time(metal.dos, faces, ladder.fermi_energy)
    angle = jnp.minimum(turn[:, None] * jnp.where(ladder.transport > 0, time, 1.0), LONGEST)
    drop = -ladder.transport * jnp.diff(f.reshape(*f.shape[:-2], -1), axis=-1)
    part = drop[..., None, :] / (1 + angle**2)
    return total(part) + 1j * total(part * angle)
