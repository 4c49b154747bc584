"""Tight-binding bands: H(k) → D(ε) and ⟨v²⟩D by the linear-tetrahedron method.

Bands are linear inside each tetrahedron of the mesh; the table holds their cumulative DoS, its
derivative and their velocities exactly: Blöchl, Jepsen, Andersen, PRB 49, 16223 (1994),
doi:10.1103/PhysRevB.49.16223, Appendix A and C. What is left, of second order in the mesh, is extrapolated
from the mesh and half of it.
"""

import functools
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact, Int

from .checks import is_concrete, require, to_array
from .tabulated import TabulatedDOS

SMOOTH = 16
"""From so many cells on the error of a k mesh is of second order, and can be taken off with half the mesh."""
TOGETHER = 1024
"""So many tetrahedra are summed at a time."""
PATHS = np.array(list(itertools.permutations(range(3))))
"""The 6 tetrahedra of a mesh cell: each walks from its origin to the opposite corner, axis after axis."""


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

    def dos(self, mesh: int | tuple[int, int, int] = 64, points: int = 401) -> TabulatedDOS:
        """D(ε) and ⟨v²⟩D per orbital, on `points` equidistant energies from band bottom to top.

        `mesh`: cells of the k mesh along the reciprocal vectors (1 along an axis without bonds), best an even number.
        v is in energy × length. Differentiable in the hoppings (a mesh above 32 takes long then). Raises `ValueError`
        for a mesh or a number of points that is no whole number in range, and for a band without width.
        """
        sizes = (mesh,) * 3 if isinstance(mesh, int) else tuple(mesh)
        if len(sizes) != 3 or any(n != int(n) or n < 1 for n in sizes):
            raise ValueError(f"mesh = {mesh!r} is not allowed: it must be one or three whole numbers ≥ 1")
        if points != int(points) or points < 8:
            raise ValueError(f"points = {points!r} is not allowed: it must be a whole number, at least 8")
        energy, filled, density, weighted = tetrahedron_table(self, sizes, int(points))
        require("band width", energy[-1] - energy[0], "positive: a flat band has no DoS", lambda x: x > 0)
        return TabulatedDOS(energy, density, weighted, cumulative=filled)


@jax.custom_jvp
def band_energies(hamiltonian: Inexact[Array, "*shape orb orb"]) -> Float[Array, "*shape orb"]:
    """Eigenvalues in increasing order, with derivatives that stay finite where bands touch."""
    return jnp.linalg.eigvalsh(hamiltonian)


@band_energies.defjvp
def _(primals, tangents):
    energies, states = jnp.linalg.eigh(primals[0])
    return energies, jnp.einsum("...ia,...ij,...ja->...a", states.conj(), tangents[0], states).real


