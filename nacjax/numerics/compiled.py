"""Compiled programs kept between runs, in a private folder of the user's own.

JAX can keep what it compiles, but its folder is executable code that anybody who may write there could exchange;
it writes files that another process may read half done, and its bound on the size needs a further package. Here a
process works in a folder of its own, where what is kept already is linked into; at its end whole programs move to
where the next one finds them.
"""

import atexit
import contextlib
import hashlib
import logging
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import time
import warnings
import zlib
from pathlib import Path

from jaxlib.version import __version__ as jaxlib_version

from .versions import __version__

BYTES = 2 * 1024**3
"""Where all that is kept exceeds this, what was used least recently goes."""
LEFT_BEHIND = 3 * 86400.0  # s, after which the folder of a process that was killed is cleared away
_PROGRAM = "-cache"  # how JAX ends the name of a program
_kept_in: Path | None = None
_own: Path | None = None


def keep_compiled(folder: str | os.PathLike | None = None) -> Path | None:
    """Keep compiled programs between runs of Python, so that the second start of a study does not compile again.

    Once, before anything else of nacjax: `nj.keep_compiled()`. JAX cannot keep programs that may raise from within;
    with this call they give NaN instead (EQX_ON_ERROR=nan, unless you set it). The `folder` is by default
    `nacjax` in the user's cache (XDG_CACHE_HOME, ~/.cache, or the platform's convention); in it a subfolder a kind
    of machine and version of nacjax, jax and jaxlib. What consists of this package's own classes is not even traced
    again. Programs are kept when Python ends, 2 GB of them at most. The command line does the same unless told
    `--no-cache`.

    Returns the subfolder. Programs are executable code: a folder that another user owns or may write to is refused,
    and one that cannot be written to (full or read-only disk) is not used; both with a warning, after which all goes
    on without, and None is returned. A cache that was chosen before (JAX_COMPILATION_CACHE_DIR) stays: None as well.

    >>> folder = nj.keep_compiled(tempfile.mkdtemp())  # without an argument: in the user's cache folder
    """
    try:
        return start_keeping(folder)
    except OSError as error:
        warnings.warn(f"compiled programs are not kept: {error}", stacklevel=2)
        return None


def start_keeping(folder: str | os.PathLike | None = None) -> Path | None:
    """What `keep_compiled` does, with an `OSError` where that cannot be."""
    global _kept_in, _own
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue]
    if _kept_in is not None or chosen:
        return _kept_in
    if sys.platform == "darwin" and jaxlib_version.startswith(("0.8.", "0.9.")):
        raise OSError("on macOS jaxlib before 0.10 may crash when it loads them")
    without_callbacks()
    home = Path(os.path.realpath(user_folder() if folder is None else Path(folder).expanduser()))
    kept = private(private(home) / machine_and_versions())
    own = Path(tempfile.mkdtemp(prefix="run-", dir=kept))
    link_programs(kept, own)
    atexit.register(finish, own, kept, home)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")  # they would name the folder
    jax.config.update("jax_compilation_cache_dir", str(own))
    compilation_cache.reset_cache()  # something may have been compiled without
    _quiet()
    _kept_in, _own = kept, own
    return kept


def own_folder() -> Path | None:
    """The folder of this process, where kept programs are and new ones go; None where none are kept."""
    return _own


def without_callbacks() -> None:
    """Have equinox, if it is not loaded yet, build programs that JAX can keep: those that can raise it cannot."""
    if "equinox" not in sys.modules:
        os.environ.setdefault("EQX_ON_ERROR", "nan")


def _quiet() -> None:
    """Silence what is no fault: a program that could not be read or written is compiled, and told of at the end."""
    import jax

    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    level = jax.config.jax_logging_level  # pyright: ignore[reportAttributeAccessIssue]
    if level in (None, "NOTSET"):
        # jaxlib before 0.10 logs a long error for each program it loads on processors with AVX-512 (jax issue
        # 38445); once set, the level of its C++ parts stays, that of the Python parts goes back
        jax.config.update("jax_logging_level", "CRITICAL")
        jax.config.update("jax_logging_level", None)
        for name in ("jax", "jaxlib"):
            logging.getLogger(name).setLevel(logging.WARNING)


