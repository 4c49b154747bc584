"""Model metals ready to use; `print(nacjax.trial())` shows every number and where it comes from."""

import functools

import jax

from . import tight_binding
from .dos import FlatTopDOS
from .metal import Metal
from .tabulated import TabulatedDOS
from .tight_binding import FINE
from .units import Internal

PAPER = "PRB 101, 041105 (2020)"


def trial(**overrides) -> Metal:
    """The half-filled metal of Figs. 1 and 2 with its trial DoS, in units of the band width and Γ_eph.

    `overrides`: any argument of `Metal`. Raises what `Metal` raises.

    >>> nj.trial(filling=0.4).filling.item()
    0.4
    """
    arguments = {
        "dos": FlatTopDOS(),  # pyright: ignore[reportCallIssue]
        "filling": 0.5,
        "temperature": 0.003,
        "phonon_energy": 0.53,
        "inelastic_rate": 1e-3,
    }
    sources = {
        "dos": "D ∝ 1 − |2ε/W|⁸: the paper shows its trial DoS but does not print it; n = 8 puts the minima of "
        "σ(ω_p) where it has them",
        "filling": f"{PAPER}, Fig. 2a",
        "temperature": f"{PAPER}, Figs. 1a and 2a",
        "phonon_energy": f"{PAPER}, Fig. 2e",
        "inelastic_rate": f"chosen; {PAPER} says Γ_in ≪ Γ_eph",
        **UNITS,
    }
    return assemble(arguments, sources, overrides)


def simple_cubic_p(
    t_sigma: float = 1.0, t_pi: float = -0.25, *, mesh: int = FINE, points: int = 401, **overrides
):
    """Half-filled p bands on the simple cubic lattice, in units of the band width.

    Their DoS has two peaks like that of Fig. 2c, but is symmetric: at half filling its minimum lies at μ. For a
    minimum beside μ change the filling, or take `nacjax.k3c60`.


    - `t_sigma`, `t_pi`: hoppings, in any one unit: only their ratio matters
    - `mesh`, `points`: of the tetrahedron DoS; `overrides`: any other argument of `Metal`. With 128, which takes a
      few seconds, plateaus are right to 1e-3; with 64 to 7e-3

    Returns a `Metal`. Raises what `Metal` raises.

    >>> nj.simple_cubic_p(mesh=8).filling.item()
    0.5
    """
    x64 = bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]
    arguments = {
        "dos": _p_dos(float(t_sigma), float(t_pi), mesh, points, x64),
        "filling": 0.5,
        "temperature": 0.003,
        "phonon_energy": 0.5,
        "inelastic_rate": 1e-3,
    }
    sources = {
        "dos": f"tetrahedra on {mesh}³ k points, t_σ = {t_sigma:g}, t_π = {t_pi:g}: chosen; {PAPER} prints no hoppings",
        "filling": f"{PAPER}, Fig. 2c",
        "temperature": f"{PAPER}, Fig. 2c",
        "phonon_energy": "chosen: half the band width, the distance from μ to the band edges",
        "inelastic_rate": f"chosen; {PAPER} says Γ_in ≪ Γ_eph",
        **UNITS,
    }
    return assemble(arguments, sources, overrides)


UNITS = {
    "coupling_rate": "unit of rates",
    "phonon_lifetime": "no decay, as for a phonon number held fixed",
    "states_per_mode": "one electron state per phonon mode: a convention, without effect at fixed ζ",
    "transport": f"⟨v²⟩τ constant, {PAPER}, Fig. 2; others in ref. [18]",
}


def assemble(arguments: dict, sources: dict[str, str], overrides: dict) -> Metal:
    """A `Metal` of preset arguments, plain ones in internal units, and overrides, with the source of every number."""
    arguments = {
        name: Internal(value) if isinstance(value, float) else value for name, value in arguments.items()
    }
    sources = {**sources, **{name: "given by the caller" for name in overrides}}
    return Metal(**{**arguments, **overrides, "sources": tuple(sources.items())})


@functools.lru_cache(maxsize=8)
def _p_dos(t_sigma: float, t_pi: float, mesh: int, points: int, x64: bool) -> TabulatedDOS:
    with jax.ensure_compile_time_eval():  # a first call under jit must not cache its tracers
        table = tight_binding.simple_cubic_p(t_sigma, t_pi).dos(mesh, points)
        return table.rescaled(float(table.width))
