"""The physical cases. Units: band width, Γ_eph; FlatTopDOS, half filling, T = 0.003, ζ = 20 held fixed.

Uniform meshes: for values of σ at t ≥ 10 they are the coarsest that reach 1e-3, and the kindest to explicit
solvers (the feature mesh, which dσ/dω_p needs, makes the inelastic part stiff). The cell numbers are the
smallest that leave room for the time integration.
"""

from dataclasses import replace

import jax.numpy as jnp
from common import Case

import nacjax as nj


def metal(phonon_energy, inelastic_rate, **numbers):
    return nj.Metal(dos=nj.FlatTopDOS(), phonon_energy=phonon_energy, inelastic_rate=inelastic_rate,
                    **{"filling": 0.5, "temperature": 0.003, **numbers})  # fmt: skip


def fig2a(count=256, cells=192):
    """(a) Fig. 2a: σ(ω_p) at t = 10, Γ_in = 1e-3, ω_p = 0.5 … 0.9, two rungs."""

    def build(w):
        return metal(w, 1e-3), nj.Clamped(20.0), nj.NoField()

    return Case("fig2a", build, jnp.linspace(0.5, 0.9, count), 10.0, 2, nj.Mesh.uniform(cells))


def fig2a_low(count=64, cells=160):
    """(a) with more rungs: ω_p = 0.25 … 0.5, four rungs."""
    return replace(fig2a(cells=cells), name="fig2a_low", points=jnp.linspace(0.25, 0.499, count), rungs=4)


def stiff(count=64, cells=80):
    """(b) Γ_in = 0.1 with a field 𝓔 = 1 to t = 100, ω_p = 0.5 … 0.9."""

    def build(w):
        return metal(w, 0.1), nj.Clamped(20.0), nj.ConstantField(1.0)

    return Case("stiff", build, jnp.linspace(0.5, 0.9, count), 100.0, 2, nj.Mesh.uniform(cells))


def steady(count=32, cells=384):
    """(c) the t → ∞ state at Γ_in = 0.01, ω_p = 0.5 … 0.8: its steep fronts need many cells."""

    def build(w):
        return metal(w, 0.01), nj.Clamped(20.0), nj.NoField()

    return Case("steady", build, jnp.linspace(0.5, 0.8, count), 1e4, 2, nj.Mesh.uniform(cells))
