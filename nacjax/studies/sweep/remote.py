"""Chunks sent to other processes through any executor in the style of `concurrent.futures`."""

import concurrent.futures as cf
import functools
import multiprocessing
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
    """Run one chunk in a worker process; the same answer however often it is run.

    The batch was cut for the devices of the process that sent it: here as many are used as share it equally.
    """
    devices = jax.local_devices()
    count = max(k for k in range(1, len(devices) + 1) if chunk.size % k == 0)
    with jax.enable_x64(x64):
        return run_chunk(_load(blob), chunk, values, devices[:count])


def check_executor(executor: Any) -> None:
    """Raise `ValueError` for a pool of forked processes: they inherit locks of JAX's threads, and hang."""
    if executor is not None and not hasattr(executor, "submit"):
        raise ValueError(
            f"executor = {executor!r} is not allowed: it must have submit(), as those of concurrent.futures have"
        )
    if not isinstance(executor, cf.ProcessPoolExecutor):
        return
    context = getattr(executor, "_mp_context", None) or multiprocessing
    if context.get_start_method() == "fork":
        raise ValueError(
            "executor is a ProcessPoolExecutor that forks, which hangs beside the threads of JAX: use "
            "ProcessPoolExecutor(..., mp_context=multiprocessing.get_context('spawn')), and guard the script with "
            "if __name__ == '__main__':"
        )


def dump(study: Study) -> bytes:
    """The study as bytes; functions that are not in a module need cloudpickle (dask brings it)."""
    try:
        import cloudpickle  # pyright: ignore[reportMissingImports]
    except ImportError:
        return pickle.dumps(study)
    return cloudpickle.dumps(study)


def run_remotely(executor: Any, study: Study, chunks: list[Chunk], values) -> Iterator[tuple[Chunk, Results]]:
    """(chunk, results) as they come in; a lost worker's chunk is sent again, `ATTEMPTS` times in all.

    Raises `RuntimeError` after that, and where the executor gives up itself.
    """
    blob, x64 = dump(study), bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]
    attempts = dict.fromkeys((chunk.number for chunk in chunks), 0)
    waiting: dict[Any, Chunk] = {}

    def send(chunk: Chunk) -> None:
        attempts[chunk.number] += 1
        try:
            waiting[executor.submit(work, blob, x64, chunk, values(chunk))] = chunk
        except cf.BrokenExecutor as error:
            raise _lost(error) from error

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
                except Exception as error:
                    final = isinstance(error, cf.BrokenExecutor) or type(error).__name__ == "KilledWorker"
                    if final or attempts[chunk.number] >= ATTEMPTS:  # dask has tried several times by then
                        raise _lost(error, attempts[chunk.number]) from error
                    send(chunk)
    finally:
        for future in waiting:
            future.cancel()


def _lost(error: Exception, attempts: int = 1) -> RuntimeError:
    tried = "" if attempts == 1 else f" after {attempts} attempts"
    return RuntimeError(
        f"executor: a chunk could not be computed{tried} ({type(error).__name__}: {' '.join(str(error).split())}). "
        "Its process may have wanted memory: give a smaller chunk=, or fewer workers. What was finished is kept "
        "where a store was given, and the same call goes on from it"
    )
