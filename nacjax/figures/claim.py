"""A sentence of the paper beside what was computed, and the verdict; the table of them."""

import math
from typing import Any, Literal, NamedTuple

Verdict = Literal["agrees", "agrees in sign only", "differs", "not stated"]

SIMILAR = math.sqrt(10.0)
"""What "~", "of order" and "comparable" allow: a factor of √10, to the nearest power of ten."""


class Claim(NamedTuple):
    """A sentence of the paper beside what was computed.

    `choice`: what had to be chosen where the paper is silent.
    """

    panel: str
    says: str
    computed: str
    verdict: Verdict
    choice: str = ""

    @classmethod
    def check(
        cls, panel: str, says: str, computed: str, holds: Any, choice: str = "", *, sign: Any = False
    ) -> "Claim":
        """A claim that agrees if `holds`; else only its sign or direction agrees if `sign`, or it differs."""
        verdict: Verdict = "agrees" if bool(holds) else "agrees in sign only" if bool(sign) else "differs"
        return cls(panel, says, computed, verdict, choice)


def similar(value: float, other: float) -> bool:
    """Whether two positive numbers differ by less than the factor `SIMILAR`."""
    return 1 / SIMILAR < value / other < SIMILAR


def listed(numbers: Any, form: str = ".2f") -> str:
    """Numbers with commas between them."""
    return ", ".join(f"{float(x):{form}}" for x in numbers)


def summary(found: list[Claim]) -> str:
    """The claims as a Markdown table, with what the verdicts mean."""
    lines = [
        "| panel | claim | computed | verdict | choice where the paper is silent |",
        "|---|---|---|---|---|",
    ]
    for claim in found:
        cells = (claim.panel, claim.says, claim.computed, f"**{claim.verdict}**", claim.choice)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    meaning = (
        'agrees: the sentence holds, with its numbers; "~", "of order" and "comparable" allow a factor of √10. '
        "agrees in sign only: the sign or direction is the paper's, the size is not. differs: it does not hold. "
        "not stated: the paper says nothing of it."
    )
    return "\n".join([*lines, "", meaning]) + "\n"
