"""results/table.md, results/figure.png and the table of README.md from the JSON files beside it."""

import json
import statistics
from pathlib import Path

import numpy as np
from common import arguments, insert

TITLES = {
    "work_precision": "Default calls and their peers",
    "gradients": "(d) dσ in five parameters",
    "growth": "(e) growth",
    "pulses": "256 pulses in one vmap: what a field costs",
    "parts": "What bounds (a) and (b)",
}
PAGE = Path(__file__).parent / "README.md"
COLUMNS = 5  # cases beside each other


def load(folder: Path, quick: bool) -> dict:
    """name -> content of every result there is."""
    paths = {name: folder / f"{name}{'-quick' if quick else ''}.json" for name in TITLES}
    return {name: json.loads(path.read_text()) for name, path in paths.items() if path.exists()}


def number(x) -> str:
    """A number as a reader wants it: three digits below 10, two at most above."""
    if x is None:
        return "–"
    digits = 0 if x >= 100 else 1 if x >= 10 else 2 if x >= 0.1 else 3
    return f"{x:.{digits}f}"


def trajectories(content: dict, clock: str) -> list[str]:
    """A table for each case: work, error and settings of every method at every accuracy."""
    lines = []
    for name in dict.fromkeys(row["case"] for row in content["rows"]):
        rows = [row for row in content["rows"] if row["case"] == name]
        lines += [
            f"**{rows[0]['title']}**",
            "",
            "| accuracy | method | ms/point/core (spread) | error | settings | × ours |",
            "|---|---|---|---|---|---|",
        ]
        for row in rows:
            if "skipped" in row:
                lines.append(f"| {row['accuracy']:g} | {row['name']} | {row['skipped']} | | | |")
                continue
            low, high = row["core_ms_spread" if clock.startswith("core") else "wall_ms_spread"]
            given = {key: value for key, value in row["settings"].items() if key != "accuracy"}
            settings = ", ".join(
                f"{key} {value:g}" if isinstance(value, float) else value for key, value in given.items()
            )
            lines.append(
                f"| {row['accuracy']:g} | {row['name']} | {number(row[clock])} ({number(low)}–{number(high)}) "
                f"| {row['sigma_error']:.1e} | {settings or 'default'} | {number(row['times_ours'])} |"
            )
        lines.append("")
    return lines[:-1]


def gradients(content: dict, clock: str) -> list[str]:
    """Derivatives, in units of the forward solve."""
    lines = ["| method | ms/point/core | gradient error | × forward solve |", "|---|---|---|---|"]
    first = content["rows"][0][clock]
    for row in content["rows"]:
        error = row.get("gradient_error")
        lines.append(
            f"| {row['name']} | {number(row[clock])} | {'–' if error is None else f'{error:.0e}'} "
            f"| {number(row[clock] / first)} |"
        )
    return lines


def growth(content: dict, clock: str) -> list[str]:
    """ms a point along each family, and the exponents."""
    lines = []
    for name in ("cells", "rungs", "batch"):
        rows = content[name]
        table = {
            name: [str(r["settings"][name]) for r in rows],
            "ms/point/core": [number(r[clock]) for r in rows],
            "steps": [number(r["steps"]) for r in rows],
        }
        head, *body = (f"| {title} | {' | '.join(entries)} |" for title, entries in table.items())
        lines += [head, "|---" * (len(rows) + 1) + "|", *body, ""]
    lines.append(
        f"Cost ∝ I^{content['exponent_in_cells']:.2f} (a step: I^{content['exponent_in_cells_per_step']:.2f}); "
        f"a step ∝ J^{content['exponent_in_rungs_per_step']:.2f}."
    )
    return lines


def pulses(content: dict, clock: str) -> list[str]:
    """What a field law costs, in units of the batch without one."""
    lines = [
        "| field | ms/pulse/core | × no field | steps, mean (most) | σ error |",
        "|---|---|---|---|---|",
    ]
    first = content["laws"][0][clock]
    for row in content["laws"]:
        lines.append(
            f"| {row['name']} | {number(row[clock])} | {number(row[clock] / first)} "
            f"| {row['steps_mean']:.0f} ({row['steps_most']}) | {row['sigma_error']:.1e} |"
        )
    return lines


def parts(content: dict, clock: str) -> list[str]:
    """Microseconds and rates of each part of a trajectory; what is left is step control, dense output and waiting."""
    cases, best = content["cases"], content["best"]

    def entry(case, name):
        if name not in case["each"]:
            return f"{case[name]:.0f}"
        part = case["each"][name]
        rates = (1e-3 * part[kind] / part["microseconds"] for kind in ("operations", "bytes"))
        return f"{case['microseconds'][name]:.0f} ({', '.join(number(rate) for rate in rates)})"

    names = [*cases[0]["each"], "rest", "whole"]
    titles = " | ".join(case["case"] for case in cases)
    lines = [f"| µs a trajectory (10⁹ operations, 10⁹ bytes a second) | {titles} |", "|---" * 3 + "|"]
    lines += [f"| {name} | {' | '.join(entry(case, name) for case in cases)} |" for name in names]
    steps = " and ".join(f"{case['steps_of_slowest']:.1f}" for case in cases)
    return [
        *lines,
        "",
        f"The slowest trajectory of a chunk takes {steps} steps. Timed alone, parts wait for memory and add up to more "
        f"than the whole. Bytes are those of arguments and results. A core that does nothing else computes "
        f"{1e-9 * best['operations_per_s']:.0f}, or moves {1e-9 * best['bytes_per_s']:.0f}, of these a second.",
    ]


