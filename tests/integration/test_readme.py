"""The pages keep their word: every block runs and prints what is shown, every command and file they name exists."""

import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import nacjax as nj
from nacjax.commands.main import COMMANDS, main, parse

ROOT = Path(__file__).parents[2]
PAGES = {name: (ROOT / name).read_text(encoding="utf-8")
         for name in ("README.md", "notebooks/README.md", "benchmarks/README.md")}  # fmt: skip
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")


def blocks(page: str, language: str) -> list[str]:
    """Code blocks of a language, dedented, in order."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", PAGES[page], re.S | re.M)
    return [textwrap.dedent(text) for _, text in found]


@pytest.mark.parametrize("page", PAGES)
def test_names_and_links_exist(page):
    for name in set(re.findall(r"`nj\.(\w+)", PAGES[page])):
        assert hasattr(nj, name), f"{page} names nj.{name}"
    for target in set(re.findall(r"\]\((?!http)([^)]+)\)", PAGES[page])):
        assert (ROOT / page).parent.joinpath(target).exists(), f"{page} links to {target}"
    for file in set(re.findall(r"`((?:numerics|model|kinetics|solvers|studies)/[\w/]+\.py)`", PAGES[page])):
        assert (ROOT / "nacjax" / file).exists(), f"{page} names {file}"
    for script in set(re.findall(r"`python ((?:benchmarks|notebooks)/\w+\.py)", PAGES[page])):
        assert (ROOT / script).exists(), f"{page} names {script}"


def test_the_first_page_is_short():
    prose = re.sub(r"```.*?```|[|*`#]", "", PAGES["README.md"], flags=re.S)
    assert len(prose.split()) < 700


def test_commands_parse():
    said = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    said += [line for page in PAGES for line in re.findall(r"`(nacjax \w+[^`]*)`", PAGES[page])]
    lines = [
        line for line in said if line.startswith("nacjax ") and "COMMAND" not in line and "FILE" not in line
    ]
    assert len(lines) > 5
    for line in lines:
        name, *words = shlex.split(line)[1:]
        module, kind, _ = COMMANDS[name]
        kind = getattr(__import__(module, fromlist=[kind]), kind)
        parse(name, kind, [word for word in words if not word.endswith(".toml")])


@pytest.mark.slow
@pytest.mark.parametrize("line", ["sweep", "steady", "evolve", "material notebooks/k3c60.toml"])
def test_commands_of_the_pages_run_as_they_stand(line, tmp_path, monkeypatch, capsys):
    words = [str(ROOT / word) if word.endswith(".toml") else word for word in line.split()]
    assert any(f"nacjax {line}`" in page or f"nacjax {line}\n" in page for page in PAGES.values())
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    assert f"wrote {words[0]}.nc and {words[0]}.png" in capsys.readouterr().out
    assert (tmp_path / f"{words[0]}.png").stat().st_size > 10_000


@pytest.mark.integration
def test_the_table_of_benchmarks_is_that_of_their_results(tmp_path):
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    done = subprocess.run(
        [sys.executable, "benchmarks/table.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for page in ("README.md", "results/table.md"):
        assert (tmp_path / "benchmarks" / page).read_text() == (ROOT / "benchmarks" / page).read_text()


class Cluster:
    """Stands in for a Slurm cluster and its client: the tasks run here, in a thread."""

    def __init__(self, *_, **__):
        pass

    def scale(self, jobs: int) -> None:
        """Nothing to start."""

    def get_executor(self) -> ThreadPoolExecutor:
        """An executor of the same kind as dask's."""
        return ThreadPoolExecutor(1)


def run_blocks(page: str) -> dict:
    """Run the Python blocks of a page in order; returns the names they leave."""
    names: dict = {"Client": Cluster, "SLURMCluster": Cluster}
    for text in blocks(page, "python"):
        here = re.sub(r"^from dask.*\n", "", text, flags=re.M)  # there is no Slurm cluster here
        exec(compile(here, page, "exec"), names)
    return names


def assert_same(printed: str, stored: str) -> None:
    """The same words, and numbers within a hundredth; how many steps were taken does not matter."""
    for new, old in zip(printed.strip().splitlines(), stored.strip().splitlines(), strict=True):
        if "steps" in old:
            continue
        assert NUMBER.sub("N", new) == NUMBER.sub("N", old)
        numbers = [[float(x) for x in NUMBER.findall(line)] for line in (new, old)]
        assert numbers[0] == pytest.approx(numbers[1], rel=0.01, abs=2e-4), new


@pytest.mark.slow
def test_the_first_page_prints_what_it_shows(capsys):
    run_blocks("README.md")
    (stored,) = blocks("README.md", "text")
    assert_same(capsys.readouterr().out, stored)


@pytest.mark.slow
def test_the_blocks_of_the_guide_run_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = run_blocks("notebooks/README.md")
    out = capsys.readouterr().out
    assert "reached every requested time" in out and "xarray.Dataset" in out
    assert int((names["result"]["outcome"] != 0).sum()) == 0
    assert (tmp_path / "run.zarr").is_dir() and (tmp_path / "zeta.zarr").is_dir()
