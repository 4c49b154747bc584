"""The rooms of the package stand in one line; what an import does not cost."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import nacjax
import nacjax.figures

PACKAGE = Path(nacjax.__file__).parent
LINE = ("numerics", "model", "kinetics", "solvers", "studies", "figures", "commands")
"""Whoever stands in a room may touch it and what is before it in the line."""
KNOWN = {room: set(LINE[: place + 1]) for place, room in enumerate(LINE)} | {"readers": {"readers", "model"}}
KNOWN["commands"] |= {"readers", ""}  # commands use the public face of the package
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE
}


def imported(path: Path) -> set[str]:
    """Modules of nacjax that a file imports anywhere in it, dotted, without the package; "" is the package."""
    here = path.relative_to(PACKAGE).parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name.partition(".")[2] for a in node.names if a.name.split(".")[0] == "nacjax"}
        if not isinstance(node, ast.ImportFrom):
            continue
        words = (node.module or "").split(".") if node.module else []
        if node.level:
            words = [*here[: len(here) - node.level + 1], *words]
        elif words[:1] == ["nacjax"]:
            words = words[1:]
        else:
            continue
        names = [".".join([*words, alias.name]) for alias in node.names]
        found |= {name if name in MODULES else ".".join(words) for name in names}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_knows_only_what_is_below(module):
    room = module.split(".")[0]
    rooms = {name.split(".")[0] for name in imported(MODULES[module])}
    assert rooms <= KNOWN[room], f"{module} imports from {rooms - KNOWN[room]}"


def test_no_circle():
    """Lazy and typing-only imports included; `static_order` raises where there is one."""
    order = list(TopologicalSorter({name: imported(path) for name, path in MODULES.items()}).static_order())
    assert order.index("numerics.ring") < order.index("solvers.evolve")


def test_the_check_sees_relative_and_lazy_imports():
    assert "solvers.way" in imported(MODULES["studies.sweep.batch"])
    assert "figures.registry" in imported(MODULES["commands.figures"]) | imported(MODULES["figures"])


def test_only_the_doors_stand_at_the_top():
    files = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "py.typed", "LICENSE"}


def test_import_is_light():
    heavy = (
        "tyro",
        "zarr",
        "matplotlib",
        "h5netcdf",
        "distributed",
        "scipy.signal",
        "pandas.plotting._matplotlib",
    )
    code = f"import sys, nacjax; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_needs_no_jax():
    code = "import sys; from nacjax.commands.main import main; main(['--help']); print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_run_loads_no_library_of_studies():
    heavy = ("xarray", "pandas", "optax", "scipy.spatial", "tqdm", "pint", "matplotlib")
    code = f"import sys, nacjax as nj; nj.evolve, nj.plateau; print([n for n in {heavy} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("package", [nacjax, nacjax.figures], ids=lambda package: package.__name__)
def test_names_imported_when_asked_for_are_those_that_type_checkers_see(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        name.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert seen == package._MODULE_OF
    assert all(getattr(package, name) is not None for name in seen)
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        package.sweeep  # noqa: B018


def test_the_package_tells_its_names():
    assert {*nacjax._MODULE_OF, "__version__"} == set(nacjax.__all__) <= set(dir(nacjax))


def functions():
    """(where, node) of every function of the package."""
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}.{node.name}", node


def test_functions_fit_a_screen():
    long = {where: node.end_lineno - node.lineno + 1 for where, node in functions() if node.end_lineno}
    assert {where: lines for where, lines in long.items() if lines > 60} == {}


def test_a_dozen_arguments_at_most():
    def count(arguments: ast.arguments) -> int:
        listed = [
            *arguments.posonlyargs,
            *arguments.args,
            *arguments.kwonlyargs,
            arguments.vararg,
            arguments.kwarg,
        ]
        return sum(entry is not None and entry.arg not in ("self", "cls") for entry in listed)

    many = {where: count(node.args) for where, node in functions()}
    assert {where: number for where, number in many.items() if number > 12} == {}


def test_no_file_outgrows_the_house():
    longest = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert all(count <= 300 for count in longest.values()), longest
