"""Coarse panels, computed once for all tests; matplotlib without a window."""

import functools

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest

from nacjax.figures.parts import Quality
from nacjax.figures.registry import MODULES


@pytest.fixture(scope="session")
def coarse() -> Quality:
    """Enough to tell a sign."""
    return Quality(cells=24, points=16, rtol=1e-2)


@pytest.fixture(scope="session")
def computed(coarse):
    """A function from the name of a panel to its dataset, coarse; each is computed once."""
    return functools.cache(lambda name: MODULES[name].compute(name, coarse))


@pytest.fixture(autouse=True)
def closed():
    """No figure is left open."""
    yield
    plt.close("all")
