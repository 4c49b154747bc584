"""Figs. 1–3 of PRB 101, 041105 (2020), and figures beyond them: datasets and claims, computed on the spot.

`compute` gives the dataset behind each panel, `claims` what the paper says beside what came out,
`summary` the table of it. Nothing is stored and nothing drawn here; `nacjax.figures.draw_paper` draws.
"""

from .registry import DESCRIPTIONS as DESCRIPTIONS
from .registry import claims as claims
from .registry import compute as compute
from .registry import select as select
from .registry import summary as summary
