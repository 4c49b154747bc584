"""Default calls beside other people's integrators: core milliseconds a point at errors of 1e-3, 1e-4 and 1e-6
(what holds a self-tuned field not at 1e-6).

A row of nacjax is `nacjax.sweep(..., accuracy=)`, the second of its kind in a process, with all it does: two meshes,
their set-up, the estimate of the error. A peer solves the same equations with the settings that a search finds for it:
equal or graded cells, one mesh or two that are extrapolated, as many as the error takes, and the fastest tolerances
that reach it; meshes and coefficients are made for it beforehand, and what it takes to know its error is not counted.
What is right comes from a mesh of another shape, of 1280 and 640 cells, extrapolated, which CVODE integrates; for
steady states at 1e-6, where that is off by 9e-7, of 2560 and 1280.
"""

import functools
import json
from dataclasses import dataclass

import numpy as np
from common import Row, arguments, judge, take_turns, write

ACCURACIES = (1e-3, 1e-4, 1e-6)
CASES = ("fig2a", "four", "twelve", "stiff", "steady", "pulse", "self_tuned", "held")
LOW = ("held",)  # cases at the first two accuracies
TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
LATE = 1e4  # where a march stands for t → ∞
MOST_CELLS = 3072
FEW = 8  # points of the peers
LARGEST_DENSE = 400  # unknowns beyond which dense LU takes a minute a point and more


def march(case, mesh, solver, rtol, atol):
    """A peer on a mesh."""
    import peers

    late = case.t_end if np.isfinite(case.t_end) else LATE
    return peers.PEERS[solver](case.on(mesh), late, rtol, atol)


def tolerances(case, accuracy) -> tuple[float, float]:
    """The tightest and the loosest that may be of use: a self-tuned field is what is left of large rates of σ."""
    tight, loose = (1e-4, 4) if case.field.holds else (1e-2, 30)
    return tight * accuracy, loose * accuracy


def trusted(case, mesh, rtol, atol):
    """What CVODE with a band finds on a mesh."""
    kind = "bordered band" if case.field.holds else "band"
    return march(case, mesh, f"CVODE, {kind} LU", rtol, atol)()


