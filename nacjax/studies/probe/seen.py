"""What a measurement sees of a system: a function of its run, or of the layers of a sample."""

import dataclasses
from collections.abc import Callable
from typing import Any

from jaxtyping import Array, Float

from ...model.names import System
from ...numerics.spoiled import unless
from ...solvers.run import Run
from ...solvers.ways import RunInTime
from .depth import Depth, Profile, depth


def sigma_of(run: Run) -> Float[Array, " time"]:
    """σ/σ_0."""
    return run.sigma


@dataclasses.dataclass(frozen=True)
class Seen:
    """What `function` makes of a `Run`; by default σ(t)/σ_0."""

    function: Callable[[Any], Any] = sigma_of

    def of(self, system: System, way: RunInTime, rungs: int, times: Float[Array, " time"]) -> Any:
        """It, of a system that is run as `way` says; NaN with its derivatives where f leaves 0 … 1."""
        run = way.run(system, rungs, times)
        return unless(run.unphysical, self.function(run))


@dataclasses.dataclass(frozen=True)
class Layered(Seen):
    """What `function` makes of the `Depth` of a sample, such as R (time, freq), to be given to `fit` as `observe=`.

    `penetration_depth`, `thickness` (lengths), `layers`, `profile`: as in `depth`; the pump is that at the surface.

    >>> nj.Layered(penetration_depth=1.0, thickness=2.0).layers
    12
    """

    penetration_depth: Any = None
    thickness: Any = None
    layers: int = 12
    profile: Profile | None = None

    def of(self, system: System, way: RunInTime, rungs: int, times: Float[Array, " time"]) -> Any:
        """It, of a sample of the system."""
        metal, pump, field = system
        sample: Depth = depth(
            metal, pump, self.penetration_depth, self.thickness, times=times, layers=self.layers,
            profile=self.profile, field=field, **way.arguments(rungs),
        )  # fmt: skip
        return self.function(sample)
