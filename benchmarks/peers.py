"""The same equations on the same mesh in other people's integrators.

Where the pump holds ζ, the Jacobian is a few diagonals, else ζ adds a row and a column: sparse LU takes them exactly,
band LU leaves them out, which costs few more steps. A self-tuned field adds a full matrix of rank one, with rates of
1/τ_r. Without it steps are as short as τ_r, or fail: there dense LU, or that of a band with borders, has all of it.
"""

import numpy as np
from peer import Peer
from peer_borders import Bordered
from peer_equations import banded

MOST_STEPS = 10_000  # more are taken where a self-tuned field goes on and off for ever


class Cvode(Peer):
    """SUNDIALS CVODE BDF; a subclass chooses the linear solver."""

    def options(self):
        """Of the linear solver."""
        raise NotImplementedError

    def prepare(self):
        from sksundae.cvode import CVODE

        self.solver = CVODE(self.rate(), method="BDF", rtol=self.rtol, atol=self.atol, max_num_steps=MOST_STEPS,
                            **self.options())  # fmt: skip

    def solve(self, k):
        return self.march(self.load(k))

    def march(self, y0):
        """What is observed at the end."""
        out = self.solver.solve(np.array([0.0, 0.5 * self.t_end, self.t_end]), y0)
        return self.observed(out.y[-1]) if out.success else np.nan


class CvodeSparse(Cvode):
    """Sparse LU (SuperLU_MT, one thread), analytic sparse Jacobian."""

    def options(self):
        slopes = self.slopes()

        def fill(t, y, dy, data):
            slopes(y, data)

        return {"linsolver": "sparse", "sparsity": self.pattern, "nthreads": 1, "jacfn": fill}


class CvodeBand(Cvode):
    """Band LU in the folded order, CVODE's own banded difference quotients; analytic ones where ζ would mix in."""

    rate = Peer.folded_rate

    def options(self):
        width = {"linsolver": "band", "lband": self.width, "uband": self.width}
        return width | {"jacfn": self.band()} if self.free else width

    def band(self):
        """jacfn of CVODE, for a state in the folded order."""
        slopes, place, data = self.slopes(), self.place, np.empty(self.pattern.nnz)
        kept, *where = banded(self.pattern, self.order, self.free)
        where = tuple(where)

        def fill(t, y, dy, matrix):
            slopes(y[place], data)
            matrix[where] = data[kept]

        return fill

    def solve(self, k):
        return self.march(self.load(k)[self.order])

    def observed(self, y):
        return super().observed(y[self.place])


class CvodeDense(Cvode):
    """Dense LU (LAPACK), analytic Jacobian."""

    tuned = True

    def options(self):
        full = self.full()

        def fill(t, y, dy, matrix):
            full(y, matrix)

        return {"linsolver": "lapackdense", "jacfn": fill}


class CvodeBordered(Cvode):
    """GMRES, which band LU (LAPACK) with its borders, the three products beside the band, solves at once."""

    tuned = True

    def options(self):
        from sksundae.cvode import CVODEJacTimes, CVODEPrecond

        matrix = Bordered(self.pattern, self.order, self.width, self.parts(), self.free)
        return {
            "linsolver": "gmres",
            "precond": CVODEPrecond(matrix.set_up, matrix.solve),
            "jactimes": CVODEJacTimes(None, matrix.times),
        }


class Lsoda(Peer):
    """SciPy's ODEPACK LSODA (odeint), band LU in the folded order, its own difference quotients."""

    def solve(self, k):
        y = self.march(self.load(k)[self.order], self.folded_rate(), ml=self.width, mu=self.width)
        return self.observed(y[self.place])

    def march(self, y0, fill, **options):
        """The state at t_end."""
        from scipy.integrate import odeint

        out = np.empty(y0.size)

        def rate(t, y):
            fill(t, y, out)
            return out

        y, info = odeint(rate, y0, [0.0, self.t_end], rtol=self.rtol, atol=self.atol, tfirst=True,
                         mxstep=MOST_STEPS, full_output=True, **options)  # fmt: skip
        return y[-1] if info["message"].startswith("Integration succ") else np.full(y0.size, np.nan)


class LsodaDense(Lsoda):
    """The same with dense LU and the analytic Jacobian."""

    tuned = True

    def solve(self, k):
        y0, full = self.load(k), self.full()
        matrix = np.empty((y0.size, y0.size))

        def slopes(t, y):
            full(y, matrix)
            return matrix

        return self.observed(self.march(y0, self.rate(), Dfun=slopes))


class ScipyBdf(Peer):
    """SciPy's BDF with the analytic sparse Jacobian (SuperLU)."""

    def jacobian_of(self):
        """jac(t, y) of SciPy."""
        from scipy import sparse

        slopes, indptr, indices = self.slopes(), self.pattern.indptr, self.pattern.indices

        def jac(t, y):
            data = np.empty(indices.size)
            slopes(y, data)
            return sparse.csc_matrix((data, indices, indptr), shape=(y.size, y.size))

        return jac

    def solve(self, k):
        from scipy.integrate import solve_ivp

        y0, fill = self.load(k), self.rate()

        def rate(t, y):
            dy = np.empty_like(y)
            fill(t, y, dy)
            return dy

        out = solve_ivp(rate, (0.0, self.t_end), y0, method="BDF", jac=self.jacobian_of(), rtol=self.rtol,
                        atol=self.atol, t_eval=[self.t_end])  # fmt: skip
        return self.observed(out.y[:, -1]) if out.success else np.nan


class ScipyBdfDense(ScipyBdf):
    """The same with dense LU."""

    tuned = True

    def jacobian_of(self):
        full = self.full()

        def jac(t, y):
            matrix = np.empty((y.size, y.size))
            full(y, matrix)
            return matrix

        return jac


PEERS = {
    "CVODE, sparse LU": CvodeSparse,
    "CVODE, band LU": CvodeBand,
    "CVODE, dense LU": CvodeDense,
    "CVODE, bordered band LU": CvodeBordered,
    "SciPy LSODA, band LU": Lsoda,
    "SciPy LSODA, dense LU": LsodaDense,
    "SciPy BDF, sparse LU": ScipyBdf,
    "SciPy BDF, dense LU": ScipyBdfDense,
}


def suited(case) -> list[str]:
    """The peers whose linear algebra is made for a case."""
    return [name for name, peer in PEERS.items() if peer.tuned == case.field.holds]


def missing(name):
    """Why a peer cannot run here, or None."""
    try:
        import numba  # noqa: F401

        if name.startswith("CVODE"):
            import sksundae.cvode  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return None
