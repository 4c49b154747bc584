"""`sweep`: a study over any axes, in compiled batches that fill the device."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from ...model.checks import as_arrays
from ...model.field import AbstractField
from ...model.metal import Metal
from ...model.names import System, system_of
from ...model.pump import AbstractPump
from ...model.record import describe, device_name, versions
from ...model.units import stated
from ...solvers.ways import way_to
from ..commensurate import landmarks
from ..progress import Reporter
from .axes import Axes, Points, check_points, make_points
from .batch import KERNELS, Study, run_chunk
from .chunks import Batching, Chunk, expected_cost, plan, rung_counts, shared_rungs
from .dataset import blank, to_dataset
from .extras import check_store
from .observe import Observe, check_names, observables
from .outcomes import failed
from .peers import watched
from .remote import check_executor, run_remotely
from .store import Store, is_store, open_store


def sweep(
    metal: Metal,
    pump: AbstractPump,
    *,
    axes: Axes,
    field: AbstractField | None = None,
    times: Any = None,
    plateau: bool = False,
    steady: bool = False,
    observe: Observe = ("sigma",),
    store: str | Path | None = None,
    executor: Any = None,
    progress: bool = True,
    **options: Any,
) -> xr.Dataset:
    """Compute observables over a grid of any quantities.

    Observables over the grid of `axes`, as a labelled dataset. The other arguments:

    - `axes`: name of a quantity → its values. Any scalar number of the metal, its DoS and further modes,
      the pump or the field: `{"phonon_energy": [0.3, 0.5], "zeta": [1, 5, 20]}`; every combination is computed.
      A tuple of names goes together, value by value: `{("filling", "phonon_energy"): ([0.4, 0.5], [0.3, 0.5])}`.
      Where a name is ambiguous write part of its path: `"dos.width"`, `"pump.width"`; what belongs to a
      further mode is numbered from 0: `"modes.0.coupling_rate"`, `"modes.1.pump.zeta"`. In a metal with scales
      quantities have units: `["100 K", "300 K"]`, or a pair `([100, 300], "K")`.
    - one of `times` (as in `evolve`; one number gives no time axis), `plateau=True`, `steady=True`
    - `observe`: names ("sigma", "phonons", "field", "field_normalised", "steps"), functions of a
      `Run` (`Plateau`, `SteadyState`) with one number or one per time as result, or {name: function}. A function with
      an attribute `dims`, name → values, has these axes behind that of time
    - `store`: path of a Zarr store that gets every chunk as it is finished, and from which an interrupted sweep goes on
    - `executor`: of the `concurrent.futures` kind, to compute chunks in other processes
    - `progress`: a bar where there is a terminal; option `callback`: called with a `Progress` after each chunk
    - options `chunk`: points per batch, what suits the device by default; `devices`: of JAX, all local ones by
      default, each with a loop of its own
    - options of `evolve`: `accuracy`, `cells`, `mesh`, `rtol`, `atol`, `solver`, `max_steps`

    Returns observables on the axes, `outcome` (code) and `reason` (sentence) of each point, and in the attributes
    configuration, versions, device and times. A point that fails is NaN with its reason and stops no other. Under
    `jax.distributed` each process computes its share of the chunks into the same `store`; where one fails or is
    killed the others end with a `RuntimeError` within a minute, and the same call goes on.

    Raises `ValueError`, before anything is computed, for an unknown axis (the nearest is suggested), values that
    are not allowed, unequal zipped lengths, an unknown observable or one of the wrong shape, and a store that is
    none or holds another sweep. Raises `OSError` where the store cannot be written; what was finished is kept
    there, also after Ctrl-C, and the same call goes on from it.

    >>> axes = {"phonon_energy": [0.55, 0.6], "zeta": [1.0, 20.0]}
    >>> swept = nj.sweep(nj.trial(), nj.Clamped(1.0), axes=axes, plateau=True, cells=16, progress=False)
    >>> swept["sigma"].shape
    (2, 2)
    """
    start = time.perf_counter(), KERNELS.seconds
    if store is not None:
        check_store(store)
    batching, numerics = Batching.split(options)
    system = as_arrays(system_of(metal, pump, field))
    way = way_to(stated("times", times, "time", metal.scales), plateau, steady, **numerics)
    study = Study(system, (), way, observables(observe, way))
    return run_job(plan_job(study, axes, batching, store), store, executor, progress, start)


@dataclasses.dataclass(frozen=True)
class Job:
    """A sweep, checked and cut into chunks: all that is known before anything is computed.

    - `study`, `points`: what is computed, and where; `chunks` of the points, cut and run as `batching` says
    - `shapes`: of each observable at one point; `configuration`: what a store must agree with
    """

    study: Study
    points: Points
    chunks: list[Chunk]
    batching: Batching
    shapes: dict[str, tuple[int, ...]]
    configuration: dict[str, Any]

    @property
    def devices(self) -> list:
        """The JAX devices."""
        return self.batching.devices


def plan_job(study: Study, axes: Axes, batching: Batching, store: Any = None) -> Job:
    """The `Job` of a study over axes; raises `ValueError` for whatever is wrong with it."""
    points = make_points(axes, study.system, len(study.observables) * max(1, len(study.way.times)))
    check_names(study.observables, (*points.dims, *(c.name for c in points.coordinates)))
    study = dataclasses.replace(study, paths=tuple(points.columns))
    batch = check_points(points, study.system)
    study.way.check(batch)
    chunks = _chunks(study, points, batch, batching, store)
    batching.require_room(study.way, chunks, study.system.metal)
    shapes = KERNELS.get(study.on(chunks[0]), chunks[0], batching.devices).shapes
    return Job(study, points, chunks, batching, shapes, _configuration(study, points, batching.chunk))


def run_job(job: Job, store: Any, executor: Any, progress: bool, start: tuple[float, float]) -> xr.Dataset:
    """The dataset of a job; `start`: when the sweep began, and what compilations had taken until then (s)."""
    if jax.process_count() > 1 and store is None:
        raise ValueError("store is needed under jax.distributed: the processes bring their results there")
    check_executor(executor)
    alone, metal = jax.process_count() == 1, job.study.system.metal
    kept = None if store is None else open_store(store, job.configuration, job.chunks, job.shapes, alone)
    reporter = Reporter(job.points.size, progress and jax.process_index() == 0, job.batching.callback)
    with _ending_cleanly(kept, reporter), watched(kept) as check_others:
        results = _run(job, kept, executor, reporter, check_others)
    dataset = to_dataset(job.study, job.points, results)
    used = versions() if kept is None else kept.versions
    dataset.attrs |= {"configuration": json.dumps(job.configuration), "versions": json.dumps(used)}
    varied = {path.rsplit(".", 1)[1] for path in job.points.columns}
    if "phonon_energy" in varied and not varied & {"filling", "temperature", "width", "exponent"}:
        dataset.attrs["landmarks"] = json.dumps(landmarks(metal))
    if kept is not None and kept.writable and jax.process_index() == 0:
        kept.finish(dataset)
    compile_seconds, wall = KERNELS.seconds - start[1], time.perf_counter() - start[0]
    dataset.attrs |= {
        "device": device_name(job.devices),
        "compile_seconds": round(compile_seconds, 3),
        "run_seconds": round(wall - compile_seconds, 3),
        "wall_seconds": round(wall, 3),
    }
    return dataset


def _run(
    job: Job, kept: Store | None, executor: Any, reporter: Reporter, check_others: Callable[[], None]
) -> dict[str, np.ndarray]:
    """The results at all points; this process computes its share of what the store does not have."""
    results = blank(job.study, job.points, job.shapes)
    todo = _still_to_do(kept, job.chunks, results, reporter)
    earlier = {} if kept is None else dict(kept.journal.not_run)
    if kept is not None and todo:
        kept.go_on(record=jax.process_index() == 0)
        todo = kept.shares(todo, jax.process_count())[jax.process_index()]
    coming = _computed(job.study, job.points, todo, job.devices, executor, reporter)
    try:
        with contextlib.closing(coming):  # cancels what an executor has not begun
            for piece, values in coming:
                for name, target in results.items():
                    target[piece.indices] = values[name]
                if kept is not None:
                    kept.write(piece.number, values)
                reporter.add(piece.indices.size, int(np.count_nonzero(failed(values["outcome"]))))
                check_others()
    finally:
        if kept is not None:
            kept.flush()
    if kept is not None and jax.process_count() > 1:
        _await_others(kept, results, earlier, check_others)
    return results


def _chunks(study: Study, points: Points, batch: System, batching: Batching, store: Any) -> list[Chunk]:
    way, metal, many = study.way, study.system.metal, len(batching.devices)
    ladders = shared_rungs(rung_counts(batch, points.size), way, metal)
    if store is not None and is_store(Path(store)):
        kept = Store(store)
        if kept.largest_point < points.size:  # else it is another sweep, which open_store will refuse
            return kept.plan(*ladders, many)
    cost = expected_cost(study.system, batch, points.size)

    def size(rungs, fewest):
        return batching.size(way, rungs, fewest, metal)

    return plan(*ladders, cost, size, many)


def chunk_values(points: Points, piece: Chunk) -> np.ndarray:
    """The values of the axes at the points of a chunk, padded to its size, (size, quantity)."""
    return np.stack([column[piece.padded] for column in points.columns.values()], axis=1)


def _configuration(study: Study, points: Points, chunk: int | None) -> dict[str, Any]:
    way = study.way
    return {
        **{name: describe(part) for name, part in study.system._asdict().items()},
        "axes": {c.path: {"dim": c.dim, "values": c.values.tolist()} for c in points.coordinates},
        "order of the axes": [c.path for c in points.coordinates],
        "state": way.name,
        "times": list(way.times),
        "observe": {entry.name: describe(entry.function) for entry in study.observables},
        "mesh": describe(way.fine.mesh),
        "rtol": way.fine.rtol,
        "accuracy": way.fine.accuracy,
        "options": {name: describe(value) for name, value in way.options},
        "x64": bool(jax.config.jax_enable_x64),  # pyright: ignore[reportAttributeAccessIssue]
        "chunk": chunk,
    }


def _still_to_do(kept: Store | None, chunks, results, reporter: Reporter) -> list[Chunk]:
    if kept is None:
        return chunks
    kept.journal.scan(results)
    done = kept.journal.whole
    found = results["outcome"][results["outcome"] >= 0]
    if found.size:
        reporter.add(found.size, int(np.count_nonzero(failed(found))))
    return [piece for piece in chunks if not done[piece.number]]


@contextlib.contextmanager
def _ending_cleanly(kept: Store | None, reporter: Reporter) -> Iterator[None]:
    """Close the bar in any case; Ctrl-C says what is kept and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"sweep interrupted: {interrupted(kept and kept.path)}") from None
    finally:
        reporter.close()


