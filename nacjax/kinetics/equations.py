"""The kinetic equations (2)–(3) on a ladder: the sum of the processes, for a state that is one flat array.

The state is [f.ravel(), ζ unless it is clamped, field variables, ζ_m of further modes, ledger]; the ledger holds the
energies that entered or left the system, so that a run can show its balance.
"""

import functools
import operator
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model.field import AbstractField, Response
from ..model.metal import Metal, bose
from ..model.process import AbstractProcess, Flow, Moment
from ..model.pump import AbstractPump
from ..numerics.sums import total
from .ladder import Ladder, Mesh, build_ladder, fermi
from .measures import conductivity
from .terms.electron_phonon import ElectronPhonon
from .terms.heating import Heating
from .terms.inelastic import Inelastic
from .terms.pairs import driven_branch, further_mode
from .terms.phonons import Drive, PhononDecay

LEDGER = {"joule": 1, "bath": -1, "decay": -1, "pump": 1}
"""Entries of every ledger and their signs (1: comes in, −1: leaves), in energy per mode since t = 0: Joule work of
the field on the electrons, heat the electrons gave to the bath, energy the phonons lost by decay, energy the pump put
into the phonons. Processes of the user follow under their own names."""


class State(NamedTuple):
    """f (rung, cell), ζ (phonons per mode), the dynamic variables of the field law, ζ_m of further modes."""

    f: Float[Array, "rung cell"]
    zeta: Float[Array, ""]
    variables: Float[Array, " variable"]
    modes: Float[Array, " mode"]

    @property
    def phonons(self) -> Float[Array, " mode"]:
        """ζ of all modes, the driven one first."""
        return jnp.append(self.zeta, self.modes)


