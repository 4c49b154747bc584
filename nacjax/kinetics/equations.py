"""The kinetic equations (2)–(3) on a ladder: one right-hand side for the whole state.

The state is one flat array [f.ravel(), ζ unless it is clamped, field variables, ζ_m of further modes, ledger];
the ledger
holds the energies that left or entered the system, so that a run can show its balance.
"""

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.field import AbstractField, NoField
from ..model.metal import Metal
from ..model.pump import AbstractPump
from . import collisions
from .ladder import Ladder, Mesh, build_ladder, fermi
from .pairs import Pairs, pair_coupling

LEDGER = ("joule", "bath", "decay", "pump")
"""Ledger entries, in energy per mode since t = 0: Joule work of the field on the electrons, heat the
electrons gave to the bath, energy the phonons lost by decay, energy the pump put into the phonons."""


class State(NamedTuple):
    """f (rung, cell), ζ (phonons per mode), the dynamic variables of the field law, ζ_m of further modes."""

    f: Float[Array, "rung cell"]
    zeta: Float[Array, ""]
    variables: Float[Array, " variable"]
    modes: Float[Array, " mode"]


class Kinetics(eqx.Module):
    """A metal, its pump and field on a ladder: Eqs. (2)–(7) of PRB 101, 041105 (2020).

    Built by `Kinetics.build`; the coefficients of the collision integrals are computed once.
    """

    metal: Metal
    pump: AbstractPump
    field: AbstractField
    ladder: Ladder
    rate: Float[Array, ""]  # Γ_eph/D_0
    exchange: tuple[Float[Array, "rung-1 cell"], Float[Array, "rung-1 cell"]]  # Γ_eph/D_0 · (D_up, D_low)
    bose: Float[Array, ""]  # b
    inelastic: tuple[Float[Array, " face"], Float[Array, " face"]]
    conductance: Float[Array, " face"]
    fermi_density: Float[Array, ""]
    branch: Pairs | None  # the driven mode, where it has dispersion
    others: tuple[Pairs | None, ...]  # further modes; None where they are left out
    has_ledger: bool = eqx.field(static=True)

    @classmethod
    def build(
        cls,
        metal: Metal,
        pump: AbstractPump,
        field: AbstractField,
        mesh: Mesh,
        rungs: int,
        ledger: bool = False,
    ) -> "Kinetics":
        """Lay the mesh and compute the coefficients."""
        ladder = build_ladder(metal, mesh, rungs)
        fermi_density = metal.density(ladder.fermi_energy)
        branch = None
        if metal.dispersion is not None:
            spread = metal.dispersion.relative_width * metal.phonon_energy
            branch = pair_coupling(
                metal, ladder, metal.phonon_energy, metal.coupling_rate, spread, metal.dispersion.shape
            )
        rate = metal.coupling_rate / metal.mean_density
        return cls(
            metal=metal,
            pump=pump,
            field=field,
            ladder=ladder,
            rate=rate,
            exchange=collisions.exchange_rates(rate, ladder),
            bose=metal.bose,
            inelastic=collisions.inelastic_coefficients(
                metal.inelastic_rate, metal.temperature, fermi_density, ladder
            ),
            conductance=collisions.field_coefficient(fermi_density, ladder),
            fermi_density=fermi_density,
            branch=branch,
            others=tuple(pair_coupling(metal, ladder, m.energy, m.coupling_rate) for m in metal.modes),
            has_ledger=ledger,
        )

    @property
    def field_unit_squared(self) -> Float[Array, ""]:
        """F² of the normalised field 𝓔 = 1: Γ_in ω_p, in energy² × rate."""
        return self.metal.inelastic_rate * self.metal.phonon_energy

    def initial_state(self) -> Float[Array, " state"]:
        """Equilibrium at the bath temperature (the Fermi function at the cell centres) and the pump's ζ(0)."""
        f = fermi(self.ladder.energy, self.ladder.chemical_potential, self.metal.temperature)
        ledger = jnp.zeros(len(LEDGER) if self.has_ledger else 0)
        zeta = jnp.zeros(0) if self.pump.clamped else jnp.reshape(self.pump.initial_phonons(), (1,))
        modes = jnp.array([mode.initial_phonons() for mode in self.metal.modes])
        return jnp.concatenate([f.ravel(), zeta, self.field.initial(), modes, ledger])

    def unpack(self, y: Float[Array, " state"]) -> State:
        """The named parts of a flat state."""
        size = self.ladder.states.size
        f = y[:size].reshape(self.ladder.states.shape)
        clamped = self.pump.clamped
        first = size if clamped else size + 1
        last = first + self.field.variables
        zeta = self.pump.initial_phonons() if clamped else y[size]
        return State(f, zeta, y[first:last], y[last : last + len(self.others)])

    def scatter(self, f: Float[Array, "rung cell"], zeta, modes) -> Float[Array, "rung cell"]:
        """St_el of all phonon modes: ∂f/∂t by them."""
        if self.branch is None:
            rate = collisions.electron_phonon(f, self.bose + zeta, self.exchange)
        else:
            rate = self.branch.scatter(f, zeta, self.ladder)
        for number, pairs in enumerate(self.others):
            if pairs is not None:
                rate = rate + pairs.scatter(f, modes[number], self.ladder)
        return rate

    def emission(self, f: Float[Array, "rung cell"], zeta) -> Float[Array, ""]:
        """St_ph of the driven mode: what the electrons add to ζ per unit time."""
        if self.branch is not None:
            return self.branch.emission(f, zeta)
        return collisions.phonon_emission(f, self.bose + zeta, self.rate, self.ladder)

    def mode_balance(self, t, state: State) -> tuple[Float[Array, " mode"], ...]:
        """(emission, source, decay) of the further modes, phonons per unit time; a clamp feeds what is taken."""
        emission, source, decay = [], [], []
        for mode, pairs, zeta in zip(self.metal.modes, self.others, state.modes, strict=True):
            emission.append(jnp.zeros(()) if pairs is None else pairs.emission(state.f, zeta))
            source.append(-emission[-1] if mode.clamped else mode.source(t))
            decay.append(jnp.zeros(()) if mode.clamped else zeta / mode.lifetime)
        return jnp.array(emission), jnp.array(source), jnp.array(decay)

    def on_ladder(self) -> "Kinetics":
        """The same without what leads off the ladder: phonons of one energy, further modes uncoupled."""
        return dataclasses.replace(self, branch=None, others=(None,) * len(self.others))

    @property
    def jumps(self) -> Float[Array, " jump"]:
        """Times at which a pump jumps."""
        pumps = [self.pump, *(mode.pump for mode in self.metal.modes if mode.pump is not None)]
        return jnp.concatenate([pump.jumps() for pump in pumps])

    def collide(self, f: Float[Array, "rung cell"], zeta, modes=()) -> Float[Array, "rung cell"]:
        """St_el + St_in: ∂f/∂t without a field."""
        flux = collisions.inelastic_flux(f, self.inelastic)
        return self.scatter(f, zeta, modes) + collisions.divergence(flux, self.ladder)

    def heat(self, f: Float[Array, "rung cell"]) -> Float[Array, "rung cell"]:
        """−St_E per unit F²: ∂f/∂t by the field."""
        return collisions.divergence(collisions.field_flux(f, self.conductance), self.ladder)

    def field_squared(self, t, state: State) -> Float[Array, ""] | float:
        """F² of the field law; without a field the number 0.0, whose flux need not be computed."""
        return 0.0 if isinstance(self.field, NoField) else self.field.squared(self, t, state)

    def occupation_rate(self, f, zeta, field_squared, modes=()) -> Float[Array, "rung cell"]:
        """∂f/∂t at a given F²; one divergence for both fluxes."""
        flux = collisions.inelastic_flux(f, self.inelastic)
        if not isinstance(field_squared, float):
            flux = flux + field_squared * collisions.field_flux(f, self.conductance)
        return self.scatter(f, zeta, modes) + collisions.divergence(flux, self.ladder)

    def phonon_rate(self, t, state: State) -> Float[Array, ""]:
        """∂ζ/∂t of Eq. (3), for a phonon that is not clamped."""
        return (
            self.emission(state.f, state.zeta) + self.pump.source(t) - state.zeta / self.metal.phonon_lifetime
        )

    def ledger_rates(self, t, state: State) -> Float[Array, " entry"]:
        """Rates of the ledger entries, energy per mode and unit time; () without a ledger."""
        if not self.has_ledger:
            return jnp.zeros(0)
        spacing = self.ladder.spacing
        f, omega = state.f, self.metal.phonon_energy
        joule = -self.field.squared(self, t, state) * jnp.sum(
            spacing * collisions.field_flux(f, self.conductance)
        )
        bath = jnp.sum(spacing * collisions.inelastic_flux(f, self.inelastic))
        decay = jnp.zeros(()) if self.pump.clamped else omega * state.zeta / self.metal.phonon_lifetime
        if self.pump.clamped:  # the clamp feeds what the electrons take
            pump = -omega * self.emission(f, state.zeta)
        else:
            pump = omega * self.pump.source(t)
        _, sources, decays = self.mode_balance(t, state)
        energies = jnp.array([mode.energy for mode in self.metal.modes])
        return jnp.stack(
            [joule, bath, decay + jnp.sum(energies * decays), pump + jnp.sum(energies * sources)]
        )

    def scalar_rates(self, t, y: Float[Array, " state"]) -> Float[Array, " scalar"]:
        """∂/∂t of everything but f: ζ, field variables, ledger."""
        state = self.unpack(y)
        zeta_rate = jnp.zeros(0) if self.pump.clamped else jnp.reshape(self.phonon_rate(t, state), (1,))
        emission, source, decay = self.mode_balance(t, state)
        modes = emission + source - decay
        return jnp.concatenate(
            [zeta_rate, self.field.rates(self, t, state), modes, self.ledger_rates(t, state)]
        )

    def __call__(self, t, y: Float[Array, " state"]) -> Float[Array, " state"]:
        """dy/dt, the right-hand side of Eqs. (2)–(3)."""
        state = self.unpack(y)
        f_rate = self.occupation_rate(state.f, state.zeta, self.field_squared(t, state), state.modes)
        return jnp.concatenate([f_rate.ravel(), self.scalar_rates(t, y)])
