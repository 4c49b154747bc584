"""Shared set-up: float64, and compiled functions kept between runs."""

import gc
import os
import pathlib
import tempfile

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(tempfile.gettempdir(), "nacjax-test-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
os.environ.setdefault("EQX_ON_ERROR", "nan")  # programs that call back into Python cannot be kept

import jax
import pytest

import nacjax as nj
from nacjax.numerics.program import forget

jax.config.update("jax_enable_x64", True)

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker and hasattr(os, "sched_setaffinity"):
    # one core each: threads of XLA that share cores cost half the time
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


@pytest.fixture(scope="module", autouse=True)
def _compiled_programs_are_let_go():
    """Every compiled program is a handful of memory maps; a process may have 65530 and dies, without a word, beyond."""
    yield
    maps = pathlib.Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > 20_000:
        jax.clear_caches()
        forget()
        gc.collect()


LONGEST = ("test_rosenbrock", "test_exact", "test_store", "test_steady", "test_search", "test_sweep")


def pytest_collection_modifyitems(items):
    """Files that take longest first, so that no worker is left alone with one at the end."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file stays on one worker, where its fixtures and compiled functions are; a notebook is a file too."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return nodeid if "test_notebooks" in nodeid else super()._split_scope(nodeid)

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def metal() -> nj.Metal:
    """The metal of Fig. 2e and of the exact results: ν = 1/2, ω_p = 0.53 W, T = 0.003 W, no inelastic scattering."""
    return nj.Metal(dos=nj.FlatTopDOS(), filling=0.5, temperature=0.003, phonon_energy=0.53)
