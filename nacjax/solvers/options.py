"""Options that solvers share, checked: a sentence names the option, its value and what is allowed."""

import difflib
from collections.abc import Iterable
from typing import Any

import diffrax as dfx

from ..kinetics.ladder import Mesh
from ..model.checks import is_concrete, require, require_count, require_kind


def check_known(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `TypeError` for an option that is none of `known`; the nearest is suggested."""
    for name in given:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f" (did you mean {nearest[0]!r}?)" if nearest else ""
            raise TypeError(f"{name!r} is no option of {where}{hint}; known: {', '.join(known)}")


def check_options(mesh: Any = None, solver: Any = None, max_steps: Any = None, **tolerances: Any) -> None:
    """Raise `ValueError` for a mesh, solver, number of steps or tolerance that is none; None is passed over."""
    if mesh is not None:
        require_kind("mesh", mesh, Mesh, f"a nacjax.Mesh, or give cells={mesh!r} for the number of cells")
    if solver is not None:
        require_kind(
            "solver", solver, dfx.AbstractSolver, "a solver, such as nacjax.Rosenbrock() or diffrax.Tsit5()"
        )
    if max_steps is not None:
        require_count("max_steps", max_steps)
    for name, value in tolerances.items():
        if value is not None and is_concrete(value):
            require(name, value, "positive", lambda x: x > 0)
