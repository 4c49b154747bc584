"""The lattice of ladders: a mesh ε = ε_bottom + s + jω_p that moves with the physics.

Eq. (4) couples ε only to ε ± ω_p, so a mesh in 0 ≤ s < ω_p repeated on every rung j makes the
electron–phonon collision integral exact. Array shape is (rung, cell); ravelled it is ordered
by energy, and the last cell of a rung touches the first cell of the next.
"""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..model.checks import in_numpy, is_concrete, require_count
from ..model.metal import Metal
from ..numerics.roots import increasing_root


class Mesh(eqx.Module):
    """How cells are spread over a rung: where the monitor function puts them.

    The mesh equidistributes 1/ω_p + Σ_k a_k/√((s − s_k)² + δ_k²) over band edges, the Fermi
    step and van Hove points s_k, so that every feature keeps its place among the cells while
    ω_p, μ or T change; only then is dσ/dω_p right (a plain uniform mesh gets it wrong by O(0.2)).

    - `cells`: cells in a rung, at least 4
    - `edge_weight`, `edge_width`: a and δ/W of band edges and van Hove points
    - `fermi_weight`: a of the Fermi step (its δ is the temperature)
    - `on_edges`: put a face on every band edge and van Hove point. Where σ̃ and f rise like a root there (semi-elliptic
      and most tabulated bands), derivatives are right only so. The number of cells between two edges is whole, so that
      σ jumps by a part of its error as ω_p or T change: on where an accuracy chooses, which leaves 1e-5 of that

    `Mesh.uniform` has no weights, and equal cells from edge to edge: better at long times, when the Fermi step of the
    initial state is gone.

    >>> metal = nj.trial()
    >>> bool(nj.plateau(metal, 20.0, mesh=nj.Mesh(cells=16)).sigma < -0.3)
    True
    """

    cells: int = eqx.field(static=True, default=128)
    edge_weight: float = eqx.field(static=True, default=0.08)
    edge_width: float = eqx.field(static=True, default=2e-4)
    fermi_weight: float = eqx.field(static=True, default=0.12)
    on_edges: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        require_count("cells", self.cells, 4)

    def with_cells(self, cells: int) -> "Mesh":
        """The same kind of mesh with so many cells in a rung."""
        return dataclasses.replace(self, cells=cells)

    @classmethod
    def uniform(cls, cells: int = 128) -> "Mesh":
        """Equal cells from one edge to the next."""
        return cls(cells, edge_weight=0.0, fermi_weight=0.0, on_edges=True)

    def faces(self, metal: Metal, chemical_potential: Float[Array, ""]) -> Float[Array, " cell+1"]:
        """Positions s of the cell faces, from 0 to ω_p (energy)."""
        period, bottom = metal.phonon_energy, metal.dos.bottom
        kinks = jnp.append(metal.dos.width, metal.dos.features() - bottom)
        edges = jnp.append(0.0, jnp.mod(kinks, period))
        if self.edge_weight == self.fermi_weight == 0:
            return period * jnp.concatenate([jnp.zeros(1), self.even_shares(edges / period), jnp.ones(1)])
        places = jnp.append(edges, jnp.mod(chemical_potential - bottom, period))
        widths = jnp.append(jnp.full(edges.size, self.edge_width * metal.dos.width), metal.temperature)
        weights = jnp.array([self.edge_weight] * edges.size + [self.fermi_weight])
        images = places + period * jnp.arange(-1, 2)[:, None]
        shares = weights * image_shares(places / period)
        even = 1 + np.log(2) * jnp.sum(weights)  # images further off act like one more even part

        def integral(s):
            reach = (s - images[..., None]) / widths[:, None]
            return even * s / period + jnp.tensordot(shares, asinh(reach), 2)

        ends = integral(jnp.stack([jnp.zeros_like(period), period]))
        length = ends[1] - ends[0]
        target = ends[0] + length * self.even_shares((integral(edges) - ends[0]) / length)
        steps = jnp.sinh(
            jnp.linspace(-1, 1, 25) * asinh(period / widths)[:, None]
        )  # probes crowd where F is steep
        probes = (places[:, None] + widths[:, None] * steps).ravel()
        probes = jnp.concatenate([jnp.mod(probes, period), period * jnp.linspace(0, 1, 17)])
        lower, upper = bracket(probes, integral(probes), target)
        low, high = integral(lower), integral(upper)
        chord = lower + (upper - lower) * (target - low) / (high - low)
        inner = increasing_root(lambda s: integral(s) - target, lower, upper, chord)
        return jnp.concatenate([jnp.zeros(1), inner, period[None]])

    def even_shares(self, edges: Float[Array, " edge"]) -> Float[Array, " cell-1"]:
        """Where inner faces lie, as shares of the monitor's integral: even, or even from edge to edge.

        Two edges within one cell share a face.
        """
        counts = jnp.arange(1.0, self.cells)
        if not self.on_edges:
            return counts / self.cells
        knots = jnp.sort(jnp.append(edges, 1.0))
        together = 2 - self.cells % 2  # even numbers, so that every second face is on the edges too
        numbers = together * jnp.round(jax.lax.stop_gradient(knots) * self.cells / together)
        rise, steps = (jnp.diff(x) for x in (numbers, knots))
        way = jnp.clip((counts[:, None] - numbers[:-1]) / jnp.where(rise > 0, rise, 1.0) + (rise == 0), 0, 1)
        return knots[0] + jnp.sum(way * steps, axis=1)


