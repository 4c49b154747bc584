"""What every benchmark shares: the case, the clock, the reference, the record.

A row of a result is work at a stated error. Times are CPU seconds of this process per point ("core
seconds", what one pinned core spends, whoever else uses the machine) and wall seconds; compilation is
recorded apart. Rows that are compared are run in turns, so that a slow spell of the machine meets all.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
TARGET = 1e-3  # allowed error of σ/σ_0 where a benchmark asks for one


def arguments(
    description: str, cases: tuple[str, ...] = (), accuracies: tuple[float, ...] = ()
) -> argparse.Namespace:
    """Command line of every benchmark. Call it before JAX starts: it pins the process to its cores.

    - `cases` and `accuracies`: of which the user may choose some
    """
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument(
        "--quick", action="store_true", help="a few points and runs: does it work? Not for numbers"
    )
    parser.add_argument(
        "--runs", type=int, default=None, help="timed runs of each row (default 5; 2 if quick)"
    )
    parser.add_argument(
        "--cores", type=int, default=1, help="cores this process may use where there is no GPU"
    )
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON files")
    if cases:
        parser.add_argument(
            "--cases", nargs="+", choices=cases, default=cases, help="only these are run anew"
        )
    if accuracies:
        parser.add_argument(
            "--accuracies", nargs="+", type=float, default=accuracies, help="only these are run anew"
        )
    options = parser.parse_args()
    options.runs = options.runs or (2 if options.quick else 5)
    on_cpu = os.environ.get("JAX_PLATFORMS", "") == "cpu" or not Path("/dev/nvidiactl").exists()
    if on_cpu and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    os.environ["OMP_NUM_THREADS"] = "1"  # the threads of SuperLU_MT spin
    from nacjax.commands.settings import set_up

    set_up(x64=True, device=None, cache=False)
    return options


def single(case, **options) -> Callable:
    """point -> (σ(t_end), steps) by `nacjax.evolve` with its options, the default accuracy without."""
    import nacjax as nj

    def solve(point):
        metal, pump, law = case.build(point)
        run = nj.evolve(metal, pump, [case.t_end], field=law, rungs=case.rungs, budget=False, **options)
        return run.sigma[-1], run.stats["num_steps"]

    return solve


def judge(cells: int):
    """The mesh of what is right: of another shape than those of default calls, and finer at edges and Fermi step."""
    import nacjax as nj

    return nj.Mesh(cells, edge_weight=0.15, edge_width=5e-5, fermi_weight=0.2, on_edges=True)


def batched(solve: Callable, chunk: int | None) -> Callable:
    """points -> results: `jax.vmap` over chunks of at most `chunk` points (None: all at once)."""
    import jax

    return lambda points: jax.lax.map(solve, points, batch_size=min(chunk or len(points), len(points)))


def compiled(function: Callable, *args) -> tuple[Callable, float]:
    """(a call without arguments that waits for its result, seconds of tracing and compiling)."""
    import jax

    start = time.perf_counter()
    executable = jax.jit(function).lower(*args).compile()
    seconds = time.perf_counter() - start
    return (lambda: jax.block_until_ready(executable(*args))), seconds


@dataclass
class Row:
    """One method at one setting. `call()` does `points` points and returns what `check` understands."""

    name: str
    call: Callable
    points: int
    settings: dict = field(default_factory=dict)
    compile_s: float | None = None
    error: float | None = None  # worst |σ − σ without mesh and time error|
    time_error: float | None = None  # worst |σ − σ of the same mesh at a tight tolerance|
    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    more: dict = field(default_factory=dict)

    def time(self):
        """Run once and note wall and CPU seconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        out = self.call()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return out

    @property
    def core_ms(self) -> float:
        """Median core milliseconds a point."""
        return 1e3 * statistics.median(self.cpu) / self.points

    def record(self) -> dict:
        """What goes into the JSON."""
        wall, cpu = sorted(self.wall), sorted(self.cpu)
        return {
            "name": self.name,
            "settings": self.settings,
            "points": self.points,
            "runs": len(wall),
            "core_ms_per_point": self.core_ms,
            "core_ms_spread": [1e3 * cpu[0] / self.points, 1e3 * cpu[-1] / self.points],
            "wall_ms_per_point": 1e3 * statistics.median(wall) / self.points,
            "wall_ms_spread": [1e3 * wall[0] / self.points, 1e3 * wall[-1] / self.points],
            "compile_s": self.compile_s,
            "sigma_error": self.error,
            "time_integration_error": self.time_error,
            **self.more,
        }


def take_turns(rows: list[Row], runs: int) -> None:
    """Time every row `runs` times, in turns; earlier timings are forgotten."""
    for row in rows:
        row.wall, row.cpu = [], []
    for _ in range(runs):
        for row in rows:
            row.time()


def machine() -> dict:
    """What the numbers depend on: processor or accelerator, cores in use, versions. No names of hosts."""
    import jax

    def version(name):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    device = jax.devices()[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = (
        "nacjax",
        "jax",
        "jaxlib",
        "diffrax",
        "lineax",
        "equinox",
        "numpy",
        "scipy",
        "numba",
        "scikit-sundae",
    )
    return {
        "processor": _processor(),
        "cores_used": cores,
        "device": f"{device.platform}: {device.device_kind}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "date": datetime.date.today().isoformat(),
        "float64": bool(jax.config.jax_enable_x64),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def write(options: argparse.Namespace, name: str, content: dict) -> None:
    """Write results/NAME.json (NAME-quick.json for a trial run) and print the rows."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"{name}{'-quick' if options.quick else ''}.json"
    path.write_text(json.dumps({"machine": machine(), "quick": options.quick, **content}, indent=1) + "\n")
    for row in content.get("rows", []):
        show(row)
    print(f"{path.name} written")


def show(row: dict) -> None:
    """One line about a row."""
    if "skipped" in row:
        print(f"{row['name']:42s} skipped: {row['skipped']}")
        return
    error = "" if row["sigma_error"] is None else f"error {row['sigma_error']:.1e}"
    inner = "" if row["time_integration_error"] is None else f"(time {row['time_integration_error']:.1e})"
    print(
        f"{row['name']:42s} {row['core_ms_per_point']:10.4f} core ms {error} {inner} {row['settings']}",
        flush=True,
    )


def insert(page: Path, script: str, text: str) -> None:
    """Put what a script writes, ending in a line break, between its marks on a page."""
    start, end = f"<!-- from here: python benchmarks/{script} -->\n", "<!-- to here -->\n"
    before, rest = page.read_text().split(start)
    page.write_text(before + start + text + end + rest.split(end, 1)[1])
