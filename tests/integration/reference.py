"""Reference numbers: what nacjax computed at one point of its history, and a comparison with today.

Every case is a function of the public names that returns numbers by name. Meshes, tolerances and times are
small and stated in every call, so that a change of a default moves nothing. A number agrees where it deviates
by less than its tolerance relative to its size, or to its floor where it is smaller than that: 1e-10 and 0.01
unless its case says otherwise. Rounding alone moves them by up to 1e-12.

    python reference.py                          compare all cases and the reference run; exit 1 if any is off
    python reference.py plateau_laws             compare these cases only
    python reference.py --write reference.json   compute and keep everything

`reference.json` holds the numbers and the versions they were computed with; `reference_run.npz` one whole run:
σ(t), f, and every column of its budget and its entropy.

Changed on purpose since they were written, with the reason:
- "entropy electron_phonon", "entropy phonon_decay" and "entropy total" of the run, which has a further mode: its
  decay had been forgotten, and the affinity of a step between two cells was that of their distance instead of what
  the phonon number of the mode gains, so that the total did not close.
- steady states: equal cells have a face on every band edge and van Hove point now.
- everything with inelastic scattering: its flux is of second order in cells wider than T, and no longer upwind.
- runs in time by up to their tolerance: the first step is that in which f begins to move, and not 0.01.
- what follows from a mesh with faces on edges: the numbers of cells between edges are even.
- tight-binding bands of 16 k points a side and more: extrapolated from half the mesh.
- runs in time with the exact matrix, by up to their tolerance, and their derivatives: the steps are RODAS5P's.
- the field that holds σ, by 1e-5: what keeps it finite where it would lower σ no longer sums rounding.
"""

import argparse
import dataclasses
import json
import platform
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import nacjax as nj

jax.config.update("jax_enable_x64", True)

HERE = Path(__file__).parent
NUMBERS, RUN = HERE / "reference.json", HERE / "reference_run.npz"
GRID = {"cells": 32}
UNIFORM = {"mesh": nj.Mesh.uniform(32)}
PAIRS = {**GRID, "rtol": 1e-3, "atol": 1e-4}  # where dispersion or modes leave the ladder: its own solver
STEPS = {**PAIRS, "solver": nj.Rosenbrock()}
TIMES = [0.1, 0.5, 2.0, 8.0]


@dataclasses.dataclass(frozen=True)
class Case:
    """A function that returns {name: number or array}, and how closely these are compared.

    - `tolerance`, `floor`: deviations are relative to the size of a number, or to the floor where it is smaller
    - `apart`: name → (tolerance, floor) of a number that has its own
    """

    compute: Callable
    tolerance: float = 1e-10
    floor: float = 1e-2
    apart: dict = dataclasses.field(default_factory=dict)


CASES: dict[str, Case] = {}


def case(tolerance: float = 1e-10, floor: float = 1e-2, **apart: tuple[float, float]) -> Callable:
    """Put a function into the table under its own name."""

    def enter(compute: Callable) -> Callable:
        CASES[compute.__name__] = Case(compute, tolerance, floor, apart)
        return compute

    return enter


def metal(**changes) -> nj.Metal:
    """A half-filled metal with every number stated, and changes."""
    numbers = {
        "dos": nj.FlatTopDOS(width=1.0, exponent=8.0),
        "filling": 0.5,
        "temperature": 0.01,
        "phonon_energy": 0.53,
        "coupling_rate": 1.0,
        "inelastic_rate": 1e-3,
        "phonon_lifetime": 5.0,
        "states_per_mode": 1.0,
        "transport": "constant",
    }
    return nj.Metal(**{**numbers, **changes})


def third(**changes) -> nj.Metal:
    """The metal of Fig. 3: ν = 1/3 and ω_p = 2/3, at a temperature that 32 cells resolve."""
    return metal(**{"filling": 1 / 3, "phonon_energy": 2 / 3, **changes})


def table() -> nj.TabulatedDOS:
    """A lopsided band from a table, with velocities."""
    energy = np.linspace(-0.4, 0.6, 11)
    density = [0.0, 0.5, 1.1, 1.4, 1.2, 1.0, 0.9, 1.3, 1.0, 0.4, 0.0]
    velocity = [0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.7, 0.5, 0.3, 0.1, 0.0]
    return nj.TabulatedDOS(energy, density, velocity, kinks=[0.3])


