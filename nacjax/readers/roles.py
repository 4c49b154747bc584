"""What the columns of a plain table are: as the caller states, as the header says, or as the numbers leave no doubt."""

import re
from collections.abc import Sequence

import numpy as np

from .header import SPINS, Header, meaning
from .text import Lines

ROLES = ("energy", "dos", "up", "down", "v2dos", "integral", "skip")
"""What a column can be: energy, DoS, DoS of one spin, ⟨v²⟩ DoS, integrated DoS, or nothing that is read."""

EXPECTED = "energy, DoS[, v²-weighted DoS]"
ASK = f"say what each is: columns= (--columns on the command line), of {', '.join(ROLES)}"


def stated(lines: Lines, columns: Sequence[str], width: int) -> list[str]:
    """Roles as a caller states them; the columns after those stated are not read."""
    roles = [word if word in ROLES else meaning(word) for word in columns]
    roles = [
        "skip" if role in ("other", "partial") or word == "-" else role
        for role, word in zip(roles, columns, strict=True)
    ]
    unknown = [word for word, role in zip(columns, roles, strict=True) if role not in ROLES]
    if unknown:
        raise ValueError(f"columns = {unknown[0]!r} is not allowed: it must be one of {', '.join(ROLES)}")
    if len(roles) > width:
        raise ValueError(f"columns = {' '.join(columns)!r} is not allowed: {lines.path} has {width} columns")
    twice = [role for role in ("energy", "dos", "v2dos", "up", "down") if roles.count(role) > 1]
    if twice or "energy" not in roles or not {"dos", *SPINS} & {*roles}:
        raise ValueError(
            f"columns = {' '.join(columns)!r} is not allowed: it must name one energy and one dos, or up and down"
        )
    return roles + ["skip"] * (width - len(roles))


def named(lines: Lines, header: Header, values: np.ndarray, place: int) -> list[str]:
    """Roles by the names in the header; `ValueError` where these leave a choice."""
    width = values.shape[1]
    roles = ["skip" if role in ("other", "?", "partial") else role for role in header.meanings]
    listed = ", ".join(name or "(no name)" for name in header.names)
    if roles.count("energy") == 0 and header.meanings[0] == "?":
        roles[0] = "energy"
    totals = [k for k, name in enumerate(header.names) if roles[k] == "dos" and "tot" in name.lower()]
    if roles.count("dos") > 1 and len(totals) == 1:
        roles = ["skip" if role == "dos" and k != totals[0] else role for k, role in enumerate(roles)]
    if width == 2 and roles.count("energy") == 1 and header.meanings.count("?") == 1 and "dos" not in roles:
        roles = [role if role == "energy" else "dos" for role in roles]
    one = bool("up" in roles) != bool("down" in roles) and "dos" not in roles
    if roles.count("energy") != 1 or roles.count("dos") > 1 or not {"dos", *SPINS} & {*roles} or one:
        lines.fail(place, f"the columns are named {listed}: which are energy and total DoS? {ASK}")
    if "dos" in roles and {*SPINS} & {*roles}:
        _check_total(lines, values, roles, place)
        roles = ["skip" if role in SPINS else role for role in roles]
    _check_partial(lines, header, values, roles, place)
    if left := [name for name, role in zip(header.names, roles, strict=True) if role == "skip" and name]:
        lines.notes.append(f"not read: {', '.join(left)}")
    return roles


def _check_partial(lines: Lines, header: Header, values: np.ndarray, roles: list[str], place: int) -> None:
    """`ValueError` where a partial DoS exceeds the total one."""
    if "dos" not in roles:
        return
    total = values[:, roles.index("dos")]
    for k, kind in enumerate(header.meanings):
        off = np.flatnonzero(values[:, k] > total + 0.02 * np.abs(total).max(initial=0.0))
        if kind == "partial" and off.size:
            lines.fail(
                place + int(off[0]),
                f"{header.names[k]} exceeds the total DoS: columns are interchanged; {ASK}",
            )


def _check_total(lines: Lines, values: np.ndarray, roles: list[str], place: int) -> None:
    """`ValueError` where the total is not the sum of the spins beside it."""
    if not ("up" in roles and "down" in roles):
        return
    total, up, down = (values[:, roles.index(role)] for role in ("dos", *SPINS))
    off = np.flatnonzero(np.abs(total - np.abs(up) - np.abs(down)) > 1e-3 * np.abs(total).max())
    if off.size:
        lines.fail(place + int(off[0]), f"the total DoS is not the sum of the spins; {ASK}")


def unnamed(lines: Lines, values: np.ndarray, quanta: np.ndarray, place: int) -> list[str]:
    """Roles of columns that nothing names: two are energy and DoS; more only where the numbers leave no doubt."""
    width = values.shape[1]
    if width == 2:
        return ["energy", "dos"]
    energy, first, *more = values.T
    scale = 1e-6 * np.abs(first).max(initial=0.0) + 2 * quanta[:, 1:].max()
    if width == 3 and _is_integral(energy, first, more[0], float(quanta[:, 2].max())):
        return ["energy", "dos", "integral"]
    if width == 4 and np.all(np.abs(first - more[0] - more[1]) <= scale) and np.any(more[1]):
        lines.notes.append("the second column is the sum of the third and fourth, taken as its spins")
        return ["energy", "dos", "skip", "skip"]
    if width == 3:
        what = "the third is (v²-weighted DoS, the other spin, an integral?)"
        lines.fail(place, f"3 columns, and nothing says what {what}; {ASK}")
    lines.fail(place, f"{width} columns, expected 2 or 3 ({EXPECTED}); {ASK}")


def _is_integral(energy: np.ndarray, density: np.ndarray, column: np.ndarray, quantum: float) -> bool:
    """Whether a column is without doubt the integral of the one before."""
    width = np.diff(energy)
    rules = (0.5 * (density[1:] + density[:-1]), density[1:], density[:-1])
    total, slack = abs(column[-1] - column[0]), 1e-3 * np.abs(column).max(initial=0.0) + quantum
    sums = [np.cumsum(width * rule) for rule in rules]
    return bool(total > 0 and any(np.all(np.abs(s - (column[1:] - column[0])) <= slack) for s in sums))


def counts_rows(words: list[str], values: np.ndarray) -> bool:
    """Whether the first column is the number of the row, and the second one increases as energies do."""
    if values.shape[1] < 3 or len(words) < 4:
        return False
    whole = all(re.fullmatch(r"\d+", word) for word in words)
    count = np.array_equal(values[:, 0] - values[0, 0], np.arange(len(values))) and values[0, 0] in (0, 1)
    return whole and bool(count) and bool(np.all(np.diff(values[:, 1]) > 0))
