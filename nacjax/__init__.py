"""nacjax: negative absolute conductivity of photoexcited metals (PRB 101, 041105)."""

from .physics.dos import AbstractDOS as AbstractDOS, FlatTopDOS as FlatTopDOS, SemiEllipticDOS as SemiEllipticDOS
from .physics.feedback import MaxwellField as MaxwellField, SelfTunedField as SelfTunedField
from .physics.field import ConstantField as ConstantField, NoField as NoField, SampledField as SampledField
from .physics.ladder import Mesh as Mesh
from .physics.metal import Metal as Metal, Scales as Scales
from .physics.pulses import (
    ExponentialPulse as ExponentialPulse,
    GaussianPulse as GaussianPulse,
    PulseTrain as PulseTrain,
    SampledPulse as SampledPulse,
    SquarePulse as SquarePulse,
)
from .physics.pump import Clamped as Clamped, Kick as Kick
from .solvers.events import Events as Events, events as events, impulse as impulse
from .solvers.evolve import evolve as evolve
from .solvers.plateau import Plateau as Plateau, plateau as plateau
from .solvers.steady import SteadyState as SteadyState, steady_state as steady_state
from .solvers.rosenbrock import Rosenbrock as Rosenbrock
from .solvers.run import Run as Run
from .studies.sweep import sweep as sweep
from .solvers.threshold import omega_e as omega_e, threshold_field as threshold_field
