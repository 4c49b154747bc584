"""What stores need beyond the package itself."""

import importlib.util
import os
from typing import Any


def check_store(store: Any) -> None:
    """Raise `ValueError` for a `store` that is no path, and `ModuleNotFoundError` without zarr, with its cure."""
    if not isinstance(store, str | os.PathLike):
        raise ValueError(f"store = {store!r} is not allowed: it must be a path, such as 'run.zarr'")
    try:
        found = importlib.util.find_spec("zarr")
    except ValueError:  # a module that has been blocked
        found = None
    if found is None:
        raise ModuleNotFoundError(
            f"store = {str(store)!r} needs the package zarr, which is not installed: pip install 'nacjax[store]'"
        )
