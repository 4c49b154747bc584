"""Sweeps: points/s against batch and devices, two processes, store and executor, memory against batch.

Each measurement is a process of its own, so that devices, cores and peak memory are its own. Case (a) of
`cases`, in evolution and as plateau.
"""

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]  # before any pinning


def pin(*cores: int) -> None:
    """Keep this process on these of the allowed cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [CORES[k % len(CORES)] for k in cores])


def isolated(job: str, cores: int = 1, devices: int = 1, **setting) -> dict:
    """Run a job below in a process of its own on so many cores and virtual devices."""
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_ENABLE_X64": "1",
                   "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}  # fmt: skip
    call = json.dumps({"job": job, "cores": cores, "all_cores": CORES, "setting": setting})
    done = subprocess.run([sys.executable, __file__, call], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{job} {setting} failed:\n{done.stderr[-2000:]}")
    record = {"cores": cores, "devices": devices, **setting, **json.loads(done.stdout.splitlines()[-1])}
    print(
        job,
        json.dumps({name: round(x, 4) if isinstance(x, float) else x for name, x in record.items()}),
        flush=True,
    )
    return record


def request(state: str, points: int) -> tuple[tuple, dict]:
    """Arguments of `nacjax.sweep` for Fig. 2a, at its defaults."""
    import cases
    import numpy as np

    metal, pump, _ = cases.fig2a(1).build(0.6)
    how = {"plateau": True} if state == "plateau" else {"times": 10.0}
    return (metal, pump), {"axes": {"phonon_energy": np.linspace(0.5, 0.9, points)}, "progress": False, **how}


def _speed(state: str, points: int, chunk: int | None, runs: int) -> dict:
    """Points/s of a compiled sweep."""
    import nacjax as nj

    system, options = request(state, points)
    first = nj.sweep(*system, chunk=chunk, **options)
    wall, cpu = [], []
    for _ in range(runs):
        begin = time.process_time()
        wall.append(nj.sweep(*system, chunk=chunk, **options).attrs["run_seconds"])
        cpu.append(time.process_time() - begin)
    return {"points_per_s": points / statistics.median(wall), "wall_s": sorted(wall), "cpu_s": sorted(cpu),
            "compile_s": first.attrs["compile_seconds"]}  # fmt: skip


def _memory(state: str, chunk: int) -> dict:
    """Growth of the resident memory while one batch runs, what its program allocates, and the estimate, in MiB."""
    import jax
    import numpy as np

    from nacjax.studies.sweep.batch import KERNELS

    study, pieces, values = _kernel(state, chunk, chunk)
    program = KERNELS.get(study, pieces[0], jax.local_devices()).compile()
    plan, values = program.memory_analysis(), np.asarray(values[0])
    Path("/proc/self/clear_refs").write_text("5")  # the compiler's peak does not count
    before = _resident("VmRSS")
    jax.block_until_ready(program(study.system, values))
    allocated = plan.temp_size_in_bytes + plan.argument_size_in_bytes + plan.output_size_in_bytes
    estimate = chunk * study.way.point_bytes(pieces[0].rungs, study.system.metal)
    return {"resident_mib": _resident("VmHWM") - before, "allocated_mib": allocated / 2**20,
            "estimate_mib": estimate / 2**20, "allocated_by_estimate": allocated / estimate}  # fmt: skip


def _resident(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 2**10


def _kernel(state: str, points: int, chunk: int | None) -> tuple:
    """(study, chunks, values of each chunk) as a sweep hands them to its kernel."""
    from nacjax import NoField
    from nacjax.model.checks import as_arrays
    from nacjax.model.names import System
    from nacjax.solvers.ways import way_to
    from nacjax.studies.sweep.batch import Study
    from nacjax.studies.sweep.chunks import Batching
    from nacjax.studies.sweep.observe import observables
    from nacjax.studies.sweep.sweep import chunk_values, plan_job

    system, options = request(state, points)
    how = {name: value for name, value in options.items() if name not in ("axes", "progress")}
    way = way_to(**how)
    study = Study(as_arrays(System(*system, NoField())), (), way, observables("sigma", way))
    job = plan_job(study, options["axes"], Batching(chunk))
    return job.study, job.chunks, [chunk_values(job.points, piece) for piece in job.chunks]


def echo(blob, x64, chunk, values, results):
    """What a worker is sent and sends back, without the work."""
    return results


def _overhead(state: str, runs: int) -> dict:
    """Seconds to compute a chunk of the default size, to store it, and to send it to a process and back."""
    import jax

    from nacjax.studies.sweep.batch import run_chunk
    from nacjax.studies.sweep.chunks import default_size
    from nacjax.studies.sweep.remote import dump
    from nacjax.studies.sweep.store import open_store

    devices = jax.local_devices()
    study = _kernel(state, 4, None)[0]
    points = 4 * default_size(study.way, 2, devices, study.system.metal)
    study, pieces, values = _kernel(state, points, None)
    results = run_chunk(study, pieces[0], values[0], devices)
    shapes = {name: value.shape[1:] for name, value in results.items() if name != "outcome"}

    def median(call) -> float:
        seconds = []
        for k in range(max(runs, 3)):
            begin = time.perf_counter()
            call(k % len(pieces))
            seconds.append(time.perf_counter() - begin)
        return statistics.median(seconds)

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "run.zarr", {"chunk": None}, pieces, shapes, True)
        writing = median(lambda k: store.write(k, results))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(echo, dump(study), True, pieces[0], values[0], results).result()
        sending = median(
            lambda k: pool.submit(echo, dump(study), True, pieces[k], values[k], results).result()
        )
    computing = median(lambda k: run_chunk(study, pieces[k], values[k], devices))
    return {"chunk": pieces[0].size, "chunk_s": computing, "store_s": writing, "executor_s": sending,
            "store_share": writing / computing, "executor_share": sending / computing,
            "study_bytes": len(pickle.dumps(study))}  # fmt: skip


def _start_worker(counter, x64: bool) -> None:
    with counter.get_lock():
        pin(counter.value)
        counter.value += 1
    import jax

    jax.config.update("jax_enable_x64", x64)


def _processes(state: str, points: int, chunk: int, runs: int, workers: int) -> dict:
    """Seconds of a sweep by so many worker processes, one core each; they have compiled before."""
    import nacjax as nj

    system, options = request(state, points)
    spawn = get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=spawn, initializer=_start_worker, initargs=(spawn.Value("i", 0), True)
    ) as pool:
        for _ in range(2):  # the second lets a worker compile that had no chunk in the first
            nj.sweep(*system, chunk=chunk, executor=pool, **options)
        wall = [
            nj.sweep(*system, chunk=chunk, executor=pool, **options).attrs["run_seconds"] for _ in range(runs)
        ]
    return {"wall_s": sorted(wall), "points_per_s": points / statistics.median(wall)}


def compare(options) -> None:
    """Measure and write sweeps.json."""
    from common import write

    quick, runs = options.quick, options.runs
    states = ("plateau",) if quick else ("plateau", "evolve")
    batches = {
        "plateau": (16, 64) if quick else (16, 64, 256, 1024, 4096),
        "evolve": (1, 4, 16, 48, 128, 512),
    }
    points = {"plateau": 256 if quick else 8192, "evolve": 512}
    default = {"plateau": 64 if quick else 256, "evolve": 48}
    content: dict = {
        "case": "sweeps of Fig. 2a",
        "load": os.getloadavg(),
        "allowed_cores": len(CORES),
    }
    parts: dict[str, list] = {"batch": [], "devices": [], "processes": [], "overhead": [], "memory": []}
    for s in states:
        for chunk in batches[s]:
            parts["batch"].append(isolated("speed", state=s, points=points[s], chunk=chunk, runs=runs))
        for count in (1, 2) if quick else (1, 2, 4):
            speed = isolated("speed", cores=2, devices=count, state=s, points=points[s], chunk=count * default[s],
                             cells=cells[s], runs=runs)  # fmt: skip
            parts["devices"].append(speed)
        pair = [isolated("processes", cores=2, state=s, points=points[s], chunk=default[s],
                         runs=runs, workers=n) for n in (1, 2)]  # fmt: skip
        pair[1]["parallel_efficiency"] = pair[1]["points_per_s"] / pair[0]["points_per_s"] / 2
        parts["processes"] += pair
        parts["overhead"].append(isolated("overhead", state=s, runs=runs))
        for chunk in batches[s]:
            parts["memory"].append(isolated("memory", state=s, chunk=chunk))
    for name in ("store_share", "executor_share"):
        content[f"largest_{name}"] = max(row[name] for row in parts["overhead"])
    content["parallel_efficiency"] = [row["parallel_efficiency"] for row in parts["processes"][1::2]]
    content["largest_allocated_by_estimate"] = max(row["allocated_by_estimate"] for row in parts["memory"])
    write(options, "sweeps", {**content, **parts})


JOBS = {"speed": _speed, "memory": _memory, "overhead": _overhead, "processes": _processes}

if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        call = json.loads(sys.argv[1])
        CORES[:] = call["all_cores"]
        pin(*range(call["cores"]))
        print(json.dumps(JOBS[call["job"]](**call["setting"])))
    else:
        from common import arguments

        compare(arguments(__doc__))
