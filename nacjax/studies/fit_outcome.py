"""`Fit`: what a fit returns, and when its error bars mean something."""

import dataclasses

import numpy as np
import xarray as xr

from ..model.shown import Said
from .search.bounds import Box, squash, squash_slope

CONVERGED = "Converged."
TWOFOLD = "Converged, but another start fits as well elsewhere: see by_start, and narrow the bounds."
AT_BOUND = "Not converged: {} ended at a bound, where an error means nothing. Widen the bounds."
UNFIXED = "Not determined: the data do not fix {} within the bounds. Leave it out, or give other data."
NOT_CONVERGED = "Not converged: all steps were used; the best point found is given."
NOT_FINITE = "The model is not finite at any start."

AS_GOOD = 4.0
"""Another answer counts where its χ² is higher by less than this: within two standard deviations."""
ELSEWHERE = 4.0
"""It is another answer where a quantity differs by more than so many errors of the best."""

BOUND = 2e-3
"""A quantity is at a bound within this share of its box."""
FAINT = 1e-5
"""σ does not depend on a quantity that changes it by less over the whole box."""


@dataclasses.dataclass(frozen=True, repr=False)
class Fit(Said):
    """Fitted quantities with their errors; each array begins with `trace`, also for one. `of(0)` is without it.

    - `best`, `error` (quantity,): values and standard deviations; `covariance` (quantity, other). The error is NaN
      where it means nothing: of what ended at a bound, or is not fixed by the data; the others' hold it fixed
    - `chi_squared`: Σ(residual/noise)², `reduced`: over the degrees of freedom; `model` (time,): fitted σ(t) beside
      the `data`
    - `by_start` (start, quantity), `by_start_chi_squared` (start,): where every start ended. Two answers may fit
      one trace equally well, as σ(ω_p) falls and rises again; the errors are those of `best` alone
    - `reason`: the outcome as a sentence, which says so if another start ended elsewhere with as good a fit

    >>> "best" in nj.Fit.__dataclass_fields__  # a Fit is made by nj.fit
    True
    """

    best: xr.DataArray
    error: xr.DataArray
    covariance: xr.DataArray
    chi_squared: xr.DataArray
    reduced: xr.DataArray
    model: xr.DataArray
    data: xr.DataArray
    by_start: xr.DataArray
    by_start_chi_squared: xr.DataArray
    reason: xr.DataArray

    def __str__(self) -> str:
        if self.best.sizes.get("trace", 1) > 1:
            good, twofold = (int((self.reason == reason).sum()) for reason in (CONVERGED, TWOFOLD))
            head = f"fits of {self.best.sizes['trace']} traces, {good + twofold} converged"
            head += (
                f", {twofold} of them with more than one answer; the first:" if twofold else "; the first:"
            )
            return head + "\n" + str(self.of(0))
        if "trace" in self.best.dims:
            return str(self.of(0))
        rows = [
            f"  {n:<20}{v:>12.6g} " + (f"± {e:.2g}" if np.isfinite(e) else "without an error")
            for n, v, e in zip(self.best["quantity"].values, self.best.values, self.error.values, strict=True)
        ]
        tail = (
            f"  χ² = {float(self.chi_squared):.4g}, reduced {float(self.reduced):.3g}. {self.reason.item()}"
        )
        return "\n".join(["fit of σ(t)", *rows, tail])

    def of(self, trace: int) -> "Fit":
        """The fit of one trace."""
        if "trace" not in self.best.dims:
            return self
        parts = {f.name: getattr(self, f.name).isel(trace=trace) for f in dataclasses.fields(self)}
        return Fit(**parts)


def _covariance(jacobian: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """(J Jᵀ)⁻¹ (..., quantity, other) for J (..., quantity, time), without the quantities that are `fixed`.

    What the data leave open gets a variance that is large, not infinite.
    """
    jacobian = np.where(np.isfinite(jacobian) & ~fixed[..., None], jacobian, 0.0)
    size = np.maximum(np.linalg.norm(jacobian, axis=-1), np.finfo(float).tiny ** 0.25)
    unit = jacobian / size[..., None]  # columns of length one: a well-scaled inverse
    values, vectors = np.linalg.eigh(unit @ np.swapaxes(unit, -1, -2))
    inner = (vectors / np.maximum(values, 1e-14)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return inner / (size[..., :, None] * size[..., None, :])


def _either(of: np.ndarray) -> np.ndarray:
    """(..., quantity, other): whether one of the two is among `of` (..., quantity)."""
    return of[..., :, None] | of[..., None, :]


def _reasons(box: Box, misfit, converged, twofold, bound, unfixed) -> np.ndarray:
    """The outcome of every trace as a sentence; `bound` and `unfixed` (trace, quantity) say of what."""

    def one(k: int) -> str:
        held, free = (", ".join(np.array(box.names)[which[k]]) for which in (bound, unfixed))
        if not np.isfinite(misfit[k]):
            return NOT_FINITE
        if held:
            return AT_BOUND.format(held)
        if free:
            return UNFIXED.format(free)
        return NOT_CONVERGED if not converged[k] else TWOFOLD if twofold[k] else CONVERGED

    return np.array([one(k) for k in range(len(misfit))])


def to_fit(box: Box, data, times, noise, u, misfit, converged, model, slopes, by_start, misfits) -> Fit:
    """The `Fit` with its errors.

    `slopes` are d(σ/noise)/du (trace, quantity, time), `data` (trace, time), `noise` (time,), or None where it is
    to be estimated.
    """
    z = squash(u)
    best, ends = box.values(z), box.values(squash(by_start))
    slope = box.slopes(z)
    bound = (z < BOUND) | (z > 1 - BOUND)
    jacobian = slopes / np.where(bound, 1.0, slope * squash_slope(u))[..., None]
    freedom = times.size - box.size
    scale = misfit / freedom if noise is None else np.ones_like(misfit)
    covariance = _covariance(jacobian, bound) * scale[..., None, None]
    error = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    change = np.abs(jacobian * (1.0 if noise is None else noise)).max(axis=-1) * slope  # of σ over the box
    unfixed = ~bound & ~((error < slope) & (change > FAINT))
    covariance = np.where(_either(bound | unfixed), np.nan, covariance)
    error = np.where(bound | unfixed, np.nan, error)
    as_good = misfits < (misfit + AS_GOOD * scale)[:, None]
    elsewhere = (abs(ends - best[:, None]) > ELSEWHERE * error[:, None]).any(axis=-1)
    reason = _reasons(box, misfit, converged, (as_good & elsewhere).any(axis=-1), bound, unfixed)
    names = list(box.names)

    def array(values, *dims):
        coords: dict = {
            d: c for d, c in (("quantity", names), ("other", names), ("time", times)) if d in dims
        }
        return xr.DataArray(values, coords, ("trace", *dims))

    return Fit(
        array(best, "quantity"),
        array(error, "quantity"),
        array(covariance, "quantity", "other"),
        array(misfit),
        array(misfit / freedom),
        array(model, "time"),
        array(data, "time"),
        array(ends, "start", "quantity"),
        array(misfits, "start"),
        array(reason),
    )
