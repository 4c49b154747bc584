"""A phonon branch with a width, as in Fig. 1e of PRB 101, 041105 (2020)."""

from typing import Any, ClassVar

import equinox as eqx

from .numbers import Declared, Range, Scalar, number, numbers_of, shown

NARROW = Range("above 0 and at most 0.2; for no dispersion give None", lambda x: (x > 0) & (x <= 0.2))
SHAPES = ("gaussian", "box")


class Dispersion(Declared):
    """The distribution of phonon energies around ω_p; a number stands for a Gaussian of that width.

    - `relative_width`: δω/ω_p, the standard deviation over the mean energy (a number), 0 < δω/ω_p ≤ 0.2
    - `shape`: "gaussian" or "box"

    Raises `ValueError` naming the argument.

    >>> nj.trial(dispersion=nj.Dispersion(0.03, shape="box")).dispersion
    Dispersion(relative_width=0.03, shape='box')
    """

    relative_width: Scalar = number("δω/ω_p", "", NARROW, "relative width of the phonon branch")
    shape: str = eqx.field(static=True, default="gaussian")
    symbol: ClassVar[str] = "δω/ω_p"

    def __check_init__(self):
        if self.shape not in SHAPES:
            raise ValueError(f"shape = {self.shape!r} is not allowed: it must be 'gaussian' or 'box'")

    def summary(self):
        return f"{shown(self.relative_width)} ({self.shape})"


def as_dispersion(given: Any) -> Dispersion | None:
    """A dispersion from itself, from its relative width, or None."""
    if given is None or isinstance(given, Dispersion):
        return given
    numbers_of(Dispersion)["relative_width"].check("dispersion", given)
    return Dispersion(given)
