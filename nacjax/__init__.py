"""nacjax: negative absolute conductivity of photoexcited metals (PRB 101, 041105)."""

from .laboratory import field as field
from .laboratory import fluence_from_zeta0 as fluence_from_zeta0
from .laboratory import in_physical_units as in_physical_units
from .laboratory import pulse as pulse
from .laboratory import zeta0_from_fluence as zeta0_from_fluence
from .physics.commensurability import conductivity_estimate as conductivity_estimate
from .physics.dos import (
    AbstractDOS as AbstractDOS,
)
from .physics.dos import (
    FlatTopDOS as FlatTopDOS,
)
from .physics.dos import (
    SemiEllipticDOS as SemiEllipticDOS,
)
from .physics.feedback import MaxwellField as MaxwellField
from .physics.feedback import SelfTunedField as SelfTunedField
from .physics.field import ConstantField as ConstantField
from .physics.field import NoField as NoField
from .physics.field import SampledField as SampledField
from .physics.ladder import Mesh as Mesh
from .physics.materials import k3c60 as k3c60
from .physics.metal import Metal as Metal
from .physics.metal import Scales as Scales
from .physics.mode import Mode as Mode
from .physics.presets import simple_cubic_p as simple_cubic_p
from .physics.presets import trial as trial
from .physics.pulses import (
    ExponentialPulse as ExponentialPulse,
)
from .physics.pulses import (
    GaussianPulse as GaussianPulse,
)
from .physics.pulses import (
    PulseTrain as PulseTrain,
)
from .physics.pulses import (
    SampledPulse as SampledPulse,
)
from .physics.pulses import (
    SquarePulse as SquarePulse,
)
from .physics.pump import Clamped as Clamped
from .physics.pump import Kick as Kick
from .physics.tabulated import TabulatedDOS as TabulatedDOS
from .physics.tight_binding import TightBinding as TightBinding
from .readers import read_dos as read_dos
from .readers import read_wannier as read_wannier
from .solvers.events import Events as Events
from .solvers.events import events as events
from .solvers.events import impulse as impulse
from .solvers.evolve import evolve as evolve
from .solvers.plateau import Plateau as Plateau
from .solvers.plateau import plateau as plateau
from .solvers.rosenbrock import Rosenbrock as Rosenbrock
from .solvers.run import Run as Run
from .solvers.steady import SteadyState as SteadyState
from .solvers.steady import steady_state as steady_state
from .solvers.threshold import omega_e as omega_e
from .solvers.threshold import threshold_field as threshold_field
from .studies.fit import Fit as Fit
from .studies.fit import fit as fit
from .studies.optimum import Optimum as Optimum
from .studies.pumped import pumped as pumped
from .studies.search import search as search
from .studies.sensitivity import Sensitivity as Sensitivity
from .studies.sensitivity import sensitivity as sensitivity
from .studies.sweep import sweep as sweep
from .studies.transport import transport_laws as transport_laws
