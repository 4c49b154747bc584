"""One point of a sweep as a function, and a batch of them as one compiled program."""

import dataclasses
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import jaxpr_as_fun

from ...model.names import System, changed
from ...numerics.program import Executable
from ...solvers.accuracy import FINER
from ...solvers.way import AbstractWay
from .chunks import Chunk
from .observe import Observable
from .outcomes import NOT_FINITE, NOT_RUN, UNSURE


@dataclasses.dataclass(frozen=True)
class Study:
    """What is computed at every point: everything but the values of the axes.

    - `system`: metal, pump and field around which the axes vary; `paths`: what varies
    - `way`: how a state is reached; `observables`: what is recorded of it
    """

    system: System
    paths: tuple[str, ...]
    way: AbstractWay
    observables: tuple[Observable, ...]

    def on(self, chunk: Chunk) -> "Study":
        """The same with the cells that its points need."""
        return dataclasses.replace(self, way=self.way.for_metal(self.system.metal, chunk.fewest))

    def point(self, system: System, values: jax.Array, rungs: int) -> dict[str, jax.Array]:
        """The observables and the outcome at one point; `values` (quantity,) belong to `paths`."""
        here = changed(system, dict(zip(self.paths, values, strict=True)))
        code, state = self.way.solve(here, rungs)
        results = {entry.name: jnp.asarray(entry.function(state)) for entry in self.observables}
        count = len(self.way.times)
        inner = {entry.name: entry.inner for entry in self.observables}
        for name, value in results.items():
            if value.shape not in (inner[name], (count, *inner[name])):
                wanted = "one number" + (f" or {count} (one per time)" if count else "")
                raise ValueError(
                    f"observe: {name} has the shape {value.shape}; it must be {wanted} at each point"
                )
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(value)) for value in results.values()]))
        results["outcome"] = jnp.where((code == 0) & ~finite, NOT_FINITE, code)  # pyright: ignore[reportArgumentType]
        return results


COMPILER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="compile")


class Batch:
    """A batch function of (system, values): traced at once, compiled in the background from `start` on.

    `shapes`: of each observable at one point.
    """

    def __init__(self, study: Study, chunk: Chunk, devices: list):
        start = time.perf_counter()
        values = jax.ShapeDtypeStruct((chunk.size, len(study.paths)), jnp.zeros(()).dtype)
        fixed = (study.paths, study.way, study.observables, chunk.rungs)
        self.executable = Executable(_batch(study, chunk, devices), (study.system, values), fixed)
        self.shapes = {
            name: info.shape[1:] for name, info in self.executable.out.items() if name != "outcome"
        }
        self.future: Future | None = None
        KERNELS.seconds += time.perf_counter() - start

    def start(self) -> None:
        """Start to compile, unless that has been done."""
        if self.future is None:
            start = time.perf_counter()
            self.executable.lower()
            self.future = COMPILER.submit(self.executable.compile)
            KERNELS.compilations += 1
            KERNELS.seconds += time.perf_counter() - start

    def compile(self) -> Callable:
        """The compiled function."""
        self.start()
        assert self.future is not None
        start = time.perf_counter()
        self.future.result()
        KERNELS.seconds += time.perf_counter() - start
        return self.executable


def _batch(study: Study, chunk: Chunk, devices: list) -> Callable:
    def batch(system, values):
        return jax.vmap(lambda v: study.point(system, v, chunk.rungs))(values)

    if len(devices) == 1:
        return batch
    # Each device runs its own loop; automatic sharding would synchronise every step. The batch is traced
    # outside shard_map, whose arrays carry a mesh in their types that lineax's checks do not know.
    share = jax.ShapeDtypeStruct((chunk.size // len(devices), len(study.paths)), jnp.zeros(()).dtype)
    plain, shapes = jax.make_jaxpr(batch, return_shape=True)(study.system, share)
    structure = jax.tree.structure(shapes)

    def replay(system, values):
        return jax.tree.unflatten(structure, jaxpr_as_fun(plain)(*jax.tree.leaves((system, values))))

    mesh, spec = jax.sharding.Mesh(np.array(devices), ("device",)), jax.sharding.PartitionSpec
    specs = (spec(), spec("device"))
    return jax.shard_map(replay, mesh=mesh, in_specs=specs, out_specs=spec("device"), check_vma=False)


class Kernels:
    """Batches kept for as long as the process lives, shared by sweeps of the same structure.

    `compilations` counts them, `seconds` is the time that callers spent on them.
    """

    def __init__(self, most: int = 64):
        self.most = most
        self.batches: OrderedDict[Any, Batch] = OrderedDict()
        self.compilations = 0
        self.seconds = 0.0

    def get(self, study: Study, chunk: Chunk, devices: list) -> Batch:
        """The batch for this study (whatever its numbers), rung count, size and devices."""
        numbers, rest = eqx.partition(study.system, eqx.is_array)
        fixed = [getattr(study, field.name) for field in dataclasses.fields(study) if field.name != "system"]
        kinds = jax.tree.map(lambda x: (x.shape, x.dtype), numbers)
        leaves, structure = jax.tree.flatten((fixed, rest, kinds, chunk.rungs, chunk.size, devices))
        key = (*leaves, structure, jnp.zeros(()).dtype)
        if key not in self.batches:
            self.batches[key] = Batch(study, chunk, devices)
            if len(self.batches) > self.most:
                self.batches.popitem(last=False)
        self.batches.move_to_end(key)
        return self.batches[key]


KERNELS = Kernels()
"""The batches of this process."""


AGAIN = 8
"""Points in a batch of those that are computed again."""


def run_chunk(study: Study, chunk: Chunk, values: np.ndarray, devices: list) -> dict[str, np.ndarray]:
    """Observables and outcome codes of a chunk's points, each (point, ...); `values` (size, quantity).

    Points less sure than was asked for are computed again, more finely, and marked where that is not enough.
    """
    study = study.on(chunk)
    results, accuracy = run_once(study, chunk, values, devices), study.way.fine.accuracy
    if not accuracy or "sigma_error" not in results:
        return results
    for more in range(FINER + 1):
        error = results["sigma_error"].reshape(len(chunk.indices), -1).max(axis=1)
        doubtful = np.flatnonzero((results["outcome"] == 0) & (error > accuracy))
        if not doubtful.size or more == FINER:
            break
        study = dataclasses.replace(study, way=study.way.finer())
        size = min(chunk.size, AGAIN * len(devices))
        for start in range(0, doubtful.size, size):
            few = dataclasses.replace(chunk, size=size, indices=doubtful[start : start + size])
            found = run_once(study, few, values[few.padded], devices)
            for name, target in results.items():
                target[few.indices] = found[name]
    results["outcome"][doubtful] = UNSURE
    return results


def run_once(study: Study, chunk: Chunk, values: np.ndarray, devices: list) -> dict[str, np.ndarray]:
    """The same without a second look.

    A batch that crashes gives NaN and the code `NOT_RUN`; what is wrong with the request is raised.
    """
    batch = KERNELS.get(study, chunk, devices)
    kept = chunk.indices.size
    try:
        results = batch.compile()(study.system, values.astype(jnp.zeros(()).dtype))
        return {name: np.array(value)[:kept] for name, value in results.items()}
    except jax.errors.JaxRuntimeError:
        failed = {name: np.full((kept, *shape), np.nan) for name, shape in batch.shapes.items()}
        return {**failed, "outcome": np.full(kept, NOT_RUN)}
