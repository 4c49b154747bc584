"""The line that says what takes long: on a screen, in a log, and not at all."""

import io
import time

import pytest

from nacjax.numerics import ticker as module
from nacjax.numerics.ticker import COMPILED, LOWERED, Compilations, Ticker, note


class Screen(io.StringIO):
    """A terminal, as far as the ticker looks."""

    def __init__(self, screen):
        super().__init__()
        self.screen = screen

    def isatty(self):
        return self.screen


@pytest.fixture
def quick(monkeypatch):
    """No patience: the first line comes at once. Returns a function that makes a screen, or a log."""
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "TICK", 0.01)

    def on(screen):
        err = Screen(screen)
        monkeypatch.setattr(module.sys, "stderr", err)
        return err

    return on


def test_a_screen_gets_one_line_that_is_taken_away(quick):
    err = quick(True)
    with Ticker("evolve"):
        note("σ(t)", 3, 9)
        with Ticker("inner"):
            time.sleep(0.1)
    said = err.getvalue()
    assert "evolve: σ(t), 3 of 9 done" in said and "s left" in said and "inner" not in said
    assert "\n" not in said and said.endswith("\r\x1b[K") and Ticker.active is None


def test_a_log_gets_lines_where_asked_for_and_a_pipe_nothing(quick, monkeypatch):
    err = quick(False)
    with Ticker("search"):
        note("descent")
        time.sleep(0.05)
    assert err.getvalue() == ""
    monkeypatch.setattr(module, "LINE", 0.02)
    with Ticker("nacjax search", lines=True):
        note("descent", 4)
        time.sleep(0.2)
    assert "\nnacjax search: descent, 4 done, " in err.getvalue() and "\r" not in err.getvalue()


def test_what_is_short_is_not_announced(quick, monkeypatch):
    err = quick(True)
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    with Ticker("evolve"):
        time.sleep(0.05)
    assert err.getvalue() == ""


def test_compilations_are_named_while_they_last(monkeypatch):
    seen = Compilations()
    seen.hear(LOWERED, 0.1, fun_name="jit(_evolve)")
    assert seen.said() == ""  # too short to be worth a word
    monkeypatch.setattr(module, "TICK", 0.0)
    assert seen.said() == "compiling evolve"
    seen.hear(COMPILED, 1.0)
    assert seen.said() == "" and seen.done == 1
