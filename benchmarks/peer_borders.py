"""What CVODE's GMRES takes: 1 − γJ with the Jacobian J a band and three products u vᵀ, solved exactly."""

import functools

import numpy as np
from peer_equations import banded
from scipy.linalg import lapack


class Bordered:
    """J of a peer: a band in the folded order, column and row of ζ, and what a self-tuned field adds.

    `parts(y, data, u, g)`, of `Peer`, fills the entries of the sparse `pattern`, and u gᵀ; `free`: ζ is the last.
    """

    def __init__(self, pattern, order, width, parts, free):
        self.pattern, self.order, self.width, self.parts = pattern, order, width, parts
        self.place, size = np.argsort(order), order.size
        rows, columns = pattern.indices, np.repeat(np.arange(size), np.diff(pattern.indptr))
        last = size - 1 if free else size  # the place of ζ
        self.column = np.flatnonzero((columns == last) & (rows < last))
        self.row = np.flatnonzero((rows == last) & (columns < last))
        self.inside, here, there = banded(pattern, order, free)
        self.where = 2 * width + here - there, there
        self.data, self.band = np.empty(pattern.nnz), np.zeros((3 * width + 1, size))
        self.left, self.right = np.zeros((size, 3)), np.zeros((3, size))
        self.left[last:, 1] = self.right[0, last:] = 1.0
        self.u, self.g = np.empty(size), np.empty(size)

    def set_up(self, t, y, rate, known, new, gamma):
        """Factors of 1 − γJ, with J of this state unless it is `known`."""
        new[0] = not known
        if not known:
            self.parts(y, self.data, self.u, self.g)
            self.left[: self.column.size, 0] = self.data[self.column]
            self.right[1, : self.row.size] = self.data[self.row]
            self.left[:, 2], self.right[2] = self.u, self.g
        band, width = self.band, self.width
        band[:] = 0
        band[self.where] = -gamma * self.data[self.inside]
        band[2 * width] += 1
        self.factors = lapack.dgbtrf(band, width, width)[:2]
        self.moved = self.inner(gamma * self.left)
        self.small = np.linalg.inv(np.eye(3) - self.right @ self.moved) @ self.right

    def inner(self, x):
        """The band alone, solved."""
        return lapack.dgbtrs(self.factors[0], self.width, self.width, x[self.order], self.factors[1])[0][
            self.place
        ]

    def solve(self, t, y, rate, r, z, gamma, delta, side):
        """z = (1 − γJ)⁻¹ r, by the formula of Woodbury."""
        x = self.inner(r)
        z[:] = x + self.moved @ (self.small @ x)

    def times(self, t, y, rate, v, out):
        """J v."""
        product(v, out, self.data, self.pattern.indptr, self.pattern.indices)
        out += self.u * (self.g @ v)


def product(v, out, data, indptr, indices):
    """A sparse matrix by columns times a vector."""
    compiled()(v, out, data, indptr, indices)


@functools.cache
def compiled():
    """`product`, by numba."""
    import numba

    @numba.njit
    def fill(v, out, data, indptr, indices):
        out[:] = 0.0
        for col in range(v.size):
            for at in range(indptr[col], indptr[col + 1]):
                out[indices[at]] += data[at] * v[col]

    return fill
