"""The equations of a case as arrays: what `peer_kernels` computes with.

All coefficients come from `nacjax.kinetics.equations.Kinetics` as NumPy arrays. A state is f, and ζ behind it unless
the pump holds that. Mesh and coefficients are not part of the peers' time (they are of nacjax's).
"""

from typing import Any, NamedTuple

import numpy as np


class Rows(NamedTuple):
    """Coefficients of cells and of the faces above them, each (state,): of St_el, St_in and St_E, and of σ."""

    gain: Any
    loss: Any
    steps: Any
    strength: Any
    ratio: Any
    blend: Any
    diffusion: Any  # F² included; per unit F² where the field is self-tuned
    inverse: Any
    start: Any
    transport: Any
    worth: Any  # what an electron in a cell is worth in σ


class Numbers(NamedTuple):
    """The numbers of a point: N = number + ζ where that is free, I_p = source e^{−pulse t}; `relaxation` τ_r, or 0."""

    number: Any
    decay: Any
    source: Any
    pulse: Any
    relaxation: Any
    unit: Any  # F² of 𝓔 = 1


KNOWN = {}  # coefficients take seconds to compile and are asked for at every tolerance


def coefficients(case):
    """`Rows` (point, row, state) and `Numbers` (point, number) of a case, as NumPy arrays."""
    key = case.name, case.points.tobytes(), repr(case.mesh)
    if key not in KNOWN:
        KNOWN[key] = computed(case)
    return KNOWN[key]


def computed(case):
    """The same, not kept."""
    import jax
    import jax.numpy as jnp

    from nacjax.kinetics.equations import Kinetics

    def one(point):
        kinetics = Kinetics.build(*case.build(point), case.mesh, case.rungs)
        return jnp.stack(rows_of(kinetics)), jnp.stack(numbers_of(kinetics))

    return tuple(np.array(x) for x in jax.jit(jax.vmap(one))(jnp.asarray(case.points)))


def rows_of(kinetics) -> Rows:
    """Those of a `Kinetics`."""
    import jax.numpy as jnp

    ladder, state = kinetics.ladder, kinetics.unpack(kinetics.initial_state())
    scattering, inelastic = (p for p in kinetics.processes if p.name in ("electron_phonon", "inelastic"))
    steps = scattering.steps.strength
    squared = 1.0 if kinetics.field.holds else kinetics.field_squared(0.0, state)
    of_faces = (inelastic.strength, inelastic.ratio, inelastic.blend, squared * kinetics.heating.conductance)
    of_rungs = (steps * ladder.inverse[:-1], steps * ladder.inverse[1:], steps)
    return Rows(
        *(jnp.pad(x, ((0, 1), (0, 0))).ravel() for x in of_rungs),
        *(jnp.pad(x, (0, 1)) for x in of_faces),
        ladder.inverse.ravel(),
        state.f.ravel(),
        jnp.pad(ladder.transport, (0, 1)),
        jnp.diff(jnp.pad(ladder.transport, 1)),
    )


def numbers_of(kinetics) -> Numbers:
    """Those of a `Kinetics` whose pump holds ζ or is an exponential pulse from t = 0."""
    import jax.numpy as jnp

    pump, zero = kinetics.pump, jnp.zeros(())
    return Numbers(
        kinetics.bose[0] + (pump.held_phonons() if pump.clamped else 0.0),
        1 / kinetics.metal.phonon_lifetime,
        zero if pump.clamped else pump.source(zero),
        zero if pump.clamped else 1 / pump.duration,
        kinetics.field.relaxation if kinetics.field.holds else zero,
        kinetics.field_unit_squared,
    )


def conductivity(c, y):
    """σ/σ_0 of a state."""
    transport = c[Rows._fields.index("transport"), :-1]
    return -float(np.dot(transport, np.diff(y[: c.shape[1]])))


def pattern(rungs, cells, free):
    """Sparsity of the Jacobian, CSC; with row and column of ζ where that is `free`."""
    from scipy import sparse

    size = rungs * cells
    offsets = sorted({-cells, -1, 0, 1, cells} if rungs > 1 else {-1, 0, 1})
    inner = sparse.diags([1.0] * len(offsets), offsets, shape=(size, size), format="csc")
    edge = np.ones((size, 1))
    return sparse.block_array([[inner, edge], [edge.T, np.ones((1, 1))]], format="csc") if free else inner


def folded(rungs, cells, free=False):
    """Order with the narrowest band: by cell, the cycle of cells folded (0, last, 1, last but one, …); ζ is last."""
    order = np.empty(cells, dtype=int)
    order[0::2] = np.arange((cells + 1) // 2)
    order[1::2] = np.arange(cells - 1, (cells - 1) // 2, -1)
    order = (order[:, None] + cells * np.arange(rungs)).ravel()
    return np.append(order, order.size) if free else order


def banded(pattern, order, free):
    """Which entries of the Jacobian are in the band, and their rows and columns in the folded order."""
    place = np.argsort(order)
    rows, columns = pattern.indices, np.repeat(np.arange(order.size), np.diff(pattern.indptr))
    last = order.size - 1 if free else order.size
    kept = np.flatnonzero(((rows < last) & (columns < last)) | (rows == columns))
    return kept, place[rows[kept]], place[columns[kept]]


def bandwidth(rungs, cells):
    """Half width of the band of f in the folded order."""
    place = np.argsort(folded(rungs, cells))
    matrix = pattern(rungs, cells, False).tocoo()
    return int(np.max(np.abs(place[matrix.row] - place[matrix.col])))
