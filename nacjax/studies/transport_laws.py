"""Transport laws side by side, such as those of ref. [18]: several σ from one distribution."""

import dataclasses
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..kinetics.ladder import Ladder
from ..kinetics.measures import conductivity
from ..model.metal import Metal
from ..model.record import describe
from ..model.transport import AbstractTransport, as_transport, transport_names


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
    """The function that gives σ/σ_0 of a `Run`, `Plateau` or `SteadyState` under a transport law.

    Without a field f does not depend on the law, so that one calculation serves all; with a field f is
    that of the metal's own law. σ_0 is of the same law. `law`: an `AbstractTransport` or its name.
    """

    law: AbstractTransport | str

    def __call__(self, state: Any) -> Float[Array, "*time"]:
        return conductivity(state.occupation, self.ladder(state.metal, state.ladder))

    def ladder(self, metal: Metal, ladder: Ladder) -> Ladder:
        """The ladder with the σ̃/σ_0 of this law."""
        faces = (ladder.energy + 0.5 * ladder.width).ravel()[:-1]
        law = dataclasses.replace(metal, transport=self.law).transport_ratio(faces)
        return dataclasses.replace(ladder, transport=jnp.where(ladder.transport > 0, law, 0.0))

    def __eq__(self, other):
        return isinstance(other, Law) and repr(describe(self.law)) == repr(describe(other.law))

    def __hash__(self):
        return hash(repr(describe(self.law)))  # equal laws share a compiled program


def transport_laws(*names: str, **laws: AbstractTransport) -> dict[str, Law]:
    """Transport laws as observables of a sweep, to compare them.

    {law: its σ/σ_0}, to be given to `sweep` as `observe=`; all that have a name by default.

    - `names`: of laws, such as "band"; `laws`: others, under names of their own, with numbers in them:
      `transport_laws("band", steep=nacjax.PowerLawTransport(1.5))`

    Raises `ValueError` for an unknown law.

    >>> list(nj.transport_laws("band", steep=nj.PowerLawTransport(1.5)))
    ['band', 'steep']
    """
    if not names and not laws:
        names = tuple(transport_names())
    for law in (*names, *laws.values()):
        as_transport(law)
    return {**{name: Law(name) for name in names}, **{name: Law(law) for name, law in laws.items()}}
