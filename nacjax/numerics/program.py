"""Programs: functions compiled for numbers that are known now, and kept between runs of Python.

JAX keeps what XLA has made of a trace, so that a second start traces and lowers again, which takes longer than to load
the result. Where `keep_compiled` has chosen a folder, what is compiled here is kept there under a name made of all that
a trace depends on: it starts without one.
"""

import functools
import hashlib
import io
import os
import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jax.core import Tracer
from jax.experimental.serialize_executable import deserialize_and_load, serialize

from .compiled import own_folder
from .target import for_gpu

LIBRARIES = ("diffrax", "equinox", "lineax", "optimistix", "numpy")
"""What a trace depends on beside jax and this package."""
KNOWN = (
    *LIBRARIES,
    "nacjax",
    "jax",
    "jaxlib",
    "builtins",
    "collections",
    "copyreg",
    "functools",
    "_operator",
)
"""Whose classes and functions a name may stand for: anybody else's may change and keep their name."""
MOST = 32
"""Programs of one function that stay in memory: each takes dozens of the memory maps that a process may have."""


class _Read(threading.local):
    """How many programs JAX has read from its own files in this thread: XLA writes them a second time incompletely."""

    programs = 0


READ = _Read()


def _count(event: str, **_: Any) -> None:
    READ.programs += event == "/jax/compilation_cache/cache_hits"


jax.monitoring.register_event_listener(_count)


class Executable:
    """A function as it is compiled for one kind of arguments, traced at once unless it is kept from an earlier run.

    - `identity`: what the function depends on beside its arguments; with names only of `KNOWN` it can be kept
    - `lowered`: at once too, before another thread traces, so that XLA begins early
    - `out`: the result, with a `jax.ShapeDtypeStruct` for each array
    """

    def __init__(self, fn: Callable, args: tuple, identity: Any, lowered: bool = False):
        leaves, structure = jax.tree.flatten(args)
        arrays = [leaf for leaf in leaves if _is_array(leaf)]
        self._path = _place((identity, jax.tree.unflatten(structure, [_kind(leaf) for leaf in leaves])))
        self._begun: Any = None
        self._call, self.out = _load(self._path, len(arrays))
        if self._call is not None:
            return

        def flat(*arrays):
            given = iter(arrays)
            out = fn(*jax.tree.unflatten(structure, [next(given) if _is_array(x) else x for x in leaves]))
            leaves_out, structure_out = jax.tree.flatten(out)
            self.out = jax.tree.unflatten(structure_out, [_shape(x) for x in leaves_out])
            return [x for x in leaves_out if _is_array(x)]

        flat.__name__ = fn.__name__  # which is told while it is compiled
        with TRACING:
            self._begun = jax.jit(flat).trace(*arrays)
            if lowered:
                self.lower()

    def lower(self) -> None:
        """What is left of Python's part of compiling; the other part leaves Python free."""
        if isinstance(self._begun, jax.stages.Traced):
            with TRACING:
                self._begun = self._begun.lower()

    def compile(self) -> None:
        """Compile, and keep what there is to be kept."""
        self.lower()
        if self._call is None:
            read = READ.programs
            self._call, self._begun = self._begun.compile(), None
            if READ.programs == read:
                _save(self._path, self._call, self.out)

    def memory_analysis(self) -> Any:
        """What XLA says of the memory it takes."""
        self.compile()
        return self._call.memory_analysis()  # pyright: ignore[reportOptionalMemberAccess]

    def __call__(self, *args: Any) -> Any:
        """The result for arguments of the kind that it was made for."""
        self.compile()
        found = iter(self._call(*[x for x in jax.tree.leaves(args) if _is_array(x)]))  # pyright: ignore[reportOptionalCall]
        return jax.tree.map(lambda x: next(found) if isinstance(x, jax.ShapeDtypeStruct) else x, self.out)


PROGRAMS: list["Program"] = []
"""All there are."""
TRACING = threading.RLock()
"""One thread traces at a time: several would keep each other from Python, and all of them XLA waiting."""


def forget() -> None:
    """Let go of the programs in memory, as `jax.clear_caches` does with JAX's own."""
    for each in PROGRAMS:
        each.clear()


class Program:
    """A function of this package with `Executable`s for the numbers that it is called with; see `program`."""

    def __init__(self, fn: Callable):
        functools.update_wrapper(self, fn)
        self.fn, self._inline = fn, eqx.filter_jit(fn)
        self._kept: OrderedDict[Any, Executable] = OrderedDict()
        PROGRAMS.append(self)

    def __call__(self, *args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        if not _at_home(leaves):
            return self._inline(*args)
        key = (structure, *map(_kind, leaves), *_modes())
        if key not in self._kept:
            self._kept[key] = Executable(self.fn, args, self, lowered=True)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key](*args)

    def clear(self) -> None:
        """Let go of what is compiled."""
        self._kept.clear()

    def __reduce__(self):
        return self.fn.__qualname__  # a name in its module, for pickles


