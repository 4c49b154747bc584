"""Linearly implicit (Rosenbrock) steps on the structured Jacobian of the ladder.

A stage costs one right-hand side and one structured solve; the matrix I − γΔt·J is factorised
once a step, for all stages and all tangents. In the variables U of Hairer & Wanner, Solving ODEs II, Sec. IV.7:

    (I − γΔt J) U_i = γΔt [f(t + α_iΔt, y + Σ a_ij U_j) + Σ (c_ij/Δt) U_j + γ_iΔt ∂f/∂t]
    y₁ = y + Σ m_i U_i,   error = Σ e_i U_i
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import ClassVar

import diffrax as dfx
import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.jacobian import jacobian
from ..numerics.bordered import factorised
from ..numerics.ladder_matrix import LadderMatrix
from ..numerics.target import for_gpu


@dataclasses.dataclass(frozen=True)
class RosenbrockTableau:
    """Coefficients of a Rosenbrock method; `a` and `c` are strictly lower triangular, by rows.

    `h`: rows of the method's own dense output, see `Dense`; a cubic through both ends and their slopes without.
    """

    order: int
    gamma: float
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]
    m: tuple[float, ...]
    e: tuple[float, ...]
    alpha: tuple[float, ...]
    gammas: tuple[float, ...]
    h: tuple[tuple[float, ...], ...] = ()

    def rows(self, dtype) -> tuple[Array, ...]:
        """What each stage needs: a and c, padded by zeros, α, γ."""
        count = len(self.m)
        a, c = (
            jnp.array([[*row, *[0.0] * (count - len(row))] for row in rows], dtype)
            for rows in (self.a, self.c)
        )
        return a, c, jnp.array(self.alpha, dtype), jnp.array(self.gammas, dtype)


_LAST = (
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
)
RODAS5P = RosenbrockTableau(
    order=5,
    gamma=0.21193756319429014,
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        _LAST,
        (*_LAST, 1.0),
        (*_LAST, 1.0, 1.0),
    ),
    c=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
        (30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
         -28.087943162872662),
        (37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
         -54.66780262877968, -9.48861652309627),
    ),
    m=(*_LAST, 1.0, 1.0, 1.0),
    e=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
    alpha=(0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0),
    gammas=(0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069,
            0.0, 0.0, 0.0),
    h=(
        (25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
         1.1241088310450404, 0.4272876194431874, -0.17202221070155493),
        (-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
         15.98066361424651, -6.789040303419874, -6.710236069923372),
        (11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
         -59.78993625266729, -0.15582684282751913, 4.883087185713722),
    ),
)  # fmt: skip
"""RODAS5P: 8 stages, order 5(4), dense output of order 4, stiffly accurate, L-stable, made for parabolic problems.
Steinebach, BIT 63, 27 (2023), doi:10.1007/s10543-023-00967-x."""

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


AHEAD = (3, 5)
"""After so many stages one kernel of a GPU sums over them for all that follow up to the next of these numbers."""


def ladder_jacobian(t, y, kinetics) -> LadderMatrix:
    """The structured Jacobian of `Kinetics`, passed to the solver as `args`."""
    return jacobian(kinetics, t, y)


class Dense(dfx.AbstractLocalInterpolation):
    """y between the ends of a step: (1 − θ) y₀ + θ (y₁ + (1 − θ)(k₁ + θ (k₂ + θ k₃))), θ = (t − t₀)/Δt."""

    t0: Float[Array, ""]
    t1: Float[Array, ""]
    y0: Float[Array, " state"]
    y1: Float[Array, " state"]
    k: Float[Array, "term state"]

    def evaluate(self, t0, t1=None, left=True):
        """y(t0), or the change from t0 to t1."""
        if t1 is not None:
            return self.evaluate(t1) - self.evaluate(t0)
        length = self.t1 - self.t0
        theta = jnp.where(length == 0, 0.0, t0 - self.t0) / jnp.where(length == 0, 1.0, length)
        bend = functools.reduce(lambda inner, k: k + theta * inner, self.k[::-1])
        return (1 - theta) * self.y0 + theta * (self.y1 + (1 - theta) * bend)


class Rosenbrock(dfx.AbstractAdaptiveSolver):
    """Adaptive Rosenbrock solver for diffrax, exact structured linear algebra.

    The state must be one flat array and `args` the `Kinetics`. Derivatives are those of the discrete
    scheme, the matrix included; jvp and vjp use the factors of the forward step. The stages run in a loop:
    one stage is compiled for all, and the ends of the loop keep XLA from computing a stage again at each use.

    - `tableau`: `RODAS5P` by default, or `ROS34PW2` for a matrix that is not the Jacobian
    - `jacobian(t, y, args)`: returns a `LadderMatrix`

    >>> int(nj.Rosenbrock().order(None))
    5
    """

    tableau: RosenbrockTableau = eqx.field(static=True, default=RODAS5P)
    jacobian: Callable = eqx.field(static=True, default=ladder_jacobian)

    term_structure: ClassVar = dfx.AbstractTerm
    interpolation_cls: ClassVar[Callable] = Dense

    def order(self, terms):
        return self.tableau.order

    def init(self, terms, t0, t1, y0, args):
        return terms.vf(t0, y0, args)

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        # diffrax traces a step three times, at first with `made_jump` known; so it takes one trace
        if args.jumps.size:
            made_jump = jnp.asarray(made_jump)
        return self._step(terms, t0, t1, y0, args, solver_state, made_jump)

    @eqx.filter_jit
    def _step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        tab, dt = self.tableau, t1 - t0
        slope = jax.lax.cond(made_jump, lambda: terms.vf(t0, y0, args), lambda: solver_state)
        solve = factorised(self.jacobian(t0, y0, args).shifted(tab.gamma * dt))
        drift = jax.jvp(lambda t: terms.vf(t, y0, args), (t0,), (jnp.ones_like(t0),))[1]

        def stage(first, alpha, gamma, y, others):
            rate = either(first, lambda: slope, lambda: terms.vf(t0 + alpha * dt, y, args))
            return solve(tab.gamma * (dt * rate + gamma * dt**2 * drift + weigh(*others)))

        if for_gpu():
            stages = one_by_one(tab, y0, stage)
        else:
            start, numbers = jnp.zeros((len(tab.m), y0.size), y0.dtype), jnp.arange(len(tab.m))

            def put(stages, numbered):
                number, (a, c, alpha, gamma) = numbered
                found = stage(number == 0, alpha, gamma, y0 + weigh(a, stages), (c, stages))
                return stages.at[number].set(found), None

            stages, _ = jax.lax.scan(put, start, (numbers, tab.rows(y0.dtype)))
        y1 = y0 + weigh(tab.m, stages)
        end_slope = terms.vf(t1, y1, args)
        if tab.h:
            bends = [weigh(row, stages) for row in tab.h]
        else:
            rise = y1 - y0
            bends = [dt * slope - rise, 2 * rise - dt * (slope + end_slope)]
        dense = {"y0": y0, "y1": y1, "k": jnp.stack(bends)}
        return y1, weigh(tab.e, stages), dense, end_slope, dfx.RESULTS.successful


def one_by_one(tab: RosenbrockTableau, y0, stage: Callable) -> list[Array]:
    """The stages as one graph, for a GPU; sums over stages are begun `AHEAD`, so that each stage is read less often."""
    count = len(tab.m)
    stages, known, begun = [], 0, [(y0, None)] * count
    for number, (a, c, alpha, gamma) in enumerate(zip(tab.a, tab.c, tab.alpha, tab.gammas, strict=True)):
        if number in AHEAD:
            rows = range(number, min(end for end in (*AHEAD, count) if end > number))
            sums = [(y0 + weigh(tab.a[k][:number], stages), weigh(tab.c[k][:number], stages)) for k in rows]
            known, begun[number : rows.stop] = number, jax.lax.optimization_barrier(sums)
        y, others = begun[number]
        newer = stages[known:]
        others = (c, stages) if others is None else ((1.0, *c[known:]), [others, *newer])
        stages.append(stage(not stages, alpha, gamma, y + weigh(a[known:], newer), others))
    return stages


def either(first: bool | Array, this: Callable[[], Array], other: Callable[[], Array]) -> Array:
    """One of two, chosen now where that is known now."""
    return jax.lax.cond(first, this, other) if isinstance(first, jax.Array) else (this if first else other)()


def weigh(weights, stages):
    """Σ weight · stage, of an array of stages or of a list of them."""
    if isinstance(stages, list):
        return sum(weight * stage for weight, stage in zip(weights, stages, strict=True) if weight)
    return jnp.sum(jnp.asarray(weights)[:, None] * stages, axis=0)
