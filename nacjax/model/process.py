"""What a process of the kinetic equations is: what it moves, and by what slopes.

Eqs. (4)–(7) of PRB 101, 041105 (2020), decay, pump and whatever a user adds are processes. The integrator knows
none by name: it sums what they move and takes one divergence, so that particles are conserved by construction.
Energy sheet and entropy follow from what is moved.
"""

import abc
import re
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .numbers import Declared

Faces = Float[Array, " face"]
Cells = Float[Array, "rung cell"]
Rungs = Float[Array, "rung-1 cell"]


class Moment(NamedTuple):
    """The state that a process acts on.

    - `t`: time; `f` (rung, cell): occupation; `phonons` (mode,): ζ of all modes, the driven one first

    >>> now = nj.Moment(t=jnp.zeros(()), f=jnp.full((2, 16), 0.5), phonons=jnp.array([20.0]))
    >>> now.f.shape
    (2, 16)
    """

    t: Float[Array, ""]
    f: Cells
    phonons: Float[Array, " mode"]


class Flow(NamedTuple):
    """What a process moves, per mode and unit time; None where it moves nothing.

    - `chain` (face,): electrons down through the faces between consecutive cells
    - `rungs` (rung − 1, cell): electrons from a rung to the one below, at equal cell
    - `cells` (rung, cell): electrons into each cell from anywhere else
    - `phonons` (mode,): phonons into each mode, the driven one first

    >>> nj.Flow(phonons=jnp.ones(1)).scaled(2.0).phonons.item()
    2.0
    """

    chain: Faces | None = None
    rungs: Rungs | None = None
    cells: Cells | None = None
    phonons: Float[Array, " mode"] | None = None

    def __add__(self, other: "Flow") -> "Flow":  # pyright: ignore[reportIncompatibleMethodOverride]
        """What two processes move together."""
        both = zip(self, other, strict=True)
        return Flow(*(b if a is None else a if b is None else a + b for a, b in both))

    def scaled(self, factor: Float[Array, ""]) -> "Flow":
        """The same, `factor` times as fast."""
        return Flow(*(None if part is None else factor * part for part in self))


class Slopes(NamedTuple):
    """Derivatives of a `Flow`; None where there are none.

    - `chain`, `rungs`: (by f of the lower cell, by f of the upper cell), each of the shape of the flow
    - `cells` (rung, cell): of each cell by its own f
    - `low_rank` (us, vs): ∂cells/∂f = Σ u vᵀ besides, each (rank, rung, cell)
    - `by_phonons`: the `Flow` by ζ of the driven mode

    >>> nj.Slopes(cells=-0.1 * jnp.ones((2, 16))).cells.shape
    (2, 16)
    """

    chain: tuple[Faces, Faces] | None = None
    rungs: tuple[Rungs, Rungs] | None = None
    cells: Cells | None = None
    low_rank: tuple[Array, Array] | None = None
    by_phonons: Flow | None = None


class AbstractProcess(Declared):
    """A process of the kinetic equations. A subclass gives `flow` and, for an exact structured solve, `slopes`.

    - `structured`: whether `slopes` is the whole derivative. Where it is not, `on_ladder` gives what stands for the
      process in the structured matrix (nothing by default), runs take a W-method, and steady states a dense solve
    - `bath`: whether what it takes from electrons and phonons goes to a bath, at T and at the chemical potential
    - `inflow`: whether the entropy that it brings comes from outside, as with a pump, and is no production
    - `entry` and `sign`: under what name, and with which sign, the energy that it brings stands in the energy
      sheet (`run.budget`); its own name unless given, None for a process that only passes energy on

    `ladder` is the mesh of `run.ladder`: `energy`, `width`, `states` n, `density`, all (rung, cell). A number declared
    with `nacjax.number`, or any scalar array, is a quantity by its name, for sweeps, searches, fits and derivatives.

    >>> class Leak(nj.AbstractProcess):
    ...     rate: jax.Array = nj.number("Γ", "rate", "not negative")
    ...     def flow(self, now, ladder):
    ...         return nj.Flow(phonons=-self.rate * now.phonons)
    >>> nj.trial(processes=(Leak(0.1),)).processes[0].name
    'leak'
    """

    structured: ClassVar[bool] = True
    in_metal: ClassVar[bool] = True
    bath: ClassVar[bool] = True
    inflow: ClassVar[bool] = False
    sign: ClassVar[int] = 1

    @property
    def name(self) -> str:
        """What it is called in sheets and printouts: the name of its class in small letters."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def entry(self) -> str | None:
        """Its entry in the energy sheet."""
        return self.name

    def prepared(self, metal: Any, ladder: Any) -> "AbstractProcess":
        """The process with what it can compute once for a metal on a ladder."""
        return self

    @abc.abstractmethod
    def flow(self, now: Moment, ladder: Any) -> Flow:
        """What it moves at a moment."""

    def slopes(self, now: Moment, ladder: Any) -> Slopes:
        """The derivatives of `flow`; `nacjax.check_process` compares them with differences."""
        return Slopes()

    def on_ladder(self) -> "AbstractProcess | None":
        """What stands for it in the structured matrix."""
        return self if self.structured else None

    def dense_slopes(self, now: Moment, ladder: Any) -> Float[Array, "x x"] | None:
        """∂(electrons into each cell)/∂f of a process that is not structured; by differentiation unless given."""
        return None

    def production(self, now: Moment, gain: Cells) -> Float[Array, ""] | None:
        """Its entropy production per mode and unit time, where it knows better than the sum over its flow.

        `gain` = ln(1/f − 1) is ∂S/∂(electrons in a state).
        """
        return None

    def fastest(self, metal: Any) -> Float[Array, ""]:
        """About the fastest rate it can reach: batches of a sweep are sorted by it."""
        return jnp.zeros(())
