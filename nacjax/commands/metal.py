"""The metal that the options of a command describe."""

import dataclasses
from pathlib import Path
from typing import Any, Literal


@dataclasses.dataclass
class Band:
    """The metal, but for its phonon."""

    material: Literal["flat-top", "semi-ellipse", "k3c60"] = "flat-top"
    """The band: D ∝ 1 − |2ε/W|ⁿ, the Bethe lattice, or the t1u bands of K3C60."""
    dos: Path | None = None
    """A text file instead of a material: energy, DoS and, optionally, ⟨v²⟩ DoS; any unit of energy."""
    exponent: float = 8.0
    """n of the flat-top band (no unit)."""
    filling: float = 0.5
    """Occupied fraction of the band ν, between 0 and 1 (no unit)."""
    temperature: float | None = None
    """Bath temperature T (W); where none is given 0.003, and 100 K for K3C60."""
    inelastic_rate: float = 1e-3
    """Inelastic rate Γ_in (W Γ_eph)."""
    transport: Literal["constant", "band", "impurity", "hard_sphere"] = "constant"
    """Transport law: ⟨v²⟩τ constant, τ constant, τ ∝ 1/DoS, or vτ constant."""

    def metal(self, **more: Any) -> Any:
        """The `Metal` of these options and of what else it is given, such as `phonon_energy`."""
        from .. import FlatTopDOS, Metal, SemiEllipticDOS
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
            band = FlatTopDOS(exponent=self.exponent)
        else:
            band = SemiEllipticDOS()
        return Metal(dos=band, **{"temperature": 0.003, **more})
