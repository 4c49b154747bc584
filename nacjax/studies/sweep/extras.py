"""What stores need beyond the package itself."""

import importlib.util
from typing import Any

from ...model.checks import require_path


def check_store(store: Any) -> None:
    """Raise `ValueError` for a `store` that is no path, and `ModuleNotFoundError` without zarr, with its cure."""
    require_path("store", store)
    try:
        found = importlib.util.find_spec("zarr")
    except ValueError:  # a module that has been blocked
        found = None
    if found is None:
        raise ModuleNotFoundError(
            f"store = {str(store)!r} needs the package zarr, which is not installed: pip install 'nacjax[store]'"
        )
