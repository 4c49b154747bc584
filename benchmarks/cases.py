"""The physical cases. Units: band width, Γ_eph; FlatTopDOS, T = 0.003; half filling and ζ = 20 held, or a pulse."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import nacjax as nj
from nacjax.model.names import System, changed, resolve

MESH = nj.Mesh(80, on_edges=True)
METAL = nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.6, inelastic_rate=1e-3)
HELD = nj.Clamped(20.0)


def metal(phonon_energy, inelastic_rate, **numbers) -> nj.Metal:
    """The metal of all cases with other numbers."""
    return replace(METAL, phonon_energy=phonon_energy, inelastic_rate=inelastic_rate, **numbers)


@dataclass(frozen=True)
class Case:
    """States along an axis: what `nacjax.sweep` is asked for, and `build(point)` for other solvers.

    `t_end`: inf asks for the steady state; `mesh` and `rungs` are those of solvers other than a default call;
    `observed`: what is compared, by its name in a sweep, σ absolutely, 𝓔 relatively.
    """

    name: str
    title: str
    metal: nj.Metal
    field: Any
    points: np.ndarray
    t_end: float
    rungs: int
    mesh: nj.Mesh = MESH
    pump: Any = HELD
    axis: str = "phonon_energy"
    observed: str = "sigma"

    def build(self, point) -> System:
        """Metal, pump and field at a point."""
        system = System(self.metal, self.pump, self.field)
        return changed(system, {resolve(self.axis, system): point})

    def at(self, points) -> "Case":
        """The same case at other points."""
        return replace(self, points=points)

    def on(self, mesh) -> "Case":
        """The same case on another mesh."""
        return replace(self, mesh=mesh)

    def sweep(self, **how):
        """What is observed (point,) in the default call, or in one with other options."""
        state = {"times": self.t_end} if np.isfinite(self.t_end) else {"steady": True}
        how = {"axes": {self.axis: self.points}, "observe": self.observed, "progress": False, **state, **how}
        return nj.sweep(self.metal, self.pump, field=self.field, **how)[self.observed].to_numpy().ravel()

    def error(self, found, exact) -> float:
        """The largest one over the points."""
        return float(np.max(np.abs(found - exact) / (1.0 if self.observed == "sigma" else exact)))


def case(
    name: str, title: str, ends: tuple[float, float], count: int, rungs: int, t_end=10.0, **rest
) -> Case:
    """A case of `count` phonon energies between `ends`."""
    field = rest.pop("field", nj.NoField())
    points = np.linspace(*ends, count)
    return Case(name, title, replace(METAL, **rest), field, points, t_end, rungs)


def fig2a(count: int = 256) -> Case:
    """(a) Fig. 2a: σ(ω_p) at t = 10, Γ_in = 1e-3, two rungs."""
    return case("fig2a", "(a) Fig. 2a, two rungs", (0.501, 0.9), count, 2)


def four(count: int = 128) -> Case:
    """(a) with four rungs."""
    return case("four", "(a) four rungs", (0.251, 0.332), count, 4)


def twelve(count: int = 64) -> Case:
    """(a) with twelve rungs."""
    return case("twelve", "(a) twelve rungs", (0.0835, 0.0905), count, 12)


def stiff(count: int = 256) -> Case:
    """(b) Γ_in = 0.1 with a field 𝓔 = 1 to t = 100."""
    rest = {"inelastic_rate": 0.1, "field": nj.ConstantField(1.0)}
    return case("stiff", "(b) stiff, t = 100, field", (0.501, 0.9), count, 2, 100.0, **rest)


def steady(count: int = 128) -> Case:
    """(c) the t → ∞ state at Γ_in = 0.01."""
    return case("steady", "(c) steady state", (0.501, 0.8), count, 2, np.inf, inelastic_rate=0.01)


def pulse(count: int = 64) -> Case:
    """(f) the pulse and the metal of Fig. 3: σ(ζ_0) at t = 5, when the pulse is over."""
    metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)
    drive = {"pump": nj.ExponentialPulse(10.0, 0.3), "axis": "zeta0"}
    return Case(
        "pulse", "(f) pulse, t = 5", metal, nj.NoField(), np.linspace(5.0, 20.0, count), 5.0, 2, **drive
    )


def self_tuned(count: int = 64) -> Case:
    """(g) the same with a self-tuned field, which has held σ at zero until t = 0.7 to 1.1."""
    return replace(
        pulse(count), name="self_tuned", title="(g) self-tuned field, t = 5", field=nj.SelfTunedField()
    )


def held(count: int = 64) -> Case:
    """(h) that field itself, 𝓔(ζ_0) at t = 0.6."""
    return replace(
        self_tuned(count), name="held", title="(h) 𝓔 of (g), t = 0.6", t_end=0.6, observed="field_normalised"
    )


MAKES = (fig2a, four, stiff, steady, twelve, pulse, self_tuned, held)
CASES: dict[str, Callable[..., Case]] = {make.__name__: make for make in MAKES}
