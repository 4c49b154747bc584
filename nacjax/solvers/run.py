"""`Run`: what an integration returns."""

from typing import TYPE_CHECKING, Any

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ..kinetics import measures as observables
from ..kinetics.entropy import entropy_production
from ..kinetics.equations import Kinetics
from ..kinetics.ladder import Ladder
from ..model.checks import is_concrete
from ..model.metal import Metal
from ..model.shown import Said
from ..numerics.program import program
from ..numerics.spoiled import unless
from .accuracy import AFTER_A_RUN, Fineness, Judged, extrapolated
from .sound import UNPHYSICAL, allowed, beyond, check_times, in_order, range_of, refusal

if TYPE_CHECKING:
    import xarray as xr


OUTSIDE = 30
"""The norm of an error is an average over cells; that of one cell may be so many times as large."""


class Run(Said, Judged, eqx.Module):
    """States at the requested times, and what is measured on them.

    - `times` (time,), in the inverse unit of the rates
    - `occupation` f (time, rung, cell); `phonons` ζ (time,)
    - `sigma` σ/σ_0 (time,), extrapolated from two meshes where an accuracy chose them, and `sigma_error` (time,), an
      estimate of its error, NaN where cells, mesh or rtol were given: then σ is that of f
    - `field` F = E v_F √τ_tr (time,), extrapolated like σ where the law reacts to the state; `field_normalised`
      𝓔 = F/√(Γ_in ω_p) (time,)
    - `ladder`: energies, cell widths, states; `kinetics`: metal, pump and field as integrated
    - `budget`: particle and energy balance; `result`: the outcome as a sentence; `stats`: step counts
    - `tolerance`: rtol + atol of a step; `fineness`: mesh, rtol and the accuracy that asked for them

    >>> metal = nj.trial()
    >>> run = nj.evolve(metal, nj.Clamped(20.0), [0.2, 1.0, 10.0], cells=16)
    >>> run.occupation.shape  # (time, rung, cell)
    (3, 2, 16)
    """

    times: Float[Array, " time"]
    kinetics: Kinetics
    states: Float[Array, "time state"]
    occupation: Float[Array, "time rung cell"]
    phonons: Float[Array, " time"]
    sigma: Float[Array, " time"]
    field: Float[Array, " time"]
    outcome: dfx.RESULTS
    stats: dict[str, Int[Array, ""]]
    tolerance: float = eqx.field(static=True)
    sigma_error: Float[Array, " time"]
    fineness: Fineness = eqx.field(static=True)

    @classmethod
    def collect(
        cls, kinetics: Kinetics, times, states, outcome: Any, coarse: Any, fine: Fineness, tolerance: float
    ) -> "Run":
        """Measure a trajectory; NaN, derivatives too, where a time was not reached, and for numbers out of range.

        `coarse`: `Kinetics` and states of the coarser mesh of a pair, or None.
        """
        code, counts = outcome
        parts = kinetics.metal, kinetics.pump, kinetics.field
        good = allowed(kinetics.ladder.rungs, *parts) & in_order(times)
        reached = jnp.isfinite(states).all(axis=1) & good
        states = unless(~reached[:, None], states)
        parts = eqx.filter_vmap(kinetics.unpack)(states)
        squared: Any = eqx.filter_vmap(kinetics.field_squared)(times, parts)
        if coarse is None:
            sigma = observables.conductivity(parts.f, kinetics.ladder)
            error = jnp.full(sigma.shape, jnp.nan)
        else:
            rough, others = coarse[0], eqx.filter_vmap(coarse[0].unpack)(coarse[1])
            pair = (parts.f, kinetics.ladder), (others.f, rough.ladder)
            sigma, error = extrapolated(*pair, kinetics.metal.dos, AFTER_A_RUN, fine.level)
            if kinetics.field.reacts:
                less = eqx.filter_vmap(rough.field_squared)(times, others)
                both = (squared > 0) & (less > 0)  # a switch is at two times
                squared = jnp.where(both, jnp.maximum(squared + (squared - less) / 3, 0.0), squared)
        positive = squared > 0
        return cls(
            times=times,
            kinetics=kinetics,
            states=states,
            occupation=parts.f,
            phonons=parts.zeta,
            sigma=sigma,
            field=jnp.where(positive, jnp.sqrt(jnp.where(positive, squared, 1.0)), squared),  # pyright: ignore[reportArgumentType]
            outcome=eqx.tree_at(lambda r: r._value, dfx.RESULTS.successful, code.astype(jnp.int32)),
            stats={name: count.astype(jnp.int32) for name, count in counts.items()},
            tolerance=tolerance,
            sigma_error=error,
            fineness=fine,
        )

    def __str__(self):
        from .verdict import of_run

        return of_run(self)

    @property
    def metal(self) -> Metal:
        """The metal."""
        return self.kinetics.metal

    @property
    def ladder(self) -> Ladder:
        """The mesh: `energy`, `width`, `states`, all (rung, cell)."""
        return self.kinetics.ladder

    @property
    def field_normalised(self) -> Float[Array, " time"]:
        """The paper's 𝓔 = E v_F √(τ_tr/(Γ_in ω_p)); 0 where there is no field, inf at Γ_in = 0 with one."""
        unit = jnp.sqrt(self.kinetics.field_unit_squared)
        return jnp.where(self.field > 0, self.field / unit, 0.0)

    @property
    def mode_phonons(self) -> Float[Array, "time mode"]:
        """ζ_m of the further modes of the metal."""
        return eqx.filter_vmap(self.kinetics.unpack)(self.states).modes

    @property
    def ok(self) -> bool:
        """Whether every requested time was reached, with f between 0 and 1."""
        return self.reached_all and not bool(np.any(np.asarray(self.unphysical)))

    @property
    def reached_all(self) -> bool:
        """Whether every requested time was reached, with numbers that are allowed."""
        successful = np.asarray(dfx.RESULTS.successful._value)
        if np.any(np.asarray(self.outcome._value) != successful):
            return False
        sigma = jax.lax.stop_gradient(self.sigma)  # NaN where numbers are not allowed
        return (is_concrete(sigma) and bool(np.all(np.isfinite(np.asarray(sigma))))) or not self.refused

    @property
    def refused(self) -> str:
        """Why the numbers of the run are not allowed, which only transformations let through; "" where they are."""
        kinetics = self.kinetics
        why = refusal(kinetics.ladder.rungs, kinetics.metal, kinetics.pump, kinetics.field)
        try:
            check_times(self.times)
        except ValueError as error:
            return why or f"Not computed: {error}."
        return why

    @property
    def unphysical(self) -> Bool[Array, ""]:
        """Whether f leaves 0 … 1 by more than `OUTSIDE` times the tolerance, which no error of a step explains."""
        return beyond(self.occupation) > OUTSIDE * self.tolerance

    @property
    def result(self) -> str:
        """The outcome of the integration as a sentence."""
        if self.ok:
            return self.judged("The integration reached every requested time.")
        if self.reached_all:
            return f"{UNPHYSICAL} {range_of(self.occupation)}"
        return self.refused or str(dfx.RESULTS[self.outcome])

    @property
    def entropy(self) -> dict[str, Float[Array, " time"]]:
        """Entropy production by process at each time, per mode and unit time (k_B = 1).

        - `joule`: diffusion of the electrons in energy by the field, Eq. (7)
        - `inelastic`: electrons and the heat their bath takes at T, Eq. (6)
        - `electron_phonon`: electrons and phonons of all modes, Eqs. (4)–(5)
        - `phonon_decay`: phonons of all modes and the heat their bath takes at T, Eq. (3)
        - processes of the metal under their own names
        - `total` of these, all ≥ 0: d/dt of the entropies of electrons, phonons and baths, less the pump's
        - `pump`: entropy of the phonons that pumps (or clamps) bring in; an inflow, no production
        - `work_over_temperature`: σE²/T with its sign, the Joule heat of ordinary transport, for comparison
        """
        return _production(self)

    def to_xarray(self) -> "xr.Dataset":
        """What was measured as a labelled dataset with units; configuration and versions are attributes."""
        from .run_dataset import to_xarray

        return to_xarray(self)

    @property
    def budget(self) -> dict[str, Float[Array, " time"]]:
        """Particles and energies per mode at each time, relative to the start.

        `particles` and `electron_energy`, `phonon_energy` are changes since t = 0; `joule`, `bath`, `decay`,
        `pump` the energies exchanged (see `LEDGER`), with what processes of the metal bring under their own
        names; `mismatch` is what the sheet fails to close by.
        Raises `ValueError` for a run made with `budget=False`.
        """
        if not self.kinetics.ledger:
            raise ValueError("this run kept no ledger: call evolve(..., budget=True)")
        return _sheet(self)