def square_lattice() -> nj.TabulatedDOS:
    """Nearest and next-nearest neighbours on the square lattice, about 8 wide."""
    bonds = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, -1, 0]]
    hoppings = np.reshape([-1.0, -1.0, 0.2, 0.2], (4, 1, 1))
    return nj.TightBinding(np.eye(3), bonds, hoppings).dos(mesh=(16, 16, 1), points=101)


def measured(run: nj.Run) -> dict:
    """σ, ζ and the field of a run, and the energy of its electrons."""
    energy = run.budget["electron_energy"]
    return {"sigma": run.sigma, "phonons": run.phonons, "field": run.field, "electron energy": energy}


def told(run: nj.Run) -> dict:
    """The events of a run, those sign changes left out that did not happen."""
    found = nj.events(run)
    names = ("anomalous", "held", "held_from", "held_until")
    crossings = np.asarray(found.crossings)
    return {"crossings": crossings[np.isfinite(crossings)], **{n: getattr(found, n) for n in names}}


# closed forms


@case()
def plateau_fillings() -> dict:
    points = {
        "half": metal(),
        "third": third(),
        "warm": metal(temperature=0.05),
        "cold": metal(temperature=3e-3),
    }
    found = {name: nj.plateau(m, zeta=20.0, **GRID).sigma for name, m in points.items()}
    return found | {
        f"zeta {zeta:g}": nj.plateau(metal(), zeta=zeta, **GRID).sigma for zeta in (0.0, 1.0, 1e3)
    }


@case()
def plateau_laws() -> dict:
    """The transport laws and the densities of states, each with another one."""
    bands = {
        "constant": metal(dos=nj.SemiEllipticDOS(width=1.0), phonon_energy=0.3),
        "band": metal(dos=table(), transport="band", phonon_energy=0.4),
        "impurity": metal(transport="impurity"),
        "hard_sphere": metal(
            dos=square_lattice(), transport="hard_sphere", temperature=0.08, phonon_energy=4.5
        ),
    }
    found = {name: nj.plateau(m, zeta=20.0, **GRID).sigma for name, m in bands.items()}
    return found | {"impurity, estimate": nj.conductivity_estimate(bands["impurity"])}


@case(floor=1e-3)
def plateau_derivatives() -> dict:
    """First derivatives in everything that counts, and the second in ζ."""

    def sigma(point):
        return nj.plateau(changed(point), zeta=point["zeta"], rungs=2, **GRID).sigma

    def along(zeta):
        return jax.grad(sigma)({**POINT, "zeta": zeta})["zeta"]

    value, slope = jax.jit(jax.value_and_grad(sigma))(POINT)
    return {"sigma": value, **slope, "zeta zeta": jax.jit(jax.grad(along))(POINT["zeta"])}


@case()
def presets() -> dict:
    found = {"trial": nj.plateau(nj.trial(), zeta=20.0, **GRID).sigma}
    cubic = nj.simple_cubic_p(mesh=16, points=101)
    found["simple cubic p"] = nj.plateau(cubic, zeta=20.0, **GRID).sigma
    found["simple cubic p, estimate"] = nj.conductivity_estimate(cubic)
    fullerene = nj.k3c60(mesh=16, points=101)
    found["k3c60"] = nj.plateau(fullerene, zeta=5.0, **GRID).sigma
    found["k3c60, estimate"] = nj.conductivity_estimate(fullerene)
    return found | laboratory(fullerene)


def laboratory(fullerene: nj.Metal) -> dict:
    """A pulse in the units of a laboratory."""
    depth = {"penetration_depth": "100 nm", "reflectivity": 0.3}
    pulse = nj.pulse(fullerene, "4 mJ/cm^2", "300 fs", shape="gaussian", delay="1 ps", **depth)
    zeta0 = nj.zeta0_from_fluence(fullerene, "1 mJ/cm^2", **depth)
    return {"zeta0": zeta0, "pulse": jnp.stack([pulse.zeta0, pulse.duration, pulse.delay])}


# runs in time: every kind of pump, every law of the field


