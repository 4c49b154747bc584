"""The transport laws of ref. [18] side by side: several σ from one distribution."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.measures import conductivity
from ..model.metal import TRANSPORT_LAWS


@dataclasses.dataclass(frozen=True)
class Law:
    """The function that gives σ/σ_0 of a `Run`, `Plateau` or `SteadyState` under a transport law.

    Without a field f does not depend on the law, so that one calculation serves all; with a field f is
    that of the metal's own law. σ_0 is of the same law.
    """

    name: str

    def __call__(self, state: Any) -> Float[Array, "*time"]:
        ladder = state.ladder
        faces = (ladder.energy + 0.5 * ladder.width).ravel()[:-1]
        law = dataclasses.replace(state.metal, transport=self.name).transport_ratio(faces)
        ladder = dataclasses.replace(ladder, transport=jnp.where(ladder.transport > 0, law, 0.0))
        return conductivity(state.occupation, ladder)


def transport_laws(*names: str) -> dict[str, Law]:
    """{law: its σ/σ_0}, to be given to `sweep` as `observe=`; all of `TRANSPORT_LAWS` by default.

    - `names`: keys of `TRANSPORT_LAWS`

    Raises `ValueError` for an unknown law.
    """
    for name in names:
        if name not in TRANSPORT_LAWS:
            known = ", ".join(TRANSPORT_LAWS)
            raise ValueError(f"transport law {name!r} is not allowed: it must be one of {known}")
    return {name: Law(name) for name in names or TRANSPORT_LAWS}
