"""How accurate default calls are: σ of 200 random metals at three accuracies, and what they say of their error.

What is right comes from meshes of another shape, finer at edges and at the Fermi step, of 640 and 320 cells at a
tolerance of 1e-6, extrapolated (equal cells are no judge: with square-root edges at low T they converge slower than
any order). Writes results/accuracy.json and the table of README.md.

    python benchmarks/accuracy.py [--quick]
"""

import argparse
import json
from pathlib import Path

import jax
import numpy as np
from common import insert, judge

import nacjax as nj

jax.config.update("jax_enable_x64", True)

HERE = Path(__file__).parent
PAGE = HERE.parent / "README.md"
TIMES = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
ACCURACIES = (1e-2, 1e-3, 1e-4)
RANGES = {
    "temperature": (1e-4, 0.1), "inelastic_rate": (1e-4, 0.1), "phonon_lifetime": (1.0, 1e3), "strength": (0.1, 1e3),
    "phonon_energy": (1 / 12, 0.95),
}  # fmt: skip
GROUPS = {
    "flat top, pulse, field": (nj.FlatTopDOS(), nj.ExponentialPulse(1.0, 0.3), "zeta0"),
    "flat top, kick": (nj.FlatTopDOS(), nj.Kick(1.0), "zeta0"),
    "semi-ellipse, clamped": (nj.SemiEllipticDOS(), nj.Clamped(1.0), "zeta"),
    "simple cubic p, clamped": (nj.simple_cubic_p().dos, nj.Clamped(1.0), "zeta"),
}
"""Band, pump, name of its strength."""
RARE = 8
"""One metal in so many has no inelastic scattering, but in a field, whose unit it is."""


def points(name: str, count: int) -> dict[tuple[str, ...], tuple[list[float], ...]]:
    """Axes of a sweep over random metals of a group: one axis, all numbers together."""
    dos, _, strength = GROUPS[name]
    random = np.random.default_rng(sum(map(ord, name)))
    columns = {key: 10 ** random.uniform(*np.log10(ends), count) for key, ends in RANGES.items()}
    for key in ("temperature", "inelastic_rate", "phonon_energy"):
        columns[key] *= float(dos.width)
    columns[strength] = columns.pop("strength")
    columns["filling"] = random.uniform(0.1, 0.9, count)
    if "field" in name:
        columns["field.strength"] = 10 ** random.uniform(-2, 0.5, count)
    else:
        columns["inelastic_rate"][::RARE] = 0.0
    return {tuple(columns): tuple(values.tolist() for values in columns.values())}


def sigma(name: str, count: int, **options):
    """The sweep of a group."""
    dos, pump, _ = GROUPS[name]
    width = float(dos.width)
    metal = nj.Metal(dos, 0.5, 0.01 * width, 0.6 * width, inelastic_rate=0.01 * width)
    field = nj.ConstantField(0.1) if "field" in name else nj.NoField()
    return nj.sweep(
        metal, pump, axes=points(name, count), field=field, times=TIMES, progress=False, **options
    )


def right(name: str, count: int) -> np.ndarray:
    """σ (point, time) of other, finer meshes."""

    def on(cells):
        return sigma(name, count, mesh=judge(cells), rtol=1e-6)["sigma"].to_numpy()

    fine = on(640)
    return fine + (fine - on(320)) / 3


def rows(found: dict[str, dict[str, list]]) -> list[str]:
    """The table: model bands at every accuracy, then the tabulated one."""
    lines = [
        "| `accuracy` | bands | error: median | 90 % | 97 % | within accuracy | within `sigma_error` "
        "| `sigma_error`/error |",
        "|---|---|---|---|---|---|---|---|",
    ]
    tables = [name for name in found if "cubic" in name]
    models = [name for name in found if name not in tables]
    for bands, names in (("model", models), ("tabulated", tables)):
        for accuracy in ACCURACIES if names else ():
            error, said = (
                np.concatenate([found[name][f"{kind} {accuracy:g}"] for name in names]).astype(float)
                for kind in ("true", "said")
            )
            quantiles = " | ".join(f"{np.nanquantile(error, q):.1e}" for q in (0.5, 0.9, 0.97))
            known = np.isfinite(error)
            shares = " | ".join(
                f"{100 * np.mean((error <= bound)[known]):.0f} %" for bound in (accuracy, said)
            )
            ratio = np.median(said[known] / np.maximum(error[known], np.finfo(float).tiny))
            lines.append(f"| {accuracy:g} | {bands} | {quantiles} | {shares} | {ratio:.0f} |")
    return lines


def main() -> None:
    """Compute, write the JSON and the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few points, nothing written: does it work?")
    quick = parser.parse_args().quick
    count = 8 if quick else 50
    found: dict[str, dict[str, list]] = {}
    for name in GROUPS:
        truth = right(name, count)
        for accuracy in ACCURACIES:
            swept = sigma(name, count, accuracy=accuracy)
            error = np.abs(swept["sigma"].to_numpy() - truth)
            group = found.setdefault(name, {})
            group[f"true {accuracy:g}"] = error.ravel().tolist()
            group[f"said {accuracy:g}"] = swept["sigma_error"].to_numpy().ravel().tolist()
            unsure = int((swept["outcome"] != 0).sum())
            print(
                f"{name}, {accuracy:g}: largest error {np.nanmax(error):.1e}, {unsure} points marked",
                flush=True,
            )
    print("\n".join(rows(found)))
    if quick:
        return
    (HERE / "results" / "accuracy.json").write_text(json.dumps(found))
    insert(PAGE, Path(__file__).name, "\n".join(rows(found)) + "\n")


if __name__ == "__main__":
    main()
