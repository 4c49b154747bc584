"""The pulse of Fig. 3 and its runs, which several panels draw from."""

import functools
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ..model.checks import as_arrays
from ..model.feedback import SelfTunedField
from ..model.field import AbstractField, NoField
from ..model.metal import Metal
from ..model.names import System
from ..model.pulses import ExponentialPulse
from ..solvers.events import events
from ..solvers.run import Run
from .parts import COLD, GAMMA_IN, INELASTIC, TRIAL_DOS, Quality, many, trial_metal

LIFETIME, DURATION, STRENGTH, WARM = 5.0, 0.3, 10.0, 0.08
UNTIL, SHAPE_TIME = 20.0, 5.0
"""Last time, and time of Fig. 3c (1/Γ_eph)."""
PULSE = {"temperature": COLD, "zeta0": STRENGTH, "inelastic_rate": GAMMA_IN, "phonon_lifetime": LIFETIME}
CASES = (
    PULSE,
    PULSE | {"temperature": WARM},
    PULSE | {"zeta0": 0.5 * STRENGTH},
    PULSE | {"inelastic_rate": 0.1 * GAMMA_IN},
)
"""The pulses of the figure: the paper's, the warm one, a weaker one, and less inelastic scattering."""
CHOICE = f"{TRIAL_DOS}; {INELASTIC} (not stated)"


def pulse_metal() -> Metal:
    """The metal of Fig. 3: 1/3 filling, ω_p = 2W/3, phonons that live for 5/Γ_eph."""
    return trial_metal(filling=1 / 3, phonon_energy=2 / 3, phonon_lifetime=LIFETIME)


def pulse() -> ExponentialPulse:
    """I_p = (ζ_0/τ_pulse) e^{−t/τ_pulse} with ζ_0 = 10, Γτ_pulse = 0.3."""
    return ExponentialPulse(STRENGTH, DURATION)  # pyright: ignore[reportCallIssue, reportArgumentType]


def pulsed(field: AbstractField) -> System:
    """Metal, pulse and a field."""
    return as_arrays(System(pulse_metal(), pulse(), field))


def pulse_times(points: int) -> np.ndarray:
    """Times up to `UNTIL`, denser at the start, with that of Fig. 3c among them."""
    return np.unique([*(UNTIL * np.linspace(0, 1, points + 1)[1:] ** 2), SHAPE_TIME])


def follow(quality: Quality, field: AbstractField, cases: Any, stretch: float = 1.0) -> Run:
    """The runs of `cases` in a field, to `stretch` · `UNTIL`; arrays begin with the case."""
    columns = {name: np.array([case[name] for case in cases]) for name in PULSE}
    times = stretch * pulse_times(quality.points * 2)
    return many(pulsed(field), columns, quality, times, rungs=2, batch=len(CASES))


@functools.lru_cache(maxsize=1)
def free(quality: Quality) -> Run:
    """The runs of `CASES` without the instability."""
    return follow(quality, NoField(), CASES)  # pyright: ignore[reportCallIssue]


@functools.lru_cache(maxsize=1)
def tuned(quality: Quality) -> Run:
    """The runs of `CASES` with the self-tuned field."""
    return follow(quality, SelfTunedField(), CASES)  # pyright: ignore[reportCallIssue]


def found(runs: Run) -> Any:
    """`events` of each run, as arrays that begin with the case."""
    return jax.tree.map(np.asarray, eqx.filter_jit(eqx.filter_vmap(events))(runs))
