"""Figs. 1–3 of PRB 101, 041105 (2020), and figures beyond them, computed on the spot; figures of results.

One module a figure: `compute` gives the dataset behind each panel, `claims` what the paper says beside what
came out, `draw` the panel; `summary` is the table of claims. Figures of what a user computes: `plot_sigma`,
`plot_steady`, `plot_transport`, `plot_map`, `plot_pulse`, `plot_fluence`, `plot_search`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .claim import summary as summary
    from .fluence import plot_fluence as plot_fluence
    from .lines import plot_sigma as plot_sigma
    from .lines import plot_steady as plot_steady
    from .lines import plot_transport as plot_transport
    from .maps import plot_map as plot_map
    from .pulse import plot_pulse as plot_pulse
    from .registry import DESCRIPTIONS as DESCRIPTIONS
    from .registry import claims as claims
    from .registry import compute as compute
    from .registry import draw as draw
    from .registry import select as select
    from .search import plot_search as plot_search

_MODULE_OF = {
    "summary": "claim",
    "plot_fluence": "fluence",
    "plot_sigma": "lines",
    "plot_steady": "lines",
    "plot_transport": "lines",
    "plot_map": "maps",
    "plot_pulse": "pulse",
    "DESCRIPTIONS": "registry",
    "claims": "registry",
    "compute": "registry",
    "draw": "registry",
    "select": "registry",
    "plot_search": "search",
}
"""Name → its module, imported when it is asked for: a command draws one figure."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
