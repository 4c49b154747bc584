"""`plateau`: the prethermal state Γ_in → 0 first, t → ∞ then, in closed form."""

import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..kinetics.ladder import Ladder, Mesh, build_ladder, count_rungs
from ..kinetics.measures import conductivity
from ..model.checks import as_arrays, is_concrete, require, require_kind
from ..model.dos import floor
from ..model.metal import Metal
from ..model.names import require_one_each
from ..model.pump import Clamped
from ..model.shown import Said
from ..numerics.program import program
from ..numerics.roots import increasing_root
from ..numerics.spoiled import unless
from .accuracy import ON_THE_PLATEAU, Fineness, Judged, extrapolated, fineness, until_sure
from .options import check_options
from .sound import allowed, refusal

SHARE = 2.0
"""Of the cells of a run; a closed form can afford them."""


class Plateau(Said, Judged, eqx.Module):
    """The plateau state: `sigma` σ/σ_0 (scalar), `occupation` f (rung, cell), its `ladder`, `metal` and `pump`.

    `sigma_error` is an estimate of the error of σ, which is extrapolated from two meshes; NaN, and σ that of f, where
    cells or mesh were given. `fineness`: mesh and accuracy.

    >>> state = nj.plateau(nj.trial(), 20.0, cells=16)
    >>> state.occupation.shape  # (rung, cell)
    (2, 16)
    """

    sigma: Float[Array, ""]
    occupation: Float[Array, "rung cell"]
    ladder: Ladder
    metal: Metal
    pump: Clamped
    sigma_error: Float[Array, ""]
    fineness: Fineness = eqx.field(static=True)

    def __str__(self):
        from .verdict import of_state

        return of_state(self, "on the plateau", "it lasts until inelastic scattering acts, t ≪ 0.1 W/Γ_in")

    @property
    def ok(self) -> bool:
        """Whether σ is a number."""
        return bool(np.all(np.isfinite(np.asarray(self.sigma))))

    @property
    def result(self) -> str:
        """The outcome as a sentence."""
        if self.ok:
            return self.judged("The plateau was found.")
        refused = refusal(self.ladder.rungs, self.metal, self.pump)
        if refused:
            return refused
        low = float(np.min(np.asarray(self.metal.temperature)))
        return f"The plateau is not finite: temperature = {low:g} is too small for the precision, or zeta too large."


def plateau(
    metal: Metal,
    zeta,
    *,
    accuracy: float | None = None,
    cells: int | None = None,
    mesh: Mesh | None = None,
    rungs: int | None = None,
) -> Plateau:
    """The state that strong driving leads to before inelastic scattering acts, in closed form.

    The state at Γ_in = E = 0, t → ∞ for ζ held fixed; no time integration.

    Every ladder conserves Σ_j D_j f_j, and each pair of rungs relaxes to
    f_up(1 − f_low)/[f_low(1 − f_up)] = N/(N + 1), so logit f_j = y + j ln[N/(N + 1)] with one root y
    per ladder; ζ → ∞ gives Eq. (8) of PRB 101, 041105 (2020). `inelastic_rate` of the metal is ignored.

    - `zeta` ≥ 0: phonons per mode
    - `accuracy`, `cells`, `mesh`, `rungs`: as in `evolve`

    Differentiable in every number of the metal and in `zeta`, to any order; NaN for numbers out of their range and too
    few rungs where JAX's transformations hide them from the checks. Raises `ValueError`
    for bad arguments, and for a metal with dispersion or further modes.

    >>> bool(nj.plateau(nj.trial(), 20.0, cells=16).sigma < -0.3)
    True
    """
    check_options(mesh)
    fine = fineness(accuracy, cells, mesh, share=SHARE)
    found = until_sure(lambda fine: plateau_at(metal, zeta, fine, rungs), fine)
    if is_concrete(found.sigma) and is_concrete(metal.temperature) and not (found.ok and found.sure):
        warnings.warn(found.result, RuntimeWarning, stacklevel=2)
    return found


def plateau_at(metal: Metal, zeta, fine: Fineness, rungs: int | None = None) -> Plateau:
    """`plateau` of a given fineness."""
    require_kind("metal", metal, Metal, "a nacjax.Metal (the metal comes first, then zeta)")
    require_one_each(metal)
    require("zeta", zeta, "one number of phonons per mode, zero or positive", lambda z: z.ndim == 0)
    pump = Clamped(zeta)
    if not metal.on_ladder:
        raise ValueError(
            "dispersion and modes are not allowed in plateau, a closed form for one phonon energy: use "
            "nacjax.evolve(metal, nacjax.Clamped(zeta), times=10.0), or nacjax.steady_state where inelastic_rate > 0"
        )
    if metal.processes:
        raise ValueError(
            "processes are not allowed in plateau, the state of electron-phonon scattering alone: use "
            "nacjax.evolve(metal, nacjax.Clamped(zeta), times=10.0), or nacjax.steady_state where inelastic_rate > 0"
        )
    return _plateau(as_arrays((metal, pump)), fine, count_rungs(metal, rungs))


@program
def _plateau(inputs: tuple[Metal, Clamped], fine: Fineness, rungs: int) -> Plateau:
    metal, pump = inputs

    def on(ladder):
        return unless(~allowed(rungs, metal, pump), plateau_occupation(metal, pump.zeta, ladder)), ladder

    f, ladder = on(build_ladder(metal, fine.on(metal.dos).mesh, rungs))
    sigma, error = conductivity(f, ladder), jnp.full((), jnp.nan)
    if fine.paired:
        sigma, error = extrapolated((f, ladder), on(ladder.halved()), metal.dos, ON_THE_PLATEAU, fine.level)
    return Plateau(sigma, f, ladder, metal, pump, error, fine)


def plateau_occupation(metal: Metal, zeta, ladder: Ladder) -> Float[Array, "rung cell"]:
    """f of the plateau on a given ladder."""
    number = jnp.maximum(metal.bose + zeta, jnp.finfo(ladder.states.dtype).tiny)
    steps = jnp.arange(ladder.rungs)[:, None] * (jnp.log(number) - jnp.log1p(number))

    def logit(argument):
        """ln of filled/empty states of each ladder whose cells have the logit `argument`; nearly linear in it."""
        sums = (jnp.sum(ladder.density * jax.nn.sigmoid(x), axis=0) for x in (argument, -argument))
        filled, empty = (jnp.log(jnp.maximum(x, floor(x))) for x in sums)
        return filled - empty  # the floor keeps second derivatives finite

    start = logit((ladder.chemical_potential - ladder.energy) / metal.temperature)
    # the logit falls from rung to rung
    y = increasing_root(lambda y: logit(y + steps) - start, start - 1e-3, start - steps[-1] + 1e-3)
    return jax.nn.sigmoid(y + steps)
