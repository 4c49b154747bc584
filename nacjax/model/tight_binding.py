"""Tight-binding bands: H(k) → D(ε) and ⟨v²⟩D."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact, Int

from ..numerics.ticker import Ticker
from .checks import is_concrete, require, to_array
from .tabulated import TabulatedDOS
from .tetrahedra import tetrahedron_table

FINE, COARSE = 128, 32
"""Cells of a k mesh along each axis by default, and where JAX is transforming the hoppings, which takes long."""


class TightBinding(eqx.Module):
    """Bands of a tight-binding Hamiltonian.

    H(k) = onsite + Σ_bonds [t e^{ik·R} + h.c.] for one or more orbitals per cell.

    - `lattice`: rows are the three lattice vectors (length). One- and two-dimensional lattices
      have no bonds along the other axes.
    - `displacements`: R of each bond in lattice vectors, whole numbers. Each bond is given once;
      the one along −R is its adjoint.
    - `matrices`: t (energy), real or complex; t[i, j] is the amplitude of c†_i(0) c_j(R)
    - `onsite`: Hermitian matrix (energy); zero by default
    - `source`: what was understood of the file it was read from, or None

    Raises `ValueError` naming the argument for wrong shapes and displacements off the lattice.

    >>> chain = nj.TightBinding(lattice=np.eye(3), displacements=[[1, 0, 0]], matrices=[[[-0.25]]])
    >>> np.asarray(chain.hamiltonian(np.zeros(3))).real.item()
    -0.5
    """

    lattice: Float[Array, "3 3"] = eqx.field(converter=to_array)
    displacements: Int[Array, "bond 3"] | Float[Array, "bond 3"] = eqx.field(converter=jnp.asarray)
    matrices: Inexact[Array, "bond orb orb"] = eqx.field(converter=jnp.asarray)
    onsite: Inexact[Array, "orb orb"] | None = eqx.field(
        converter=lambda x: None if x is None else jnp.asarray(x), default=None
    )
    source: str | None = eqx.field(static=True, default=None)

    def __check_init__(self):
        bonds, orbitals = self.matrices.shape[0], self.matrices.shape[-1]
        shapes = {"lattice": (3, 3), "displacements": (bonds, 3), "matrices": (bonds, orbitals, orbitals)}
        if self.onsite is not None:
            shapes["onsite"] = (orbitals, orbitals)
        for name, shape in shapes.items():
            given = getattr(self, name).shape
            if given != shape:
                raise ValueError(f"{name} of shape {given} is not allowed: it must be {shape}")
        whole = "whole numbers of lattice vectors"
        require("displacements", self.displacements, whole, lambda x: np.abs(x - np.round(x)) < 1e-6)
        if is_concrete(self.matrices) and not np.all(np.isfinite(self.matrices)):
            raise ValueError("matrices with NaN or inf are not allowed: hoppings must be finite")

    def bloch(self, fraction: Float[Array, "*shape 3"]) -> Inexact[Array, "*shape orb orb"]:
        """H at k = Σ fraction_i b_i with b_i the reciprocal lattice vectors (energy)."""
        phase = jnp.exp(2j * jnp.pi * (fraction @ self.displacements.T.astype(fraction.dtype)))
        half = jnp.einsum("...b,bij->...ij", phase, self.matrices)
        if self.onsite is not None:
            half = half + 0.5 * self.onsite
        return half + jnp.conj(jnp.swapaxes(half, -1, -2))

    def hamiltonian(self, k: Float[Array, "*shape 3"]) -> Inexact[Array, "*shape orb orb"]:
        """H at the cartesian wave vector k (1/length), in the unit of the hoppings."""
        return self.bloch(jnp.asarray(k) @ self.lattice.T / (2 * jnp.pi))

    def dos(self, mesh: int | tuple[int, int, int] | None = None, points: int = 401) -> TabulatedDOS:
        """D(ε) and ⟨v²⟩D per orbital, on `points` equidistant energies from band bottom to top.

        `mesh`: cells of the k mesh along the reciprocal vectors (1 along an axis without bonds), best an even number;
        by default 128, with which σ of three bands is right to 1e-3, fewer with more orbitals
        (84 with ten), and 32 where JAX is transforming the hoppings, in which the result is differentiable. v is in
        energy × length. Raises `ValueError` for a mesh or a number of points that is no whole number in range, and for
        a band without width.
        """
        if mesh is None:
            mesh = fine_enough(self.matrices.shape[-1]) if is_concrete(self.matrices, self.onsite) else COARSE
        sizes = (mesh,) * 3 if isinstance(mesh, int) else tuple(mesh)
        if len(sizes) != 3 or any(n != int(n) or n < 1 for n in sizes):
            raise ValueError(f"mesh = {mesh!r} is not allowed: it must be one or three whole numbers ≥ 1")
        if points != int(points) or points < 8:
            raise ValueError(f"points = {points!r} is not allowed: it must be a whole number, at least 8")
        with Ticker(f"{' × '.join(map(str, sizes))} k points"):
            energies = mesh_energies(self, sizes)
            energy, filled, density, weighted = tetrahedron_table(energies, self.lattice, sizes, int(points))
        require("band width", energy[-1] - energy[0], "positive: a flat band has no DoS", lambda x: x > 0)
        return TabulatedDOS(energy, density, weighted, cumulative=filled)


def fine_enough(orbitals: int) -> int:
    """Cells of the k mesh along each axis: `FINE` for up to three bands, as many in all with more."""
    return 2 * int(FINE / 2 * min(1, 3 / orbitals) ** (1 / 3))


@jax.custom_jvp
def band_energies(hamiltonian: Inexact[Array, "*shape orb orb"]) -> Float[Array, "*shape orb"]:
    """Eigenvalues in increasing order, with derivatives that stay finite where bands touch."""
    return jnp.linalg.eigvalsh(hamiltonian)


@band_energies.defjvp
def _(primals, tangents):
    energies, states = jnp.linalg.eigh(primals[0])
    return energies, jnp.einsum("...ia,...ij,...ja->...a", states.conj(), tangents[0], states).real


@eqx.filter_jit
def mesh_energies(bands: TightBinding, sizes: tuple[int, ...]) -> Float[Array, "orb a b c"]:
    """Band energies at all corners of the mesh cells, the closing planes included.

    Real hoppings have ε(−k) = ε(k), a symmetry the tetrahedra share: half of the first axis does.
    """
    real = not jnp.iscomplexobj(bands.matrices) and not jnp.iscomplexobj(bands.onsite)
    halved = real and sizes[0] % 4 == 0  # of which every second corner is half too
    counts = (sizes[0] // 2 + 1 if halved else sizes[0], *sizes[1:])
    axes = [jnp.arange(counts[i], dtype=bands.lattice.dtype) / sizes[i] for i in range(3)]
    energies = band_energies(bands.bloch(jnp.stack(jnp.meshgrid(*axes, indexing="ij"), axis=-1)))
    closing = [(0, 0 if halved else 1), (0, 1), (0, 1)]
    return jnp.moveaxis(jnp.pad(energies, [*closing, (0, 0)], mode="wrap"), -1, 0)


def chain(t: Float[Array, ""] | float = 1.0, length: float = 1.0) -> TightBinding:
    """ε = −2t cos(k·length): one orbital hopping along the first axis. Use `dos(mesh=(n, 1, 1))`."""
    return TightBinding(length * np.eye(3), np.eye(3, dtype=int)[:1], -jnp.reshape(to_array(t), (1, 1, 1)))


def simple_cubic(t: Float[Array, ""] | float = 1.0, a: float = 1.0) -> TightBinding:
    """ε = −2t Σ_i cos(k_i a): one orbital on the simple cubic lattice of constant `a`."""
    return TightBinding(a * np.eye(3), np.eye(3, dtype=int), jnp.full((3, 1, 1), -to_array(t)))


def simple_cubic_p(
    t_sigma: Float[Array, ""] | float = 1.0, t_pi: Float[Array, ""] | float = -0.25, a: float = 1.0
) -> TightBinding:
    """p orbitals in cubic symmetry: ε_x = 2t_σ cos k_x a + 2t_π(cos k_y a + cos k_z a), and cyclic.

    The double-peaked DoS of Fig. 2c of PRB 101, 041105 (2020), doi:10.1103/PhysRevB.101.041105.
    """
    along = jnp.asarray([np.diag(row) for row in np.eye(3)])
    matrices = to_array(t_sigma) * along + to_array(t_pi) * (jnp.eye(3) - along)
    return TightBinding(a * np.eye(3), np.eye(3, dtype=int), matrices)


def fcc_t1u(f1: float, f2: float, f3: float, f4: float, a: float = 1.0) -> TightBinding:
    """Three t1u orbitals (x, y, z) on the fcc lattice of constant `a`, nearest neighbours only.

    On the bond R = (a/2)(±1, ±1, 0): t_xx = F1, t_yy = F3, t_zz = F4, t_xy = t_yx = F2 sign(R_x R_y);
    the other bonds by x → y → z → x. Nomura, Nakamura, Arita, PRB 85, 155452 (2012),
    doi:10.1103/PhysRevB.85.155452.
    """
    lattice = 1 - np.eye(3)  # in units of a/2
    displacements, patterns = [], np.zeros((4, 6, 3, 3))  # of F1…F4 on the six bonds
    for first in range(3):
        second, third = (first + 1) % 3, (first + 2) % 3
        for sign in (1, -1):
            pattern = patterns[:, len(displacements)]
            bond = np.eye(3)[first] + sign * np.eye(3)[second]
            displacements.append(np.round(np.linalg.solve(lattice.T, bond)).astype(int))
            pattern[0, first, first] = pattern[2, second, second] = pattern[3, third, third] = 1
            pattern[1, first, second] = pattern[1, second, first] = sign
    hoppings = to_array(jnp.stack([f1, f2, f3, f4]))
    return TightBinding(0.5 * a * lattice, np.array(displacements), jnp.tensordot(hoppings, patterns, 1))
