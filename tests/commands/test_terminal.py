"""In a terminal that knows colours and boxes, wrong words end in the same sentence as in a pipe; nothing compiles."""

import json
import os
import re
import sys

import pytest
import xarray as xr

import nacjax as nj
from nacjax.commands.main import main
from nacjax.model.record import describe

pty = pytest.importorskip("pty")

WRONG = {
    "sweep --fillin 0.3": "there is no option '--fillin'; did you mean '--filling'?",
    "sweep --transport foo": "transport = 'foo' is not allowed: it must be one of constant, band, impurity",
    "sweep --points x": "points = 'x' is not allowed: it must be a whole number",
    "sweep --filling abc": "filling = 'abc' is not allowed: it must be a number",
    "sweep --zeta 1 b": "zeta = '1 b' is not allowed: it must be numbers",
    "sweep --phonon-range 0.3": "phonon-range is not complete: give 2 values after --phonon-range",
    "sweep --plateau 3": "'3' is not understood",
    "sweep study.toml": "filling = 'half' is not allowed: it must be a number",
    "sweep --chunk 0 --dry-run --no-cache": "chunk = 0 is not allowed",
    "info a b": "'b' is not understood",
    "figures --only fig9": "there is no figure 'fig9'",
    "evolve --pulse gausian": "pulse = 'gausian' is not allowed: it must be one of exponential, gaussian, square",
    "swep": "there is no command 'swep'; did you mean 'sweep'?",
}

SCRIPT = """
import sys
from nacjax.commands.main import main
for words in sys.argv[1:]:
    print("exit", main(words.split()))
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.toml").write_text("filling = 'half'\n")


@pytest.mark.integration
def test_wrong_words_in_a_terminal(study):
    where = os.path.dirname(os.path.dirname(nj.__file__))
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"PYTHONPATH": where, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "100"}
        os.execv(sys.executable, [sys.executable, "-c", SCRIPT, *WRONG])
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        said += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    parts = re.split(r"exit 2\s+", said.decode())
    assert len(parts) == len(WRONG) + 1 and "Traceback" not in said.decode()
    for part, (words, sentence) in zip(parts, WRONG.items(), strict=False):
        assert sentence in " ".join(part.split()), words


@pytest.mark.parametrize("words", WRONG)
def test_the_same_in_a_pipe(study, words, capsys):
    assert main(words.split()) == 2
    assert WRONG[words] in capsys.readouterr().err


@pytest.mark.parametrize("metal", [nj.k3c60, nj.trial])
def test_info_reads_whatever_a_metal_says_of_itself(study, metal, capsys):
    about = {"configuration": json.dumps(describe({"metal": metal()}))}
    xr.Dataset({"a": ("x", [1.0])}, attrs=about).to_netcdf("material.nc", engine="h5netcdf")
    assert main(["info", "material.nc"]) == 0
    assert "filling: PRB 101" in (out := capsys.readouterr().out) or "filling: 3 electrons" in out


def test_without_zarr_a_store_is_refused_with_its_cure(study, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "zarr", None)
    assert main(["sweep", "--no-cache", "--store", "x.zarr", "--points", "3", "--plateau"]) == 1
    assert "pip install 'nacjax[store]'" in capsys.readouterr().err
