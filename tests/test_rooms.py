"""The rooms of the package and the one direction between them; what an import does not cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nacjax

PACKAGE = Path(nacjax.__file__).parent
ABOVE = {"physics": {"solvers", "studies"}, "solvers": {"studies"}, "studies": set()}
FRONT = {"plots", "cli", "commands"}


def imported(path: Path) -> set[str]:
    """Modules of nacjax that a file imports, dotted, without the package."""
    here = path.relative_to(PACKAGE).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level + 1]) if node.level else []
            words = (node.module or "").split(".") if node.module else []
            if not node.level:
                if not words or words[0] != "nacjax":
                    continue
                words = words[1:]
            names = [alias.name for alias in node.names] if not base + words else [""]
            found |= {".".join([*base, *words, name]).strip(".") for name in names}
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("nacjax.") for a in node.names if a.name.startswith("nacjax.")}
    return found


@pytest.mark.parametrize("room", ABOVE)
def test_rooms_know_only_what_is_below(room):
    for path in sorted((PACKAGE / room).rglob("*.py")):
        rooms = {name.split(".")[0] for name in imported(path)}
        assert not rooms & (ABOVE[room] | FRONT), f"{path.relative_to(PACKAGE)} imports {rooms}"


def test_the_check_sees_relative_imports():
    assert "solvers.evolve" in imported(PACKAGE / "studies" / "sweep.py")
    assert "physics.ladder" in imported(PACKAGE / "solvers" / "evolve.py")


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


def test_no_file_outgrows_the_house():
    longest = {p.relative_to(PACKAGE): len(p.read_text().splitlines()) for p in PACKAGE.rglob("*.py")}
    assert all(count <= 400 for count in longest.values()), longest