@case()
def clamped() -> dict:
    points = {
        "half": (metal(), 20.0),
        "few phonons": (metal(), 0.5),
        "third": (third(coupling_rate=0.5, states_per_mode=2.0), 5.0),
        "inelastic": (metal(inelastic_rate=0.1, temperature=0.03), 20.0),
    }
    runs = {name: nj.evolve(m, nj.Clamped(zeta), times=TIMES, **STEPS) for name, (m, zeta) in points.items()}
    return {f"{name}: sigma": run.sigma for name, run in runs.items()}


@case(joule=(1e-10, 1e-5))
def train_in_an_absolute_field() -> dict:
    """A sampled and a square pulse, each alone and one after the other, at Γ_in = 0."""

    def train(sampled, square):
        first = nj.SampledPulse([0.0, 0.2, 0.3, 0.8], [0.0, 2.0, 1.0, 0.0], zeta0=sampled, delay=0.1)
        return nj.PulseTrain([first, nj.SquarePulse(square, 0.5, delay=0.6)])

    m = metal(dos=nj.SemiEllipticDOS(width=1.0), transport="band", inelastic_rate=0.0)
    found, field = {}, nj.ConstantField(0.05, absolute=True)
    for name, zeta0 in {"sampled": (10.0, 0.0), "square": (0.0, 10.0), "both": (4.0, 6.0)}.items():
        run = nj.evolve(m, train(*zeta0), times=TIMES, field=field, **STEPS)
        found |= {f"{name}: sigma": run.sigma, f"{name}: phonons": run.phonons}
    return found | told(run) | {"joule": run.budget["joule"], "decay": run.budget["decay"]}


@case()
def kick_in_a_maxwell_field() -> dict:
    field = nj.MaxwellField(tau=0.05, seed=1e-3)
    return measured(nj.evolve(third(), nj.Kick(8.0), times=TIMES, field=field, **STEPS))


@case(field=(1e-7, 1e-2))
def gaussian_pulse_and_self_tuned_field() -> dict:
    """The field that holds σ at zero divides small numbers: rounding moves it by some 1e-9."""
    pulse, field = nj.GaussianPulse(10.0, 0.1, delay=0.4), nj.SelfTunedField(relaxation=1e-3)
    run = nj.evolve(third(), pulse, times=TIMES, field=field, **STEPS)
    return measured(run) | told(run)


def square_pulse_in_a_sampled_field() -> nj.Run:
    """A run of the default tolerance, which a sensitivity takes for granted."""
    field = nj.SampledField([0.0, 0.3, 1.0, 4.0], [0.0, 0.04, 0.1, 0.02])
    m = third(dos=table(), transport="hard_sphere")
    return nj.evolve(m, nj.SquarePulse(10.0, 0.5), times=TIMES, field=field, **STEPS)


@case()
def sampled_field() -> dict:
    return measured(square_pulse_in_a_sampled_field())


@case(floor=1e-3)
def sensitivities() -> dict:
    """Derivatives of a run in forward mode, that in the end of a pulse among them."""
    wrt = ["phonon_energy", "inelastic_rate", "zeta0", "duration"]
    found = nj.sensitivity(square_pulse_in_a_sampled_field(), wrt=wrt)
    return {"derivative": found.derivative, "elasticity": found.elasticity}


# phonons that leave the ladder


def further_modes() -> tuple[nj.Mode, ...]:
    """One on the ladder, held fixed; two off it, one pumped and one that decays."""
    return (
        nj.Mode(energy=0.53, coupling_rate=0.3, pump=nj.Clamped(2.0)),
        nj.Mode(energy=0.17, coupling_rate=0.5, lifetime=3.0, pump=nj.GaussianPulse(3.0, 0.2, delay=0.6)),
        nj.Mode(energy=0.31, coupling_rate=0.2, lifetime=2.0, pump=nj.Kick(4.0)),
    )


@case()
def dispersion() -> dict:
    m = metal(dispersion=0.03)
    found = measured(nj.evolve(m, nj.Clamped(20.0), times=TIMES, **PAIRS))
    return found | {"steady": nj.steady_state(m, nj.Clamped(20.0), **UNIFORM).sigma}


@case()
def modes() -> dict:
    m = metal(modes=further_modes())
    run = nj.evolve(m, nj.ExponentialPulse(10.0, 0.3), times=TIMES, **PAIRS)
    state = nj.steady_state(m, nj.Clamped(5.0), **UNIFORM)
    found = measured(run) | {"mode_phonons": run.mode_phonons}
    return found | {"steady": state.sigma, "steady mode_phonons": state.mode_phonons}


