"""Run the notebooks and store them with outputs; with --check, say where they no longer agree with what is stored.

    python notebooks/refresh.py [--check] [01_first_look.ipynb ...]

Figures are stored small. Numbers agree within a hundredth, figures if they look alike; times and step counts are free.
"""

import argparse
import base64
import io
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import numpy as np

FOLDER = Path(__file__).parent
NUMBER = re.compile(r"[-+−]?\d+\.?\d*(?:e[-+]?\d+)?")
FREE = re.compile(r"\bsteps?\b|\bsolves?\b|\d s\b|seconds|/s\b|MB|GB|ran |cpu|<Axes|<matplotlib|Figure size")
"""Lines with one of these are not compared: how long, how many steps, on what."""
STYLE = "figure.dpi: 56\nsavefig.dpi: 56\nfont.size: 9\n"


def run(path: Path, folder: Path) -> Any:
    """The notebook, run from a fresh kernel in a folder, without what differs from run to run."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    (folder / "matplotlibrc").write_text(STYLE)
    os.environ |= {"MATPLOTLIBRC": str(folder / "matplotlibrc"), "TQDM_DISABLE": "1"}
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=900, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [slim(output) for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"], "language_info": {"name": "python"}}
    return notebook


def slim(output: Any) -> Any:
    """An output with its text and picture alone."""
    if "data" in output:
        kept = {
            kind: output.data[kind]
            for kind in ("text/plain", "text/html", "image/png")
            if kind in output.data
        }
        if "image/png" in kept:
            kept["text/plain"] = "<Figure>"
        if "xarray" in kept.get("text/html", ""):  # its style sheet is larger than a figure
            kept.pop("text/html")
        output.data, output.metadata = kept, {}
    if "execution_count" in output:
        output.execution_count = None
    return output


def parts(cell: Any) -> tuple[str, list[str]]:
    """What a cell says, and its pictures (base64)."""
    said, pictures = [], []
    for output in cell.outputs:
        data = output.get("data", {})
        page = data.get("text/html", "")
        pictures += re.findall(r"base64,([^\"]+)\"", page)
        if "image/png" in data:
            pictures.append(data["image/png"])
        words = output.get("text") or (
            re.sub(r"<img.*?/>|<[^>]*>", "", page) if page else data.get("text/plain", "")
        )
        said.append(words)
    return "\n".join(said), pictures


def differences(stored: Any, new: Any) -> list[str]:
    """Where two runs of a notebook differ."""
    found = []
    for number, (old, now) in enumerate(zip(stored.cells, new.cells, strict=True)):
        if old.cell_type != "code":
            continue
        (words, pictures), (again, others) = parts(old), parts(now)
        found += [f"cell {number}: {line}" for line in differing(words, again)]
        if len(pictures) != len(others):
            found.append(f"cell {number}: {len(others)} figures, {len(pictures)} are stored")
        found += [
            f"cell {number}: figure {k} looks different"
            for k, (a, b) in enumerate(zip(pictures, others, strict=False))
            if unlike(a, b)
        ]
    return found


def differing(stored: str, new: str) -> list[str]:
    """Lines whose words or numbers differ."""
    old, now = (
        [line for line in text.splitlines() if line.strip() and not FREE.search(line)]
        for text in (stored, new)
    )
    if len(old) != len(now):
        return [f"{len(now)} lines, {len(old)} are stored"]
    return [f"{b!r}, stored is {a!r}" for a, b in zip(old, now, strict=True) if not agree(a, b)]


def agree(a: str, b: str) -> bool:
    """Whether two lines have the same words, and the same numbers within a hundredth (or 0.002)."""
    if NUMBER.sub("N", a).split() != NUMBER.sub("N", b).split():
        return False
    x, y = (np.array([float(n.replace("−", "-")) for n in NUMBER.findall(line)]) for line in (a, b))
    return bool(np.allclose(x, y, rtol=0.01, atol=2e-3))


def unlike(a: str, b: str) -> bool:
    """Whether two pictures differ in size, or clearly in more than a fiftieth of their dots."""
    from PIL import Image

    first, second = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("L"), float) / 255
        for text in (a, b)
    )
    if first.shape != second.shape:
        return abs(first.shape[0] - second.shape[0]) > 4 or abs(first.shape[1] - second.shape[1]) > 4
    return float(np.mean(np.abs(first - second) > 0.3)) > 0.02


def main() -> int:
    """Refresh or check; 1 where something differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", nargs="*", type=Path, help="all by default")
    parser.add_argument("--check", action="store_true", help="compare, and store nothing")
    given = parser.parse_args()
    different = False
    for path in given.notebooks or sorted(FOLDER.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            new = run(path, Path(folder))
        found = differences(nbformat.read(path, as_version=4), new) if given.check else []
        different |= bool(found)
        print(f"{path.name}: {'; '.join(found) or ('as stored' if given.check else 'stored')}", flush=True)
        if not given.check:
            nbformat.write(new, path)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
