"""results/table.md, results/figure.png and the table of README.md from the JSON files beside it."""

import json
from pathlib import Path

from common import arguments, insert

TITLES = {
    "fig2a": "(a) Fig. 2a sweep: t = 10, Γ_in = 1e-3, two rungs",
    "fig2a_low": "(a) the same, lower phonon energies, four rungs",
    "stiff": "(b) stiff: Γ_in = 0.1, field 𝓔 = 1, t = 100",
    "steady": "(c) steady state, Γ_in = 0.01",
    "gradients": "(d) dσ in five parameters",
    "growth": "(e) growth",
    "pulses": "256 pulses in one vmap: what a field costs",
    "parts": "What bounds (a) and (b)",
}
PAGE = Path(__file__).parent / "README.md"


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
    """One row a method: work, error, ratio to ours."""
    lines = [
        "| method | ms/point/core (spread) | σ error, total | of time alone | rtol | compile s | × ours |",
        "|---|---|---|---|---|---|---|",
    ]
    ours = content["rows"][0][clock]
    for row in content["rows"]:
        if "skipped" in row:
            lines.append(f"| {row['name']} | skipped: {row['skipped']} | | | | | |")
            continue
        low, high = row["core_ms_spread" if clock.startswith("core") else "wall_ms_spread"]
        settings = row["settings"]
        missed = "" if row["reaches_target"] else " (misses 1e-3)"
        lines.append(
            f"| {row['name']} | {number(row[clock])} ({number(low)}–{number(high)}) "
            f"| {row['sigma_error']:.1e}{missed} | {row['time_integration_error']:.1e} | {settings.get('rtol', '–')} "
            f"| {number(row['compile_s'])} | {number(row[clock] / ours)} |"
        )
    return [*lines, "", f"{content['cells']} cells a rung; mesh error alone {content['mesh_error']:.1e}."]


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
        "| field | ms/pulse/core | × no field | steps, mean (most) | σ error of time alone |",
        "|---|---|---|---|---|",
    ]
    first = content["laws"][0][clock]
    for row in content["laws"]:
        lines.append(
            f"| {row['name']} | {number(row[clock])} | {number(row[clock] / first)} "
            f"| {row['steps_mean']:.0f} ({row['steps_most']}) | {row['time_integration_error']:.1e} |"
        )
    return lines


def parts(content: dict, clock: str) -> list[str]:
    """Microseconds of each part of a trajectory; what is left is step control, dense output and waiting."""
    cases = content["cases"]
    names = [*cases[0]["microseconds"], "rest", "whole"]
    spent = [{**case["microseconds"], "rest": case["rest"], "whole": case["whole"]} for case in cases]
    lines = [f"| µs a trajectory | {' | '.join(case['case'] for case in cases)} |", "|---" * 3 + "|"]
    lines += [f"| {name} | {' | '.join(f'{each[name]:.0f}' for each in spent)} |" for name in names]
    steps = " and ".join(f"{case['steps_of_slowest']:.1f}" for case in cases)
    about = "Timed alone, parts wait for memory and add up to more than the whole."
    return [*lines, "", f"The slowest trajectory of a chunk takes {steps} steps. {about}"]


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
    """The table of README.md: core milliseconds a point at an error ≤ 1e-3, one row a method, one column a case."""
    shown = [name for name in ("fig2a", "fig2a_low", "stiff", "steady") if name in results]
    cells: dict[str, dict[str, str]] = {}
    for name in shown:
        rows = [row for row in results[name]["rows"] if "skipped" not in row and row["reaches_target"]]
        ours = rows[0]["core_ms_per_point"]
        for row in sorted(rows, key=lambda row: row["core_ms_per_point"]):
            method = row["name"].removesuffix(", to t = 1e4").removesuffix(" to t = 1e4")
            ratio = row["core_ms_per_point"] / ours
            text = f"{number(row['core_ms_per_point'])} (× {ratio:.{0 if ratio >= 10 else 1}f})"
            cells.setdefault(method, {}).setdefault(name, text)
    first = [method for method in cells if method.startswith("nacjax")]
    order = [*first, *(method for method in cells if method not in first)]
    lines = [
        f"| ms a point (× ours) | {' | '.join(TITLES[name] for name in shown)} |",
        "|---" * (len(shown) + 1) + "|",
    ]
    lines += [f"| {m} | {' | '.join(cells[m].get(name, '–') for name in shown)} |" for m in order]
    places = " · ".join(dict.fromkeys(place(results[name]["machine"]) for name in shown))
    return "\n".join([*lines, "", f"{places}; σ/σ_0 within 1e-3, compilation apart.", ""])


def front(rows: list[dict]) -> list[tuple[float, float]]:
    """(core ms, error) of the settings that are worth their time."""
    kept, best = [], 0.1
    for row in sorted(rows, key=lambda r: r["core_ms_per_point"]):
        if row["time_integration_error"] < best:
            best = row["time_integration_error"]
            kept.append((row["core_ms_per_point"], best))
    return kept


def draw_precision(axis, content: dict, title: str, colours: dict) -> None:
    """Time-integration error against work, one line a method."""
    for method in dict.fromkeys(row["name"] for row in content["curves"]):
        line = front([row for row in content["curves"] if row["name"] == method])
        colour = colours.setdefault(method, f"C{len(colours)}")
        width = 2.5 if method.startswith("nacjax") else 1.2
        axis.loglog(
            [x for x, _ in line], [y for _, y in line], "o-", color=colour, lw=width, ms=4, label=method
        )
    level = content["mesh_error"]
    axis.axhline(level, color="0.6", ls=":", lw=1)
    place = {
        "transform": axis.get_yaxis_transform(),
        "ha": "right",
        "va": "bottom",
        "color": "0.4",
        "fontsize": 8,
    }
    axis.text(0.99, level, "mesh error", **place)
    axis.set(
        xlabel="core ms per trajectory", ylabel="time-integration error of σ/σ₀", title=title.split(":")[0]
    )


def draw_growth(axis, content: dict) -> None:
    """Time of a step against cells and rungs."""
    for name, marker, label in (("cells", "o", "cells I (J = 2)"), ("rungs", "s", "rungs J (I = 96)")):
        sizes = [row["settings"][name] for row in content[name]]
        axis.loglog(
            sizes, [r["core_ms_per_point"] / r["steps"] for r in content[name]], marker + "-", label=label
        )
    axis.set(xlabel="size", ylabel="core ms per step", title="(e) growth")
    axis.legend(fontsize=8)


def figure(results: dict, path: Path) -> None:
    """Work against precision for (a) and (b), growth for (e)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    shown, colours = [name for name in ("fig2a", "stiff") if name in results], {}
    panels = len(shown) + ("growth" in results)
    sheet, axes = plt.subplots(1, panels, figsize=(4.2 * panels, 4.6), layout="constrained", squeeze=False)
    for axis, name in zip(axes[0], shown, strict=False):
        draw_precision(axis, results[name], TITLES[name], colours)
    if shown:
        sheet.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5, fontsize=8)
    if "growth" in results:
        draw_growth(axes[0][-1], results["growth"])
    plt.savefig(path, dpi=160)


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
