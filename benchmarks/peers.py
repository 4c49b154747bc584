"""The same equations on the same mesh in other people's integrators.

All coefficients come from `nacjax.kinetics.equations.Kinetics` as NumPy arrays. ζ is clamped in these cases, so that
the peers need not carry it. Mesh and coefficients are not part of the peers' time (they are of nacjax's).
"""

import functools

import numpy as np

GAIN, LOSS, STRENGTH, RATIO, BLEND, DIFFUSION, INVERSE, START, TRANSPORT = range(9)


KNOWN = {}  # coefficients take seconds to compile and are asked for at every tolerance


def coefficients(case):
    """(point, 9, state) coefficients of a case, and N = ζ + b (point,), as NumPy arrays."""
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
        ladder, state = kinetics.ladder, kinetics.unpack(kinetics.initial_state())
        up = ((0, 1), (0, 0))
        scattering, inelastic = (p for p in kinetics.processes if p.name in ("electron_phonon", "inelastic"))
        scattering = scattering.steps
        diffusion = kinetics.field_squared(0.0, state) * kinetics.heating.conductance
        gain = jnp.pad(scattering.strength * ladder.inverse[:-1], up)
        loss = jnp.pad(scattering.strength * ladder.inverse[1:], up)
        faces = [
            jnp.append(x, 0.0) for x in (inelastic.strength, inelastic.ratio, inelastic.blend, diffusion)
        ]
        rows = [
            gain.ravel(),
            loss.ravel(),
            *faces,
            ladder.inverse.ravel(),
            state.f.ravel(),
        ]
        return jnp.stack([*rows, jnp.append(ladder.transport, 0.0)]), kinetics.bose[0] + state.zeta

    return tuple(np.array(x) for x in jax.jit(jax.vmap(one))(jnp.asarray(case.points)))


def conductivity(c, f):
    """σ/σ_0 of a state."""
    return -float(np.dot(c[TRANSPORT, :-1], np.diff(f)))


def pattern(rungs, cells):
    """Sparsity of the Jacobian, CSC, without the row of ζ."""
    from scipy import sparse

    size = rungs * cells
    offsets = sorted({-cells, -1, 0, 1, cells} if rungs > 1 else {-1, 0, 1})
    return sparse.diags([1.0] * len(offsets), offsets, shape=(size, size), format="csc")