def image_shares(place: Float[Array, " feature"]) -> Float[Array, "3 feature"]:
    """Weights of a feature's images one period below it, at its place (0 to 1), and one above.

    A feature that leaves the period at one end enters it at the other. The images fade with their
    distance, so that the mesh does not jump there: ω_p = W/2 at half filling is such a place.
    """
    near = place**2 * (3 - 2 * place)
    return jnp.stack([near, jnp.ones_like(near), 1 - near])


@jax.custom_jvp
def asinh(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """arsinh to absolute round-off, at a third of the cost of `jnp.arcsinh`."""
    size = jnp.where(x >= 0, x, -x)
    return jnp.where(x >= 0, 1.0, -1.0) * jnp.log(size + jnp.sqrt(1 + size**2))


asinh.defjvps(lambda tangent, value, x: tangent / jnp.sqrt(1 + x**2))


def bracket(points: Float[Array, " p"], values: Float[Array, " p"], target: Float[Array, " t"]):
    """The nearest of the (unordered) points below and above each target of an increasing function."""
    below = values[:, None] <= target
    lower = jnp.max(jnp.where(below, points[:, None], -jnp.inf), axis=0)
    upper = jnp.min(jnp.where(below, jnp.inf, points[:, None]), axis=0)
    return lower, upper


class Ladder(eqx.Module):
    """Finite-volume cells on the lattice of ladders. Energies in the unit of the DoS.

    - `energy`: cell centres; `width`: cell widths; `states`: n = ∫D dε over the cell, in
      states per mode; `density`: n/width. All (rung, cell); cells outside the band hold 0 states.
    - `spacing`: distance of the centres of consecutive cells, (rung·cell − 1,)
    - `inverse`: 1/n, and 0 for cells without states, (rung, cell)
    - `transport`: σ̃/σ_0 on the inner faces, 0 next to an empty cell, (rung·cell − 1,)
    - `chemical_potential`: μ(T), where the mesh has its Fermi step; `fermi_energy`: its limit T → 0, where
      σ_0 = σ̃
    """

    energy: Float[Array, "rung cell"]
    width: Float[Array, "rung cell"]
    states: Float[Array, "rung cell"]
    density: Float[Array, "rung cell"]
    inverse: Float[Array, "rung cell"]
    spacing: Float[Array, " face"]
    transport: Float[Array, " face"]
    chemical_potential: Float[Array, ""]
    fermi_energy: Float[Array, ""]

    @property
    def rungs(self) -> int:
        """J, the number of rungs."""
        return self.states.shape[0]

    @property
    def cells(self) -> int:
        """I, the number of cells in a rung."""
        return self.states.shape[1]

    def halved(self) -> "Ladder":
        """The ladder on every second face: pairs of cells are one. `cells` must be even."""
        width = self.width[:, ::2] + self.width[:, 1::2]
        states = self.states[:, ::2] + self.states[:, 1::2]
        below, above = (self.energy + side * self.width / 2 for side in (-1, 1))
        return Ladder(
            energy=0.5 * (below[:, ::2] + above[:, 1::2]),
            width=width,
            states=states,
            density=states / width,
            inverse=inverse(states),
            spacing=spacing(width),
            transport=self.transport[1::2],
            chemical_potential=self.chemical_potential,
            fermi_energy=self.fermi_energy,
        )


def count_rungs(metal: Metal, rungs: int | None = None) -> int:
    """J = ⌈W/ω_p⌉, or `rungs` where it is given; raises `ValueError` where it cannot be known or is too small.

    The number of rungs fixes array shapes, so it must be a plain integer: under `jit`, `vmap` or
    `grad` with respect to ω_p or W, pass `rungs=` (any number ≥ W/ω_p works, spare rungs stay empty).
    """
    if rungs is not None:
        require_count("rungs", rungs)
    with jax.ensure_compile_time_eval():  # a number here is a number also inside a jitted function
        width, phonon_energy = in_numpy((metal.dos.width, metal.phonon_energy))
        ratio = width / phonon_energy
    if not is_concrete(ratio):
        if rungs is None:
            raise ValueError(
                "rungs is needed here: phonon_energy or the band width is being transformed by JAX, so the "
                "number of rungs cannot be read from it. Pass rungs=ceil(width / phonon_energy) for the "
                "smallest phonon energy you will use."
            )
        return int(rungs)
    needed = max(1, math.ceil(float(np.max(np.asarray(ratio))) * (1 - 4 * float(jnp.finfo(ratio.dtype).eps))))
    if rungs is not None and rungs < needed:
        raise ValueError(
            f"rungs = {rungs} is not allowed: the band needs at least {needed} (width / phonon_energy)"
        )
    return needed if rungs is None else int(rungs)


def fewest_rungs(metal: Metal) -> int:
    """J that a metal needs for certain: 1 where ω_p or W is being transformed by JAX."""
    with jax.ensure_compile_time_eval():
        known = is_concrete(metal.dos.width, metal.phonon_energy)
    return count_rungs(metal) if known else 1


def enough_rungs(metal: Metal, rungs: int) -> Bool[Array, ""]:
    """Whether `rungs` of ω_p hold the band, for an ω_p or W that JAX is transforming too."""
    return rungs * metal.phonon_energy >= metal.dos.width * (1 - 1e-5)


def build_ladder(metal: Metal, mesh: Mesh, rungs: int) -> Ladder:
    """The ladder of a metal, differentiable in every number of the metal."""
    mu, fermi_energy = metal.chemical_potential, metal.fermi_energy
    # XLA would compute copies of these that differ by rounding, and steps on such a mesh fail
    mu, fermi_energy, faces = jax.lax.optimization_barrier((mu, fermi_energy, mesh.faces(metal, mu)))
    offsets = metal.dos.bottom + metal.phonon_energy * jnp.arange(rungs)[:, None]
    centres = 0.5 * (faces[1:] + faces[:-1])
    width = jnp.broadcast_to(jnp.diff(faces), (rungs, mesh.cells))
    states = metal.states_per_mode * jnp.diff(metal.dos.cumulative(offsets + faces), axis=1)
    # a difference of equal numbers may be a rounding error, and another one in each copy XLA makes of it
    least = 4 * metal.states_per_mode * jnp.finfo(states.dtype).eps
    states = jax.lax.optimization_barrier(jnp.where(states > least, states, 0.0))
    inner = (offsets + faces[:-1]).ravel()[1:]
    filled = states > 0
    inner_filled = filled.ravel()[1:] & filled.ravel()[:-1]
    return Ladder(
        energy=offsets + centres,
        width=width,
        states=states,
        density=states / width,
        inverse=inverse(states),
        spacing=spacing(width),
        transport=jnp.where(inner_filled, metal.transport_ratio(inner, fermi_energy), 0.0),
        chemical_potential=mu,
        fermi_energy=fermi_energy,
    )


def inverse(states: Float[Array, "rung cell"]) -> Float[Array, "rung cell"]:
    """1/n, and 0 for cells without states."""
    filled = states > 0
    return jnp.where(filled, 1 / jnp.where(filled, states, 1.0), 0.0)  # pyright: ignore[reportOperatorIssue, reportReturnType]


def spacing(width: Float[Array, "rung cell"]) -> Float[Array, " face"]:
    """Distances of the centres of consecutive cells."""
    return jnp.tile(0.5 * (width[0] + jnp.roll(width[0], -1)), len(width))[:-1]


def fermi(energy: Float[Array, "*shape"], mu, temperature) -> Float[Array, "*shape"]:
    """Fermi–Dirac occupation 1/(e^{(ε−μ)/T} + 1); shape of `energy`."""
    return jax.nn.sigmoid((mu - energy) / temperature)
