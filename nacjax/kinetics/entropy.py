"""Entropy of electrons and phonons, and which process produces it.

Negative absolute conductivity, σE² < 0, is allowed because other terms pay: the field does no more
than diffuse electrons in energy, which produces entropy whatever the sign of σ, while the work it
takes out comes from the free energy that the pump put in. What a process produces follows from what it moves.
"""

import functools
import operator

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.process import AbstractProcess, Flow, Moment
from .equations import Kinetics, State
from .ladder import Ladder

Scalar = Float[Array, ""]

PRODUCERS = ("joule", "inelastic", "electron_phonon", "phonon_decay")
"""Processes that are always listed."""


def electron_entropy(f: Float[Array, "*time rung cell"], ladder: Ladder) -> Float[Array, "*time"]:
    """S = −Σ n [f ln f + (1 − f) ln(1 − f)], per mode."""
    f = _inside(f)
    return -jnp.sum(ladder.states * (f * jnp.log(f) + (1 - f) * jnp.log1p(-f)), axis=(-2, -1))


def phonon_entropy(zeta: Float[Array, "*time mode"], kinetics: Kinetics) -> Float[Array, "*time"]:
    """S = Σ (N + 1) ln(N + 1) − N ln N over the modes, with N = ζ + b; per mode."""
    number = _positive(zeta + kinetics.bose)
    return jnp.sum((number + 1) * jnp.log1p(number) - number * jnp.log(number), axis=-1)


def entropy_production(kinetics: Kinetics, t, state: State) -> dict[str, Scalar]:
    """Rates of entropy by process (per mode and unit time; k_B = 1) at one state; see `Run.entropy`."""
    flows, _ = kinetics.flows(t, state)
    now = kinetics.now(t, state._replace(f=_inside(state.f)))
    per_phonon = jnp.log1p(1 / _positive(now.phonons + kinetics.bose))
    moved = functools.reduce(operator.add, (flow for _, flow in flows))
    rates: dict[str, Scalar] = dict.fromkeys(PRODUCERS, jnp.zeros(()))  # pyright: ignore[reportAssignmentType]
    pumped = -jnp.sum(kinetics.replaced(moved) * per_phonon)
    for process, flow in flows:
        found = production_of(kinetics, process, flow, now, per_phonon)
        if process.inflow:
            pumped = pumped + found
        else:
            rates[process.name] = rates.get(process.name, 0.0) + found
    works = [kinetics.energy_gained(flow) for process, flow in flows if process is kinetics.heating]
    work, total = (sum(parts, start=jnp.zeros(())) for parts in (works, rates.values()))
    return rates | {
        "pump": pumped,
        "work_over_temperature": work / kinetics.metal.temperature,
        "total": total,
    }


def production_of(
    kinetics: Kinetics, process: AbstractProcess, flow: Flow, now: Moment, per_phonon
) -> Scalar:
    """Σ (what is moved) × (its affinity), with what the bath gains where there is one."""
    ladder, metal = kinetics.ladder, kinetics.metal
    gain = jnp.log1p(-now.f) - jnp.log(now.f)  # ∂S/∂(electrons in a state)
    known = process.production(now, gain)
    if known is not None:
        return known
    filled = ladder.states > 0
    per_energy = 1 / metal.temperature if process.bath else 0.0
    produced = jnp.zeros(())
    if flow.chain is not None:
        flat, both = gain.ravel(), filled.ravel()[1:] & filled.ravel()[:-1]
        affinity = flat[:-1] - flat[1:] + per_energy * ladder.spacing
        produced += jnp.sum(flow.chain * jnp.where(both, affinity, 0.0))
    if flow.rungs is not None:
        affinity = gain[:-1] - gain[1:] + per_energy * metal.phonon_energy
        produced += jnp.sum(flow.rungs * jnp.where(filled[1:] & filled[:-1], affinity, 0.0))  # pyright: ignore[reportArgumentType]
    if flow.cells is not None:
        affinity = gain - per_energy * (ladder.energy - ladder.chemical_potential)
        produced += jnp.sum(flow.cells * jnp.where(filled, affinity, 0.0))
    if flow.phonons is not None:
        produced += jnp.sum(flow.phonons * (per_phonon - per_energy * kinetics.quanta))
    return produced


def _inside(f):
    """f kept off 0 and 1, where the logarithms end."""
    limits = jnp.finfo(f.dtype)
    return jnp.clip(f, limits.tiny, 1 - limits.epsneg)


def _positive(number):
    return jnp.maximum(number, jnp.finfo(number.dtype).tiny)