def program(fn: Callable) -> Program:
    """Compile a function of a module: `equinox.filter_jit`, with an `Executable` where all is known, on one CPU.

    Its arguments are arrays and hashable data. Under a transformation it is part of the program around it.
    """
    return Program(fn)


def _is_array(x: Any) -> bool:
    return isinstance(x, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def _shape(x: Any) -> Any:
    return jax.ShapeDtypeStruct(x.shape, x.dtype) if _is_array(x) else x


def _kind(x: Any) -> Any:
    """What a program depends on of an argument: all of it, or shape and type of an array."""
    return (x.shape, str(x.dtype), getattr(x, "weak_type", False)) if _is_array(x) else x


def _at_home(leaves: list) -> bool:
    """Whether all arrays are numbers on the one CPU that programs are compiled for, and JAX compiles at all."""
    if jax.config.jax_disable_jit or for_gpu():  # pyright: ignore[reportAttributeAccessIssue]
        return False
    if any(isinstance(x, Tracer) for x in leaves):
        return False
    home = {jax.config.jax_default_device or jax.local_devices()[0]}  # pyright: ignore[reportAttributeAccessIssue]
    return home == {jax.local_devices()[0]} and all(
        x.devices() == home for x in leaves if isinstance(x, jax.Array)
    )


def _modes() -> tuple:
    """The settings of JAX that a trace depends on."""
    config = jax.config
    return (
        config.jax_enable_x64,  # pyright: ignore[reportAttributeAccessIssue]
        config.jax_default_matmul_precision,  # pyright: ignore[reportAttributeAccessIssue]
        config.jax_debug_nans,  # pyright: ignore[reportAttributeAccessIssue]
    )


class _Named(pickle.Pickler):
    """A pickler to make names with, which refuses what may change under its name."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type) or (callable(obj) and hasattr(obj, "__qualname__")):
            if str(getattr(obj, "__module__", None)).split(".")[0] not in KNOWN:
                raise pickle.PicklingError(f"{obj} is not of this package")
        return NotImplemented


@functools.cache
def _surroundings() -> str:
    """The sources of this package, versions and settings that traces depend on, in one number."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for source in sorted(package.rglob("*.py")):
        digest.update(str(source.relative_to(package)).encode() + source.read_bytes())
    settings = [os.environ.get(name, "") for name in ("XLA_FLAGS", "EQX_ON_ERROR")]
    digest.update(repr([*map(version, LIBRARIES), *settings]).encode())
    return digest.hexdigest()


def _place(identity: Any) -> Path | None:
    """Where a program of this identity is kept; None where nothing is, or where names do not tell all."""
    folder = own_folder()
    if folder is None or jax.local_device_count() > 1 or jax.default_backend() != "cpu":
        return None
    name = io.BytesIO()
    pickler = _Named(name, protocol=5)
    pickler.fast = True  # by value: what was read from a file shares other objects than what was made here
    try:
        pickler.dump((identity, _modes(), _surroundings()))
    except Exception:  # a function without a name, an object that no pickle takes, each with its own error
        return None
    return folder / f"nacjax-{hashlib.sha256(name.getvalue()).hexdigest()}-cache"


def _load(path: Path | None, arguments: int) -> tuple[Any, Any]:
    """(compiled function, `Executable.out`) that are kept at a path; (None, None) where there are none."""
    if path is None or not path.exists():
        return None, None
    try:
        code, out = pickle.loads(zlib.decompress(path.read_bytes()))
        _ready()
        results = sum(isinstance(x, jax.ShapeDtypeStruct) for x in jax.tree.leaves(out))
        trees = (jax.tree.structure(((0,) * arguments, {})), jax.tree.structure([0] * results))
        return deserialize_and_load(code, *trees), out
    except Exception:  # torn, or of a machine that is none like this: it is compiled anew
        return None, None


@functools.cache
def _ready() -> None:
    """Have JAX look up the routines of LAPACK, which a loaded program calls but only lowering one announces."""
    jax.jit(jax.scipy.linalg.lu_factor).lower(np.eye(2, dtype=np.float32))


def _save(path: Path | None, call: Any, out: Any) -> None:
    """Keep a compiled function, if it can be; what calls back into Python cannot."""
    if path is None:
        return
    try:
        path.unlink(missing_ok=True)  # a torn one is a link to what other processes read
        path.write_bytes(zlib.compress(pickle.dumps((serialize(call)[0], out), protocol=5), 1))
    except Exception:  # it is only not kept
        path.unlink(missing_ok=True)
