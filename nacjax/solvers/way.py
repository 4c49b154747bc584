"""What a way to a state is: what a study holds, and asks instead of knowing whether it is a run or a plateau.

A way solves a metal under a pump and in a field, and knows what only it can know: its options and arguments, what its
state measures, its outcome codes, its memory and its time. It is plain data, compared and compiled by value.
"""

import abc
import dataclasses
from typing import Any, ClassVar, Self

from ..model.metal import Metal
from ..model.names import System
from .accuracy import Fineness
from .options import check_options


@dataclasses.dataclass(frozen=True)
class AbstractWay(abc.ABC):
    """A way to a state; the final classes are in `ways`.

    - `fine`: mesh, tolerance and accuracy
    - `options`: of the solver, keyword arguments as sorted pairs

    `measures` are the numbers that its state has, `in_time` says whether they depend on time, `times` (time,) when
    they are taken, and `time_axis` whether that is a list, or one number.
    """

    fine: Fineness
    options: tuple[tuple[str, Any], ...] = ()

    name: ClassVar[str]
    known: ClassVar[tuple[str, ...]] = ()  # names of its options
    measures: ClassVar[tuple[str, ...]] = ("sigma",)
    in_time: ClassVar[bool] = False
    time_axis: ClassVar[bool] = False
    least: ClassVar[float] = 0  # cells that an accuracy takes however many the rungs
    most_points: ClassVar[int] = 96  # in a batch that stays in the caches of a CPU
    pair_arrays: ClassVar[int] = (
        4  # over all pairs of cells, for each phonon branch that leads off the ladder
    )
    cpu_seconds: ClassVar[tuple[float, float]]
    """Of compiling one mesh, and of a cell of one rung at a point; of a core, roughly."""
    growth: ClassVar[int] = 2  # power of the number of rungs by which the latter grows

    def __post_init__(self):
        check_options(**dict(self.options))

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
        return self.fine.mesh.cells

    @property
    def compiling(self) -> float:
        """Seconds that a core compiles for one number of rungs, roughly."""
        return self.cpu_seconds[0] * (2 if self.fine.paired else 1)

    def seconds(self, rungs: int) -> float:
        """Seconds that a core takes for one point, roughly."""
        return self.cpu_seconds[1] * self.cells * rungs**self.growth

    def finer(self) -> "AbstractWay":
        """The same way on twice the cells, with a quarter of the tolerance."""
        return dataclasses.replace(self, fine=self.fine.finer)

    def for_metal(self, metal: Metal, fewest: int | None = None) -> Self:
        """The same way with the cells that a metal takes, as `Fineness.for_metal`."""
        return dataclasses.replace(self, fine=self.fine.for_metal(metal, fewest, self.least))

    def arguments(self, rungs: int) -> dict[str, Any]:
        """Keyword arguments of the solver."""
        return {**dict(self.options), "fine": self.fine, "rungs": rungs}

    def point_bytes(self, rungs: int, metal: Metal) -> int:
        """Memory a point takes while it runs, in bytes: fits to what compiled sweeps allocate.

        The mesh that follows the features takes 186 words a cell, whatever the number of rungs, and is
        done with before the steps begin; so a point takes the larger of the two, and its saved states. Each
        phonon branch that leads off the ladder adds arrays over all pairs of cells.
        """
        saved = 1.1 * rungs * len(self.times)
        own = self.fine.on(metal.dos).mesh.cells
        cells = own * (1.5 if self.fine.paired else 1.0)
        dense = metal.off_ladder * self.pair_arrays * (rungs * own) ** 2
        return int(8 * (cells * (max(186 + rungs, self.words(rungs)) + saved) + dense))
