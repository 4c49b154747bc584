"""nacjax: negative absolute conductivity of photoexcited metals (PRB 101, 041105).

A public name is imported when it is first asked for: `import nacjax` alone costs next to nothing.
"""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from jaxlib.version import __version__ as _jaxlib

from .model import shown as _shown
from .numerics.versions import __version__ as __version__
from .numerics.versions import fault_of as _fault_of

if TYPE_CHECKING:
    from .figures.show import plot as plot
    from .kinetics.check import check_process as check_process
    from .kinetics.ladder import Mesh as Mesh
    from .kinetics.terms.electron_electron import ElectronElectron as ElectronElectron
    from .model.dispersion import Dispersion as Dispersion
    from .model.dos import AbstractDOS as AbstractDOS
    from .model.dos import FlatTopDOS as FlatTopDOS
    from .model.dos import SemiEllipticDOS as SemiEllipticDOS
    from .model.feedback import MaxwellField as MaxwellField
    from .model.feedback import SelfTunedField as SelfTunedField
    from .model.field import ConstantField as ConstantField
    from .model.field import NoField as NoField
    from .model.field import SampledField as SampledField
    from .model.k3c60 import k3c60 as k3c60
    from .model.laboratory import field as field
    from .model.laboratory import fluence_from_zeta0 as fluence_from_zeta0
    from .model.laboratory import in_physical_units as in_physical_units
    from .model.laboratory import pulse as pulse
    from .model.laboratory import zeta0_from_fluence as zeta0_from_fluence
    from .model.metal import Metal as Metal
    from .model.metal import Scales as Scales
    from .model.mode import Mode as Mode
    from .model.numbers import number as number
    from .model.optical import conductivity_scale as conductivity_scale
    from .model.presets import simple_cubic_p as simple_cubic_p
    from .model.presets import trial as trial
    from .model.process import AbstractProcess as AbstractProcess
    from .model.process import Flow as Flow
    from .model.process import Moment as Moment
    from .model.process import Slopes as Slopes
    from .model.pulses import AbstractPulse as AbstractPulse
    from .model.pulses import AnalyticPulse as AnalyticPulse
    from .model.pulses import ExponentialPulse as ExponentialPulse
    from .model.pulses import GaussianPulse as GaussianPulse
    from .model.pulses import PulseTrain as PulseTrain
    from .model.pulses import SampledPulse as SampledPulse
    from .model.pulses import SquarePulse as SquarePulse
    from .model.pump import AbstractPump as AbstractPump
    from .model.pump import Clamped as Clamped
    from .model.pump import Kick as Kick
    from .model.tabulated import TabulatedDOS as TabulatedDOS
    from .model.tight_binding import TightBinding as TightBinding
    from .model.transport import AbstractTransport as AbstractTransport
    from .model.transport import BandTransport as BandTransport
    from .model.transport import ConstantTransport as ConstantTransport
    from .model.transport import HardSphereTransport as HardSphereTransport
    from .model.transport import ImpurityTransport as ImpurityTransport
    from .model.transport import MixedTransport as MixedTransport
    from .model.transport import PowerLawTransport as PowerLawTransport
    from .numerics.compiled import keep_compiled as keep_compiled
    from .readers import read_dos as read_dos
    from .readers import read_wannier as read_wannier
    from .solvers.estimate import conductivity_estimate as conductivity_estimate
    from .solvers.events import Events as Events
    from .solvers.events import events as events
    from .solvers.events import impulse as impulse
    from .solvers.evolve import evolve as evolve
    from .solvers.omega import omega_e as omega_e
    from .solvers.optics import Optics as Optics
    from .solvers.optics import optics as optics
    from .solvers.plateau import Plateau as Plateau
    from .solvers.plateau import plateau as plateau
    from .solvers.rosenbrock import Rosenbrock as Rosenbrock
    from .solvers.run import Run as Run
    from .solvers.steady import SteadyState as SteadyState
    from .solvers.steady import steady_state as steady_state
    from .solvers.threshold import threshold_field as threshold_field
    from .solvers.threshold_of import threshold as threshold
    from .studies.fit import Fit as Fit
    from .studies.fit import fit as fit
    from .studies.fluence import pumped as pumped
    from .studies.probe.apparent import apparent as apparent
    from .studies.probe.depth import Depth as Depth
    from .studies.probe.depth import depth as depth
    from .studies.probe.reflectivity import Reflectivity as Reflectivity
    from .studies.probe.reflectivity import reflectivity as reflectivity
    from .studies.probe.seen import Layered as Layered
    from .studies.search.optimum import Optimum as Optimum
    from .studies.search.search import search as search
    from .studies.sensitivity import Sensitivity as Sensitivity
    from .studies.sensitivity import sensitivity as sensitivity
    from .studies.sweep.sweep import sweep as sweep
    from .studies.threshold_fluence import ThresholdFluence as ThresholdFluence
    from .studies.threshold_fluence import threshold_fluence as threshold_fluence
    from .studies.transport_laws import transport_laws as transport_laws

