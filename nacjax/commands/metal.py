"""The metal that the options of a command describe."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

from ..kinetics.terms.electron_electron import ElectronElectron
from ..model.dos import FlatTopDOS, SemiEllipticDOS
from ..model.metal import Metal, Scales
from ..model.units import Internal, stated
from .options import Quantity, TransportLaw, explained, transport_help
from .reading import Reading, check_laws

DEFAULT = "Where none is given 0.003, and 100 K for K3C60."
FILLING = "By default what a file counts below E_F, else 1/2 (1/3 for evolve)."


@dataclasses.dataclass
class Band:
    """The metal, but for its phonon."""

    material: Literal["flat-top", "semi-ellipse", "k3c60"] = "flat-top"
    """The band: D ∝ 1 − |2ε/W|ⁿ, the Bethe lattice, or the t1u bands of K3C60."""
    dos: Path | None = None
    """A file instead of a material: DOSCAR, dos.x, postw90 and others, or a table; any unit of energy."""
    exponent: Annotated[
        float | None, explained(FlatTopDOS, "exponent", "Of the flat-top band; by default 8.")
    ] = None
    width: Quantity = None
    """Width W of the band with its unit, such as "0.6 eV": temperatures and energies then have units, too."""
    filling: Annotated[float | None, explained(Metal, "filling", FILLING)] = None
    temperature: Annotated[Quantity, explained(Metal, "temperature", DEFAULT)] = None
    inelastic_rate: Annotated[Quantity, explained(Metal, "inelastic_rate")] = Internal(1e-3)
    transport: Annotated[TransportLaw, transport_help()] = "constant"

    electron_electron: Annotated[Quantity, explained(ElectronElectron, "rate")] = 0.0

    def metal(self, reading: Reading, otherwise: float = 0.5, **more: Any) -> Any:
        """The `Metal` of these options and of what else it is given; a file is read as `reading` says.

        Quantities of K3C60 have units. Raises `ValueError`.

        `otherwise` is the filling where neither the options nor a file say it.
        """
        from ..model.k3c60 import k3c60

        reading.check(self.dos)
        if self.exponent is not None and (self.dos is not None or self.material != "flat-top"):
            other = self.material if self.dos is None else self.dos
            raise ValueError(
                f"exponent does nothing with {other}: it is that of the flat-top band; leave it out"
            )
        if self.width is not None:
            more["scales"] = self.scales()
        filling = otherwise if self.filling is None else self.filling
        more |= {"filling": filling, "inelastic_rate": self.inelastic_rate, "transport": self.transport}
        if self.electron_electron:
            more["processes"] = (ElectronElectron(self.electron_electron),)
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
            band = FlatTopDOS(exponent=8.0 if self.exponent is None else self.exponent)  # pyright: ignore[reportCallIssue]
        else:
            band = SemiEllipticDOS()  # pyright: ignore[reportCallIssue]
        return Metal(dos=band, **{"temperature": Internal(0.003), **more})

    def scales(self) -> Scales:
        """The unit of energy that `width` sets; raises `ValueError` where the band has a width of its own."""
        if self.dos is not None or self.material == "k3c60":
            other = self.material if self.dos is None else self.dos
            raise ValueError(
                f"width does nothing with {other}, whose bands have one of their own: leave it out"
            )
        width = stated("width", self.width, "energy", Scales(energy_ev=1.0))
        if not 0 < width < float("inf"):
            raise ValueError(
                f"width = {self.width!r} is not allowed: it must be a positive energy, such as '0.6 eV'"
            )
        return Scales(energy_ev=float(width))