class Kinetics(eqx.Module):
    """A metal, its pump and field on a ladder: Eqs. (2)–(7) of PRB 101, 041105 (2020).

    Built by `Kinetics.build`; the coefficients of the processes are computed once. `processes` are all but `heating`,
    which a field law multiplies by its F²; `quanta` (mode,) are the phonon energies, the driven one first.
    """

    metal: Metal
    pump: AbstractPump
    field: AbstractField
    ladder: Ladder
    processes: tuple[AbstractProcess, ...]
    heating: Heating
    quanta: Float[Array, " mode"]
    ledger: tuple[tuple[str, int], ...] = eqx.field(static=True)  # (entry, sign); empty without a ledger

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
        return cls.on(build_ladder(metal, mesh, rungs), metal, pump, field, ledger)

    @classmethod
    def on(
        cls, ladder: Ladder, metal: Metal, pump: AbstractPump, field: AbstractField, ledger: bool = False
    ) -> "Kinetics":
        """The coefficients on a ladder that is laid already."""
        fermi_density = metal.density(ladder.fermi_energy)
        scattering = (ElectronPhonon.of if metal.dispersion is None else driven_branch)(metal, ladder)
        processes = (
            scattering,
            *(further_mode(metal, ladder, number + 1) for number in range(len(metal.modes))),
            Inelastic.of(metal, ladder, fermi_density),
            PhononDecay.of(metal),
            Drive((pump, *(mode.pump for mode in metal.modes))),
            *(process.prepared(metal, ladder) for process in metal.processes),
        )
        quanta = jnp.stack([metal.phonon_energy, *(mode.energy for mode in metal.modes)])
        heating = Heating.of(ladder, fermi_density)
        own = {process.entry: process.sign for process in processes if process.entry is not None}
        entries = tuple((LEDGER | own).items()) if ledger else ()
        return cls(metal, pump, field, ladder, processes, heating, quanta, entries)

    # the layout of the state ------------------------------------------------------------------------------------

    @property
    def held(self) -> tuple[bool, ...]:
        """Which modes have a ζ that is held fixed: what they give or take, their clamp replaces."""
        return (self.pump.clamped, *(mode.clamped for mode in self.metal.modes))

    def initial_state(self) -> Float[Array, " state"]:
        """Equilibrium at the bath temperature (the Fermi function at the cell centres) and the pump's ζ(0)."""
        f = fermi(self.ladder.energy, self.ladder.chemical_potential, self.metal.temperature)
        zeta = jnp.zeros(0) if self.pump.clamped else jnp.reshape(self.pump.initial_phonons(), (1,))
        modes = jnp.array([mode.initial_phonons() for mode in self.metal.modes])
        return jnp.concatenate([f.ravel(), zeta, self.field.initial(), modes, jnp.zeros(len(self.ledger))])

    def unpack(self, y: Float[Array, " state"]) -> State:
        """The named parts of a flat state."""
        size = self.ladder.states.size
        f = y[:size].reshape(self.ladder.states.shape)
        clamped = self.pump.clamped
        first = size if clamped else size + 1
        last = first + self.field.variables
        zeta = self.pump.initial_phonons() if clamped else y[size]
        return State(f, zeta, y[first:last], y[last : last + len(self.metal.modes)])

    # the equations ----------------------------------------------------------------------------------------------

    def __call__(self, t, y: Float[Array, " state"]) -> Float[Array, " state"]:
        """dy/dt, the right-hand side of Eqs. (2)–(3)."""
        moved, scalars = self._rates(t, self.unpack(y))
        return jnp.append(self.change(moved).ravel(), scalars)

    def scalar_rates(self, t, y: Float[Array, " state"]) -> Float[Array, " scalar"]:
        """∂/∂t of everything but f: ζ, field variables, ledger."""
        return self._rates(t, self.unpack(y))[1]

    def _rates(self, t, state: State) -> tuple[Flow, Float[Array, " scalar"]]:
        """What all processes move together, and the rates of the scalars."""
        flows, response = self.flows(t, state)
        moved = functools.reduce(operator.add, (flow for _, flow in flows))
        phonons = self.emitted(moved) - self.replaced(moved)
        zeta = phonons[:0] if self.pump.clamped else phonons[:1]
        variables = self.field.rates(t, state.variables, response)
        return moved, jnp.concatenate([zeta, variables, phonons[1:], self._ledger_rates(flows, moved)])

    def now(self, t, state: State) -> Moment:
        """The state as processes see it."""
        return Moment(jnp.asarray(t), state.f, state.phonons)

    def flows(self, t, state: State) -> tuple[list[tuple[AbstractProcess, Flow]], Response]:
        """(process, what it moves) of all of them, heating by the field too where there is one; and what σ does."""
        now = self.now(t, state)
        flows = [(process, process.flow(now, self.ladder)) for process in self.processes]
        if not self.field.acts:
            return flows, self._response(state, None, None)
        heat = self.heating.flow(now, self.ladder)
        response = self._response(state, functools.reduce(operator.add, (flow for _, flow in flows)), heat)
        squared = self.field.squared(t, state.variables, response)
        return [*flows, (self.heating, heat.scaled(squared))], response

    def change(self, moved: Flow) -> Float[Array, "rung cell"]:
        """∂f/∂t: the one divergence of all that is moved. Cells without states keep their f."""
        return electrons_gained(moved, self.ladder) * self.ladder.inverse

    def _ledger_rates(self, flows, moved: Flow) -> Float[Array, " entry"]:
        """Rates of the ledger's entries, energy per mode and unit time."""
        if not self.ledger:
            return jnp.zeros(0)
        rates = {entry: jnp.zeros(()) for entry, _ in self.ledger}
        for process, flow in flows:
            if process.entry is not None:
                rates[process.entry] += process.sign * self.energy_gained(flow)
        rates["pump"] -= jnp.sum(self.quanta * self.replaced(moved))
        return jnp.stack(list(rates.values()))

    def replaced(self, moved: Flow) -> Float[Array, " mode"]:
        """Phonons that processes bring to modes whose ζ is held: their clamp takes them away."""
        return jnp.where(jnp.array(self.held), self.emitted(moved), 0.0)

    def emitted(self, moved: Flow) -> Float[Array, " mode"]:
        """Phonons that a flow brings to the modes."""
        return jnp.zeros(self.quanta.shape) if moved.phonons is None else moved.phonons

    def energy_gained(self, moved: Flow) -> Float[Array, ""]:
        """What a flow brings to electrons and phonons, energy per mode and unit time."""
        gained = jnp.sum(self.quanta * self.emitted(moved))
        if moved.chain is not None:
            gained = gained - jnp.sum(self.ladder.spacing * moved.chain)
        if moved.rungs is not None:
            gained = gained - self.quanta[0] * total(moved.rungs.ravel())
        if moved.cells is not None:
            gained = gained + jnp.sum(self.ladder.energy * moved.cells)
        return gained

    # the field --------------------------------------------------------------------------------------------------

    @property
    def field_unit_squared(self) -> Float[Array, ""]:
        """F² of the normalised field 𝓔 = 1: Γ_in ω_p, in energy² × rate."""
        return self.metal.inelastic_rate * self.metal.phonon_energy

    def field_squared(self, t, state: State) -> Float[Array, ""]:
        """F² of the field law, in energy² × rate."""
        return self.field.squared(t, state.variables, self.response(t, state))

    def response(self, t, state: State) -> Response:
        """What a field law may know of a state."""
        return self.flows(t, state)[1]

    def _response(self, state: State, moved: Flow | None, heat: Flow | None) -> Response:
        """The same from what is moved without a field and per unit F²; NaN where the law does not react to it."""
        if moved is None or heat is None or not self.field.reacts:
            unknown = jnp.full((), jnp.nan)
            return Response(unknown, unknown, unknown, unknown, self.field_unit_squared)
        drift, heating = self.change(moved), self.change(heat)
        sigma, drift, push = (conductivity(f, self.ladder) for f in (state.f, drift, heating))
        # by what each flow changes σ: of |∂f/∂t| in the finest cells rounding would be the larger part
        worth = jnp.diff(jnp.pad(self.ladder.transport, 1)) * self.ladder.inverse.ravel()
        stirred = total(jnp.abs(heat.chain * jnp.diff(worth)))  # pyright: ignore[reportOptionalOperand]
        return Response(sigma, drift, push, stirred, self.field_unit_squared)

    def drift_and_push(self, t, state: State) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """d(σ/σ_0)/dt without a field, and per unit F²."""
        now = self.now(t, state)
        moved = functools.reduce(operator.add, (process.flow(now, self.ladder) for process in self.processes))
        both = (self.change(flow) for flow in (moved, self.heating.flow(now, self.ladder)))
        drift, push = (conductivity(f, self.ladder) for f in both)
        return drift, push

    @property
    def bose(self) -> Float[Array, " mode"]:
        """b, the equilibrium phonon numbers of the modes."""
        return bose(self.quanta / self.metal.temperature)

    @property
    def structured(self) -> bool:
        """Whether the slopes of every process fit the structured matrix."""
        return all(process.structured for process in self.processes)

    @property
    def jumps(self) -> Float[Array, " jump"]:
        """Times at which a pump jumps."""
        pumps = [self.pump, *(mode.pump for mode in self.metal.modes if mode.pump is not None)]
        return jnp.concatenate([pump.jumps() for pump in pumps])


def electrons_gained(moved: Flow, ladder: Ladder) -> Float[Array, "rung cell"]:
    """Electrons into each cell per mode and unit time: the divergence of a flow."""
    gained = jnp.zeros_like(ladder.states) if moved.cells is None else moved.cells
    if moved.rungs is not None:
        gained = gained + jnp.pad(moved.rungs, ((0, 1), (0, 0))) - jnp.pad(moved.rungs, ((1, 0), (0, 0)))
    if moved.chain is not None:
        chain = jnp.pad(moved.chain, (0, 1)) - jnp.pad(moved.chain, (1, 0))
        gained = gained + chain.reshape(gained.shape)
    return gained