_NAMES = {
    "figures.show": ("plot",),
    "kinetics.check": ("check_process",),
    "kinetics.ladder": ("Mesh",),
    "kinetics.terms.electron_electron": ("ElectronElectron",),
    "model.dispersion": ("Dispersion",),
    "model.dos": ("AbstractDOS", "FlatTopDOS", "SemiEllipticDOS"),
    "model.feedback": ("MaxwellField", "SelfTunedField"),
    "model.field": ("ConstantField", "NoField", "SampledField"),
    "model.k3c60": ("k3c60",),
    "model.laboratory": ("field", "fluence_from_zeta0", "in_physical_units", "pulse", "zeta0_from_fluence"),
    "model.metal": ("Metal", "Scales"),
    "model.mode": ("Mode",),
    "model.numbers": ("number",),
    "model.optical": ("conductivity_scale",),
    "model.presets": ("simple_cubic_p", "trial"),
    "model.process": ("AbstractProcess", "Flow", "Moment", "Slopes"),
    "model.pulses": (
        "AbstractPulse",
        "AnalyticPulse",
        "ExponentialPulse",
        "GaussianPulse",
        "PulseTrain",
        "SampledPulse",
        "SquarePulse",
    ),
    "model.pump": ("AbstractPump", "Clamped", "Kick"),
    "model.tabulated": ("TabulatedDOS",),
    "model.tight_binding": ("TightBinding",),
    "model.transport": (
        "AbstractTransport",
        "BandTransport",
        "ConstantTransport",
        "HardSphereTransport",
        "ImpurityTransport",
        "MixedTransport",
        "PowerLawTransport",
    ),
    "numerics.compiled": ("keep_compiled",),
    "readers": ("read_dos", "read_wannier"),
    "solvers.estimate": ("conductivity_estimate",),
    "solvers.events": ("Events", "events", "impulse"),
    "solvers.evolve": ("evolve",),
    "solvers.omega": ("omega_e",),
    "solvers.optics": ("Optics", "optics"),
    "solvers.plateau": ("Plateau", "plateau"),
    "solvers.rosenbrock": ("Rosenbrock",),
    "solvers.run": ("Run",),
    "solvers.steady": ("steady_state", "SteadyState"),
    "solvers.threshold": ("threshold_field",),
    "solvers.threshold_of": ("threshold",),
    "studies.fit": ("Fit", "fit"),
    "studies.fluence": ("pumped",),
    "studies.probe.apparent": ("apparent",),
    "studies.probe.depth": ("Depth", "depth"),
    "studies.probe.reflectivity": ("Reflectivity", "reflectivity"),
    "studies.probe.seen": ("Layered",),
    "studies.search.optimum": ("Optimum",),
    "studies.search.search": ("search",),
    "studies.sensitivity": ("Sensitivity", "sensitivity"),
    "studies.sweep.sweep": ("sweep",),
    "studies.threshold_fluence": ("ThresholdFluence", "threshold_fluence"),
    "studies.transport_laws": ("transport_laws",),
}
"""Module → its public names, the same as above; a test compares them."""
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

if not TYPE_CHECKING:
    __all__ = [*_MODULE_OF, "__version__"]

    def __getattr__(name: str) -> Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'nacjax' has no attribute {name!r}")
        found = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = found  # from now on without this function
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF} - {"TYPE_CHECKING", "Any"})


_shown.drawn_by(lambda: importlib.import_module(f"{__name__}.figures.show").plot)

if _fault := _fault_of(_jaxlib):
    warnings.warn(_fault, stacklevel=2)
