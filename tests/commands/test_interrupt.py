"""Ctrl-C on the command line: one sentence within two seconds, nothing half-written, exit status 130."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


COMMAND_LINE = """
import sys
from nacjax.commands.main import main
print("ready", flush=True)
sys.exit(main())
"""


def interrupted(folder: Path, wait: float, *words: str) -> tuple[float, str]:
    """Seconds until the end after Ctrl-C, and what was said; `wait`: before it (s)."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND_LINE, *words], cwd=folder, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    start = time.perf_counter()
    _, said = process.communicate(timeout=30)
    print(words, wait, time.perf_counter() - start, said)
    assert process.returncode in (130, -signal.SIGINT), said  # a shell calls both 130
    return time.perf_counter() - start, said


COMMANDS = {
    "search": ["search", "--time", "3", "--landscape", "0"],
    "evolve": ["evolve"],
    "figures": ["figures", "--quick"],
    "sweep": ["sweep", "--store", "run.zarr"],
}


@pytest.mark.parametrize("wait", [0.1, 6.0])
@pytest.mark.parametrize("name", COMMANDS)
def test_one_sentence_soon(tmp_path, name, wait):
    seconds, said = interrupted(tmp_path, wait, *COMMANDS[name])
    assert seconds < 3  # 2 on a machine of one's own
    last = said.splitlines()[-1]  # what libraries say as they end comes before
    assert re.fullmatch(rf"nacjax {name}: .*interrupted: .*(kept|written|nothing).*", last), said
    assert not any("partial" in path.name or ".new" in path.name for path in tmp_path.rglob("*"))
