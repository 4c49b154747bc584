"""Plain tables, and the codes that write them: what a column is comes from the file or the caller, never by guess."""

import dataclasses
import itertools
import re
from collections.abc import Sequence

import numpy as np

from ..model.source import EV
from .cells import Cells, read_cells
from .header import SPINS, Header, read_header
from .integral import states_below
from .raw import RawDos, positive
from .roles import EXPECTED, counts_rows, named, stated, unnamed
from .text import Lines, Number

WORDS = {"dos": "DoS", "up": "DoS ↑", "down": "DoS ↓", "v2dos": "⟨v²⟩ DoS", "skip": "not read"}


@dataclasses.dataclass
class Table:
    """Numbers of a table, value and unit of the last digit (row, column), their lines, and what the header says."""

    values: np.ndarray
    quanta: np.ndarray
    places: np.ndarray
    blocks: list[int]
    header: Header
    roles: list[str]


def read_table(lines: Lines, columns: Sequence[str] | None = None) -> RawDos:
    """Two or more columns, separated by blanks, commas or semicolons; `#` and the like start a comment.

    What a column is says `columns`, else the header; two columns without either are energy and DoS. Further
    columns are used for what they are named, and not at all if that is nothing the model knows. Spins
    named up and down are added. Raises `ValueError` naming the line.
    """
    table = parse(lines, columns)
    raw = assemble(lines, table)
    raw.code = False
    return raw


def parse(lines: Lines, columns: Sequence[str] | None = None, expected: tuple[int, ...] = (2, 3)) -> Table:
    """The numbers of a table and the roles of its columns; an index column is left out."""
    cells = read_cells(lines)
    header = read_header(lines, cells.header, len(cells.rows[0]), cells.separator)
    numbers = _numbers(lines, cells, expected, columns is not None or bool(header.names))
    quanta = np.array([[cell.quantum for cell in row] for row in numbers])
    values = np.array([[cell.value for cell in row] for row in numbers])
    table = Table(values, quanta, np.array(cells.places), cells.blocks, header, [])
    if columns is not None:
        table.roles = stated(lines, columns, values.shape[1])
    elif header.names:
        table.roles = named(lines, header, values, cells.places[0])
    else:
        if counts_rows([row[0] for row in cells.rows], values):
            lines.warn("its first column counts the rows; it is left out")
            table.values, table.quanta = values[:, 1:], quanta[:, 1:]
        table.roles = unnamed(lines, table.values, table.quanta, cells.places[0])
    return table


def assemble(lines: Lines, table: Table) -> RawDos:
    """Energy, D and the rest from the columns and blocks of a table."""
    _check_energies(lines, table)
    table, spin = _blocks(lines, table)
    energy = table.values[:, table.roles.index("energy")]
    density, named = _density(lines, table)
    unit, density_unit, factor = table.header.unit, table.header.density_unit, 1.0
    if unit and density_unit and unit != density_unit:
        factor = EV[unit] / EV[density_unit]
        lines.notes.append(f"DoS converted from states/{density_unit} to states/{unit}")
    density = density * factor
    above, cumulative = positive(lines, density, table.places), None
    if "integral" in table.roles:
        digits = _summed(table.quanta, table.roles, ("dos", *SPINS)) * factor
        counted, quanta = (_summed(part, table.roles, ("integral",)) for part in (table.values, table.quanta))
        below, running = states_below(lines, table.places, energy, density, counted, (digits, quanta))
        cumulative = None if running else below
        _check_sum(lines, energy, density, counted)
        lines.notes.append("the integral agrees with the DoS row by row")
    weighted = None
    if "v2dos" in table.roles:
        weighted = positive(lines, table.values[:, table.roles.index("v2dos")], table.places)
    header, names = table.header, table.header.names or [""] * len(table.roles)
    words = tuple(f"{WORDS.get(role, role)} ({name})" if name and name.lower() != role else WORDS.get(role, role)
                  for role, name in zip(table.roles, names, strict=False))  # fmt: skip
    said = "" if header.fermi_line is None else f"line {header.fermi_line}"
    return RawDos(energy, above, table.places, weighted, cumulative, words, spin or named, header.fermi, said,
                  unit, "its header" if unit else header.several)  # fmt: skip


