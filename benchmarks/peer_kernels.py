"""The equations of the peers, compiled by numba: rates and their Jacobian, for a state [f, ζ unless it is held].

`c` (row, state) and `s` (number,) are the coefficients of a point, which `peer_equations.Rows` and `Numbers` name.
The Jacobian is that at fixed F²; a self-tuned field, which is that of `nacjax.SelfTunedField`, adds u gᵀ.
"""

import functools

import numpy as np
from peer_equations import Numbers, Rows

GAIN, LOSS, STEPS, STRENGTH, RATIO, BLEND, DIFFUSION, INVERSE, _, TRANSPORT, WORTH = range(len(Rows._fields))
NUMBER, DECAY, SOURCE, PULSE, RELAXATION, _ = range(len(Numbers._fields))


@functools.cache
def kernels():
    """(rates(t, y, dy, c, s, cells), jacobian(y, dy, data, c, s, indptr, indices, cells), answer); two return F²."""
    import numba

    @numba.njit(inline="always")
    def fall_of(low, up):
        both, difference = low * (1 - up) + up * (1 - low), low - up
        fall = max(difference, 0.0)
        inside = both >= fall and both > 1e-150
        step = fall / both if inside else (1.0 if fall > 0 else 0.0)
        return both, difference, step, inside

    @numba.njit(inline="always")
    def slopes_of(low, up, c, k, conductance):
        _, _, step, inside = fall_of(low, up)
        by_both = 0.5 * (1 + (c[BLEND, k] if inside else -c[BLEND, k]) * step**2)
        by_difference = (c[BLEND, k] * step if inside else 0.0) + c[RATIO, k]
        by_low = c[STRENGTH, k] * (by_both * (1 - 2 * up) - by_difference) - conductance
        by_up = c[STRENGTH, k] * (by_both * (1 - 2 * low) + by_difference) + conductance
        return by_low, by_up

    @numba.njit(inline="always")
    def pushed(y, c, k):
        """What unit F² moves through face k, and its part of dσ/dt."""
        flux = c[DIFFUSION, k] * (y[k + 1] - y[k])
        return flux, flux * (c[WORTH, k] * c[INVERSE, k] - c[WORTH, k + 1] * c[INVERSE, k + 1])

    @numba.njit(inline="always")
    def pushes(y, c):
        """dσ/dt by unit F², and what stands for it where it is smaller."""
        push, stirred = 0.0, 0.0
        for k in range(c.shape[1] - 1):
            _, part = pushed(y, c, k)
            push += part
            stirred += abs(part)
        return push, 0.05 * stirred

    @numba.njit(error_model="numpy")
    def heat(y, dy, c, s):
        """The self-tuned field: adds its diffusion to rates without a field, returns its F²."""
        size = c.shape[1]
        sigma, drift = 0.0, 0.0
        for k in range(size):
            sigma += c[WORTH, k] * y[k]
            drift += c[WORTH, k] * dy[k]
        wanted = -(sigma / s[RELAXATION] + drift)
        if not wanted > 0:
            return 0.0
        push, least = pushes(y, c)
        squared = wanted / max(abs(push), least)
        for k in range(size - 1):
            flux, _ = pushed(y, c, k)
            dy[k] += squared * flux * c[INVERSE, k]
            dy[k + 1] -= squared * flux * c[INVERSE, k + 1]
        return squared

    @numba.njit(error_model="numpy")
    def rates(t, y, dy, c, s, cells):
        size = c.shape[1]
        free, tuned = y.size > size, s[RELAXATION] > 0
        number = s[NUMBER] + (y[size] if free else 0.0)
        squared = 0.0 if tuned else 1.0
        before = 0.0
        for k in range(size - 1):  # St_in and St_E
            both, difference, step, _ = fall_of(y[k], y[k + 1])
            drift = 0.5 * both * (1 - c[BLEND, k] * step**2)
            flux = (
                c[STRENGTH, k] * (drift - c[RATIO, k] * difference) - squared * c[DIFFUSION, k] * difference
            )
            dy[k] = (flux - before) * c[INVERSE, k]
            before = flux
        dy[size - 1] = -before * c[INVERSE, size - 1]
        emitted = 0.0
        for k in range(size - cells):  # St_el
            up, low = y[k + cells], y[k]
            q = number * (up - low) + up * (1 - low)
            dy[k] += c[GAIN, k] * q
            dy[k + cells] -= c[LOSS, k] * q
            emitted += c[STEPS, k] * q
        if free:  # Eq. (3)
            dy[size] = emitted - s[DECAY] * y[size] + s[SOURCE] * np.exp(-s[PULSE] * t)
        return heat(y, dy, c, s) if tuned else squared

    @numba.njit(error_model="numpy")
    def jacobian(y, dy, data, c, s, indptr, indices, cells):
        size = c.shape[1]
        free = y.size > size
        number = s[NUMBER] + (y[size] if free else 0.0)
        squared = rates(0.0, y, dy, c, s, cells) if s[RELAXATION] > 0 else 1.0
        for col in range(size):
            for at in range(indptr[col], indptr[col + 1]):
                row = indices[at]
                value = 0.0
                if row < size and (
                    row == col + 1 or (row == col and col < size - 1)
                ):  # lower cell of face `col`
                    d, _ = slopes_of(y[col], y[col + 1], c, col, squared * c[DIFFUSION, col])
                    value += d * c[INVERSE, col] if row == col else -d * c[INVERSE, row]
                if row == col - 1 or (row == col and col > 0):  # upper cell of face `col − 1`
                    _, d = slopes_of(y[col - 1], y[col], c, col - 1, squared * c[DIFFUSION, col - 1])
                    value += -d * c[INVERSE, col] if row == col else d * c[INVERSE, row]
                if col < size - cells and (row == col or row == col + cells or row == size):  # lower rung
                    d = -(number + y[col + cells])
                    by = c[GAIN, col] if row == col else c[STEPS, col] if row == size else -c[LOSS, col]
                    value += d * by
                if col >= cells and (row == col or row == col - cells or row == size):  # upper rung
                    low = col - cells
                    d = number + 1 - y[low]
                    by = -c[LOSS, low] if row == col else c[STEPS, low] if row == size else c[GAIN, low]
                    value += d * by
                data[at] = value
        if free:
            by_number(y, data, c, s, indptr, indices, cells)
        return squared

    @numba.njit(error_model="numpy")
    def by_number(y, data, c, s, indptr, indices, cells):
        """The column of ζ."""
        size = c.shape[1]
        for at in range(indptr[size], indptr[size + 1]):
            row = indices[at]
            value = 0.0
            if row < size - cells:
                value += c[GAIN, row] * (y[row + cells] - y[row])
            if cells <= row < size:
                value -= c[LOSS, row - cells] * (y[row] - y[row - cells])
            if row == size:
                value = -s[DECAY]
                for k in range(size - cells):
                    value += c[STEPS, k] * (y[k + cells] - y[k])
            data[at] = value

    @numba.njit(error_model="numpy")
    def answer(y, squared, data, u, g, c, s, indptr, indices):
        """u = ∂(rates)/∂F² and g = ∂F²/∂y, from the Jacobian at fixed F²."""
        size = c.shape[1]
        u[:], g[:] = 0.0, 0.0
        if s[RELAXATION] == 0 or squared == 0:
            return
        push, least = pushes(y, c)
        for col in range(y.size):
            for at in range(indptr[col], indptr[col + 1]):
                if indices[at] < size:
                    g[col] -= c[WORTH, indices[at]] * data[at]
        more = squared * (1 - (np.sign(push) if abs(push) > least else 0.0))
        for k in range(size - 1):
            flux, _ = pushed(y, c, k)
            u[k] += flux * c[INVERSE, k]
            u[k + 1] -= flux * c[INVERSE, k + 1]
            slope = (
                more * c[DIFFUSION, k] * (c[WORTH, k] * c[INVERSE, k] - c[WORTH, k + 1] * c[INVERSE, k + 1])
            )
            g[k] -= slope
            g[k + 1] += slope
        for k in range(size):
            g[k] -= c[WORTH, k] / s[RELAXATION]
        g /= max(abs(push), least)

    return rates, jacobian, answer


@functools.cache
def folded_rates():
    """The rates of a permuted state."""
    import numba

    rates, *_ = kernels()

    @numba.njit(error_model="numpy")
    def permuted(t, y, dy, c, s, cells, order, place):
        natural, out = y[place], np.empty(y.size)
        rates(t, natural, out, c, s, cells)
        for k in range(y.size):
            dy[k] = out[order[k]]

    return permuted
