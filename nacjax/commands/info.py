"""`nacjax info`: what a result file or a store holds, and what is installed."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import tyro


@dataclasses.dataclass
class Info:
    """What a result holds and how far a store got; without a path, versions and devices."""

    path: Annotated[Path | None, tyro.conf.Positional] = None
    """A NetCDF file or a Zarr store of a sweep."""

    def run(self) -> None:
        """Print it."""
        if self.path is None:
            installation()
        elif not self.path.exists():
            raise FileNotFoundError(f"{self.path}: there is no such file or store")
        elif self.path.is_dir():
            store(self.path)
        else:
            result(self.path)


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
    import numpy as np

    from ..studies.sweep.store import Store, is_store

    if not is_store(path):
        raise ValueError(f"path = {str(path)!r} is not allowed: it is no store of a sweep")
    opened = Store(path)
    codes = np.asarray(opened.journal["outcome"][:])
    total = int(np.sum(np.asarray(opened.journal["points"][:]) >= 0))
    done, failed = int(np.sum(codes >= 0)), int(np.sum(codes > 0))
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
        if isinstance(value, dict) and value:
            kind = value.get("class", "")
            print(f"{indent}{name}: {kind}".rstrip())
            configuration({k: v for k, v in value.items() if k != "class"}, indent + "  ")
        elif isinstance(value, list) and len(value) > 6:
            print(f"{indent}{name}: {value[0]:g} … {value[-1]:g} ({len(value)} values)")
        else:
            print(f"{indent}{name}: {value}")