@dataclass(frozen=True)
class Way:
    """How a peer discretises: equal or graded cells, one mesh or two that are extrapolated."""

    uniform: bool
    paired: bool
    cells: int = 96

    @property
    def meshes(self) -> list:
        """The meshes, the finer one first."""
        import nacjax as nj

        make = nj.Mesh.uniform if self.uniform else functools.partial(nj.Mesh, on_edges=True)
        return [make(self.cells // k) for k in ((1, 2) if self.paired else (1,))]

    def sigma(self, found: list) -> np.ndarray:
        """σ from those on the meshes."""
        return found[0] if len(found) == 1 else found[0] + (found[0] - found[1]) / 3

    def describe(self) -> str:
        """In words."""
        kind = "equal" if self.uniform else "graded"
        return f"{self.cells}{f' and {self.cells // 2}' if self.paired else ''} {kind} cells"


def reference(case, cells: int) -> np.ndarray:
    """σ, or 𝓔, of a mesh that nobody else uses, integrated to 1e-10 by CVODE."""
    fine, rough = (trusted(case, judge(n), 1e-9, 1e-11) for n in (cells, cells // 2))
    return fine + (fine - rough) / 3


def smallest(case, exact, way: Way, accuracy: float) -> Way | None:
    """The way with as many cells as an error of the mesh of 0.8 accuracies takes; None where that is too many."""

    @functools.cache
    def error(cells):
        there = Way(way.uniform, way.paired, cells)
        rtol, _ = tolerances(case, accuracy)
        return case.error(there.sigma([trusted(case, mesh, rtol, rtol / 10) for mesh in there.meshes]), exact)

    cells, order, good = way.cells, 3.0 if way.paired else 2.0, []
    for _ in range(8):
        now = error(cells)
        good += [cells] if now <= 0.8 * accuracy else []
        if 0.4 * accuracy <= now <= 0.8 * accuracy:
            break
        wanted = cells * (now / (0.6 * accuracy)) ** (1 / order)
        cells = max(16, 8 * round(float(np.clip(wanted, cells / 3, 3 * cells)) / 8))
        if cells > MOST_CELLS:
            break
    return Way(way.uniform, way.paired, min(good)) if good else None


def tuned(case, exact, solver: str, ways: list[Way], accuracy: float) -> Row | None:
    """The fastest settings of a peer that reach an accuracy."""
    best, (tight, loose) = None, tolerances(case, accuracy)
    for way in ways:
        for rtol in TOLERANCES:
            if not tight <= rtol <= loose:
                continue
            for ratio in (1.0, 0.1):
                parts = [march(case, mesh, solver, rtol, ratio * rtol) for mesh in way.meshes]
                settings = {"rtol": rtol, "atol": ratio * rtol, "mesh": way.describe()}

                def call(way=way, parts=parts):
                    return way.sigma([part() for part in parts])

                row = Row(solver, call, len(case.points), settings)
                if np.isnan(parts[0].solve(0)):  # numba compiles
                    continue
                row.error = case.error(row.time(), exact)
                if row.error <= accuracy and (best is None or row.core_ms < best.core_ms):
                    best = row
                if best is not None and row.core_ms > 3 * best.core_ms:
                    break
    return best


def compare(options, case, accuracies) -> list[dict]:
    """The rows of a case at every accuracy."""
    import peers

    few = np.unique(np.linspace(0, len(case.points) - 1, 2 if options.quick else FEW).round().astype(int))
    part, records = case.at(case.points[few]), []
    right = functools.cache(lambda cells: reference(part, cells))
    for accuracy in accuracies:
        exact = right(2560 if accuracy < 1e-5 and np.isinf(case.t_end) else 1280)
        ours = Row(
            "nacjax", lambda a=accuracy: case.sweep(accuracy=a), len(case.points), {"accuracy": accuracy}
        )
        ours.time()  # compiles
        ours.error = case.error(ours.time()[few], exact)
        rows, skipped = [ours], []
        pairs = (False,) if options.quick else (False, True)
        kinds = [Way(uniform, paired) for uniform in (True, False) for paired in pairs]
        found = [way for kind in kinds if (way := smallest(part, exact, kind, accuracy)) is not None]
        for solver in peers.suited(case):
            if reason := peers.missing(solver):
                skipped.append({"name": solver, "accuracy": accuracy, "skipped": reason})
                continue
            most = LARGEST_DENSE if "dense" in solver else np.inf
            ways = [way for way in found if way.cells * case.rungs <= most]
            row = tuned(part, exact, solver, ways, accuracy)
            if row is None:
                why = "misses it at every setting tried" if ways else f"would need more than {most} unknowns"
                skipped.append({"name": solver, "accuracy": accuracy, "skipped": why})
            else:
                rows.append(row)
        take_turns(rows, options.runs)
        for row in rows:
            row.more = {"accuracy": accuracy, "times_ours": row.core_ms / ours.core_ms}
            records.append(row.record())
            print(f"  {row.name:22s} {row.core_ms:9.3f} core ms (× {row.core_ms / ours.core_ms:.2f}), error "
                  f"{row.error:.1e} of {accuracy:g}  {row.settings}", flush=True)  # fmt: skip
        records += skipped
    return records


def known(options) -> list[dict]:
    """The rows that are not measured anew."""
    path = options.out / "work_precision.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() and not options.quick else []
    return [
        row for row in rows if row["case"] not in options.cases or row["accuracy"] not in options.accuracies
    ]


def main() -> None:
    """Measure cases and write work_precision.json, complete after every one; other rows stay as they were."""
    options = arguments(__doc__, CASES, ACCURACIES)
    import cases

    if options.quick and options.cases == CASES:
        options.cases = CASES[:1]
    rows = known(options)
    for name in options.cases:
        case = cases.CASES[name](*([4] if options.quick else []))
        print(case.title, flush=True)
        usual = ACCURACIES[: 1 if options.quick else 2 if name in LOW else 3]
        found = compare(options, case, [accuracy for accuracy in usual if accuracy in options.accuracies])
        rows += [{**row, "case": name, "title": case.title} for row in found]
        rows.sort(key=lambda row: (CASES.index(row["case"]), -row["accuracy"]))
        write(options, "work_precision", {"rows": rows})


if __name__ == "__main__":
    main()