@program
def _production(run: Run) -> dict[str, Float[Array, " time"]]:
    def at(t, state):
        return entropy_production(run.kinetics, t, run.kinetics.unpack(state))

    return jax.vmap(at)(run.times, run.states)


@program
def _sheet(run: Run) -> dict[str, Float[Array, " time"]]:
    kinetics = run.kinetics
    f0, zeta0, _, modes0 = kinetics.unpack(kinetics.initial_state())
    size = len(kinetics.ledger)
    ledger = {entry: run.states[:, k - size] for k, (entry, _) in enumerate(kinetics.ledger)}
    electrons = observables.electron_energy(run.occupation, run.ladder)
    electrons = electrons - observables.electron_energy(f0, run.ladder)
    gained = jnp.column_stack([run.phonons, run.mode_phonons]) - jnp.append(zeta0, modes0)
    phonons = jnp.sum(kinetics.quanta * gained, axis=1)
    inflow = sum(sign * ledger[entry] for entry, sign in kinetics.ledger)
    particles = observables.electron_number(run.occupation, run.ladder)
    return {
        "particles": particles - observables.electron_number(f0, run.ladder),
        "electron_energy": electrons,
        "phonon_energy": phonons,
        **ledger,
        "mismatch": electrons + phonons - inflow,
    }
