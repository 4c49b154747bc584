"""A density of states known at points: D(ε) from a table, a measurement or a band structure.

Between nodes the cumulative C(ε) = ∫D dε is a cubic Hermite polynomial with C' = D, so that
D is the exact derivative of C everywhere. With limited node slopes (Fritsch & Carlson, SIAM J.
Numer. Anal. 17, 238 (1980), doi:10.1137/0717021) C never decreases and D is never negative.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .checks import is_concrete, require, to_array
from .dos import AbstractDOS, Energies
from .source import Source

Nodes = Float[Array, " node"]

FEW = 16
"""Fewer nodes than these are joined by straight lines."""


class TabulatedDOS(AbstractDOS):
    """The density of states through the points of a table.

    D(ε) through the points of a table; zero outside it. Energies in any one unit.

    - `energy`: strictly increasing, at least 3 nodes; the first and last are the band edges
    - `density`: D ≥ 0 at the nodes, any normalisation (it is divided by ∫D dε)
    - `velocity_weighted`: ⟨v²⟩D ≥ 0 at the nodes, normalised like `density`, or None
    - `cumulative`: ∫D dε at the nodes from the first one on, where it is known. It is kept exactly; node
      densities it contradicts are lowered. Without it, D is integrated as a monotone cubic through the nodes between
      two kinks (Fritsch & Butland), and as straight lines where the table has fewer than 16 nodes.
    - `kinks`: energies of the van Hove points; without it they are looked for (`find_kinks`)
      in concrete data, and under a JAX transformation there are none.
    - `source`: where the table was read, or None

    Raises `ValueError` naming the argument for lengths that differ, values that are not finite,
    energies out of order, negative densities and a vanishing integral.

    >>> dos = nj.TabulatedDOS(energy=np.linspace(-1, 1, 41), density=1 - np.linspace(-1, 1, 41) ** 2)
    >>> round(float(dos.cumulative(0.0)), 6)
    0.5
    """

    energy: Nodes
    filled: Nodes
    slope: Nodes
    transport: Nodes | None
    kinks: Float[Array, " kink"]
    source: Source | None = eqx.field(static=True)

    def __init__(
        self,
        energy,
        density,
        velocity_weighted=None,
        *,
        cumulative=None,
        kinks=None,
        source: Source | None = None,
    ):
        self.source = source
        energy, density = to_array(energy), to_array(density)
        check_nodes(energy)
        check_column("density", density, energy)
        if cumulative is not None:
            cumulative = to_array(cumulative)
            check_column("cumulative", cumulative, energy)
            require("cumulative", cumulative, "non-decreasing", lambda x: np.diff(x) >= 0)
        if kinks is None:
            concrete = is_concrete(energy, density)
            self.kinks = find_kinks(energy, density) if concrete else jnp.zeros(0, energy.dtype)
        else:
            self.kinks = jnp.atleast_1d(to_array(kinks))
            if is_concrete(energy):
                lowest, highest = float(energy[0]), float(energy[-1])
                inside = f"inside the table, {lowest:g} to {highest:g}"
                require("kinks", self.kinks, inside, lambda x: (x >= lowest) & (x <= highest))
        total, filled, slope = normalise(energy, density, cumulative, self.kinks)
        holds = "positive and finite: the table holds no states, or more than can be counted"
        require("integral of density", total, holds, lambda x: (x > 0) & (x < np.inf))
        self.energy, self.filled, self.slope = energy, filled, slope
        self.transport = None
        if velocity_weighted is not None:
            velocity_weighted = to_array(velocity_weighted)
            check_column("velocity_weighted", velocity_weighted, energy)
            self.transport = velocity_weighted / total

    def summary(self):
        return super().summary() if self.source is None else str(self.source)

    @property
    def bottom(self):
        return self.energy[0]

    @property
    def top(self):
        return self.energy[-1]

    def _locate(self, energy):
        """Interval below each energy, its width, and the place in it (0 to 1, clipped)."""
        index = jnp.searchsorted(jax.lax.stop_gradient(self.energy), energy, side="right") - 1
        index = jnp.clip(index, 0, self.energy.size - 2)
        width = self.energy[index + 1] - self.energy[index]
        return index, width, jnp.clip((energy - self.energy[index]) / width, 0, 1)

    def density(self, energy):
        i, width, x = self._locate(energy)
        mean = (self.filled[i + 1] - self.filled[i]) / width
        parabola = self.slope[i] * (1 - x) * (1 - 3 * x) + self.slope[i + 1] * x * (3 * x - 2)
        inside = (energy >= self.bottom) & (energy <= self.top)
        return jnp.where(inside, jnp.maximum(parabola + 6 * mean * x * (1 - x), 0.0), 0.0)

    def cumulative(self, energy):
        i, width, x = self._locate(energy)
        low, high = self.filled[i], self.filled[i + 1]
        bend = width * (1 - x) * x * (self.slope[i] * (1 - x) - self.slope[i + 1] * x)
        return jnp.clip(low + (high - low) * x**2 * (3 - 2 * x) + bend, 0, 1)

    def velocity_squared(self, energy: Energies) -> Energies:
        """⟨v²⟩(ε), from ⟨v²⟩D linear between the nodes; 0 where there are no states.

        Raises `ValueError` where the table has no such column.
        """
        if self.transport is None:
            raise ValueError(
                "this table has no velocity column (v²-weighted DoS), so ⟨v²⟩ is not known: pass "
                'velocity_weighted=, add a third column to the file, or use transport="constant"'
            )
        i, _, x = self._locate(energy)
        weighted = self.transport[i] * (1 - x) + self.transport[i + 1] * x
        density = self.density(energy)
        some = density > jnp.sqrt(jnp.finfo(density.dtype).tiny)  # below it 1/D² overflows
        return jnp.where(some, weighted / jnp.where(some, density, 1.0), 0.0)

    def features(self):
        return self.kinks

    def rescaled(self, unit: Float[Array, ""] | float) -> "TabulatedDOS":
        """The same band with energies in units of `unit` (an energy > 0); ⟨v²⟩ scales with unit⁻²."""
        require("unit", unit, "a positive energy", lambda x: (x > 0) & (x < np.inf))
        transport = None if self.transport is None else self.transport / unit
        return TabulatedDOS(
            self.energy / unit,
            self.slope * unit,
            transport,
            cumulative=self.filled,
            kinks=self.kinks / unit,
            source=self.source,
        )


def check_nodes(energy: Nodes) -> None:
    """Raise `ValueError` unless `energy` is a list of at least 3 finite, increasing numbers."""
    if energy.ndim != 1 or energy.size < 3:
        raise ValueError(f"energy of shape {energy.shape} is not allowed: it must list at least 3 nodes")
    require("energy", energy, "finite", np.isfinite)
    if is_concrete(energy) and not np.all(np.diff(energy) > 0):
        at = int(np.argmax(np.diff(energy) <= 0))
        raise ValueError(
            f"energy[{at}:{at + 2}] = {energy[at : at + 2].tolist()} is not allowed: "
            "it must be strictly increasing, without repeated values"
        )


def check_column(name: str, column: Array, energy: Nodes) -> None:
    """Raise `ValueError` unless `column` has the length of `energy` and finite values ≥ 0."""
    if column.shape != energy.shape:
        raise ValueError(
            f"{name} of shape {column.shape} is not allowed: it must match energy {energy.shape}"
        )
    if not is_concrete(column):
        return
    wrong = ~(np.isfinite(column) & (np.asarray(column) >= 0))
    if np.any(wrong):
        at = int(np.argmax(wrong))
        raise ValueError(f"{name}[{at}] = {float(column[at])!r} is not allowed: it must be finite and ≥ 0")


@jax.jit
def normalise(
    energy: Nodes, density: Nodes, cumulative: Nodes | None, kinks: Float[Array, " kink"]
) -> tuple[Array, Nodes, Nodes]:
    """∫D dε, and C and D at the nodes divided by it; without `cumulative`, by `integrals`.

    Node densities are lowered until a² + b² ≤ 9 in every interval (a, b: D / mean D at its ends),
    which keeps the cubic C monotone. Those of a plain table nearly obey a + b = 2 already.
    """
    width = jnp.diff(energy)
    if cumulative is None:
        steps = integrals(energy, density, kinks)
        cumulative = jnp.concatenate([jnp.zeros_like(steps[:1]), jnp.cumsum(steps)])
    total = cumulative[-1] - cumulative[0]
    filled, slope = (cumulative - cumulative[0]) / total, density / total
    mean, square = jnp.diff(filled) / width, slope[:-1] ** 2 + slope[1:] ** 2
    steep = square > 9 * mean**2
    factor = jnp.where(steep, 3 * mean / jnp.sqrt(jnp.where(steep, square, 1.0)), 1.0)
    one = jnp.ones_like(factor[:1])
    lowered = slope * jnp.minimum(jnp.concatenate([one, factor]), jnp.concatenate([factor, one]))
    return total, filled, lowered


def integrals(energy: Nodes, density: Nodes, kinks: Float[Array, " kink"]) -> Float[Array, " interval"]:
    """∫D dε over each interval, of a cubic that is monotone where D is; straight beside kinks and in few nodes.

    Slopes at the nodes: Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5, 300 (1984), doi:10.1137/0905021.
    """
    width, rise = jnp.diff(energy), jnp.diff(density) / jnp.diff(energy)
    straight = 0.5 * (density[1:] + density[:-1]) * width
    if energy.size < FEW:
        return straight
    before, after, low, high = width[:-1], width[1:], rise[:-1], rise[1:]
    same = low * high > 0
    shares = (before + 2 * after) / jnp.where(same, low, 1.0) + (2 * before + after) / jnp.where(
        same, high, 1.0
    )
    slope = jnp.where(same, 3 * (before + after) / jnp.where(same, shares, 1.0), 0.0)
    near = jnp.abs(energy[1:-1, None] - kinks) < 0.5 * jnp.minimum(before, after)[:, None]
    broken = near.any(axis=1)
    first, last = end_slope(width[:2], rise[:2]), end_slope(width[:-3:-1], rise[:-3:-1])
    left = jnp.append(first, jnp.where(broken, high, slope))
    right = jnp.append(jnp.where(broken, low, slope), last)
    return straight + width**2 * (left - right) / 12


def end_slope(width: Float[Array, "2"], rise: Float[Array, "2"]) -> Float[Array, ""]:
    """The slope at an end from the two intervals next to it, kept monotone."""
    slope = ((2 * width[0] + width[1]) * rise[0] - width[0] * rise[1]) / (width[0] + width[1])
    slope = jnp.where(slope * rise[0] > 0, slope, 0.0)
    steep = (rise[0] * rise[1] <= 0) & (jnp.abs(slope) > 3 * jnp.abs(rise[0]))
    return jnp.where(steep, 3 * rise[0], slope)


def find_kinks(energy: Nodes, density: Nodes, most: int = 6, weakest: float = 0.25) -> Float[Array, " kink"]:
    """Energies where the slope of D changes abruptly, increasing; concrete data only.

    A kink is a local maximum of |slope to the right − slope to the left|, at least `weakest`
    times the strongest, that does not fade as the window it is seen through is halved (where D
    is smooth the change of slope halves as well). Windows: 1/100 and 1/50 of the nodes.
    """
    x, y = np.asarray(energy), np.asarray(density)
    reach = max(1, round(x.size / 100))
    nodes = np.arange(2 * reach, x.size - 2 * reach)
    if nodes.size < 8 * reach:
        return jnp.zeros(0, energy.dtype)

    def bend(window):
        right = (y[nodes + window] - y[nodes]) / (x[nodes + window] - x[nodes])
        left = (y[nodes] - y[nodes - window]) / (x[nodes] - x[nodes - window])
        return np.abs(right - left)

    fine, coarse = bend(reach), bend(2 * reach)
    # the ends see the band edge itself, which is a feature anyway
    padded = np.pad(fine, 2 * reach, constant_values=np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 4 * reach + 1).max(axis=1)
    flat = 1e-6 * y.max() / (x[-1] - x[0])
    found = np.flatnonzero((fine >= around) & (fine > 0.7 * coarse) & (fine > flat))
    found = found[np.argsort(-fine[found])][:most]
    found = found[fine[found] >= weakest * fine[found].max(initial=0)]
    return jnp.take(energy, jnp.asarray(np.sort(nodes[found])))
