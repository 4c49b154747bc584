"""What a GPU would do, counted without one: kernels, stops for the host and bytes of programs compiled for an H100.

Needs the extra `gpu-count`, and no GPU. Times are a model, not a measurement: a kernel takes 4 µs or its bytes at
3.0 TB/s, a stop for the host 10 µs. Loops of the set-up are taken to turn `TURNS` times, those within a step (they
look for the next jump of a pump) once; the steps are those that the slowest of 64 points takes on this machine. Some
30 s a program.
"""

import json
import os
import sys
from functools import cache
from pathlib import Path

LAUNCH, BANDWIDTH, STOP = 4e-6, 3.0e12, 10e-6
TURNS = 8  # of Newton's method in the set-up
CELLS, RUNGS = 128, 2
CASES = ("evolve", "plateau", "steady", "gradient", "self-tuned")
BATCHES = (256, 4096, 65536)
TARGET = Path(__file__).with_name("h100.txtpb")
PAGE = Path(__file__).with_name("README.md")


def without_gpu() -> None:
    """Let the plugin load where there is no driver; to be called before JAX starts."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_autotune_level=0".strip()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def request(case: str) -> tuple[tuple, dict]:
    """(metal, pump, field) and what a sweep of Fig. 2a is asked for; "self-tuned": of the metal and pulse of Fig. 3."""
    import nacjax as nj

    metal = nj.Metal(
        dos=nj.FlatTopDOS(), phonon_energy=0.6, inelastic_rate=1e-3, filling=0.5, temperature=0.003
    )
    pump, field = nj.Clamped(20.0), nj.NoField()
    if case == "self-tuned":
        metal = nj.Metal(nj.FlatTopDOS(), 1 / 3, 0.003, 2 / 3, inelastic_rate=1e-3, phonon_lifetime=5.0)
        pump, field = nj.ExponentialPulse(zeta0=10.0, duration=0.3), nj.SelfTunedField()
    state = {"plateau": {"plateau": True}, "steady": {"steady": True}}.get(
        case, {"times": 10.0, "rtol": 1e-3}
    )
    return (metal, pump, field), state


@cache
def steps(case: str) -> float:
    """Steps of the slowest of 64 points, of those that reach their end, counted here."""
    import numpy as np

    import nacjax as nj

    if case == "plateau":
        return TURNS
    (metal, pump, field), state = request(case)
    observe = {"steady": {"steps": lambda found: found.iterations * 1.0}}.get(case, ("sigma", "steps"))
    found = nj.sweep(
        metal, pump, field=field, axes={"phonon_energy": np.linspace(0.505, 0.9, 64)}, cells=CELLS,
        observe=observe, progress=False, **state,
    )  # fmt: skip
    return float(found["steps"].where(found["outcome"] == 0).max())


def compiled(case: str, batch: int) -> str:
    """Optimised HLO of a batch, as a sweep would run it on an H100."""
    import jax
    import jax.numpy as jnp
    from jax.experimental import topologies
    from jax.sharding import NamedSharding, PartitionSpec

    from nacjax.model.checks import as_arrays
    from nacjax.model.names import System
    from nacjax.numerics.target import compiling_for
    from nacjax.solvers.ways import way_to
    from nacjax.studies.sweep.batch import Study
    from nacjax.studies.sweep.observe import observables

    system, state = request(case)
    way = way_to(cells=CELLS, **state)
    study = Study(as_arrays(System(*system)), ("metal.phonon_energy",), way, observables("sigma", way))

    def point(system, values):
        def at(value):
            found = study.point(system, value, RUNGS)
            return found["sigma"] if case == "gradient" else found

        return jax.jvp(at, (values,), (jnp.ones_like(values),)) if case == "gradient" else at(values)

    topology = topologies.get_topology_desc(
        platform="cuda", topology="1x1x1", target_config=TARGET.read_text()
    )
    on_one = NamedSharding(topologies.make_mesh(topology, (1,), ("x",)), PartitionSpec())

    def described(x):
        return jax.ShapeDtypeStruct(jnp.shape(x), jnp.asarray(x).dtype, sharding=on_one)

    with compiling_for("cuda"):
        program = jax.jit(jax.vmap(point, in_axes=(None, 0)))
        lowered = program.lower(jax.tree.map(described, study.system), described(jnp.zeros((batch, 1))))
    return lowered.compile().as_text()


def counted(text: str, batch: int, turns: float) -> dict:
    """Kernels, stops and bytes of one step and point, of the rest, and the points a second they allow.

    The steps are the loop that moves most bytes, of those whose turns are not known.
    """
    from hlo import Program

    launches = Program.parsed(text).launches()
    moved: dict[str, float] = {}
    for one in launches:
        for loop in one.loops[:1]:
            moved[loop] = moved.get(loop, 0) + one.times * (one.bytes or 0)
    main = max(moved, key=lambda name: moved[name], default="")
    step = [one for one in launches if main and one.loops[:1] == (main,)]
    rest = [one for one in launches if not (main and one.loops[:1] == (main,))]

    def total(which, value) -> float:
        turns = TURNS if which is rest else 1
        return sum(value(one) * one.times * turns ** len(set(one.loops) - {main}) for one in which)

    def seconds(one) -> float:
        return STOP if one.bytes is None else max(LAUNCH, one.bytes / BANDWIDTH)

    record = {}
    for name, which in (("step", step), ("rest", rest)):
        record[name] = {
            "kernels": total(which, lambda one: one.bytes is not None),
            "stops": total(which, lambda one: one.bytes is None),
            "kB_per_point": total(which, lambda one: one.bytes or 0) / batch / 1e3,
            "ms": 1e3 * total(which, seconds),
        }
    whole = record["rest"]["ms"] + turns * record["step"]["ms"]
    foreign = [line for line in text.splitlines() if " custom-call(" in line]
    return {**record, "steps": turns, "points_per_s": 1e3 * batch / whole, "custom_calls": len(foreign)}


def table(rows: list[dict]) -> str:
    """Markdown, one row a program."""
    lines = [
        "| what, points, precision | a step: kernels + stops | kB/point | ms | the rest: kernels + stops | kB/point "
        "| steps | points/s |",
        "|---" * 8 + "|",
    ]
    for row in rows:
        step, rest = row["step"], row["rest"]
        lines.append(
            f"| {row['name']}, {row['batch']}, {row['precision']} | {step['kernels']:.0f} + {step['stops']:.0f} "
            f"| {step['kB_per_point']:.0f} | {step['ms']:.2f} | {rest['kernels']:.0f} + {rest['stops']:.0f} "
            f"| {rest['kB_per_point']:.0f} | {row['steps']:.0f} | {row['points_per_s']:.1e} |"
        )
    return "\n".join([*lines, ""])


def run() -> None:
    """Count, and write gpu_count.json, complete after every program, and the table of the page.

    Rows of cases that are not counted now stay as they were.
    """
    import jax
    from common import arguments, insert, machine

    options = arguments(__doc__, cases=CASES)
    path = options.out / f"gpu_count{'-quick' if options.quick else ''}.json"
    options.out.mkdir(parents=True, exist_ok=True)
    plans = [(c, b, x64) for c in options.cases for b in BATCHES for x64 in (True, False)]
    known = json.loads(path.read_text())["programs"] if path.exists() and not options.quick else []
    rows = [row for row in known if row["name"] not in options.cases]
    for case, batch, x64 in [("evolve", 4096, True)] if options.quick else plans:
        turns = steps(case)
        with jax.enable_x64(x64):
            record = counted(compiled(case, batch), batch, turns)
        rows.append({"name": case, "batch": batch, "precision": "f64" if x64 else "f32", **record})
        print(table(rows[-1:]).splitlines()[2], flush=True)
        rows.sort(key=lambda row: CASES.index(row["name"]))
        content = {"machine": machine(), "quick": options.quick, "programs": rows}
        path.write_text(json.dumps(content, indent=1) + "\n")
    if not options.quick:
        insert(PAGE, "gpu_count.py", table(rows))


if __name__ == "__main__":
    if "--help" not in sys.argv:
        without_gpu()
    run()
