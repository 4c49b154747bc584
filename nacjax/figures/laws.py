"""Remark [18] of the paper: other transport laws than constant ⟨v²⟩τ, on the trial DoS."""

from collections.abc import Callable, Collection
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..model.checks import as_arrays
from ..model.names import changed
from ..solvers.plateau import plateau
from ..studies.transport_laws import Law
from .parts import RUNGS, TRIAL_DOS, Claim, Quality, driven, stamp, trial_metal

PANELS = {"transport": "σ(ω_p) for the transport laws of remark [18]"}
LAWS = ("constant", "hard_sphere", "impurity")
ZETA = 20.0


def compute(wanted: Collection[str], quality: Quality, say: Callable[[str], Any]) -> dict[str, xr.Dataset]:
    """The panel, if it is wanted: the plateau's σ(ω_p) at half filling under each law, from the same f."""
    if not wanted:
        return {}
    say(f"transport: plateaus under {len(LAWS)} laws")
    omega = np.linspace(0.2, 0.9, 2 * quality.points)
    sigma = np.asarray(_sigma(as_arrays(driven(trial_metal())), jnp.asarray(omega), 2 * quality.cells))
    about = {"long_name": "conductivity σ/σ_0", "units": "1"}
    curves = {law: ("phonon_energy", sigma[:, k], about) for k, law in enumerate(LAWS)}
    panel = xr.Dataset(curves, {"phonon_energy": omega})
    return {"transport": stamp(panel, metal=trial_metal(), zeta=ZETA, state="plateau")}


@eqx.filter_jit
def _sigma(system, omega, cells):
    def one(energy):
        metal = changed(system, {"metal.phonon_energy": energy})[0]
        state = plateau(metal, ZETA, cells=cells, rungs=RUNGS)
        return jnp.stack([Law(law)(state) for law in LAWS])

    return jax.vmap(one)(omega)


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper says of other laws, beside this panel."""
    if "transport" not in panels:
        return []
    panel = panels["transport"]
    omega = panel["phonon_energy"].to_numpy()
    words, lowest = [], []
    for law in LAWS:
        values = panel[law].to_numpy()
        width = np.sum(values < 0) * (omega[1] - omega[0])
        lowest.append(values.min())
        words.append(
            f"{law}: lowest {values.min():.2f} at {omega[values.argmin()]:.2f} W, < 0 over {width:.2f} W"
        )
    return [
        Claim.check(
            "transport",
            "remark [18]: other transport laws give qualitatively equivalent results",
            "σ/σ_0 " + "; ".join(words),
            max(lowest) < 0,
            "σ < 0 just above ω_p = W/2 under every law, but its depth and range differ by more than the paper's "
            f'"slight quantitative differences"; {TRIAL_DOS}, its ⟨v²⟩ that of an isotropic band; limit Γ_in → 0',
        )
    ]
