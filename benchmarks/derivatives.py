"""How right derivatives of default calls are: σ of runs, plateaus, steady states, and threshold fields, of 12 metals.

What is right are differences on meshes of another shape, of 640 and 320 cells, extrapolated in cells and in steps; that
of a threshold follows from those of σ in the field it stands for. Writes results/derivatives.json and the table of
benchmarks/README.md.

    python benchmarks/derivatives.py [--quick]
"""

import argparse
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from common import insert, judge

import nacjax as nj

jax.config.update("jax_enable_x64", True)

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
NAMES = ("phonon_energy", "filling", "temperature", "inelastic_rate", "zeta")
END = 2.0
STATES = {"run to t = 2": {"times": END}, "plateau": {"plateau": True}, "steady state": {"steady": True}}
THRESHOLD = "threshold field"


def metals(count: int, negative: bool) -> tuple[list, np.ndarray]:
    """Bands and (metal, number): random ones, every fourth a hundredth of the band from commensurability.

    `negative`: about half filled, strongly pumped and with two rungs, so that most have σ < 0 and a threshold.
    """
    random = np.random.default_rng(12)
    bands = [nj.FlatTopDOS() if k % 2 else nj.SemiEllipticDOS() for k in range(count)]
    numbers = np.stack(
        [
            random.uniform(0.35, 0.95, count) if not negative else random.uniform(0.505, 0.6, count),
            0.5 + (0.25 if not negative else 0.05) * random.uniform(-1, 1, count),
            10 ** random.uniform(-2.5, -1 if not negative else -1.5, count),
            10 ** random.uniform(-3, -1.5, count),
            10 ** random.uniform(0 if not negative else 1, 2, count),
        ],
        axis=1,
    )
    if not negative:
        numbers[::4, 0] = np.resize([0.51, 0.49, 1 / 3 + 0.01], len(numbers[::4]))
    return bands, numbers


def metal_of(band, numbers) -> nj.Metal:
    return nj.Metal(band, *(numbers[k] for k in (1, 2, 0)), inelastic_rate=numbers[3])


def derivatives(band, state: str, numbers: np.ndarray) -> np.ndarray:
    """By `jax.jacfwd` of the default call, (number,)."""
    rungs = int(np.ceil(1 / numbers[0]))

    def value(x):
        metal, pump = metal_of(band, x), nj.Clamped(x[4])
        match state:
            case "plateau":
                return nj.plateau(metal, x[4], rungs=rungs).sigma
            case "steady state":
                return nj.steady_state(metal, pump, rungs=rungs).sigma
            case "threshold field":
                return nj.threshold_field(metal, pump, [END], rungs=rungs)[0]
        return nj.evolve(metal, pump, [END], rungs=rungs).sigma[0]

    return np.asarray(jax.jit(jax.jacfwd(value))(jnp.asarray(numbers)))


def differences(band, state: str, numbers: np.ndarray) -> np.ndarray:
    """By central differences of two steps on other meshes, (number,)."""
    field, names = nj.NoField(), NAMES
    if state == THRESHOLD:
        strength = float(nj.threshold_field(metal_of(band, numbers), nj.Clamped(numbers[4]), [END])[0])
        if np.isnan(strength):
            return np.full(len(NAMES), np.nan)
        field, names, numbers = (
            nj.ConstantField(strength),
            (*NAMES, "field.strength"),
            np.append(numbers, strength),
        )
    scale = numbers.copy()
    scale[:2] = numbers[2]  # what depends on energies varies over T
    steps = 0.05 * scale
    shifts = np.concatenate([side * np.diag(steps) / k for k in (1, 2) for side in (1, -1)])
    columns = (numbers + shifts).T

    def on(cells):
        options = {} if state in ("plateau", "steady state") else {"rtol": 1e-9}
        swept = nj.sweep(
            metal_of(band, numbers),
            nj.Clamped(numbers[4]),
            axes={tuple(names): tuple(columns.tolist())},
            field=field,
            mesh=judge(cells),
            progress=False,
            **STATES.get(state, {"times": END}),
            **options,
        )
        up, down, up_half, down_half = swept["sigma"].to_numpy().reshape(4, -1)
        wide, narrow = (up - down) / (2 * steps), (up_half - down_half) / steps
        return (4 * narrow - wide) / 3

    fine = on(640)
    slopes = fine + (fine - on(320)) / 3
    return -slopes[:-1] / slopes[-1] if state == THRESHOLD else slopes


def rows(found: dict[str, dict]) -> list[str]:
    """The table: by state and number, the largest error in units of max(1, |derivative|), and the median."""
    lines = [
        f"| derivative of | metals | {' | '.join(NAMES)} | median |",
        "|---|---|" + "---|" * (len(NAMES) + 1),
    ]
    for state, entries in found.items():
        ours, right = (np.array(entries[kind], float) for kind in ("default", "right"))
        known = np.isfinite(right).all(axis=1)
        error = (np.abs(ours - right) / np.maximum(1, np.abs(right)))[known]
        worst = " | ".join(f"{100 * e:.2g} %" for e in error.max(axis=0))
        lines.append(f"| {state} | {known.sum()} | {worst} | {100 * np.median(error):.1g} % |")
    return lines


def main() -> None:
    """Compute, write the JSON and the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one metal, nothing written: does it work?")
    quick = parser.parse_args().quick
    found: dict[str, dict] = {}
    for state in (*STATES, THRESHOLD):
        bands, numbers = metals(12, negative=state == THRESHOLD)
        entries = found.setdefault(state, {"metals": numbers.tolist(), "default": [], "right": []})
        for band, here in list(zip(bands, numbers, strict=True))[: 1 if quick else None]:
            entries["right"].append(differences(band, state, here).tolist())
            entries["default"].append(derivatives(band, state, here).tolist())
            print(
                state,
                here.round(4),
                *(np.array(entries[k][-1]).round(4) for k in ("default", "right")),
                flush=True,
            )
    print("\n".join(rows(found)))
    if quick:
        return
    (HERE / "results" / "derivatives.json").write_text(json.dumps(found, indent=1))
    insert(PAGE, Path(__file__).name, "\n".join(rows(found)) + "\n")


if __name__ == "__main__":
    main()
