"""The neighbourhood of an optimum: gradient, Hessian, flat directions, and kinks."""

import dataclasses

import numpy as np

from .merit import Problem


@dataclasses.dataclass(frozen=True)
class Neighbourhood:
    """Derivatives of the merit around a point, in shares z of the box.

    - `gradient` (quantity,), `hessian` (quantity, quantity): central differences of exact gradients
    - `jumps` (quantity,): by how much the derivative along each quantity jumps near the point; 0 if smooth
    - `lowest`, `lowest_merit`: the best of the points that were looked at, z and merit
    """

    gradient: np.ndarray
    hessian: np.ndarray
    jumps: np.ndarray
    lowest: np.ndarray
    lowest_merit: float


def look_around(problem: Problem, z: np.ndarray, scale: float, reach: float = 5e-3) -> Neighbourhood:
    """Differences of gradients over ± `reach` and a quarter of it, kept inside the box.

    For a smooth function the difference is proportional to the distance; what is left of it at distance
    zero is a jump of the gradient, counted where it exceeds a third of the difference and 5% of `scale`.
    """
    size = z.size
    tiny = 1e-9
    points = [z]
    for distance in (reach, 0.25 * reach):
        for axis in np.eye(size):
            points += [np.clip(z + sign * distance * axis, tiny, 1 - tiny) for sign in (1, -1)]
    points = np.stack(points)
    found = problem.at(points, "curvature")
    slope = found.slope[1:].reshape(2, size, 2, size)
    place = points[1:].reshape(2, size, 2, size)
    change = slope[:, :, 0] - slope[:, :, 1]  # (distance, quantity moved, derivative)
    apart = np.einsum("dqq->dq", place[:, :, 0] - place[:, :, 1])
    hessian = change[0] / apart[0][:, None]
    # Δ(d) = jump + 2 d H along each quantity itself, from the two distances
    own = np.einsum("dqq->dq", change)
    jumps = (own[1] * apart[0] - own[0] * apart[1]) / (apart[0] - apart[1])
    real = (np.abs(jumps) > np.abs(own[0]) / 3) & (np.abs(jumps) > 0.05 * scale)
    best = int(np.argmin(np.where(np.isfinite(found.merit), found.merit, np.inf)))
    return Neighbourhood(
        found.slope[0], 0.5 * (hessian + hessian.T), np.where(real, jumps, 0.0), points[best],
        float(found.merit[best]),
    )  # fmt: skip
