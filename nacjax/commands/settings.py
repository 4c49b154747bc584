"""What commands share: where and how precisely to compute, and files that are never overwritten silently."""

import contextlib
import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from .interrupt import keeps

PICTURE = ".png"
"""Ending of the figure that goes beside the data."""

PICTURES = (PICTURE, ".pdf", ".svg", ".eps", ".jpg", ".jpeg", ".tif", ".tiff", ".gif")
"""Endings that nobody gives to data."""


def refuse_idle(command: Any, names: tuple[str, ...], why: str) -> None:
    """Raise `ValueError` for the first of the options `names` that was given to a command and would do nothing."""
    for name in names:
        if name in getattr(command, "given", ()):
            raise ValueError(f"{name.replace('_', '-')} does nothing {why}: leave it out")


@dataclasses.dataclass
class Fine:
    """How accurate σ is to be."""

    accuracy: float | None = None
    """Largest error of σ/σ_0 that is wanted (no unit), by default 1e-3: it chooses cells and steps."""
    cells: int | None = None
    """Cells of the mesh in each rung of width ω_p, in place of an accuracy."""

    def options(self) -> dict[str, Any]:
        """Those that were given, for `sweep`, `evolve` and their like."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclasses.dataclass
class FineInTime(Fine):
    """How accurate σ is to be."""

    rtol: float | None = None
    """Relative tolerance of a time step (no unit), in place of an accuracy."""


@dataclasses.dataclass
class Files:
    """What to write, and where and how precisely to compute."""

    output: Path | None = None
    """NetCDF file to write; the figure goes beside it as PNG. By default COMMAND.nc, numbered if it exists."""
    force: bool = False
    """Overwrite existing files."""
    device: Literal["cpu", "gpu", "tpu"] | None = None
    """Where to compute; by default the best there is."""
    x64: bool = True
    """Double precision; --no-x64 computes in single precision."""
    cache: bool = True
    """Keep compiled programs in the user's cache folder for the next start; --no-cache compiles afresh."""

    def set_up(self) -> None:
        """Choose precision, device and cache; see `set_up`."""
        set_up(self.x64, self.device, self.cache)

    def free(self, default: str) -> Path:
        """Where the NetCDF file goes; see `free_path`."""
        return free_path(self.output, default, self.force, others=(PICTURE,))


def save(result: Any, output: Path, draw: Callable[[Any], Any]) -> str:
    """Write a dataset, whole or not at all, and beside it the figure that `draw` makes of it; says so."""
    with whole(output) as unfinished:
        result.to_netcdf(unfinished, engine="h5netcdf")
    keeps(lambda: f"{output} is written, its figure is not")

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    picture = output.with_suffix(PICTURE)
    drawn = draw(result)  # axes, or a figure
    figure = drawn if hasattr(drawn, "savefig") else drawn.get_figure(root=True)
    with whole(picture) as unfinished:
        figure.savefig(unfinished, dpi=300)
    plt.close(figure)
    return f"wrote {output} and {picture}"


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write a file under, which becomes `path` once it is finished, and is gone otherwise."""
    unfinished = path.with_stem(f"{path.stem}.partial")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def set_up(x64: bool, device: str | None, cache: bool) -> None:
    """Choose precision, device and cache; must run before the first array is made. Raises `ValueError`."""
    import jax

    if cache:
        keep()
    jax.config.update("jax_enable_x64", x64)
    if device is None:
        return
    jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    try:
        jax.devices()
    except (RuntimeError, AssertionError):  # JAX asserts where nothing but a missing platform is asked for
        raise ValueError(f"device = {device!r} is not available here: JAX finds no such device") from None


def keep() -> None:
    """Keep compiled programs; says where when the folder is new, and why not where that cannot be."""
    from ..numerics.compiled import start_keeping, user_folder

    new = not user_folder().exists()
    try:
        if start_keeping() is not None and new:
            said = f"compiled programs are kept in {user_folder()}; --no-cache keeps none"
            print(f"nacjax: {said}", file=sys.stderr)
    except OSError as error:
        print(f"nacjax: compiled programs are not kept: {error}", file=sys.stderr)


def free_path(path: Path | None, default: str, force: bool, others: tuple[str, ...] = ()) -> Path:
    """Where to write a result: `path` as asked for, or a default name with the first free number.

    `others` are suffixes of files that go beside it. Raises `FileExistsError` where a file that was
    asked for exists, unless `force`, and `ValueError` for one that has the ending of what goes beside it.
    """

    def taken(candidate: Path) -> list[Path]:
        return [p for p in (candidate, *(candidate.with_suffix(s) for s in others)) if p.exists()]

    if path is not None:
        if path.suffix.lower() in PICTURES:
            raise ValueError(
                f"output = {str(path)!r} is not allowed: it is the file of the data, and the figure goes beside it as "
                f"{PICTURE}; give --output {path.with_suffix('.nc')}"
            )
        if not path.parent.is_dir():
            raise ValueError(
                f"output = {str(path)!r} is not allowed: there is no folder {str(path.parent)!r}"
            )
        if taken(path) and not force:
            raise FileExistsError(
                f"{taken(path)[0]} exists; give another --output, or --force to overwrite it"
            )
        return check_writable(path)
    candidate, number = Path(default), 1
    while taken(candidate) and not force:
        number += 1
        candidate = Path(default).with_stem(f"{Path(default).stem}-{number}")
    return check_writable(candidate)


def check_writable(path: Path) -> Path:
    """`path`, where its folder can be written to; else a `PermissionError`, before any work is done."""
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(f"{path.parent.resolve()} cannot be written to")
    return path
