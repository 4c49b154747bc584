"""A run, a plateau, a steady state in three lines: σ, its sign and how sure; when it was negative; how it ended."""

from typing import Any

import numpy as np

from ..model.units import physical

UNDECIDED = 0.01
"""|σ/σ_0| up to which a sign is left open where no error is known: meshes leave a tenth of that."""
SURE = 3.0
"""So many errors away from zero a sign is sure."""


def sign_of(sigma: float, error: float | None = None) -> str:
    """The sign of a conductivity in words, and how sure it is; `error` of it, where one is known."""
    if not np.isfinite(sigma):
        return "not known"
    word = "negative" if sigma < 0 else "positive"
    if error is not None and np.isfinite(error) and error > 0:
        times = abs(sigma) / error
        if times <= SURE:
            return "sign open: zero within the error"
        return f"{word}, {'over 100' if times > 100 else f'{times:.2g}'} errors from zero"
    return word if abs(sigma) > UNDECIDED else f"sign open: within {UNDECIDED:g} of zero"


def sigma_said(state: Any, index: int, where: str) -> str:
    """σ/σ_0 of a result with its error, where it has one (`sigma_error`), and its sign."""
    sigma, errors = np.ravel(state.sigma)[index], getattr(state, "sigma_error", None)
    error = None if errors is None else float(np.broadcast_to(errors, np.shape(state.sigma)).ravel()[index])
    plus = f" ± {error:.1g}" if error is not None and np.isfinite(error) else ""
    return f"σ/σ_0 = {sigma:.4f}{plus} {where}: {sign_of(float(sigma), error)}"


def of_state(state: Any, where: str, more: str) -> str:
    """The verdict on a plateau or a steady state; `more`: what else is to be said of it."""
    if np.ndim(state.sigma):
        return _several(state.sigma, where, state.result)
    f = np.asarray(state.occupation).ravel()[np.asarray(state.ladder.states).ravel() > 0]
    rise = float(np.max(f - np.minimum.accumulate(f))) if np.isfinite(f).all() else np.nan
    shape = f"f rises with energy by up to {rise:.2g}" if rise > 1e-3 else "f falls with energy throughout"
    return "\n".join([sigma_said(state, 0, where), f"{shape}; {more}", state.result])


def of_run(run: Any) -> str:
    """The verdict on a run."""
    if np.ndim(run.sigma) != 1:
        good = "all reached every time" if run.ok else "not all reached every time"
        return _several(run.sigma, "of several runs", good)
    times, sigma, scales = np.asarray(run.times), np.asarray(run.sigma), run.metal.scales
    reached = np.flatnonzero(np.isfinite(sigma))
    steps = f"{int(run.stats['num_accepted_steps'])} steps. " if "num_accepted_steps" in run.stats else ""
    if not reached.size:
        return f"σ/σ_0 is not known at any time\n{steps}{run.result}"
    last, low = int(reached[-1]), int(np.nanargmin(sigma))
    first = sigma_said(run, last, f"at t = {time_said(times[last], scales)}")
    if low != last:
        first += f"; lowest {sigma[low]:.4f} at {time_said(times[low], scales)}"
    return "\n".join([first, _when(run, times, sigma, scales), f"{steps}{run.result}"])


def _when(run: Any, times: np.ndarray, sigma: np.ndarray, scales: Any) -> str:
    """When σ < 0, on the straight lines between the saved times; what a self-tuned field holds is not negative."""
    held = (np.asarray(run.field) > 0) & run.kinetics.field.holds
    below = (sigma < 0) & ~held
    said = []
    if held.any():
        said.append(
            f"σ held at 0 from t = {time_said(times[held][0], scales)} to {time_said(times[held][-1], scales)}"
        )
    if not below.any():
        return "; ".join([*said, "σ < 0 at none of the saved times"])
    if times.size < 5:
        return "; ".join([*said, f"σ < 0 at {below.sum()} of {times.size} saved times"])
    turns = np.flatnonzero(below[1:] != below[:-1])
    steps = [(times[k] + (times[k + 1] - times[k]) * sigma[k] / (sigma[k] - sigma[k + 1])) for k in turns]
    edges = [*([times[0]] if below[0] else []), *steps, *([times[-1]] if below[-1] else [])]
    spells = [
        f"{time_said(a, scales)} to {time_said(b, scales)}"
        for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
    more = f" and {len(spells) - 3} more spells" if len(spells) > 3 else ""
    still = ", the last saved time" if below[-1] else ""
    return "; ".join([*said, f"σ < 0 from t ≈ {', '.join(spells[:3])}{more}{still}"])


def time_said(time: float, scales: Any) -> str:
    """A time in ps or fs where the metal knows its scales, else in its own unit."""
    try:
        size = physical(time, "time", scales, "fs").magnitude if scales is not None else None
    except ValueError:  # that scale is not known
        size = None
    if size is None:
        return f"{time:.4g}"
    return f"{size:.4g} fs" if abs(size) < 1000 else f"{size / 1000:.4g} ps"


def _several(sigma: Any, where: str, how: str) -> str:
    """The verdict on many states at once."""
    values = np.asarray(sigma)
    known = values[np.isfinite(values)]
    if not known.size:
        return f"{values.size} conductivities {where}, none of them known\n{how}"
    extent = f"from {known.min():.4f} to {known.max():.4f}"
    below = (
        f"σ < 0 at {int((known < 0).sum())} of {values.size}, {values.size - known.size} of them not known"
    )
    return f"{values.size} conductivities σ/σ_0 {where}, {extent}\n{below}\n{how}"
