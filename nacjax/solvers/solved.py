"""A run as a function of its numbers: two solves, of a mesh and of every second face of it, and what they make."""

from typing import NamedTuple

import diffrax as dfx
import jax
import jax.numpy as jnp

from ..kinetics.equations import Kinetics
from ..kinetics.ladder import Ladder, build_ladder
from ..model.field import AbstractField
from ..numerics.spoiled import unless
from .accuracy import Fineness
from .integrate import integrate
from .run import Run
from .sound import in_order

BETWEEN = 30
"""So many times as tight where more than the end is saved: steps may be long beside what is between their ends. σ(t) at
200 times of three pulses is right to 3e-4 so at the default accuracy, at twice the steps (to 5e-3 otherwise). A field
that holds σ is what is left of large rates of σ: E is right to 1e-3 so in Fig. 3b, to 7e-3 in K3C60."""


class Numerics(NamedTuple):
    """How to integrate: all that is fixed when a program is compiled.

    `derivatives`: "carried" (all directions at once, for forward and reverse mode), "either" (each mode by its own
    algorithm), or "forward" and "reverse", which allow that mode alone and cost one solve less than "either".
    """

    fineness: Fineness
    rungs: int
    solver: dfx.AbstractSolver
    atol: float | None
    max_steps: int
    budget: bool
    derivatives: str

    def tolerances(self, field: AbstractField, times, factor: int = 1) -> tuple[float, float]:
        """rtol and atol of the solve, or of one so many times as loose.

        An accuracy asks for more where a field holds σ at 0, and where more than the end is saved.
        """
        rtol = self.fineness.rtol
        if self.fineness.paired:
            more = BETWEEN if field.holds or times.size > 1 else 1
            rtol = max(rtol / more, 100 * float(jnp.finfo(jnp.result_type(float)).eps))
        return factor * rtol, factor * (rtol / 10 if self.atol is None else self.atol)


def run_of(varied, fixed, structure, numerics: Numerics, adjoint) -> Run:
    """The run of the inputs whose leaves are `varied` (under a transformation) or `fixed`; `adjoint`: of diffrax."""
    fine = numerics.fineness
    leaves = [b if a is None else a for a, b in zip(varied, fixed, strict=True)]
    system = jax.tree.unflatten(structure, leaves)
    field, times = system[2:]
    ladder = build_ladder(system[0], fine.on(system[0].dos).mesh, numerics.rungs)
    kinetics, states, how = solved(system, ladder, numerics, adjoint)
    coarse = None
    if fine.paired:
        less = numerics._replace(budget=False)
        coarse = solved(system, ladder.halved(), less, adjoint, looser=4)[:2]
    return Run.collect(kinetics, times, states, how, coarse, fine, sum(numerics.tolerances(field, times)))


def solved(system: tuple, ladder: Ladder, numerics: Numerics, adjoint, looser: int = 1):
    """The `Kinetics` of (metal, pump, field, times) on a ladder, its states (NaN where not reached), how it ended."""
    metal, pump, field, times = system
    kinetics = Kinetics.on(ladder, metal, pump, field, ledger=numerics.budget)
    # diffrax would raise from within the program
    safe = jnp.where(in_order(times), times, 1e-6 * jnp.arange(1, times.size + 1))
    solution = integrate(
        kinetics,
        safe,
        numerics.solver,
        numerics.tolerances(field, times, looser),
        numerics.max_steps,
        adjoint,
    )
    # saved alone, the end is where the solve stopped, which may be too early
    reached = (solution.result == dfx.RESULTS.successful) | (times.size > 1)
    states = unless(~reached, solution.ys)
    counts = {k: v for k, v in solution.stats.items() if k != "max_steps"}
    # integers leave as floats: tangents of integers confuse the transposition
    return kinetics, states, jax.tree.map(lambda x: x * 1.0, (solution.result._value, counts))
