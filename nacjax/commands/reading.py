"""How a command reads a file with a density of states."""

import dataclasses
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..model.tabulated import TabulatedDOS

VELOCITIES = ("band", "hard_sphere")
"""Transport laws that need ⟨v²⟩."""


@dataclasses.dataclass
class Reading:
    """How the file of --dos is read, where it does not say so itself."""

    format: Literal[
        "auto", "vasp", "lobster", "espresso", "postw90", "boltztrap", "abinit", "elk", "wien2k", "table"
    ] = "auto"
    """Layout of that file; by default it is recognised."""
    window: tuple[float, float] | None = None
    """Lowest and highest energy of the band in that file (its own unit)."""
    fermi_energy: float | None = None
    """Fermi energy in that file (its own unit), where it gives none, two, or a wrong one."""
    unit: Literal["eV", "meV", "Ha", "Ry", "Hartree", "Rydberg"] | None = None
    """Unit of energy of that file, where it names none."""
    columns: tuple[str, ...] = ()
    """What the columns of a table are: energy, dos (or up and down), v2dos, integral, skip."""

    def options(self) -> dict:
        """The options that are given, as `read_dos` takes them."""
        return {name: value for name, value in vars(self).items() if value not in (None, (), "auto")}

    def check(self, dos: Path | None) -> None:
        """Raise `ValueError` for options without a file."""
        if dos is None and (given := self.options()):
            raise ValueError(f"{next(iter(given))} is not allowed without dos: it is about that file")

    def read(self, dos: Path) -> "TabulatedDOS":
        """The band of a file; prints what was understood of it."""
        from ..readers import read_dos

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # they are among the notes of the report
            table = read_dos(dos, **self.options())
        assert table.source is not None
        print(table.source.report(), end="\n\n")
        return table


def check_laws(laws: tuple[str, ...], table: "TabulatedDOS") -> None:
    """Raise `ValueError` for a transport law that needs velocities of a table that has none."""
    needy = [law for law in laws if law in VELOCITIES]
    if needy and table.transport is None:
        path = "the file" if table.source is None else table.source.path
        raise ValueError(
            f"transport = {needy[0]!r} is not allowed: it needs velocities, and {path} has no column of "
            "v²-weighted DoS; name one by --columns energy dos v2dos, or choose constant or impurity"
        )
