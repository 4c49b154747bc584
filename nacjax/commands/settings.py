"""What commands share: where and how precisely to compute, and files that are never overwritten silently."""

import os
from pathlib import Path


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
    asked for exists, unless `force`.
    """

    def taken(candidate: Path) -> list[Path]:
        return [p for p in (candidate, *(candidate.with_suffix(s) for s in others)) if p.exists()]

    if path is not None:
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