def user_folder() -> Path:
    """The folder of nacjax in the user's cache, by the platform's convention; it need not exist."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen if os.path.isabs(chosen) else base) / "nacjax"


def machine_and_versions() -> str:
    """Name of the subfolder for what this machine, by the features of its processor, and these versions compile."""
    import jax

    features = [platform.machine(), platform.processor(), platform.system()]
    with contextlib.suppress(OSError):
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        features += sorted(set(re.findall(r"^(?:model name|flags|Features)\s*:.*$", told, re.MULTILINE)))
    digest = hashlib.sha256("\n".join(features).encode()).hexdigest()[:12]
    return f"nacjax-{__version__}-jax-{jax.__version__}-jaxlib-{jaxlib_version}-{digest}"


def private(folder: Path) -> Path:
    """`folder`, made with mode 0700 if it is not there, where only this user can put anything.

    Raises `PermissionError` where another user owns it or a folder above it, or may write to one of them or owns
    something in it; `OSError` where it cannot be made.
    """
    if not folder.exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=0o700)
    if not hasattr(os, "geteuid"):
        return folder  # Windows, where the user's folder is private by its access list
    for place in (folder, *folder.parents):
        _check(place, os.lstat(place), above=place != folder)
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            _check(Path(entry.path), os.lstat(entry.path), above=False)
    return folder


def _check(place: Path, found: os.stat_result, above: bool) -> None:
    owners = (os.geteuid(), 0) if above else (os.geteuid(),)
    if found.st_uid not in owners:
        raise PermissionError(
            f"{place} belongs to another user, who could exchange them; give a folder of your own"
        )
    writable = stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    if writable and not (above and found.st_mode & stat.S_ISVTX):
        raise PermissionError(
            f"other users may write to {place} and exchange them; chmod go-w {place} mends it"
        )


def link_programs(kept: Path, own: Path) -> None:
    """Give the folder `own` of a process every program that is kept; clear away what killed processes left."""
    for entry in os.scandir(kept):
        with contextlib.suppress(OSError):  # another process may clear away as well
            if entry.name.endswith(_PROGRAM):
                try:
                    os.link(entry.path, own / entry.name)
                except OSError:  # a file system without links
                    shutil.copy2(entry.path, own / entry.name)
            elif entry.is_dir(follow_symlinks=False) and time.time() - entry.stat().st_mtime > LEFT_BEHIND:
                shutil.rmtree(entry.path, ignore_errors=True)


def finish(own: Path, kept: Path, home: Path) -> None:
    """At the end of a process: move its new programs, if they are whole, to where the next finds them; tidy up."""
    torn = 0
    with contextlib.suppress(OSError):
        for path in own.glob("*" + _PROGRAM):
            there = kept / path.name
            if there.exists() and there.stat().st_size == path.stat().st_size:
                continue
            if whole(path.read_bytes()):
                path.replace(there)
            else:
                torn += 1
        clear_oldest(home)
    shutil.rmtree(own, ignore_errors=True)
    if torn:
        print(f"nacjax: {torn} compiled programs were not kept: {kept} could not hold them", file=sys.stderr)


def whole(program: bytes) -> bool:
    """Whether a program was written to its end: a full disk may leave a part."""
    try:
        if program[:4] != b"\x28\xb5\x2f\xfd":
            reader = zlib.decompressobj()
            reader.decompress(program)
            return reader.eof
        try:
            from compression import zstd  # pyright: ignore[reportMissingImports]
        except ImportError:
            import zstandard as zstd  # pyright: ignore[reportMissingImports]
        return bool(zstd.decompress(program))
    except Exception:
        return False


def clear_oldest(home: Path, limit: int = BYTES) -> None:
    """Remove the programs used least recently until those in `home` take `limit` bytes at most."""
    programs = []
    for path in home.glob(f"*/*{_PROGRAM}"):
        with contextlib.suppress(FileNotFoundError):
            found = path.stat()
            programs.append((max(found.st_atime, found.st_mtime), found.st_size, path))
    excess = sum(size for _, size, _ in programs) - limit
    for _, size, path in sorted(programs):
        if excess <= 0:
            return
        path.unlink(missing_ok=True)
        excess -= size
