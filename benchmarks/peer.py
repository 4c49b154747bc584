"""A case made ready for somebody's integrator: rates and Jacobian of a point, what is observed at the end."""

import numpy as np
from peer_equations import Rows, bandwidth, coefficients, conductivity, folded, pattern
from peer_kernels import folded_rates, kernels

START = Rows._fields.index("start")


class Peer:
    """Trajectories of a case, one after another, on one core. `solve(k)` gives what is observed at t_end of point k."""

    tuned = False  # whether it is for self-tuned fields

    def __init__(self, case, t_end, rtol, atol):
        self.rtol, self.atol, self.t_end, self.shown = rtol, atol, t_end, case.observed
        self.rungs, self.cells, self.free = case.rungs, case.mesh.cells, not case.pump.clamped
        self.c, self.s = coefficients(case)
        # the solver object keeps looking at these arrays
        self.here, self.numbers = np.empty_like(self.c[0]), np.empty_like(self.s[0])
        self.rates, self.jacobian, self.answer = kernels()
        self.pattern = pattern(self.rungs, self.cells, self.free)
        self.order = folded(self.rungs, self.cells, self.free)
        self.place = np.argsort(self.order)
        self.width = bandwidth(self.rungs, self.cells)
        self.prepare()

    def prepare(self):
        """Make what all trajectories share."""

    def __call__(self):
        """What is observed at all points; NaN from the first one on that is not reached."""
        found = np.full(len(self.c), np.nan)
        for k in range(found.size):
            found[k] = self.solve(k)
            if np.isnan(found[k]):
                break
        return found

    def load(self, k):
        """Make point k the current one; returns its initial state."""
        self.here[:], self.numbers[:] = self.c[k], self.s[k]
        return np.append(self.here[START], np.zeros(int(self.free)))

    def observed(self, y):
        """σ/σ_0 of a state at t_end, or 𝓔."""
        if self.shown == "sigma":
            return conductivity(self.here, y)
        squared = self.rates(self.t_end, y, np.empty_like(y), self.here, self.numbers, self.cells)
        return np.sqrt(squared / self.numbers[-1])

    def rate(self):
        """rate(t, y, dy), which fills dy."""
        rates, c, s, cells = self.rates, self.here, self.numbers, self.cells

        def fill(t, y, dy):
            rates(t, y, dy, c, s, cells)

        return fill

    def folded_rate(self):
        """The same for states in the folded order."""
        rates, order, place = folded_rates(), self.order, self.place
        c, s, cells = self.here, self.numbers, self.cells

        def fill(t, y, dy):
            rates(t, y, dy, c, s, cells, order, place)

        return fill

    def slopes(self):
        """slopes(y, data), which fills the entries of the sparse Jacobian and returns F², at which it is."""
        jacobian, c, s, cells = self.jacobian, self.here, self.numbers, self.cells
        indptr, indices, spare = self.pattern.indptr, self.pattern.indices, np.empty(self.order.size)
        return lambda y, data: jacobian(y, spare, data, c, s, indptr, indices, cells)

    def parts(self):
        """parts(y, data, u, g), which fills the Jacobian as sparse + u gᵀ."""
        slopes, answer, c, s = self.slopes(), self.answer, self.here, self.numbers
        indptr, indices = self.pattern.indptr, self.pattern.indices
        return lambda y, data, u, g: answer(y, slopes(y, data), data, u, g, c, s, indptr, indices)

    def full(self):
        """full(y, matrix), which fills the dense Jacobian."""
        parts, size = self.parts(), self.order.size
        data, u, g = np.empty(self.pattern.nnz), np.empty(size), np.empty(size)
        columns = np.repeat(np.arange(size), np.diff(self.pattern.indptr))
        entries = self.pattern.indices, columns

        def fill(y, matrix):
            parts(y, data, u, g)
            np.multiply.outer(u, g, out=matrix)
            matrix[entries] += data

        return fill
