"""Linearly implicit (Rosenbrock) steps on the structured Jacobian of the ladder.

A stage costs one right-hand side and one structured solve; the matrix I − γΔt·J is factorised
once a step, for all stages and all tangents. In the variables U of Hairer & Wanner, Solving ODEs II, Sec. IV.7:

    (I − γΔt J) U_i = γΔt [f(t + α_iΔt, y + Σ a_ij U_j) + Σ (c_ij/Δt) U_j + γ_iΔt ∂f/∂t]
    y₁ = y + Σ m_i U_i,   error = Σ e_i U_i
"""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..kinetics.jacobian import jacobian
from ..numerics.bordered import factorised
from ..numerics.ladder_matrix import LadderMatrix
from ..numerics.target import for_gpu


@dataclasses.dataclass(frozen=True)
class RosenbrockTableau:
    """Coefficients of a Rosenbrock method; `a` and `c` are strictly lower triangular, by rows."""

    order: int
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    m: tuple[float, ...]
    e: tuple[float, ...]
    alpha: tuple[float, ...]
    gammas: tuple[float, ...]

    def rows(self, dtype) -> tuple[Array, ...]:
        """What each stage needs: whether f is evaluated anew, a and c (of the latest stage last), α, γ."""
        count = len(self.m)
        a, c = (
            jnp.array([[*[0.0] * (count - len(row)), *row] for row in rows], dtype)
            for rows in (self.a, self.c)
        )
        fresh = jnp.array([i > 0 and any(row) for i, row in enumerate(self.a)])
        return fresh, a, c, jnp.array(self.alpha, dtype), jnp.array(self.gammas, dtype)


RODAS3 = RosenbrockTableau(
    order=3,
    gamma=0.5,
    a=((), (0.0,), (2.0, 0.0), (2.0, 0.0, 1.0)),
    c=((), (4.0,), (1.0, -1.0), (1.0, -1.0, -8 / 3)),
    m=(2.0, 0.0, 1.0, 1.0),
    e=(0.0, 0.0, 0.0, 1.0),
    alpha=(0.0, 0.0, 1.0, 1.0),
    gammas=(0.5, 1.5, 0.0, 0.0),
)
"""RODAS3: 4 stages, order 3(2), stiffly accurate, L-stable. Sandu et al., Atmos. Environ. 31, 3459 (1997)."""

RODAS4 = RosenbrockTableau(
    order=4,
    gamma=0.25,
    a=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0),
    ),
    c=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
    m=(1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950, 1.0, 1.0),
    e=(0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    alpha=(0.0, 0.386, 0.21, 0.63, 1.0, 1.0),
    gammas=(0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0),
)
"""RODAS: 6 stages, order 4(3), stiffly accurate, L-stable. Hairer & Wanner, Solving ODEs II, Sec. IV.7."""

ROS34PW2 = RosenbrockTableau(
    order=3,
    gamma=0.435866521508459,
    a=((), (2.0,), (1.419217317455765, -0.259232211672970), (4.184760482319161, -0.285192017355496, 2.294280360279042)),
    c=((), (-4.588560720558083,), (-4.184760482319161, 0.285192017355496),
       (-6.368179200128358, -6.795620944466837, 2.870098604331056)),
    m=(4.184760482319161, -0.285192017355496, 2.294280360279042, 1.0),
    e=(0.2777499476479686, -1.4032398951759992, 1.772630127667551, 0.5),
    alpha=(0.0, 0.871733043016918, 0.731579957788852, 1.0),
    gammas=(0.435866521508459, -0.435866521508459, -0.413333376233886, 0.0),
)  # fmt: skip
"""ROS34PW2: a W-method, of order 3(2) with any matrix in place of the Jacobian; 4 stages, stiffly accurate, L-stable.
Rang & Angermann, BIT 45, 761 (2005), doi:10.1007/s10543-005-0035-y."""


def ladder_jacobian(t, y, kinetics) -> LadderMatrix:
    """The structured Jacobian of `Kinetics`, passed to the solver as `args`."""
    return jacobian(kinetics, t, y)


class Rosenbrock(dfx.AbstractAdaptiveSolver):
    """Adaptive Rosenbrock solver for diffrax, exact structured linear algebra, cubic dense output.

    The state must be one flat array and `args` the `Kinetics`. Derivatives are those of the discrete
    scheme, the matrix included; jvp and vjp use the factors of the forward step. The stages run in a loop:
    one stage is compiled for all, and the ends of the loop keep XLA from computing a stage again at each use.

    - `tableau`: `RODAS3` (default; best to about 1e-6) or `RODAS4` (tight tolerances)
    - `jacobian(t, y, args)`: returns a `LadderMatrix`

    >>> int(nj.Rosenbrock().order(None))
    3
    """

    tableau: RosenbrockTableau = eqx.field(static=True, default=RODAS3)
    jacobian: Callable = eqx.field(static=True, default=ladder_jacobian)

    term_structure: ClassVar = dfx.AbstractTerm
    interpolation_cls: ClassVar[Callable] = dfx.ThirdOrderHermitePolynomialInterpolation.from_k

    def order(self, terms):
        return self.tableau.order

    def init(self, terms, t0, t1, y0, args):
        return terms.vf(t0, y0, args)

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)

    @eqx.filter_jit  # diffrax traces a step three times; so it takes one trace
    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        tab, dt = self.tableau, t1 - t0
        slope = jax.lax.cond(made_jump, lambda: terms.vf(t0, y0, args), lambda: solver_state)
        solve = factorised(self.jacobian(t0, y0, args).shifted(tab.gamma * dt))
        drift = jax.jvp(lambda t: terms.vf(t, y0, args), (t0,), (jnp.ones_like(t0),))[1]

        def stage(carry, row):
            stages, rate = carry
            fresh, a, c, alpha, gamma = row
            y = y0 + weigh(a, stages)
            rate = jax.lax.cond(fresh, lambda: terms.vf(t0 + alpha * dt, y, args), lambda: rate)
            right = tab.gamma * (dt * rate + gamma * dt**2 * drift + weigh(c, stages))
            return ((*stages[1:], solve(right)), rate), None

        start = (jnp.zeros_like(y0),) * len(tab.m)
        (stages, _), _ = jax.lax.scan(stage, (start, slope), tab.rows(y0.dtype), unroll=for_gpu() or 1)
        y1 = y0 + weigh(tab.m, stages)
        end_slope = terms.vf(t1, y1, args)
        dense = {"y0": y0, "y1": y1, "k": jnp.stack([dt * slope, dt * end_slope])}
        return y1, weigh(tab.e, stages), dense, end_slope, dfx.RESULTS.successful


def weigh(weights, stages):
    """Σ weight · stage."""
    return sum(weight * stage for weight, stage in zip(weights, stages, strict=True))
