"""The example in the docstring of every public name runs, in one process that shares compiled programs."""

import doctest
import inspect
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nacjax as nj

NAMES = {"nj": nj, "np": np, "jax": jax, "jnp": jnp, "Path": Path, "tempfile": tempfile}
SLOW = ("evolve", "Run", "events", "Events", "omega_e", "threshold_field", "fit", "search", "pumped", "steady_state",
        "SteadyState", "Depth", "depth", "apparent", "threshold", "check_process", "k3c60", "sensitivity")  # fmt: skip
PUBLIC = [
    pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in sorted(nj._MODULE_OF)
]


@pytest.mark.parametrize("name", PUBLIC)
def test_example(name, tmp_path, monkeypatch):
    if name == "keep_compiled":
        monkeypatch.setattr(jax.config, "update", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    text = inspect.getdoc(getattr(nj, name)) or ""
    example = doctest.DocTestParser().get_doctest(text, dict(NAMES), name, None, None)
    assert example.examples, f"nj.{name} has no example"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("name", sorted(nj._MODULE_OF))
def test_the_docstring_opens_with_a_plain_sentence(name):
    first = (inspect.getdoc(getattr(nj, name)) or "").split("\n\n")[0]
    words = first.replace("`", "").split()
    assert (first[0].isalpha() and first[0].isascii()) or len(words) > 5, first
