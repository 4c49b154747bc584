"""Chunks sent to other processes through any executor in the style of `concurrent.futures`."""

import concurrent.futures as cf
import functools
import pickle
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from .batch import Study, run_chunk
from .chunks import Chunk

ATTEMPTS = 3
Results = dict[str, np.ndarray]


@functools.lru_cache(maxsize=8)
def _load(blob: bytes) -> Study:
    """The study in a blob; one object per blob, so that a worker compiles it once."""
    return pickle.loads(blob)


def work(blob: bytes, x64: bool, chunk: Chunk, values: np.ndarray) -> Results:
    """Run one chunk in a worker process; the same answer however often it is run."""
    with jax.enable_x64(x64):
        return run_chunk(_load(blob), chunk, values, jax.local_devices())


def dump(study: Study) -> bytes:
    """The study as bytes; functions that are not in a module need cloudpickle (dask brings it)."""
    try:
        import cloudpickle  # pyright: ignore[reportMissingImports]
    except ImportError:
        return pickle.dumps(study)
    return cloudpickle.dumps(study)


def run_remotely(executor: Any, study: Study, chunks: list[Chunk], values) -> Iterator[tuple[Chunk, Results]]:
    """(chunk, results) as they come in; a lost worker's chunk is sent again, `ATTEMPTS` times in all."""
    blob, x64 = dump(study), bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]
    attempts = dict.fromkeys((chunk.number for chunk in chunks), 0)
    waiting: dict[Any, Chunk] = {}

    def send(chunk: Chunk) -> None:
        attempts[chunk.number] += 1
        waiting[executor.submit(work, blob, x64, chunk, values(chunk))] = chunk

    for chunk in chunks:
        send(chunk)
    try:
        while waiting:
            for future in cf.as_completed(list(waiting)):  # those sent again below have their turn afterwards
                chunk = waiting.pop(future)
                try:
                    yield chunk, future.result()
                except (ValueError, TypeError):  # the request is wrong, and will be so elsewhere
                    raise
                except Exception:
                    if attempts[chunk.number] >= ATTEMPTS:
                        raise
                    send(chunk)
    finally:
        for future in waiting:
            future.cancel()
