"""`nacjax info`: what a result, a store or the file of another code holds, and what is installed."""

import dataclasses
import json
import re
import textwrap
import warnings
from pathlib import Path
from typing import Annotated, Any

import tyro

from ..model.source import Source
from .reading import Reading


@dataclasses.dataclass
class Info:
    """What a result holds and how far a store got; without a path, versions and devices."""

    path: Annotated[Path | None, tyro.conf.Positional] = None
    """A NetCDF file, a Zarr store of a sweep, or a file with a density of states or Wannier bands."""
    reading: Reading = dataclasses.field(default_factory=Reading)
    """How a density of states is read."""

    def run(self) -> None:
        """Print it."""
        if self.path is None:
            installation()
        elif not self.path.exists():
            raise FileNotFoundError(f"{self.path}: there is no such file or store")
        elif self.path.is_dir():
            store(self.path)
        elif self.path.open("rb").read(4) in (b"\x89HDF", b"CDF\x01", b"CDF\x02"):
            result(self.path)
        elif re.search(r"_(hr|tb)\.dat(\.gz)?$", self.path.name):
            print(bands(self.path))
        else:
            print(density(self.path, self.reading))


def density(path: Path, reading: Reading) -> str:
    """What is understood of a density of states; raises `ValueError` for a file that is none."""
    from ..readers.dos import understand

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they are among the notes of the report
        raw, source = understand(path, **reading.options())
    peak = int(raw.density.argmax())
    velocities = "v²-weighted DoS known" if raw.weighted is not None else "velocities not known"
    said = f"  rows        {raw.energy.size} inside the band, largest DoS at {raw.energy[peak]:.6g}; {velocities}"
    return f"{source.report()}\n{said}"


def bands(path: Path) -> str:
    """What is understood of seed_hr.dat or seed_tb.dat, with seed.win beside it where there is one."""
    from ..readers.wannier import understand

    win = path.with_name(re.sub(r"_(hr|tb)\.dat(\.gz)?$", ".win", path.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # they are among the notes of the report
        return understand(path, win if win.is_file() else None)


def installation() -> None:
    """Versions and devices."""
    import jax

    from ..model.record import versions

    for name, version in versions().items():
        print(f"{name:12} {version}")
    for device in jax.devices():
        print(f"device       {device.device_kind} ({device.platform})")


def store(path: Path) -> None:
    """Progress and configuration of a store."""
    from ..studies.sweep.extras import check_store
    from ..studies.sweep.store import Store, is_store

    check_store(path)
    if not is_store(path):
        raise ValueError(f"path = {str(path)!r} is not allowed: it is no store of a sweep")
    opened = Store(path)
    done, failed, total = opened.counts()
    chunks = f"{int(opened.done.sum())} of {opened.done.size} chunks"
    print(f"{path}: {done} of {total} points done ({chunks}), {failed} failed")
    configuration(opened.configuration)


def result(path: Path) -> None:
    """Contents and configuration of a NetCDF file."""
    import xarray as xr

    try:
        dataset = xr.open_dataset(path, engine="h5netcdf")
    except Exception:
        raise ValueError(f"path = {str(path)!r} is not allowed: it is no NetCDF file") from None
    with dataset:
        shape = " × ".join(f"{length} {dim}" for dim, length in dataset.sizes.items())
        print(f"{path}: {', '.join(map(str, dataset.data_vars))} over {shape}")
        for name in ("device", "compile_seconds", "run_seconds"):
            if name in dataset.attrs:
                print(f"{name}: {dataset.attrs[name]}")
        configuration(json.loads(dataset.attrs.get("configuration", "{}")))


def configuration(entries: dict[str, Any], indent: str = "") -> None:
    """A configuration as indented lines; long lists are abridged."""
    for name, value in entries.items():
        if isinstance(value, dict) and value.get("class") == "Source":
            told = Source(**{k: v for k, v in value.items() if k != "class"}).report()
            print(f"{indent}{name}: {textwrap.indent(told, indent).lstrip()}")
        elif isinstance(value, dict) and value:
            kind = value.get("class", "")
            print(f"{indent}{name}: {kind}".rstrip())
            configuration({k: v for k, v in value.items() if k != "class"}, indent + "  ")
        elif isinstance(value, list) and value and isinstance(value[0], list):
            print(
                "\n".join([f"{indent}{name}:", *(f"{indent}  {': '.join(map(str, row))}" for row in value)])
            )
        elif isinstance(value, list) and len(value) > 6:
            print(f"{indent}{name}: {_end(value[0])} … {_end(value[-1])} ({len(value)} values)")
        else:
            print(f"{indent}{name}: {value}")


def _end(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