# t → ∞, thresholds, derivatives

POINT = {"phonon_energy": 0.6, "filling": 0.45, "temperature": 0.012, "inelastic_rate": 2e-3, "zeta": 10.0}


def changed(point: dict) -> nj.Metal:
    """The metal at a point, ζ left aside."""
    return metal(**{name: value for name, value in point.items() if name != "zeta"})


@case(floor=1e-3)
def steady_derivatives() -> dict:
    def sigma(point):
        return nj.steady_state(changed(point), nj.Clamped(point["zeta"]), rungs=2, **UNIFORM).sigma

    value, slope = jax.jit(jax.value_and_grad(sigma))(POINT)
    return {"sigma": value, **slope}


@case()
def steady_free_phonons() -> dict:
    """ζ settles with the electrons, in a field that heats them."""
    state = nj.steady_state(metal(inelastic_rate=0.01), nj.Kick(5.0), field=nj.ConstantField(5.0), **UNIFORM)
    return {"sigma": state.sigma, "phonons": state.phonons}


@case(floor=1e-3)
def run_derivatives() -> dict:
    """In reverse mode; `sensitivities` has the forward one."""

    def sigma(point):
        run = nj.evolve(changed(point), nj.Clamped(point["zeta"]), times=[2.0], rungs=2, **STEPS)
        return run.sigma[0]

    value, slope = jax.jit(jax.value_and_grad(sigma))(POINT)
    return {"sigma": value, **slope}


@case()
def threshold_derivatives() -> dict:
    def threshold(point):
        return nj.threshold_field(
            changed(point), nj.Clamped(point["zeta"]), times=[1.0, 4.0], rungs=2, **STEPS
        )

    tangents = {name: jnp.asarray(0.1 * value) for name, value in POINT.items()}
    value, push = jax.jit(lambda p, v: jax.jvp(threshold, (p,), (v,)))(POINT, tangents)
    return {"field": value, "along the point": push}


@case()
def response_to_the_field() -> dict:
    field = nj.ConstantField(2.0)
    return {"omega_e": nj.omega_e(metal(), nj.Clamped(20.0), TIMES, field, **STEPS)}


# studies


@case()
def sweep_in_time() -> dict:
    axes = {"phonon_energy": [0.52, 0.58, 0.7], "zeta": [2.0, 20.0]}
    return {"sigma": nj.sweep(metal(), nj.Clamped(20.0), axes=axes, times=2.0, rtol=1e-3, **GRID)["sigma"]}


@case()
def sweep_of_plateaus() -> dict:
    axes = {"phonon_energy": [0.45, 0.58], "filling": [0.3, 0.5]}
    return {"sigma": nj.sweep(metal(), nj.Clamped(20.0), axes=axes, plateau=True, **GRID)["sigma"]}


@case()
def sweep_of_steady_states() -> dict:
    axes = {"temperature": [0.01, 0.02], "zeta": [2.0, 20.0]}
    return {"sigma": nj.sweep(metal(), nj.Clamped(20.0), axes=axes, steady=True, **UNIFORM)["sigma"]}


@case(tolerance=1e-4, phonon_energy=(1e-2, 1e-2), filling=(1e-2, 1e-2))
def optimum() -> dict:
    """A flat minimum: its value is sharp, its place is not."""
    over = {"phonon_energy": (0.2, 0.95), "filling": (0.1, 0.9)}
    best = nj.search(metal(), nj.Clamped(20.0), over=over, plateau=True, seed=0, **GRID)
    return {"value": best.value, **best.best}


@case(tolerance=1e-3)
def fitted() -> dict:
    """From σ(t) of ω_p = 0.62 and ζ_0 = 6, to five digits."""
    times, data = [0.2, 0.5, 1.0, 2.0, 4.0, 8.0], [[0.5592, 0.05472, -0.03065, -0.02073, 0.01327, 0.10337]]
    over, start = {"phonon_energy": (0.58, 0.66), "zeta0": (2.0, 12.0)}, nj.ExponentialPulse(4.0, 0.3)
    best = nj.fit(data, third(), start, over=over, times=times, noise=1e-3, **GRID).best
    return dict(zip(over, np.ravel(best), strict=True))