def mesh_energies(bands: TightBinding, sizes: tuple[int, ...]) -> Float[Array, "orb a b c"]:
    """Band energies at all corners of the mesh cells, the closing planes included.

    Real hoppings have ε(−k) = ε(k), a symmetry the tetrahedra share: half of the first axis does.
    """
    halved = not jnp.iscomplexobj(bands.matrices) and not jnp.iscomplexobj(bands.onsite) and sizes[0] % 2 == 0
    counts = (sizes[0] // 2 + 1 if halved else sizes[0], *sizes[1:])
    axes = [jnp.arange(counts[i], dtype=bands.lattice.dtype) / sizes[i] for i in range(3)]
    energies = band_energies(bands.bloch(jnp.stack(jnp.meshgrid(*axes, indexing="ij"), axis=-1)))
    closing = [(0, 0 if halved else 1), (0, 1), (0, 1)]
    return jnp.moveaxis(jnp.pad(energies, [*closing, (0, 0)], mode="wrap"), -1, 0)


def tetrahedra(energies: Float[Array, "orb a b c"]) -> tuple[Float[Array, "4 tet"], Float[Array, "3 tet"]]:
    """Sorted corner energies of all tetrahedra, and their energy steps along the mesh axes."""
    a, b, c = (n - 1 for n in energies.shape[1:])
    cube = [energies[:, i : i + a, j : j + b, k : k + c].ravel() for i, j, k in np.ndindex(2, 2, 2)]
    # corner number 4i + 2j + k; a path visits 0, one axis, two axes, 7
    walk = np.cumsum(np.pad(np.array([4, 2, 1])[PATHS], ((0, 0), (1, 0))), axis=1)
    corners = jnp.stack(cube)[walk]  # (path, 4, cell)
    steps = jnp.take_along_axis(jnp.diff(corners, axis=1), np.argsort(PATHS, axis=1)[:, :, None], axis=1)
    e = list(jnp.moveaxis(corners, 1, 0).reshape(4, -1))
    for low, high in ((0, 1), (2, 3), (0, 2), (1, 3), (1, 2)):  # a sorting network
        e[low], e[high] = jnp.minimum(e[low], e[high]), jnp.maximum(e[low], e[high])
    return jnp.stack(e), jnp.moveaxis(steps, 1, 0).reshape(3, -1)


def tetrahedron_pieces(corners: Float[Array, "4 tet"]) -> tuple[Float[Array, " tet"], ...]:
    """Coefficients of the filled fraction of each tetrahedron, a cubic between sorted, distinct corners.

    In order: the corners e1, e2, e3, e4; p of p(ε − e1)³ up to e2; q of 1 − q(e4 − ε)³ from e3;
    a, b, c, d of a + by + cy² − dy³ with y = ε − e2 between them.
    """
    e1, e2, e3, e4 = corners
    scale = 1 / ((e3 - e1) * (e4 - e1))
    low, high = scale / (e2 - e1), 1 / ((e4 - e1) * (e4 - e2) * (e4 - e3))
    cubic = scale * (e3 - e1 + e4 - e2) / ((e4 - e2) * (e3 - e2))
    return e1, e2, e3, e4, low, high, scale * (e2 - e1) ** 2, 3 * scale * (e2 - e1), 3 * scale, cubic


def tetrahedron_filling(energy: Float[Array, ""], pieces: tuple[Array, ...]) -> tuple[Array, Array]:
    """Filled fraction of each tetrahedron up to `energy`, and its derivative, both (tet,)."""
    e1, e2, e3, e4, p, q, a, b, c, d = pieces
    x = jnp.clip(energy, e1, e4)
    low, high, y = x - e1, e4 - x, x - e2
    middle, middle_slope = a + y * (b + y * (c - d * y)), b + y * (2 * c - 3 * d * y)
    filled = jnp.where(x < e2, p * low**3, jnp.where(x < e3, middle, 1 - q * high**3))
    return filled, jnp.where(x < e2, 3 * p * low**2, jnp.where(x < e3, middle_slope, 3 * q * high**2))


def tetrahedron_table(bands: TightBinding, sizes: tuple[int, ...], points: int) -> tuple[Array, ...]:
    """Nodes ε, and C, D, ⟨v²⟩D at them, all (point,); one state per orbital in total, ∫D dε = 1."""
    nodes, *spans = _spans(bands, sizes, points)
    columns = _table(nodes, *spans)
    if all(n == 1 or (n % 2 == 0 and n >= SMOOTH) for n in sizes):
        _, *spans = _spans(bands, tuple(max(1, n // 2) for n in sizes), points)
        filled, *others = (
            fine + (fine - rough) / 3 for fine, rough in zip(columns, _table(nodes, *spans), strict=True)
        )
        columns = jax.lax.cummax(jnp.clip(filled, 0, 1)), *(jnp.maximum(x, 0.0) for x in others)
    return nodes, *columns


def _table(nodes, corners, squares) -> tuple[Array, ...]:
    """C, D and ⟨v²⟩D at the nodes. A tetrahedron concerns the few between its corners, as far as these are known."""
    reach = nodes.size
    if is_concrete(corners) and nodes[-1] > nodes[0]:
        low, high = np.asarray(corners[0]), np.asarray(corners[3])
        highest = [high[start : start + TOGETHER].max() for start in range(0, high.size, TOGETHER)]
        step = float(nodes[1] - nodes[0])
        reach = min(reach, int(np.max(highest - low[::TOGETHER]) / step) + 3)
    return _summed(nodes, corners, squares, reach)


@eqx.filter_jit
def _spans(bands: TightBinding, sizes: tuple[int, ...], points: int):
    """Nodes (point,), sorted corners (4, tet) of the tetrahedra and v² in them (tet,), the lowest tetrahedron first.

    The corners of each tetrahedron are kept at least 1e-6 of the band width apart: without it,
    flat directions (a chain has two) would make D jump and its derivatives infinite.
    """
    energies, steps = tetrahedra(mesh_energies(bands, sizes))
    order = jnp.argsort(energies[0])
    energies, steps = energies[:, order], steps[:, order]
    apart = 1e-6 * (energies.max() - energies.min())
    corners = energies + apart * jnp.array([-1.5, -0.5, 0.5, 1.5])[:, None]
    nodes = jnp.linspace(corners[0].min(), corners[3].max(), points)
    # v = Σ_i a_i ∂ε/∂x_i / 2π with k = Σ_i x_i b_i
    velocity = bands.lattice.T @ (steps * jnp.array(sizes)[:, None]) / (2 * jnp.pi)
    return nodes, corners, jnp.sum(velocity**2, axis=0)


@functools.partial(jax.jit, static_argnums=3)
def _summed(nodes, corners, squares, reach: int) -> tuple[Array, ...]:
    """C, D and ⟨v²⟩D at the nodes; `reach`: so many nodes at most lie between the corners of `TOGETHER` tetrahedra."""
    points, count = nodes.size, squares.size
    spare = -count % TOGETHER
    blocks = [
        jnp.pad(x, ((0, 0), (0, spare)), mode="edge").reshape(x.shape[0], -1, TOGETHER).swapaxes(0, 1)
        for x in (corners, squares[None])
    ]
    weights = (jnp.arange(count + spare) < count).astype(nodes.dtype).reshape(-1, TOGETHER)
    places = jnp.arange(reach)

    @jax.checkpoint  # a reverse pass keeps nothing of the size (point, tet)
    def add(columns, block):
        corners, squares, weights = block
        first = jnp.clip(jnp.searchsorted(nodes, corners[0, 0]) - 1, 0, points - reach)
        energies = jax.lax.dynamic_slice(nodes, (first,), (reach,))
        filled, slope = jax.vmap(tetrahedron_filling, (0, None))(energies, tetrahedron_pieces(corners))
        here = jnp.stack([filled @ weights, slope @ weights, slope @ (weights * squares[0])])
        columns = columns.at[:, first + places].add(here)
        return columns.at[0].add(jnp.where(jnp.arange(points) >= first + reach, weights.sum(), 0.0)), None

    columns, _ = jax.lax.scan(add, jnp.zeros((3, points), nodes.dtype), (*blocks, weights))
    return tuple(columns / count)


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
