"""Where a density of states or bands come from: what was understood of a file, in words."""

import dataclasses

EV = {"eV": 1.0, "meV": 1e-3, "Ha": 27.211386245988, "Ry": 13.605693122994}
"""Units of energy that files have, in eV (CODATA 2018)."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a density of states comes from, and how many states and electrons the file counts in it.

    - `path`, `format`: the file and its layout; `unit`: its unit of energy, where it is known
    - `states`: ∫D dε over the band, in the normalisation of the file
    - `electrons`: those below the Fermi energy, or None where neither is known
    - `fermi_energy`: in the energies of the table, or None; `fermi_from` says who gives it
    - `unit_from`: who says so of the unit; `columns`, `spin`: what was taken from them; `window`: the band
    - `per_cell`: whether D counts states per cell, as a code writes it, and not in arbitrary units
    - `notes`: what else was noticed
    """

    path: str
    format: str
    unit: str | None
    states: float
    electrons: float | None = None
    fermi_energy: float | None = None
    fermi_from: str = ""
    unit_from: str = ""
    columns: tuple[str, ...] = ()
    spin: str = ""
    window: tuple[float, float] | None = None
    per_cell: bool = False
    notes: tuple[str, ...] = ()

    @property
    def filling(self) -> float | None:
        """Occupied fraction of the band, electrons/states."""
        return None if self.electrons is None else self.electrons / self.states

    @property
    def unit_ev(self) -> float | None:
        """The unit of energy in eV, or None where it is not known."""
        return None if self.unit is None else EV[self.unit]

    def __str__(self):
        unit = "" if self.unit is None else f" {self.unit}"
        text = f"{self.path} ({self.format}): a band of {self.states:.4g} states"
        if self.electrons is not None:
            text += f", {self.electrons:.4g} electrons (filling {self.filling:.4g})"
        return text + (
            "" if self.fermi_energy is None else f", Fermi energy at {self.fermi_energy:.4g}{unit}"
        )

    def report(self) -> str:
        """What was understood, a line each: format, columns, unit, spin, Fermi level, states, electrons, window."""
        unit = "" if self.unit is None else f" {self.unit}"
        said = f" ({self.unit_from})" if self.unit and self.unit_from else ""
        rows = {
            "format": self.format,
            "columns": ", ".join(self.columns),
            "unit": f"{self.unit}{said}" if self.unit else "not named in the file",
            "spin": self.spin,
            "Fermi level": "not known"
            if self.fermi_energy is None
            else f"{self.fermi_energy:.6g}{unit} ({self.fermi_from or 'given'})",
            "band": ""
            if self.window is None
            else f"{self.window[0]:.6g} to {self.window[1]:.6g}{unit}, {self.states:.6g} states "
            + ("per cell" if self.per_cell else "(normalisation not known)"),
            "electrons": "not known"
            if self.electrons is None
            else f"{self.electrons:.6g} (filling {self.filling:.4g})",
        }
        lines = [f"  {name:12}{text}" for name, text in rows.items() if text]
        return "\n".join([self.path, *lines, *(f"  note        {note}" for note in self.notes)])
