"""All panels by name: which module computes, judges and draws each."""

import difflib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from types import ModuleType
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

# isort: off
from . import (
    apparent, depth, electron_electron, entropy, fig1ab, fig1cde, fig2ab, fig2c, fig2d, fig2e, fig3a, fig3b, fig3c,
    film, k3c60, lifetime, phase_maps, reflectivity, threshold_pump, transport,
)  # fmt: skip

# isort: on
from .claim import Claim
from .parts import FULL, QUICK

FIGURES: tuple[ModuleType, ...] = (
    fig1ab, fig1cde, fig2ab, fig2c, fig2d, fig2e, fig3a, fig3b, fig3c, transport, lifetime,
    phase_maps, threshold_pump, electron_electron, entropy, film, k3c60, depth, reflectivity, apparent,
)  # fmt: skip
"""A module a figure, in the order of the table: PANELS (name → what it shows), `compute(name, quality)`,
`draw(panel, ax)`, and `claims(name, panels)` where there is something to judge."""

TOGETHER: tuple[tuple[ModuleType, ...], ...] = (
    (fig3b, fig3c, fig3a),
    (fig2ab, fig2d, fig2e, fig1cde),
    (k3c60,),
    (depth, reflectivity, apparent),
    (electron_electron,),
    (entropy, film),
    (lifetime,),
    (phase_maps, threshold_pump),
    (fig2c,),
    (transport, fig1ab),
)
"""Figures that share compiled programs or runs are computed one after the other; what takes longest comes first."""

MODULES: dict[str, ModuleType] = {name: figure for figure in FIGURES for name in figure.PANELS}
"""Name of every panel → its module."""

DESCRIPTIONS: dict[str, str] = {name: figure.PANELS[name] for name, figure in MODULES.items()}
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
    wanted: Collection[str], quick: bool = False, say: Callable[[str], Any] = print, workers: int = 2
) -> Iterator[tuple[str, xr.Dataset]]:
    """(panel, its dataset) as they are finished; `workers` of `TOGETHER` are computed at a time.

    `say` is called with lines of progress. Raises what a solver raises.
    """
    quality = QUICK if quick else FULL

    def work(group: tuple[ModuleType, ...]) -> dict[str, xr.Dataset]:
        panels = {}
        for name in (name for figure in group for name in figure.PANELS if name in wanted):
            say(f"{name}: {DESCRIPTIONS[name]}")
            panels[name] = MODULES[name].compute(name, quality)
        return panels

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work, group) for group in TOGETHER]
        try:
            for future in as_completed(futures):
                yield from future.result().items()
        finally:
            for future in futures:
                future.cancel()


def claims(panels: dict[str, xr.Dataset]) -> list[Claim]:
    """What the paper (and, beyond it, this package) says, beside what these panels show."""
    judged = [name for name in DESCRIPTIONS if name in panels and hasattr(MODULES[name], "claims")]
    return [claim for name in judged for claim in MODULES[name].claims(name, panels)]


def draw(name: str, panel: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw a panel from its dataset; returns its axes."""
    return MODULES[name].draw(panel, ax)
