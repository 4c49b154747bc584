"""What can go wrong with a store, as sentences; and no half-made folder left behind."""

import contextlib
import errno
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
BLOCKED = {errno.EEXIST, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


@contextlib.contextmanager
def explained(path: Path, kept: Callable[[], str] | None = None) -> Iterator[None]:
    """Full disks and read-only folders as an `OSError` that names the store, and says what is `kept` and what helps.

    Where no folder can be made, since a file is in the way, a `ValueError`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            trouble, cure = "the disk is full", "Free some space"
        elif error.errno in READ_ONLY:
            trouble, cure = (
                "its folder cannot be written",
                "Make it writable, or give a path in another folder",
            )
        elif error.errno in BLOCKED:
            trouble, cure = f"no folder can be made there ({error.strerror})", "Give another path"
        elif error.errno == errno.ENOENT:
            trouble, cure = "its folder cannot be made, or was taken away meanwhile", "Give another path"
        else:
            raise
        text = f"store = {str(path)!r}: {trouble}. {cure}."
        if kept is not None:
            with contextlib.suppress(OSError, ValueError, KeyError):
                text += f" {kept()}, and the same sweep with this store computes the rest."
        if error.errno in BLOCKED:
            raise ValueError(text) from error
        raise type(error)(error.errno, text) from error


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """What a damaged store raises while it is opened, as a `ValueError` that names it."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        why = str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
        raise ValueError(
            f"store = {str(path)!r} is damaged, or of an older version of nacjax ({' '.join(why.split())}). "
            "Give another path, or delete it"
        ) from error


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A new folder beside `path` to make something in; it is gone afterwards, also after SIGTERM."""
    folder = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.new")
    handled = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if handled else None

    def stop(*_):
        raise SystemExit(128 + signal.SIGTERM)

    if before == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield folder
    finally:
        for _ in range(20):  # a thread of Zarr may still be writing
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.05)
        if before == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