def folded(rungs, cells):
    """State order with the narrowest band: by cell, the cycle of cells folded (0, last, 1, last but one, …)."""
    order = np.empty(cells, dtype=int)
    order[0::2] = np.arange((cells + 1) // 2)
    order[1::2] = np.arange(cells - 1, (cells - 1) // 2, -1)
    return (order[:, None] + cells * np.arange(rungs)).ravel()


def bandwidth(rungs, cells):
    """Half width of the band in the folded order."""
    place = np.argsort(folded(rungs, cells))
    matrix = pattern(rungs, cells).tocoo()
    return int(np.max(np.abs(place[matrix.row] - place[matrix.col])))


@functools.cache
def kernels():
    """(rhs(y, dy, c, number, cells), jac(y, data, c, number, indptr, indices, cells)) compiled by numba."""
    import numba

    @numba.njit(inline="always")
    def fall_of(low, up):
        both, difference = low * (1 - up) + up * (1 - low), low - up
        fall = max(difference, 0.0)
        inside = both >= fall and both > 1e-150
        step = fall / both if inside else (1.0 if fall > 0 else 0.0)
        return both, difference, step, inside

    @numba.njit(inline="always")
    def slopes_of(low, up, c, k):
        _, _, step, inside = fall_of(low, up)
        by_both = 0.5 * (1 + (c[BLEND, k] if inside else -c[BLEND, k]) * step**2)
        by_difference = (c[BLEND, k] * step if inside else 0.0) + c[RATIO, k]
        by_low = c[STRENGTH, k] * (by_both * (1 - 2 * up) - by_difference) - c[DIFFUSION, k]
        by_up = c[STRENGTH, k] * (by_both * (1 - 2 * low) + by_difference) + c[DIFFUSION, k]
        return by_low, by_up

    @numba.njit(fastmath=False, error_model="numpy")
    def rhs(y, dy, c, number, cells):
        size = y.size
        before = 0.0
        for k in range(size - 1):  # St_in and St_E
            both, difference, step, _ = fall_of(y[k], y[k + 1])
            drift = 0.5 * both * (1 - c[BLEND, k] * step**2)
            flux = c[STRENGTH, k] * (drift - c[RATIO, k] * difference) - c[DIFFUSION, k] * difference
            dy[k] = (flux - before) * c[INVERSE, k]
            before = flux
        dy[size - 1] = -before * c[INVERSE, size - 1]
        for k in range(size - cells):  # St_el
            up, low = y[k + cells], y[k]
            q = number * (up - low) + up * (1 - low)
            dy[k] += c[GAIN, k] * q
            dy[k + cells] -= c[LOSS, k] * q

    @numba.njit(error_model="numpy")
    def jac(y, data, c, number, indptr, indices, cells):
        size = y.size
        for col in range(size):
            for at in range(indptr[col], indptr[col + 1]):
                row = indices[at]
                value = 0.0
                if row == col + 1 or (row == col and col < size - 1):  # lower cell of face `col`
                    d, _ = slopes_of(y[col], y[col + 1], c, col)
                    value += d * c[INVERSE, col] if row == col else -d * c[INVERSE, row]
                if row == col - 1 or (row == col and col > 0):  # upper cell of face `col − 1`
                    _, d = slopes_of(y[col - 1], y[col], c, col - 1)
                    value += -d * c[INVERSE, col] if row == col else d * c[INVERSE, row]
                if row == col + cells or (row == col and col < size - cells):  # lower rung
                    d = -(number + y[col + cells])
                    value += d * c[GAIN, col] if row == col else -d * c[LOSS, col]
                if row == col - cells or (row == col and col >= cells):  # upper rung
                    low = col - cells
                    d = number + 1 - y[low]
                    value += -d * c[LOSS, low] if row == col else d * c[GAIN, low]
                data[at] = value

    return rhs, jac


class Peer:
    """Trajectories of a case, one after another, on one core. `solve(k)` gives σ(t_end) of point k."""

    def __init__(self, case, t_end, rtol, atol):
        self.rtol, self.atol, self.t_end = rtol, atol, t_end
        self.rungs, self.cells = case.rungs, case.mesh.cells
        self.c, self.number = coefficients(case)
        self.current = np.empty_like(self.c[0])  # the solver object keeps looking at this array
        self.rhs, self.jac = kernels()
        self.pattern = pattern(self.rungs, self.cells)
        self.prepare()

    def prepare(self):
        """Make what all trajectories share."""

    def __call__(self):
        """σ of all points."""
        return np.array([self.solve(k) for k in range(len(self.c))])

    def load(self, k):
        """Make point k the current one; returns its initial state."""
        self.current[:] = self.c[k]
        self.n = float(self.number[k])
        return self.current[START].copy()


class CvodeSparse(Peer):
    """SUNDIALS CVODE BDF, sparse LU (SuperLU_MT, one thread), analytic sparse Jacobian."""

    def prepare(self):
        from sksundae.cvode import CVODE

        rhs, jac, c, cells = self.rhs, self.jac, self.current, self.cells
        indptr, indices = self.pattern.indptr, self.pattern.indices

        def rate(t, y, dy):
            rhs(y, dy, c, self.n, cells)

        def slopes(t, y, dy, data):
            jac(y, data, c, self.n, indptr, indices, cells)

        self.solver = CVODE(rate, jacfn=slopes, linsolver="sparse", sparsity=self.pattern, nthreads=1, method="BDF",
                            rtol=self.rtol, atol=self.atol, max_num_steps=1_000_000)  # fmt: skip

    def solve(self, k):
        y0 = self.load(k)
        out = self.solver.solve(np.array([0.0, 0.5 * self.t_end, self.t_end]), y0)
        self.steps = getattr(out, "nsteps", None)
        return conductivity(self.current, out.y[-1]) if out.success else np.nan


class CvodeBand(Peer):
    """SUNDIALS CVODE BDF, band LU in the folded order, CVODE's own banded difference quotients."""

    def prepare(self):
        from sksundae.cvode import CVODE

        self.order = folded(self.rungs, self.cells)
        self.place = np.argsort(self.order)
        width = bandwidth(self.rungs, self.cells)
        rhs, c, cells, order, place = folded_rhs(), self.current, self.cells, self.order, self.place

        def rate(t, y, dy):
            rhs(y, dy, c, self.n, cells, order, place)

        self.solver = CVODE(rate, linsolver="band", lband=width, uband=width, method="BDF",
                            rtol=self.rtol, atol=self.atol, max_num_steps=1_000_000)  # fmt: skip

    def solve(self, k):
        y0 = self.load(k)[self.order]
        out = self.solver.solve(np.array([0.0, 0.5 * self.t_end, self.t_end]), y0)
        return conductivity(self.current, out.y[-1][self.place]) if out.success else np.nan


@functools.cache
def folded_rhs():
    """The right-hand side on a permuted state."""
    import numba

    rhs, _ = kernels()

    @numba.njit(error_model="numpy")
    def permuted(y, dy, c, number, cells, order, place):
        natural, out = y[place], np.empty(y.size)
        rhs(natural, out, c, number, cells)
        for k in range(y.size):
            dy[k] = out[order[k]]

    return permuted


class Lsoda(Peer):
    """SciPy's ODEPACK LSODA (odeint), band LU in the folded order."""

    def prepare(self):
        self.order = folded(self.rungs, self.cells)
        self.place = np.argsort(self.order)
        self.width = bandwidth(self.rungs, self.cells)

    def solve(self, k):
        from scipy.integrate import odeint

        y0, rhs = self.load(k)[self.order], folded_rhs()
        c, n, cells, order, place, out = (
            self.current,
            self.n,
            self.cells,
            self.order,
            self.place,
            np.empty(y0.size),
        )

        def rate(t, y):
            rhs(y, out, c, n, cells, order, place)
            return out

        y, info = odeint(rate, y0, [0.0, self.t_end], ml=self.width, mu=self.width, rtol=self.rtol, atol=self.atol,
                         tfirst=True, mxstep=1_000_000, full_output=True)  # fmt: skip
        return conductivity(c, y[-1][place]) if info["message"].startswith("Integration succ") else np.nan


class ScipyBdf(Peer):
    """SciPy's BDF with the analytic sparse Jacobian (SuperLU)."""

    def solve(self, k):
        from scipy import sparse
        from scipy.integrate import solve_ivp

        y0, out = self.load(k), None
        c, n, cells, rhs, jac = self.current, self.n, self.cells, self.rhs, self.jac
        indptr, indices = self.pattern.indptr, self.pattern.indices

        def rate(t, y):
            dy = np.empty_like(y)
            rhs(y, dy, c, n, cells)
            return dy

        def slopes(t, y):
            data = np.empty(indices.size)
            jac(y, data, c, n, indptr, indices, cells)
            return sparse.csc_matrix((data, indices, indptr), shape=(y.size, y.size))

        out = solve_ivp(rate, (0.0, self.t_end), y0, method="BDF", jac=slopes, rtol=self.rtol, atol=self.atol,
                        t_eval=[self.t_end])  # fmt: skip
        return conductivity(c, out.y[:, -1]) if out.success else np.nan


PEERS = {
    "CVODE, sparse LU": CvodeSparse,
    "CVODE, band LU": CvodeBand,
    "SciPy LSODA, band LU": Lsoda,
    "SciPy BDF, sparse LU": ScipyBdf,
}


def missing(name):
    """Why a peer cannot run here, or None."""
    try:
        import numba  # noqa: F401

        if name.startswith("CVODE"):
            import sksundae.cvode  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    return None
