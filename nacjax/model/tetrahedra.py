"""C(ε), D(ε) and ⟨v²⟩D of bands on a k mesh, by the linear-tetrahedron method.

Bands are linear inside each tetrahedron of the mesh; the table holds their cumulative DoS, its
derivative and their velocities exactly: Blöchl, Jepsen, Andersen, PRB 49, 16223 (1994),
doi:10.1103/PhysRevB.49.16223, Appendix A and C. What is left, of second order in the mesh, is extrapolated
from the mesh and half of it.
"""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import is_concrete

SMOOTH = 16
"""From so many cells on the error of a k mesh is of second order, and can be taken off with half the mesh."""
TOGETHER = 512
"""Tetrahedra of so many mesh cells are summed at a time."""
PATHS = np.array(list(itertools.permutations(range(3))))
"""The 6 tetrahedra of a mesh cell: each walks from its origin to the opposite corner, axis after axis."""

Sizes = tuple[int, ...]
Energies = Float[Array, "orb a b c"]


def tetrahedra(cells: Float[Array, "8 cell"]) -> tuple[Float[Array, "4 tet"], Float[Array, "3 tet"]]:
    """Sorted corner energies of the tetrahedra of mesh cells, and their energy steps along the mesh axes."""
    # a path visits corner 0, that on one axis, that on two axes, 7
    walk = np.cumsum(np.pad(np.array([4, 2, 1])[PATHS], ((0, 0), (1, 0))), axis=1)
    corners = cells[walk]  # (path, 4, cell)
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


def tetrahedron_table(
    energies: Energies, lattice: Float[Array, "3 3"], sizes: Sizes, points: int
) -> tuple[Array, ...]:
    """Nodes ε, and C, D, ⟨v²⟩D at them, all (point,); one state per orbital in total, ∫D dε = 1.

    `energies`: of the bands at the corners of the cells of a k mesh of these sizes, the closing planes included.
    """
    cells, apart, axes = _cells(energies, lattice, sizes)
    nodes = jnp.linspace(cells.min() - 1.5 * apart, cells.max() + 1.5 * apart, points)
    columns = _table(nodes, cells, apart, axes)
    if all(n == 1 or (n % 2 == 0 and n >= SMOOTH) for n in sizes):
        half = tuple(max(1, n // 2) for n in sizes)
        every = tuple(slice(None, None, 1 if n == 1 else 2) for n in sizes)
        rough = _table(nodes, *_cells(energies[:, *every], lattice, half))
        filled, *others = (fine + (fine - rough) / 3 for fine, rough in zip(columns, rough, strict=True))
        columns = jax.lax.cummax(jnp.clip(filled, 0, 1)), *(jnp.maximum(x, 0.0) for x in others)
    return nodes, *columns


def _cells(energies: Energies, lattice: Float[Array, "3 3"], sizes: Sizes):
    """Corners (8, cell) of the mesh cells, the lowest cell first; a small energy; a matrix (3, 3).

    The corners of each tetrahedron are kept at least that energy apart, 1e-6 of the band width: without it,
    flat directions (a chain has two) would make D jump and its derivatives infinite. The matrix makes v of a
    tetrahedron's steps.
    """
    cells, lowest = _corners(energies)
    # NumPy sorts five times as fast
    order = np.argsort(np.asarray(lowest)) if is_concrete(lowest) else jnp.argsort(lowest)
    apart = 1e-6 * (cells.max() - cells.min())
    # v = Σ_i a_i ∂ε/∂x_i / 2π with k = Σ_i x_i b_i
    return cells[:, order], apart, lattice.T * jnp.array(sizes) / (2 * jnp.pi)


@jax.jit
def _corners(energies: Energies) -> tuple[Array, Array]:
    """Energies at the corners 4i + 2j + k of the mesh cells (8, cell), each band apart, and the lowest of each."""
    a, b, c = (n - 1 for n in energies.shape[1:])
    cells = jnp.stack(
        [energies[:, i : i + a, j : j + b, k : k + c].ravel() for i, j, k in np.ndindex(2, 2, 2)]
    )
    return cells, jax.lax.stop_gradient(cells.min(axis=0))


def _table(nodes, cells, apart, axes) -> tuple[Array, ...]:
    """C, D and ⟨v²⟩D at the nodes. A cell concerns the few between its corners, as far as these are known."""
    reach = nodes.size
    if is_concrete(cells) and nodes[-1] > nodes[0]:
        step = float(nodes[1] - nodes[0])
        reach = min(reach, int((float(_longest(cells)) + 3 * float(apart)) / step) + 3)
    return _summed(nodes, cells, apart, axes, reach)


def _blocks(cells: Float[Array, "8 cell"]) -> Float[Array, "block 8 together"]:
    """`TOGETHER` cells at a time; the last one stands in for those that are missing."""
    spare = -cells.shape[1] % TOGETHER
    return jnp.pad(cells, ((0, 0), (0, spare)), mode="edge").reshape(8, -1, TOGETHER).swapaxes(0, 1)


@jax.jit
def _longest(cells: Float[Array, "8 cell"]) -> Float[Array, ""]:
    """The longest interval between the corners of a block."""
    blocks = _blocks(cells)
    return jnp.max(blocks.max(axis=(1, 2)) - blocks.min(axis=(1, 2)))


@functools.partial(jax.jit, static_argnums=4)
def _summed(nodes, cells, apart, axes, reach: int) -> tuple[Array, ...]:
    """C, D and ⟨v²⟩D at the nodes; `reach`: so many nodes at most lie between the corners of a block."""
    points, count = nodes.size, cells.shape[1]
    blocks = _blocks(cells)
    weights = (jnp.arange(blocks.shape[0] * TOGETHER) < count).astype(nodes.dtype).reshape(-1, TOGETHER)
    places = jnp.arange(reach)

    @jax.checkpoint  # a reverse pass keeps nothing of the size (point, tet)
    def add(columns, block):
        corners, steps = tetrahedra(block[0])
        corners = corners + apart * jnp.array([-1.5, -0.5, 0.5, 1.5])[:, None]
        weights = jnp.tile(block[1], len(PATHS))
        squares = jnp.sum((axes @ steps) ** 2, axis=0)
        first = jnp.clip(jnp.searchsorted(nodes, corners[0].min()) - 1, 0, points - reach)
        energies = jax.lax.dynamic_slice(nodes, (first,), (reach,))
        filled, slope = jax.vmap(tetrahedron_filling, (0, None))(energies, tetrahedron_pieces(corners))
        here = jnp.stack([filled @ weights, slope @ weights, slope @ (weights * squares)])
        columns = columns.at[:, first + places].add(here)
        return columns.at[0].add(jnp.where(jnp.arange(points) >= first + reach, weights.sum(), 0.0)), None

    columns, _ = jax.lax.scan(add, jnp.zeros((3, points), nodes.dtype), (blocks, weights))
    return tuple(columns / (len(PATHS) * count))
