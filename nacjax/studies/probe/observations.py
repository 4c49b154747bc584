"""What was published about pumped K3C60, as data, and what a `ProbeStudy` says to it."""

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np
import xarray as xr

Verdict = Literal["fits", "contradicts", "cannot say"]


@dataclasses.dataclass(frozen=True)
class Observation:
    """A published observation, of which the abstract was read, and how the model is asked for it.

    - `says`, `source`: in words, and its id; `number`: what the model number is, with its `unit`
    - `model`: from the dataset of a study under one transport law to the number; NaN where there is none
    - `low`, `high`: what the number must lie between to fit
    - `fits`, `contradicts`, `unknown`: the reasons
    """

    name: str
    says: str
    source: str
    number: str
    unit: str
    model: Callable[[xr.Dataset], float]
    low: float
    high: float
    fits: str
    contradicts: str
    unknown: str

    def judge(self, value: float) -> tuple[Verdict, str]:
        """The verdict on a model number, and the reason."""
        if not np.isfinite(value):
            return "cannot say", self.unknown
        if self.low <= value <= self.high:
            return "fits", self.fits
        return "contradicts", self.contradicts


TEN_NS = 1e4
"""In ps."""

NEAR = 0.2
"""How far, as a part of it, a phonon energy, a temperature or a fluence may be from the one that was used."""


def _at(result: xr.Dataset, **places: float) -> xr.Dataset | None:
    """The study nearest to some places, without electron–electron scattering; None where it has no such point."""
    for name, value in places.items():
        result = result.sel({name: value}, method="nearest")
        if abs(float(result[name]) / value - 1) > NEAR:
            return None
    return result.isel(electron_electron=0)


def halving_fluence(result: xr.Dataset, mev: float) -> float:
    """Fluence that halves σ (mJ/cm²), at 100 K and 1 ps; ∞ if none does, NaN if it was not computed."""
    there = _at(result, phonon_energy=mev, temperature=100.0, duration=1.0)
    if there is None:
        return float("nan")
    there = there.sortby("fluence")
    lowest, fluence = there["lowest"].to_numpy(), there["fluence"].to_numpy()
    below = np.flatnonzero(lowest <= 0.5)
    if not below.size:
        return float("inf")
    pair = slice(max(below[0] - 1, 0), below[0] + 1)
    return float(np.exp(np.interp(-0.5, -lowest[pair], np.log(fluence[pair]))))


def efficiency(result: xr.Dataset) -> float:
    """Fluence at 170 meV over that at 41 meV for the same effect; NaN unless both have it."""
    ratio = halving_fluence(result, 170.0) / halving_fluence(result, 41.0)
    return ratio if np.isfinite(ratio) else float("nan")


def warm_and_weak(result: xr.Dataset) -> float:
    """Lowest σ/σ_0 at 41 meV, 0.4 mJ/cm² and 300 K, over all pulses."""
    there = _at(result, phonon_energy=41.0, temperature=300.0, fluence=0.4)
    return float("nan") if there is None else float(there["lowest"].min())


def longest(result: xr.Dataset) -> float:
    """Longest time with σ < 0 after a pulse of 1 ps or more (ps), at 170 meV.

    Where σ < 0 at the last time still it is only known to be longer: ∞ if that time is 10 ns, else NaN.
    """
    there = _at(result, phonon_energy=170.0)
    if there is None:
        return float("nan")
    there = there.where(there["duration"] >= 0.99, drop=True)
    if (there["cut"] == 1).any():
        return float("inf") if float(there["until"].max()) >= 0.999 * TEN_NS else float("nan")
    return float(there["after"].max())


def long_pulse(result: xr.Dataset) -> float:
    """Lowest σ/σ_0 under pulses of 100 ps and more, at 170 meV."""
    there = _at(result, phonon_energy=170.0)
    return float("nan") if there is None else float(there["lowest"].where(there["duration"] > 90.0).min())


def misread(result: xr.Dataset) -> float:
    """|read − true| of Re σ/σ_0 at the lowest frequency, at the highest fluence, 170 meV, 1 ps, 100 K."""
    there = _at(result, phonon_energy=170.0, temperature=100.0, duration=1.0)
    if there is None:
        return float("nan")
    there = there.isel(fluence=0, frequency=0)
    return float(abs(there["read_real"] - there["sigma_real"]))


def threshold(result: xr.Dataset) -> float:
    """No number to compare with."""
    return float("nan")


