"""Figures of what a user states: a metal, a band, a pump, a field, a process."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from scipy.integrate import cumulative_trapezoid
from scipy.optimize import brentq
from scipy.special import expit

from ..kinetics.equations import electrons_gained
from ..kinetics.ladder import Mesh, build_ladder, count_rungs
from ..model.dos import AbstractDOS
from ..model.field import AbstractField, Response
from ..model.metal import Metal
from ..model.process import AbstractProcess, Moment
from ..model.pump import AbstractPump
from ..solvers.plateau import plateau_occupation
from .distribution import draw_distribution
from .style import BLUE, ENERGY, FIELD, ORANGE, TIME, axes_or_new, legend_above, styled, zero_line

POINTS = 401


def _energies(dos: AbstractDOS) -> np.ndarray:
    return np.linspace(float(dos.bottom), float(dos.top), POINTS)


@styled
def plot_metal(metal: Metal, ax: Axes | None = None) -> Axes:
    """D(ε), the occupation at t = 0, and the steps μ − jω_p."""
    energy, temperature = _energies(metal.dos), float(metal.temperature)
    density = np.asarray(metal.dos.density(jnp.asarray(energy)), float)
    filled = cumulative_trapezoid(density, energy, initial=0.0)
    fermi = np.interp(float(metal.filling) * filled[-1], filled, energy)
    reach = 40 * temperature

    def excess(mu: float) -> float:
        return (
            np.trapezoid(density * expit((mu - energy) / temperature), energy)
            - float(metal.filling) * filled[-1]
        )

    mu = brentq(excess, energy[0] - reach, energy[-1] + reach)
    panel = xr.Dataset(
        {
            "equilibrium": ("energy", expit((mu - energy) / temperature)),
            "density": ("energy", density / np.interp(fermi, energy, density)),
        },
        {"energy": energy},
        {"chemical_potential": mu, "phonon_energy": float(metal.phonon_energy)},
    )
    ax = draw_distribution(panel, (), ax)
    ax.set_ylim(-0.03, 1.1 * max(1.0, float(panel["density"].max())))
    return ax


@styled
def plot_dos(dos: AbstractDOS, ax: Axes | None = None) -> Axes:
    """D(ε)."""
    ax, energy = axes_or_new(ax), _energies(dos)
    ax.plot(energy, dos.density(jnp.asarray(energy)), color=BLUE)
    ax.set(xlabel="energy ε", ylabel="density of states D (integral 1)", ylim=(0, None))
    ax.set_xlim(energy[0], energy[-1])
    return ax


@styled
def plot_pump(pump: AbstractPump, ax: Axes | None = None, until: float | None = None) -> Axes:
    """I_p(t), and ζ(t) as it would be if electrons took no phonon and none decayed; to the time `until`."""
    jumps, source_at = np.asarray(pump.jumps()), jax.jit(jax.vmap(pump.source))

    def brought(until: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times, I_p and ∫I_p dt up to a time."""
        times = np.linspace(0, until, POINTS * 4)
        source = np.broadcast_to(source_at(jnp.asarray(times)), times.shape)
        return times, source, cumulative_trapezoid(source, times, initial=0.0)

    last = until or 2 * float(jumps.max(initial=0.0)) or 1.0
    times, source, zeta = brought(last)
    while (
        until is None and jumps.size and last < 1e6 and zeta[-1] > 1.01 * np.interp(0.6 * last, times, zeta)
    ):
        last *= 1.5  # until nearly all of its phonons are there
        times, source, zeta = brought(last)
    zeta = zeta + float(pump.initial_phonons())
    ax = axes_or_new(ax)
    ax.plot(times, zeta, color=ORANGE, label="ζ, without electrons and decay")
    if source.any():
        ax.plot(times, source, color=BLUE, lw=0.9, label="I$_p$ (per mode and 1/Γ$_{eph}$)")
    ax.set(xlabel=TIME, ylabel="phonons per mode", xlim=(0, last), ylim=(0, None))
    legend_above(ax, 1)
    return ax


@styled
def plot_field(field: AbstractField, ax: Axes | None = None, until: float = 1.0) -> Axes:
    """The field against time, to the time `until`; raises `ValueError` for a law that reacts to σ."""
    if field.reacts:
        raise ValueError(
            f"field = {field!r} is not allowed: it follows σ; draw a run, nacjax.evolve(..., field=...), by run.plot()"
        )
    until = float(field.times[-1]) if hasattr(field, "times") else until  # pyright: ignore[reportAttributeAccessIssue]
    times, unknown = np.linspace(0, until, POINTS), jnp.full((), jnp.nan)
    response = Response(unknown, unknown, unknown, unknown, jnp.ones(()))
    squared = jax.vmap(lambda t: jnp.asarray(field.squared(t, jnp.zeros(0), response)))(jnp.asarray(times))
    ax = axes_or_new(ax)
    ax.plot(times, np.sqrt(squared), color=BLUE)
    absolute = getattr(field, "absolute", field.acts)
    ax.set(
        xlabel=TIME, ylabel="field E v$_F$ √τ$_{tr}$" if absolute else FIELD, xlim=(0, until), ylim=(0, None)
    )
    return ax


@styled
def plot_process(
    process: AbstractProcess, ax: Axes | None = None, metal: Metal | None = None, zeta: float = 20.0
) -> Axes:
    """∂f/∂t by one process alone, in a `metal` on the plateau of `zeta` phonons per mode."""
    if metal is None:
        raise ValueError(
            f"metal is needed: {process!r} moves electrons in a metal only; give .plot(metal=nacjax.Metal(...))"
        )
    change, ladder = _change(process, metal, jnp.asarray(zeta, float), count_rungs(metal, None))
    change = np.asarray(change)
    filled = np.asarray(ladder.states).ravel() > 0
    ax = axes_or_new(ax)
    zero_line(ax)
    ax.plot(np.asarray(ladder.energy).ravel()[filled], change.ravel()[filled], color=BLUE)
    ax.set(xlabel=ENERGY, ylabel=f"∂f/∂t (Γ$_{{eph}}$) by {process.name.replace('_', ' ')}")
    return ax


@eqx.filter_jit
def _change(process: AbstractProcess, metal: Metal, zeta: Any, rungs: int) -> tuple[Any, Any]:
    ladder = build_ladder(metal, Mesh(cells=48), rungs)
    f = plateau_occupation(metal, zeta, ladder)
    phonons = jnp.zeros(1 + len(metal.modes)).at[0].set(zeta)
    moved = process.prepared(metal, ladder).flow(Moment(jnp.zeros(()), f, phonons), ladder)
    return electrons_gained(moved, ladder) * ladder.inverse, ladder