def interrupted(store: str | Path | None) -> str:
    """What is kept of a sweep that was interrupted, and how to go on."""
    if store is None:
        return "nothing is kept, since there is no store; store='run.zarr' would keep what is finished"
    if not is_store(Path(store)):
        return f"nothing is in store = {str(store)!r} yet"
    return (f"{Store(store).kept()} in store = {str(store)!r}; the same call goes on from there "
            "(on the command line: add --resume)")  # fmt: skip


def _computed(
    study, points, chunks, devices, executor, reporter: Reporter
) -> Generator[tuple[Chunk, dict], None, None]:
    """(chunk, its results), one after the other here or as they come from the executor."""
    if executor is not None:
        yield from run_remotely(executor, study, chunks, lambda piece: chunk_values(points, piece))
        return
    firsts = [piece for k, piece in enumerate(chunks) if k == 0 or piece.rungs != chunks[k - 1].rungs]
    ahead = iter([*firsts[1:], None])
    for piece in chunks:
        if firsts and piece is firsts[0]:
            firsts.pop(0)
            reporter.say(f"compiling for {piece.rungs} rungs")
            batch = KERNELS.get(study.on(piece), piece, devices)
            batch.start()
            following = next(ahead)
            if following is not None:  # compiles while this one runs
                KERNELS.get(study.on(following), following, devices).start()
            batch.compile()
            reporter.say(f"{piece.rungs} rungs")
        yield piece, run_chunk(study, piece, chunk_values(points, piece), devices)


def _await_others(
    kept: Store, results: dict[str, np.ndarray], earlier: dict[int, float], check_others: Callable[[], None]
) -> None:
    """Wait until the other processes have brought their chunks, and read them.

    `earlier`: chunks that could not run in a start before this one, and when.
    """
    journal = kept.journal
    journal.scan(results)
    while not all(
        journal.whole[k] or journal.not_run.get(k) != earlier.get(k) for k in range(len(journal.whole))
    ):
        check_others()
        time.sleep(0.2)
        journal.scan(results)
    journal.scan(results, not_run=True)