def _check_sum(lines: Lines, energy: np.ndarray, density: np.ndarray, counted: np.ndarray) -> None:
    """`ValueError` where DoS and integral of a table are of different size: other columns or units."""
    total = float(np.sum(0.5 * np.diff(energy) * (density[1:] + density[:-1])))
    states = float(counted[-1] - counted[0])
    if not abs(total - states) <= 0.2 * max(total, states):
        raise ValueError(
            f"{lines.path}: the DoS integrates to {total:.4g} states, but the column of its integral grows by "
            f"{states:.4g}: columns or units do not belong together; give columns= and unit="
        )


def _summed(columns: np.ndarray, roles: list[str], wanted: tuple[str, ...]) -> np.ndarray:
    """The sum of the columns of some roles, (row,)."""
    return columns[:, [role in wanted for role in roles]].sum(axis=1)


def _numbers(lines: Lines, cells: Cells, expected: tuple[int, ...], named: bool) -> list[list[Number]]:
    rows, width = [], len(cells.rows[0])
    for number, words in zip(cells.places, cells.rows, strict=True):
        row = [lines.number(number, word) for word in words]
        if len(row) != width or len(row) < 2 or (not named and width not in expected and width < 4):
            wanted = f"{width} as above" if rows else f"{' or '.join(map(str, expected))} ({EXPECTED})"
            lines.fail(number, f"{len(row)} columns, expected {wanted}")
        rows.append(row)
    return rows


def _check_energies(lines: Lines, table: Table) -> None:
    """`ValueError` where energies do not increase inside a block."""
    energy = table.values[:, table.roles.index("energy")]
    falls = np.flatnonzero(np.diff(energy) <= 0) + 1
    anew = {int(k) for k in falls if energy[k] == energy[0] < energy[k - 1]}  # without a gap before it
    starts = {k for k in table.blocks if k and energy[k] <= energy[k - 1]} | anew | {0}
    table.blocks = sorted(starts)
    for at in falls:
        if int(at) not in starts:
            lines.fail(int(table.places[at]), f"energy {energy[at]!s} does not exceed {energy[at - 1]!s} of the row "
                       "before; sort them")  # fmt: skip


def _blocks(lines: Lines, table: Table) -> tuple[Table, str]:
    """One block of rows, two spins one below the other added; `ValueError` for blocks that are something else."""
    starts = [*table.blocks, len(table.values)]
    if len(starts) == 2:
        return table, ""
    count, place = len(starts) - 1, int(table.places[starts[1]])
    energies = table.values[:, table.roles.index("energy")]
    parts = [slice(a, b) for a, b in itertools.pairwise(starts)]
    alike = all(np.array_equal(energies[part], energies[parts[0]]) for part in parts)
    what = f"a second of {count} blocks begins here (the energies start anew)"
    if count > 2 or not alike or "dos" not in table.roles:
        lines.fail(place, f"{what}: spins, atoms or orbitals? Keep the total DoS alone in the file")
    k = table.roles.index("dos")
    first, second = (table.values[part, k] for part in parts)
    says = " ".join(lines.lines[: place - 1]).lower()
    spins = re.search(r"nsppol\s*=\s*2|spin[- ]*(up|down|polari)", says)
    if not (np.all(second <= 0) and np.any(second < 0) and np.all(first >= 0)) and not (
        spins and np.all(second >= 0)
    ):
        lines.fail(
            place,
            f"{what}: if they are two spins, write them as columns energy, up, down; if not, keep one block",
        )
    values = table.values[parts[0]].copy()
    columns = [j for j, role in enumerate(table.roles) if role in ("dos", "integral")]
    values[:, columns] += np.abs(table.values[parts[1]][:, columns])
    quanta = table.quanta[parts[0]] * np.where(np.isin(np.arange(values.shape[1]), columns), 2, 1)
    places = table.places[parts[0]]
    return dataclasses.replace(
        table, values=values, quanta=quanta, places=places, blocks=[0]
    ), "two blocks, ↑ and ↓, added"


def _density(lines: Lines, table: Table) -> tuple[np.ndarray, str]:
    """D, and what was made of spins."""
    if "dos" in table.roles:
        return table.values[:, table.roles.index("dos")], "one DoS, no spins"
    parts = [table.values[:, table.roles.index(spin)] for spin in SPINS if spin in table.roles]
    if len(parts) == 1:
        return parts[0], "one spin alone"
    if np.all(parts[1] <= 0):  # drawn downwards
        parts[1] = -parts[1]
    low = [k for part in parts for k in np.flatnonzero(part < -1e-3 * np.abs(part).max(initial=0.0))]
    if low:
        lines.fail(
            int(table.places[low[0]]),
            "negative density of one spin: the file is damaged, or a column is another one",
        )
    return parts[0] + parts[1], "↑ and ↓ added"
