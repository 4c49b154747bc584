"""The metal that the options of a command describe."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

from ..model.dos import FlatTopDOS, SemiEllipticDOS
from ..model.metal import Metal
from .options import TransportLaw, explained, transport_help

DEFAULT = "Where none is given 0.003, and 100 K for K3C60."


@dataclasses.dataclass
class Band:
    """The metal, but for its phonon."""

    material: Literal["flat-top", "semi-ellipse", "k3c60"] = "flat-top"
    """The band: D ∝ 1 − |2ε/W|ⁿ, the Bethe lattice, or the t1u bands of K3C60."""
    dos: Path | None = None
    """A text file instead of a material: energy, DoS and, optionally, ⟨v²⟩ DoS; any unit of energy."""
    exponent: Annotated[float, explained(FlatTopDOS, "exponent", "Of the flat-top band.")] = 8.0
    filling: Annotated[float, explained(Metal, "filling")] = 0.5
    temperature: Annotated[float | None, explained(Metal, "temperature", DEFAULT)] = None
    inelastic_rate: Annotated[float, explained(Metal, "inelastic_rate")] = 1e-3
    transport: Annotated[TransportLaw, transport_help()] = "constant"

    def metal(self, **more: Any) -> Any:
        """The `Metal` of these options and of what else it is given, such as `phonon_energy`."""
        from ..model.k3c60 import k3c60
        from ..readers import read_dos

        more |= {"filling": self.filling, "inelastic_rate": self.inelastic_rate, "transport": self.transport}
        if self.temperature is not None:
            more["temperature"] = self.temperature
        if self.dos is None and self.material == "k3c60":
            return k3c60(**more)
        if self.dos is not None:
            table = read_dos(self.dos)
            band = table.rescaled(float(table.width))
        elif self.material == "flat-top":
            band = FlatTopDOS(exponent=self.exponent)  # pyright: ignore[reportCallIssue]
        else:
            band = SemiEllipticDOS()  # pyright: ignore[reportCallIssue]
        return Metal(dos=band, **{"temperature": 0.003, **more})
