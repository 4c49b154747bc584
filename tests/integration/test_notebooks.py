"""The notebooks: stored with their outputs, each asks a question, and runs anew to the same numbers and figures."""

import importlib.util
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def refresh():
    """The script that stores and compares them."""
    spec = importlib.util.spec_from_file_location("refresh", FOLDER / "refresh.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 12


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_asks_a_question_and_ends_with_something_to_change(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    title = notebook.cells[0].source.splitlines()[0]
    assert title.startswith("# ") and title.endswith("?")
    assert "## Change something" in notebook.cells[-1].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_with_small_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code)
    assert not any(cell.execution_count for cell in code)
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert path.stat().st_size < 250_000


def test_the_comparison_sees_what_matters():
    script = refresh()
    assert script.agree("σ/σ_0 = -0.3736 at t = 10", "σ/σ_0 = -0.3739 at t = 10")
    assert not script.agree("σ/σ_0 = -0.37", "σ/σ_0 = -0.30") and not script.agree("a 1", "b 1")
    assert script.differing("ran in 3 s\nx 1.0", "ran in 99 s\nx 1.001") == []
    assert script.differing("x 1", "x 1\ny 2") == ["2 lines, 1 are stored"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_to_what_is_stored(path, tmp_path):
    pytest.importorskip("nbclient")
    script = refresh()
    again = script.run(path, tmp_path)
    assert script.differences(nbformat.read(path, as_version=4), again) == []