# one whole run


def reference_run() -> dict:
    """A pulse as in Fig. 3 in a constant field, and a further mode: the run in full."""
    m = third(modes=(nj.Mode(energy=0.21, coupling_rate=0.4, lifetime=3.0),))
    times = [0.05, 0.2, 0.5, 1.0, 3.0, 8.0]
    run = nj.evolve(m, nj.ExponentialPulse(10.0, 0.3), times=times, field=nj.ConstantField(1.0), **PAIRS)
    found = measured(run) | {"occupation": run.occupation, "mode_phonons": run.mode_phonons}
    found |= {f"budget {name}": column for name, column in run.budget.items()}
    return found | {f"entropy {name}": column for name, column in run.entropy.items()}


ZEROS = dict.fromkeys(("occupation", "budget particles", "budget mismatch"), (1e-10, 1e-2))
REFERENCE_RUN = Case(reference_run, floor=1e-4, apart=ZEROS)


# comparison


def computed(one: Case) -> dict[str, np.ndarray]:
    """The numbers of a case, as arrays of the host."""
    return {name: np.asarray(value, dtype=float) for name, value in one.compute().items()}


def deviation(new: np.ndarray, old: np.ndarray, floor: float) -> float:
    """The largest one relative to the size of the old numbers, or to the floor; inf where only one is NaN."""
    if new.shape != old.shape:
        return float("inf")
    off = np.abs(new - old) / np.maximum(np.abs(old), floor)
    off = np.where(np.isnan(new) & np.isnan(old), 0.0, np.nan_to_num(off, nan=np.inf))
    return float(off.max(initial=0.0))


def deviations(one: Case, found: dict, kept: dict) -> dict[str, tuple[float, float]]:
    """name → (deviation, what is allowed); inf for a number that only one side has."""
    result = {}
    for name in {**kept, **found}:
        allowed, floor = one.apart.get(name, (one.tolerance, one.floor))
        off = float("inf")
        if name in found and name in kept:
            off = deviation(found[name], np.asarray(kept[name], dtype=float), floor)
        result[name] = off, allowed
    return result


def kept_numbers() -> dict[str, dict]:
    """What was written, the reference run included."""
    with np.load(RUN) as run:
        return json.loads(NUMBERS.read_text(encoding="utf-8"))["values"] | {"reference_run": dict(run)}


def all_cases() -> dict[str, Case]:
    """The table, and the reference run."""
    return {**CASES, "reference_run": REFERENCE_RUN}


def compare(names: list[str]) -> bool:
    """Print the largest deviation of every case and each number that is off; whether none is."""
    kept, cases, worst = kept_numbers(), all_cases(), {}
    for name in names or cases:
        began = time.perf_counter()
        found = deviations(cases[name], computed(cases[name]), kept.get(name, {}))
        number = max(found, key=lambda key: found[key][0] / found[key][1])
        worst[f"{name}, {number}"] = found[number]
        print(f"{name:<38}{found[number][0]:9.1e}{time.perf_counter() - began:8.1f} s", flush=True)
        for number, (off, allowed) in found.items():
            if not off <= allowed:
                print(f"  OFF  {number}: {off:.1e}, allowed {allowed:.0e}", flush=True)
    number, (off, allowed) = max(worst.items(), key=lambda item: item[1][0] / item[1][1])
    print(f"largest relative deviation {off:.1e}, allowed {allowed:.0e}: {number}")
    return off <= allowed


def write(path: Path) -> None:
    """Compute everything and keep it."""
    values = {name: computed(one) for name, one in CASES.items()}
    packages = {name: version(name) for name in ("jax", "jaxlib", "diffrax", "numpy")}
    plain = {name: {key: v.tolist() for key, v in numbers.items()} for name, numbers in values.items()}
    content = {"versions": {"python": platform.python_version(), **packages}, "values": plain}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(path.with_name(RUN.name), **computed(REFERENCE_RUN))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare nacjax with its reference numbers.")
    parser.add_argument("cases", nargs="*", help="cases to compare; all by default")
    parser.add_argument("--write", type=Path, help="compute everything and keep it in this file")
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.write)
        return 0
    return 0 if compare(arguments.cases) else 1


if __name__ == "__main__":
    sys.exit(main())
