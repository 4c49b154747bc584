"""How a point of a sweep ended, as a code."""

from typing import Any

import numpy as np

from ...solvers.way import AbstractWay

NOT_FINITE, NOT_RUN, UNSURE = 100, 101, 104
OWN_SENTENCES = {
    0: "The point was computed.",
    NOT_FINITE: "The result is not finite.",
    UNSURE: "σ is known less well than was asked for, on the finest mesh that is tried: sigma_error says how well.",
    NOT_RUN: "The batch of this point could not run, most likely for want of memory.",
}
"""Outcome codes of a sweep's own; the others are those of the way."""


def sentence(code: int, way: AbstractWay) -> str:
    """An outcome code as a sentence."""
    return OWN_SENTENCES.get(code) or way.sentence(code)


def failed(codes: Any) -> np.ndarray:
    """Where codes are those of points without a result; one that is less sure than was wanted has one."""
    return ~np.isin(codes, (0, UNSURE))
