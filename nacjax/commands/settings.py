"""What commands share: where and how precisely to compute, and files that are never overwritten silently."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

PICTURE = ".png"
"""Ending of the figure that goes beside the data."""


def refuse_idle(command: Any, names: tuple[str, ...], why: str) -> None:
    """Raise `ValueError` for the first of the options `names` that was given to a command and would do nothing."""
    for name in names:
        if name in getattr(command, "given", ()):
            raise ValueError(f"{name.replace('_', '-')} does nothing {why}: leave it out")


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

    def set_up(self) -> None:
        """Choose precision and device; see `set_up`."""
        set_up(self.x64, self.device)

    def free(self, default: str) -> Path:
        """Where the NetCDF file goes; see `free_path`."""
        return free_path(self.output, default, self.force, others=(PICTURE,))


def save(result: Any, output: Path, draw: Callable[[Any], Any]) -> str:
    """Write a dataset, whole or not at all, and beside it the figure that `draw` makes of it; says so."""
    unfinished = output.with_name(output.name + ".partial")
    result.to_netcdf(unfinished, engine="h5netcdf")
    unfinished.replace(output)

    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    picture = output.with_suffix(PICTURE)
    drawn = draw(result)  # axes, or a figure
    figure = drawn if hasattr(drawn, "savefig") else drawn.get_figure(root=True)
    figure.savefig(picture, dpi=300)
    plt.close(figure)
    return f"wrote {output} and {picture}"


def set_up(x64: bool, device: str | None) -> None:
    """Choose precision and device; must run before the first array is made. Raises `ValueError`."""
    import jax

    jax.config.update("jax_enable_x64", x64)
    if device is None:
        return
    jax.config.update("jax_platforms", {"gpu": "cuda"}.get(device, device))
    try:
        jax.devices()
    except (RuntimeError, AssertionError):  # JAX asserts where nothing but a missing platform is asked for
        raise ValueError(f"device = {device!r} is not available here: JAX finds no such device") from None


def free_path(path: Path | None, default: str, force: bool, others: tuple[str, ...] = ()) -> Path:
    """Where to write a result: `path` as asked for, or a default name with the first free number.

    `others` are suffixes of files that go beside it. Raises `FileExistsError` where a file that was
    asked for exists, unless `force`, and `ValueError` for one that has the ending of what goes beside it.
    """

    def taken(candidate: Path) -> list[Path]:
        return [p for p in (candidate, *(candidate.with_suffix(s) for s in others)) if p.exists()]

    if path is not None:
        if path.suffix.lower() in others:
            raise ValueError(
                f"output = {str(path)!r} is not allowed: it is the file of the data, and the figure goes beside it as "
                f"{path.suffix}; give --output {path.with_suffix('.nc')}"
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