def place(machine: dict) -> str:
    """Device, cores and date of a measurement."""
    on_cpu = machine["device"].startswith("cpu")
    where = f"{machine['processor']}, {machine['cores_used']} core(s)" if on_cpu else machine["device"]
    return f"{where}, {machine['date']}"


def markdown(results: dict) -> str:
    """All tables with what they were measured on."""
    first = next(iter(results.values()))["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items() if version)
    lines = [f"{place(first)}; {versions}.", ""]
    for name, content in results.items():
        here = content["machine"]
        elsewhere = [] if place(here) == place(first) else [f"Measured on {place(here)}.", ""]
        clock = "core_ms_per_point" if here["device"].startswith("cpu") else "wall_ms_per_point"
        lines += [f"### {TITLES[name]}", "", *elsewhere, *WRITERS.get(name, trajectories)(content, clock), ""]
    return "\n".join(lines)


WRITERS = {"gradients": gradients, "growth": growth, "pulses": pulses, "parts": parts}


def summary(results: dict) -> str:
    """The tables of README.md: core milliseconds a point, methods that are ahead of the default call first."""
    content = results["work_precision"]
    rows = [row for row in content["rows"] if "skipped" not in row]
    titles = list(dict.fromkeys(row["title"] for row in rows))
    lines = []
    for start in range(0, len(titles), COLUMNS):
        some = titles[start : start + COLUMNS]
        lines += [*beside([row for row in rows if row["title"] in some], some), ""]
    return "\n".join([*lines, f"{place(content['machine'])}; compilation apart.", ""])


def beside(rows: list[dict], titles: list[str]) -> list[str]:
    """One table, a column for each title."""
    lines = [f"| asked for | ms a point (× ours) | {' | '.join(titles)} |", "|---" * (len(titles) + 2) + "|"]
    for accuracy in dict.fromkeys(row["accuracy"] for row in rows):
        found = {(row["name"], row["title"]): row for row in rows if row["accuracy"] == accuracy}
        names = dict.fromkeys(name for name, _ in found)

        def behind(name, found=found):
            """How far behind ours a method is, in the median over cases."""
            return statistics.median(row["times_ours"] for (other, _), row in found.items() if other == name)

        for name in sorted(names, key=behind):
            texts = [entry(found.get((name, title))) for title in titles]
            lines.append(f"| {accuracy:g} | {name} | {' | '.join(texts)} |")
    return lines


def entry(row: dict | None) -> str:
    """Time and what it is in units of ours; the error where that is larger than what was asked for."""
    if row is None:
        return "–"
    missed = f", error {row['sigma_error']:.1e}" if row["sigma_error"] > row["accuracy"] else ""
    return f"{number(row['core_ms_per_point'])} (× {number(row['times_ours'])}){missed}"


def draw_precision(axis, rows: list[dict], colours: dict) -> None:
    """Error against work, one line a method, between powers of ten."""
    from matplotlib.ticker import NullFormatter

    for method in dict.fromkeys(row["name"] for row in rows):
        line = [(row["core_ms_per_point"], row["sigma_error"]) for row in rows if row["name"] == method]
        colour = colours.setdefault(method, f"C{len(colours)}")
        width = 2.5 if method == "nacjax" else 1.2
        axis.loglog(*zip(*line, strict=True), "o-", color=colour, lw=width, ms=4, label=method)
    ends = np.log10(axis.get_xlim())
    axis.set(
        xlim=(10 ** np.floor(ends[0]), 10 ** np.ceil(ends[1])),
        xlabel="core ms per point",
        ylabel="error",
        title=rows[0]["title"].replace("𝓔", r"$\mathcal{E}$"),
    )
    axis.xaxis.set_minor_formatter(NullFormatter())


def draw_growth(axis, content: dict) -> None:
    """Time of a step against cells and rungs."""
    for name, marker, label in (("cells", "o", "cells I (J = 2)"), ("rungs", "s", "rungs J (I = 80)")):
        sizes = [row["settings"][name] for row in content[name]]
        axis.loglog(
            sizes, [r["core_ms_per_point"] / r["steps"] for r in content[name]], marker + "-", label=label
        )
    axis.set(xlabel="size", ylabel="core ms per step", title="(e) growth")
    axis.legend(fontsize=8)


def figure(results: dict, path: Path) -> None:
    """Work against precision in every case, growth for (e)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = [row for row in results["work_precision"]["rows"] if "skipped" not in row]
    cases, colours = list(dict.fromkeys(row["case"] for row in rows)), {}
    panels = len(cases) + ("growth" in results)
    lines = -(-panels // 3)
    sheet, axes = plt.subplots(lines, 3, figsize=(11, 3.3 * lines), layout="constrained", squeeze=False)
    for axis, name in zip(axes.ravel(), cases, strict=False):
        draw_precision(axis, [row for row in rows if row["case"] == name], colours)
    shown = {}
    for axis in axes.ravel():
        shown |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    sheet.legend(shown.values(), shown, loc="outside lower center", ncols=5, fontsize=8)
    if "growth" in results:
        draw_growth(axes.ravel()[len(cases)], results["growth"])
    for axis in axes.ravel()[panels:]:
        axis.set_axis_off()
    plt.savefig(path, dpi=130)


if __name__ == "__main__":
    options = arguments(__doc__)
    results = load(options.out, options.quick)
    suffix = "-quick" if options.quick else ""
    text = markdown(results)
    (options.out / f"table{suffix}.md").write_text(text + "\n")
    figure(results, options.out / f"figure{suffix}.png")
    print(text)
    if not options.quick:
        insert(PAGE, "table.py", summary(results))
