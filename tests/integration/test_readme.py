"""The README keeps its word: every block runs, every command and file it names exists."""

import re
import shlex
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import nacjax as nj
from nacjax.commands.main import COMMANDS, parse

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Code blocks of a language, dedented, in order."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", README, re.S | re.M)
    return [textwrap.dedent(text) for _, text in found]


def test_names_and_links_exist():
    for name in set(re.findall(r"`nj\.(\w+)", README)):
        assert hasattr(nj, name), f"README names nj.{name}"
    for target in set(re.findall(r"\]\((?!http)([^)]+)\)", README)):
        assert (ROOT / target).exists(), f"README links to {target}"
    for file in set(re.findall(r"`((?:numerics|model|kinetics|solvers|studies)/[\w/]+\.py)`", README)):
        assert (ROOT / "nacjax" / file).exists(), f"README names {file}"


def test_commands_parse():
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("nacjax ")]
    assert lines
    for line in lines:
        name, *words = shlex.split(line)[1:]
        module, kind, _ = COMMANDS[name]
        kind = getattr(__import__(module, fromlist=[kind]), kind)
        parse(name, kind, [word for word in words if not word.endswith(".toml")])


class Cluster:
    """Stands in for a Slurm cluster and its client: the tasks run here, in a thread."""

    def __init__(self, *_, **__):
        pass

    def scale(self, jobs: int) -> None:
        """Nothing to start."""

    def get_executor(self) -> ThreadPoolExecutor:
        """An executor of the same kind as dask's."""
        return ThreadPoolExecutor(1)


@pytest.mark.slow
def test_python_blocks_run_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict = {"Client": Cluster, "SLURMCluster": Cluster}
    for text in blocks("python"):
        here = re.sub(r"^from dask.*\n", "", text, flags=re.M)  # there is no Slurm cluster here
        exec(compile(here, "README.md", "exec"), names)
    out = capsys.readouterr().out
    assert "reached every requested time" in out and "xarray.DataArray" in out
    assert int((names["result"]["outcome"] != 0).sum()) == 0
    assert (tmp_path / "run.zarr").is_dir() and (tmp_path / "zeta.zarr").is_dir()
