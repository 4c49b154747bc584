"""The metal that the options of a command describe."""

import dataclasses
from pathlib import Path
from typing import Any, Literal

from .reading import Reading, check_laws


@dataclasses.dataclass
class Band:
    """The metal, but for its phonon."""

    material: Literal["flat-top", "semi-ellipse", "k3c60"] = "flat-top"
    """The band: D ∝ 1 − |2ε/W|ⁿ, the Bethe lattice, or the t1u bands of K3C60."""
    dos: Path | None = None
    """A file instead of a material: DOSCAR, dos.x, postw90 and others, or a table; any unit of energy."""
    exponent: float = 8.0
    """n of the flat-top band (no unit)."""
    filling: float | None = None
    """Occupied fraction of the band ν, between 0 and 1 (no unit); what a file counts below E_F, else 0.5."""
    temperature: float | None = None
    """Bath temperature T (W); where none is given 0.003, and 100 K for K3C60."""
    inelastic_rate: float = 1e-3
    """Inelastic rate Γ_in (W Γ_eph)."""
    transport: Literal["constant", "band", "impurity", "hard_sphere"] = "constant"
    """Transport law: ⟨v²⟩τ constant, τ constant, τ ∝ 1/DoS, or vτ constant."""

    def metal(self, reading: Reading, **more: Any) -> Any:
        """The `Metal` of these options and of what else it is given; a file is read as `reading` says."""
        from .. import FlatTopDOS, Metal, SemiEllipticDOS
        from ..model.k3c60 import k3c60

        reading.check(self.dos)
        filling = 0.5 if self.filling is None else self.filling
        more |= {"filling": filling, "inelastic_rate": self.inelastic_rate, "transport": self.transport}
        if self.temperature is not None:
            more["temperature"] = self.temperature
        if self.dos is None and self.material == "k3c60":
            return k3c60(**more)
        if self.dos is not None:
            table = reading.read(self.dos)
            check_laws((self.transport,), table)
            counted = None if table.source is None else table.source.filling
            if self.filling is None and counted is not None:
                more["filling"] = counted
            said = (
                "as stated" if self.filling is not None else "as the file counts" if counted else "by default"
            )
            print(f"filling {more['filling']:.4g}, {said}", end="\n\n")
            band = table.rescaled(float(table.width))
        elif self.material == "flat-top":
            band = FlatTopDOS(exponent=self.exponent)
        else:
            band = SemiEllipticDOS()
        return Metal(dos=band, **{"temperature": 0.003, **more})