OBSERVATIONS = (
    Observation(
        "resonance at 10 THz",
        "pumping at 10 THz (41 meV) takes about 100 times less fluence than at 170 meV",
        "arXiv:2301.08633",
        "fluence that halves σ at 170 meV over that at 41 meV",
        "1",
        efficiency,
        30.0,
        300.0,
        "the ratio of phonons per fluence and of the effect of a phonon is of that size",
        "41 meV pumping makes 4 times more phonons per fluence, but each moves electrons by a twelfth of the band only",
        "the study does not have both pumps, or one of them halves σ at no fluence",
    ),
    Observation(
        "0.4 mJ/cm² at 300 K",
        "at 10 THz the effects are there at 0.4 mJ/cm², up to 300 K",
        "arXiv:2301.08633",
        "lowest σ/σ_0 at 41 meV, 0.4 mJ/cm², 300 K",
        "1",
        warm_and_weak,
        -np.inf,
        0.0,
        "σ is negative there",
        "σ stays positive there: ζ_0 and the structure that a 41 meV phonon makes in f are too small",
        "the study has no such point",
    ),
    Observation(
        "10 ns",
        "pulses of 1 ps to 1 ns leave a state that lives for more than 10 ns",
        "arXiv:2002.12835",
        "longest time with σ < 0 after the pulse",
        "ps",
        longest,
        TEN_NS,
        np.inf,
        "σ stays negative for as long",
        "σ < 0 ends with the phonons: about τ_ph ln(ζ_0/ζ_c), with the assumed τ_ph, after the pulse",
        "no pulse of that length makes σ negative, or it is so still at the last time: compute until 10 ns",
    ),
    Observation(
        "vanishing resistance",
        "under long pulses the resistance vanishes",
        "arXiv:2002.12835",
        "lowest σ/σ_0 under pulses of 100 ps and more, 170 meV",
        "1",
        long_pulse,
        -np.inf,
        0.0,
        "σ < 0 is unstable towards domains with |j| = 0 almost everywhere (PRL 91, 056803), which drop no voltage",
        "σ stays positive: phonons decay faster than such pulses bring them, or Γ_in undoes the inversion meanwhile",
        "the study has no such pulse",
    ),
    Observation(
        "nonlinear I-V of films",
        "thin films have a nonlinear current-voltage characteristic",
        "doi:10.1038/s41467-023-42989-7",
        "field, current or voltage of the onset",
        "",
        threshold,
        0.0,
        0.0,
        "",
        "",
        "the model has a threshold field, E* above, but not the current through domains and grains between contacts; "
        "the abstract names no field",
    ),
    Observation(
        "profile of the analysis",
        "an exponential profile misreads a response that saturates with the pump",
        "arXiv:2210.01114, 2307.00204; disputed in 2303.10169",
        "|Re σ read − Re σ at the surface|/σ_0, highest fluence, lowest frequency",
        "1",
        misread,
        0.3,
        np.inf,
        "what is read from R differs from what is there by more than 0.3 σ_0",
        "what is read from R is right within 0.3 σ_0",
        "σ at the surface cannot be read",
    ),
)
"""Observations of physics interest, in the order of the table; ids are of arXiv or DOIs. Only abstracts were read."""


def judged(result: xr.Dataset) -> xr.Dataset:
    """Model numbers, verdicts and reasons over (observation, transport); see `OBSERVATIONS`."""
    laws = result["transport"].to_numpy().tolist()
    numbers = np.array([[entry.model(result.sel(transport=law)) for law in laws] for entry in OBSERVATIONS])
    found = [[entry.judge(x) for x in row] for entry, row in zip(OBSERVATIONS, numbers, strict=True)]
    dims = ("observation", "transport")
    return xr.Dataset(
        {
            "model": (dims, numbers, {"long_name": "number of the model"}),
            "verdict": (dims, np.array([[verdict for verdict, _ in row] for row in found], dtype=object)),
            "reason": (dims, np.array([[why for _, why in row] for row in found], dtype=object)),
            "source": ("observation", np.array([entry.source for entry in OBSERVATIONS], dtype=object)),
        },
        {"observation": [entry.name for entry in OBSERVATIONS], "transport": laws},
    )


def observation_table(result: xr.Dataset) -> str:
    """The observations as a Markdown table: what was seen, what each transport law gives, verdicts and reasons."""
    found = judged(result)
    lines = [
        "| observation | source | model number | law: number → verdict | reason |",
        "|---|---|---|---|---|",
    ]
    for entry in OBSERVATIONS:
        row = found.sel(observation=entry.name)
        verdicts, reasons = [], {}
        for law in row["transport"].to_numpy():
            at = row.sel(transport=law)
            value, verdict = float(at["model"]), at["verdict"].item()
            shown = (
                f" {value:.3g}{f' {entry.unit}' if entry.unit not in ('', '1') else ''}"
                if np.isfinite(value)
                else ""
            )
            verdicts.append(f"{law}:{shown} → **{verdict}**")
            reasons.setdefault(at["reason"].item(), verdict)
        why = "; ".join(f"{verdict}: {text}" for text, verdict in reasons.items())
        cells = (entry.says, entry.source, entry.number, "<br>".join(verdicts), why)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
