"""What a way to a state is: what a study holds, and asks instead of knowing whether it is a run or a plateau.

A way solves a metal under a pump and in a field, and knows what only it can know: its options and arguments, what its
state measures, its outcome codes, its memory and its time. It is plain data, compared and compiled by value.
"""

import abc
import dataclasses
from typing import Any, ClassVar

from ..kinetics.ladder import Mesh
from ..model.names import System
from .options import check_options


@dataclasses.dataclass(frozen=True)
class AbstractWay(abc.ABC):
    """A way to a state; the final classes are in `ways`.

    - `mesh`: a `Mesh`, or the number of cells of the solver's own kind of mesh
    - `options`: of the solver, keyword arguments as sorted pairs; `known` are those it has

    `measures` are the numbers that its state has, `in_time` says whether they depend on time, `times` (time,) when
    they are taken, and `time_axis` whether that is a list, or one number.
    """

    mesh: Mesh | int
    options: tuple[tuple[str, Any], ...] = ()

    name: ClassVar[str]
    known: ClassVar[tuple[str, ...]] = ()
    measures: ClassVar[tuple[str, ...]] = ("sigma",)
    in_time: ClassVar[bool] = False
    time_axis: ClassVar[bool] = False
    most_points: ClassVar[int] = 96  # in a batch that stays in the caches of a CPU
    pair_arrays: ClassVar[int] = (
        4  # over all pairs of cells, for each phonon branch that leads off the ladder
    )
    cpu_seconds: ClassVar[
        tuple[float, float]
    ]  # of a compilation, and of a cell at a point; on two cores, roughly

    def __post_init__(self):
        given = dict(self.options)
        for name in given:
            if name not in self.known:
                known = ", ".join(("cells", "mesh", *self.known))
                raise TypeError(f"{name!r} is no option of this kind of study; known: {known}")
        mesh = None if isinstance(self.mesh, int) else self.mesh
        checked = ("rtol", "atol", "solver", "max_steps")
        check_options(mesh, **{name: given[name] for name in checked if name in given})

    @abc.abstractmethod
    def solve(self, system: System, rungs: int) -> tuple[Any, Any]:
        """The outcome code, 0 where all went well, and the state of a system on so many rungs."""

    @abc.abstractmethod
    def words(self, rungs: int) -> float:
        """Memory of the solver, in numbers for each cell of a rung."""

    @abc.abstractmethod
    def check(self, system: System) -> None:
        """Raise `ValueError` where this way does not lead anywhere; numbers of the system may be arrays of points."""

    def sentence(self, code: int) -> str:
        """What an outcome code other than 0 means."""
        return f"Outcome {code}."

    def near_plateau(self, system: System) -> bool:
        """Whether the state is that of the plateau, or nearly so, at all points of a system."""
        return False

    def stand_in(self) -> "AbstractWay | None":
        """A cheap way to nearly the same state, where there is one; good as far as `near_plateau`."""
        return None

    def in_reverse(self) -> "AbstractWay":
        """The same way, to be differentiated in reverse."""
        return self

    @property
    def times(self) -> tuple[float, ...]:
        """When the state is looked at, (time,)."""
        return ()

    @property
    def cells(self) -> int:
        """Cells in a rung."""
        return self.mesh if isinstance(self.mesh, int) else self.mesh.cells

    def with_cells(self, cells: int) -> "AbstractWay":
        """The same way on a mesh of the same kind with so many cells in a rung."""
        mesh = cells if isinstance(self.mesh, int) else dataclasses.replace(self.mesh, cells=cells)
        return dataclasses.replace(self, mesh=mesh)

    def arguments(self, rungs: int) -> dict[str, Any]:
        """Keyword arguments of the solver."""
        grid = {"cells": self.mesh} if isinstance(self.mesh, int) else {"mesh": self.mesh}
        return {**dict(self.options), **grid, "rungs": rungs}

    def point_bytes(self, rungs: int, pairs: int = 0) -> int:
        """Memory a point takes while it runs, in bytes: fits to what compiled sweeps allocate.

        The mesh that follows the features takes 186 words a cell, whatever the number of rungs, and is
        done with before the steps begin; so a point takes the larger of the two, and its saved states. Each of
        `pairs`, phonon branches that lead off the ladder, adds arrays over all pairs of cells.
        """
        saved = 1.1 * rungs * len(self.times)
        dense = pairs * self.pair_arrays * (rungs * self.cells) ** 2
        return int(8 * (self.cells * (max(186 + rungs, self.words(rungs)) + saved) + dense))
