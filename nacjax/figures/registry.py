"""All panels by name: which module computes them, and the table of what the paper claims."""

import difflib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from types import ModuleType
from typing import Any

import xarray as xr

from . import beyond, fig1, fig2, fig3, k3c60, laws, pulse_story
from .parts import FULL, QUICK, Claim

GROUPS: tuple[ModuleType, ...] = (fig3, fig2, fig1, beyond, k3c60, pulse_story, laws)
"""Modules with PANELS, `compute` and `claims`; those that take longest first."""

IN_ORDER = (fig1, fig2, fig3, laws, beyond, pulse_story, k3c60)
DESCRIPTIONS: dict[str, str] = {name: text for group in IN_ORDER for name, text in group.PANELS.items()}
"""Name of every panel → what it shows."""


def select(only: Collection[str]) -> list[str]:
    """The panels that `only` names; "fig2" means all panels of Fig. 2, nothing means everything.

    Raises `ValueError` for an unknown name; the nearest is suggested.
    """
    chosen: list[str] = []
    for word in only or DESCRIPTIONS:
        found = [n for n in DESCRIPTIONS if n == word] or [n for n in DESCRIPTIONS if n[:-1] == word]
        if not found:
            near = difflib.get_close_matches(word, DESCRIPTIONS, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"only: there is no figure {word!r}{hint} Known: {', '.join(DESCRIPTIONS)}")
        chosen += [name for name in found if name not in chosen]
    return chosen


def compute(
    wanted: Collection[str],
    quick: bool = False,
    say: Callable[[str], Any] = print,
    workers: int = 2,
) -> Iterator[tuple[str, xr.Dataset]]:
    """(panel, its dataset) as they are finished; `workers` groups of panels are computed at a time.

    `say` is called with lines of progress. Raises what a solver raises.
    """
    quality = QUICK if quick else FULL

    def work(group: ModuleType) -> dict[str, xr.Dataset]:
        mine = [name for name in wanted if name in group.PANELS]
        return group.compute(mine, quality, say) if mine else {}

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work, group) for group in GROUPS]
        try:
            for future in as_completed(futures):
                yield from future.result().items()
        finally:
            for future in futures:
                future.cancel()


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper (and, beyond it, this package) says, beside what these panels show."""
    return [claim for group in IN_ORDER for claim in group.claims(panels)]


def summary(found: list[Claim]) -> str:
    """The claims as a Markdown table."""
    lines = [
        "| panel | claim | computed | verdict | choice where the paper is silent |",
        "|---|---|---|---|---|",
    ]
    for claim in found:
        cells = (claim.panel, claim.says, claim.computed, f"**{claim.verdict}**", claim.choice)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
