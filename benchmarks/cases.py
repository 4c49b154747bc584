"""The physical cases. Units: band width, Γ_eph; FlatTopDOS, half filling, T = 0.003, ζ = 20 held fixed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import nacjax as nj

MESH = nj.Mesh(80, on_edges=True)
METAL = nj.Metal(nj.FlatTopDOS(), 0.5, 0.003, 0.6, inelastic_rate=1e-3)


def metal(phonon_energy, inelastic_rate, **numbers) -> nj.Metal:
    """The metal of all cases with other numbers."""
    return replace(METAL, phonon_energy=phonon_energy, inelastic_rate=inelastic_rate, **numbers)


@dataclass(frozen=True)
class Case:
    """States along phonon energies: what `nacjax.sweep` is asked for, and `build(phonon_energy)` for other solvers.

    `t_end`: inf asks for the steady state; `mesh` and `rungs` are those of solvers other than a default call.
    """

    name: str
    title: str
    metal: nj.Metal
    field: Any
    points: np.ndarray
    t_end: float
    rungs: int
    mesh: nj.Mesh = MESH

    def build(self, point) -> tuple:
        """(metal, pump, field) at a phonon energy."""
        return replace(self.metal, phonon_energy=point), nj.Clamped(20.0), self.field

    def at(self, points) -> "Case":
        """The same case at other points."""
        return replace(self, points=points)

    def on(self, mesh) -> "Case":
        """The same case on another mesh."""
        return replace(self, mesh=mesh)

    def sweep(self, **how):
        """σ (point,) of the default call, or of one with other options."""
        state = {"times": self.t_end} if np.isfinite(self.t_end) else {"steady": True}
        axes = {"phonon_energy": self.points}
        swept = nj.sweep(
            self.metal, nj.Clamped(20.0), axes=axes, field=self.field, progress=False, **state, **how
        )
        return swept["sigma"].to_numpy().ravel()


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


CASES: dict[str, Callable[..., Case]] = {make.__name__: make for make in (fig2a, four, stiff, steady, twelve)}
