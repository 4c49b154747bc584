"""From the error that is wanted to a mesh and a tolerance, and from two meshes to an error.

σ is computed on a mesh, and on every second face of it at four times the tolerance. Both errors are of second order
in the cells and about proportional to the tolerance, so that the finer one is a third of the difference: it is taken
off. What is left is judged by how far the integrals over energies, whose end is σ, are apart on average: σ of both
meshes may agree by chance. Where the band has van Hove points errors are as large as that, in smooth bands less.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..kinetics.ladder import Ladder, Mesh, fewest_rungs
from ..kinetics.measures import conductivity, distance
from ..model.checks import is_concrete, require_count
from ..model.dos import AbstractDOS
from ..model.metal import Metal

DEFAULT = 1e-3
"""The largest error of σ/σ_0 that is wanted, unless one is given."""
FINEST, COARSEST = 1e-6, 0.1
"""What can be asked for."""
THINNER = 0.35
"""Power by which cells get narrower with the accuracy: the order 1/0.35 of quantiles of the error left."""
FINER = 2
"""How often what is less sure than was asked for is computed again, twice as finely."""
STEP = 3
"""Tolerance of a step in accuracies: of 128 random runs 97 % end within 0.1 of the tolerance, and are within 0.25 of it
at times in between."""
KINKS = 6
"""So many van Hove points in a band double the cells that an accuracy takes."""
FEWER = 0.85
"""Power of 2/J by which cells in a rung get fewer on J > 2 rungs: a rung is ω_p wide, so that they get narrower yet.
Not in bands that are not smooth: of runs in a semi-ellipse on twelve rungs 73 % would be within 1e-4, not 95 %, with
2/3 already."""
PLAIN_CELLS = 128
"""Cells in a rung where only a tolerance is given."""


class Fineness(NamedTuple):
    """How finely a state is computed: all that an accuracy, or cells, mesh and rtol, ask for.

    - `mesh`, `rtol`: of the (finer) solve
    - `accuracy`: what was asked for, 0 where cells, mesh or rtol were given
    """

    mesh: Mesh
    rtol: float
    accuracy: float

    @property
    def paired(self) -> bool:
        """Whether σ is extrapolated from this mesh and from half the cells."""
        return self.accuracy > 0

    @property
    def level(self) -> float:
        """The accuracy that takes such cells and such a tolerance: after `finer` a smaller one than was asked for."""
        return self.rtol / STEP

    def on(self, dos: AbstractDOS) -> "Fineness":
        """The same for a band: an accuracy takes more cells for each van Hove point that they have to crowd at."""
        if not self.paired:
            return self
        more = 1 + dos.features().size / KINKS
        return self._replace(mesh=self.mesh.with_cells(whole(self.mesh.cells * more)))

    def for_metal(self, metal: Metal, fewest: int | None = None, least: float = 0) -> "Fineness":
        """The same with the fewer cells, but no fewer than `least`, that an accuracy takes in more than two rungs.

        `fewest`: the least number of rungs that any metal of the program needs, which spare ones do not change; by
        default that of the metal, and two where JAX is transforming it.
        """
        if not self.paired or not metal.dos.smooth:
            return self
        rungs = max(2, fewest_rungs(metal) if fewest is None else fewest)
        cells = self.mesh.cells
        return self._replace(
            mesh=self.mesh.with_cells(whole(max(cells * (2 / rungs) ** FEWER, min(least, cells))))
        )

    @property
    def finer(self) -> "Fineness":
        """Twice the cells, a quarter of the tolerance."""
        return self._replace(mesh=self.mesh.with_cells(2 * self.mesh.cells), rtol=self.rtol / 4)


class Judged:
    """What has a `sigma` with its `sigma_error`, of a `fineness`."""

    sigma: Any
    sigma_error: Any
    fineness: Any

    @property
    def sure(self) -> bool:
        """Whether σ is as accurate as was asked for, as far as is known."""
        return not unsure(self.sigma_error, self.fineness.accuracy)

    def judged(self, sentence: str) -> str:
        """A sentence on how a solve ended, with one on σ where that is not sure."""
        return f"{sentence} {unsure(self.sigma_error, self.fineness.accuracy)}".strip()


def fineness(
    accuracy: float | None,
    cells: int | None,
    mesh: Mesh | None,
    rtol: float | None = None,
    *,
    plain: Mesh | None = None,
    share: float = 1.0,
) -> Fineness:
    """What is to be done for `accuracy`, or for `cells`, `mesh` and `rtol`, which choose for themselves.

    `plain`: the kind of mesh for `cells`; `share`: of the cells that an accuracy takes in a run. Raises `ValueError`
    for an accuracy that is not allowed, or beside any of the others.
    """
    given = {
        name: value for name, value in (("cells", cells), ("mesh", mesh), ("rtol", rtol)) if value is not None
    }
    if not given:
        accuracy = DEFAULT if accuracy is None else checked(accuracy)
        return Fineness(Mesh(cells_for(accuracy, share), on_edges=True), STEP * accuracy, accuracy)
    if accuracy is not None:
        raise ValueError(
            f"accuracy = {accuracy!r} is not allowed together with {', '.join(given)}: it chooses them; "
            "give either the accuracy or these"
        )
    if cells is not None:
        require_count("cells", cells, 4)
    if mesh is None:
        mesh = (Mesh() if plain is None else plain).with_cells(PLAIN_CELLS if cells is None else cells)
    return Fineness(mesh, DEFAULT if rtol is None else rtol, 0.0)


def checked(accuracy) -> float:
    """The accuracy as a number; raises `ValueError` where it is not allowed."""
    try:
        value = float(accuracy)
    except (TypeError, ValueError):
        value = np.nan
    if not FINEST <= value <= COARSEST:
        raise ValueError(
            f"accuracy = {accuracy!r} is not allowed: it must be a number from {FINEST:g} to {COARSEST:g}, the "
            "largest error of σ/σ_0 that is wanted. It is no JAX tracer, since it fixes array shapes."
        )
    return value


def cells_for(accuracy: float, share: float = 1.0) -> int:
    """Cells in each of two rungs: 80 for 1e-3."""
    return whole(share * 80 * (DEFAULT / accuracy) ** THINNER)


def whole(cells: float) -> int:
    """A number of cells, rounded up to one that can be halved, with edges on faces of both meshes."""
    return 8 * max(2, int(np.ceil(cells / 8 - 1e-9)))


class Left(NamedTuple):
    """What extrapolation leaves of the error of σ, in units of the distance of the meshes.

    That is the mean difference of their integrals up to energies in the band. How often true errors stay below
    `benchmarks/accuracy.py` measures.

    - `kinked`: in bands with van Hove points; `edged`: for each rung, in bands with singular edges alone
    - `smooth`: in smooth bands, at the default accuracy; with narrower cells like this `power` of their width
    - `bend`: power of that distance there, in accuracies: where it is large, what is left is a smaller part
    """

    kinked: float
    edged: float
    smooth: float
    power: float
    bend: float = 1.0

    def of(self, apart: Array, dos: AbstractDOS, rough: Ladder, level: float) -> Array:
        """The error that is left where the sum of the distances over the energies of a mesh is `apart`, (*s,)."""
        # spare rungs have no part in the mean
        inside = jnp.maximum(jnp.sum(jax.lax.stop_gradient(rough.transport) > 0), 1)
        if dos.smooth:
            width = (level / DEFAULT) ** (THINNER * self.power)
            return self.smooth * level * (width * apart / inside / level) ** self.bend
        if dos.features().size:
            return self.kinked * apart / inside
        return self.edged * apart / rough.states.shape[1]


AFTER_A_RUN = Left(kinked=1.1, edged=0.12, smooth=0.16, power=1.0, bend=0.6)
ON_THE_PLATEAU = Left(kinked=1.7, edged=0.12, smooth=0.01, power=1.0)
WHEN_STEADY = Left(kinked=2.0, edged=0.3, smooth=0.2, power=0.0)

Solved = tuple[Array, Ladder]
"""f (*s, rung, cell) and its ladder."""


def extrapolated(
    fine: Solved, coarse: Solved, dos: AbstractDOS, left: Left, level: float
) -> tuple[Array, Array]:
    """(σ without its error of second order, an estimate of what error is left), each (*s,); `level`: of `Fineness`."""
    sigma, apart = conductivity(*fine), distance(*jax.lax.stop_gradient((*fine, *coarse)))
    return sigma + (sigma - conductivity(*coarse)) / 3, left.of(apart, dos, coarse[1], level)


def until_sure(solve: Callable[[Fineness], Any], fine: Fineness) -> Any:
    """solve(fine), or of what is finer where that is less sure of `sigma` than was asked for; traced, once."""
    found = solve(fine)
    for _ in range(FINER):
        if not is_concrete(found.sigma) or not unsure(found.sigma_error, fine.accuracy):
            break
        fine = fine.finer
        found = solve(fine)
    return found


def unsure(error, accuracy: float) -> str:
    """A sentence on an error larger than the accuracy that was asked for, or nothing."""
    worst = float(np.nanmax(np.asarray(error), initial=0.0))
    if not accuracy or not worst > accuracy:
        return ""
    return f"σ/σ_0 is known to {worst:.1g} only, not to accuracy = {accuracy:g}; a smaller accuracy takes more cells."
