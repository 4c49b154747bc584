"""How a search goes about it: where it starts, what stands for a run, what it polishes. It decides for itself.

What is best was measured (`benchmarks/search.py`): where Eq. (10) of the paper tells the right valley, one start
there finds the optimum in a few solves, of which the closed plateau can stand for most; elsewhere many starts,
spread over the box, are needed.
"""

import dataclasses

import jax
import numpy as np

from ...solvers.way import AbstractWay
from .bounds import corners
from .descent import Swarm, descend
from .merit import Problem, closed
from .objectives import NAMED
from .starts import guided_points, in_batches, spread_points

STARTS, STEPS, POLISHED = 64, 60, 3
"""Without a guide: starts of a Latin hypercube, steps of Adam from each, and how many of the best L-BFGS finishes."""
FEW = 4
"""Valleys by Eq. (10) to choose from: its order among the lowest is not that of σ."""
RIVALS = 8
"""Other valleys by Eq. (10), in which a lower point is looked for once the first is done: one in ten boxes has one."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """`starts` points, guided by Eq. (10) or spread over the box, `steps` of Adam from each, the best `polished`.

    - `scan`: so many points by Eq. (10) are evaluated first, the lowest become the starts
    - `rivals`: so many other points by Eq. (10) are followed down once the optimum is found, in case one leads lower
    - `stand_in`: all but the last polish is done on the plateau in place of the run
    - `how`: all this in words
    """

    how: str
    starts: int = STARTS
    steps: int = STEPS
    polished: int = POLISHED
    guided: bool = False
    scan: int = 0
    rivals: int = 0
    stand_in: bool = False

    def begin(self, problem: Problem, seed: int) -> tuple[Swarm, np.ndarray] | None:
        """The swarm after its descents, and u of the rivals; None where Eq. (10) depends on none of the quantities."""
        rough = in_batches(closed(problem) if self.stand_in else problem, self.starts)
        if not self.guided:
            u, others = spread_points(rough, self.starts, seed), np.zeros((0, problem.box.size))
        else:
            found = guided_points(rough, seed, self.starts, self.scan, self.rivals)
            if found is None:
                return None
            u, others = found
        swarm = Swarm(rough, u)
        descend(swarm, self.steps)
        return swarm, others


def plans(problem: Problem) -> list[Plan]:
    """The plans for a problem, to be tried in turn until one of its starts is finite."""
    recipe = problem.recipe
    why = obstacle(problem)
    spread = f"{STARTS} starts spread over the box, Adam from each, L-BFGS from the best {POLISHED}"
    if why:
        return [Plan(f"{spread}: {why}.")]
    everywhere = Plan(
        f"{spread}: where Eq. (10) pointed nothing was found, or it depends on no quantity here."
    )
    goal, guide = recipe.objective, "L-BFGS from where Eq. (10) points"
    also = f"{RIVALS} other valleys of Eq. (10) were followed down in case one is lower"
    if goal.in_time:
        how = f"{guide}, {FEW} valleys at once."
        return [Plan(how, FEW, 0, POLISHED, guided=True), everywhere]
    if recipe.way.stand_in() is not None:
        how = (f"{guide} (the lowest of {FEW} valleys), first on the plateau at the ζ that free phonons have "
               f"then, which is nearly the run, then on the run; {also} on the plateau.")  # fmt: skip
        return [Plan(how, 1, 0, 1, guided=True, scan=FEW, rivals=RIVALS, stand_in=True), everywhere]
    return [Plan(f"{guide}; {also}.", 1, 0, 1, guided=True, rivals=RIVALS), everywhere]


def obstacle(problem: Problem) -> str:
    """Why Eq. (10) and the plateau do not tell where the objective is best; empty where they do."""
    recipe, system = problem.recipe, problem.system
    goal, metal = recipe.objective, system.metal
    if goal.name not in NAMED or goal.maximise != NAMED[goal.name].maximise:
        return "Eq. (10) tells where σ is low only"
    if recipe.constraints:
        return "Eq. (10) knows of no constraints"
    if system.field.acts:
        return "Eq. (10) knows of no field"
    if metal.dos.features().size:
        return "the density of states has features inside the band, and σ many small valleys"
    if not _near_plateau(problem):
        return "the state is not near the plateau, which Eq. (10) is about"
    way = recipe.way.stand_in() or recipe.way
    return "" if _has_plateau(problem, way) else "the metal has no closed plateau, which Eq. (10) is about"


def _near_plateau(problem: Problem) -> bool:
    """Whether the way ends near the plateau at all corners of the box."""
    recipe, points = problem.recipe, corners(problem.box)
    if recipe.maker is None:
        return recipe.way.near_plateau(recipe.system(problem.system, points.T))
    return all(recipe.way.near_plateau(recipe.system(problem.system, point)) for point in points)


def _has_plateau(problem: Problem, way: AbstractWay) -> bool:
    """Whether `plateau` takes the metal: it refuses dispersion, further modes and whatever leaves the ladder."""
    recipe = problem.recipe
    middle = problem.box.values(np.full(problem.box.size, 0.5))
    try:
        jax.eval_shape(
            lambda values: way.solve(recipe.system(problem.system, values), recipe.rungs)[0], middle
        )
    except ValueError:
        return False
    return True
