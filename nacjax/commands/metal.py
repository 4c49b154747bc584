"""The metal that the options of a command describe."""

from pathlib import Path
from typing import Any


def make_metal(
    material: str, dos: Path | None, exponent: float, temperature: float | None, **common: Any
) -> Any:
    """A `Metal` from a material by name, or from a table of its DoS; `temperature` None takes the default."""
    from .. import FlatTopDOS, Metal, SemiEllipticDOS
    from ..physics.materials import k3c60
    from ..readers import read_dos

    given = {} if temperature is None else {"temperature": temperature}
    if dos is None and material == "k3c60":
        return k3c60(**{**common, **given})
    if dos is not None:
        table = read_dos(dos)
        band = table.rescaled(float(table.width))
    elif material == "flat-top":
        band = FlatTopDOS(exponent=exponent)
    else:
        band = SemiEllipticDOS()
    return Metal(dos=band, **{**common, "temperature": 0.003, **given})
