"""What takes long says so: a line in a terminal or a notebook with what is going on, and for how long already."""

import sys
import threading
import time
from typing import Any

PATIENCE = 2.0
"""Seconds before the first line."""
TICK, LINE = 0.5, 15.0
"""Seconds between two states of the line on a screen; and between lines where there is none."""

LOWERED = "/jax/core/compile/jaxpr_to_mlir_module_duration"
COMPILED = "/jax/core/compile/backend_compile_duration"
"""What JAX reports just before, and just after it compiles a program."""


class Compilations:
    """Which programs JAX compiles at the moment, and how many it has compiled."""

    def __init__(self):
        self.now: dict[int, tuple[str, float]] = {}
        self.done, self.listening = 0, False

    def listen(self) -> None:
        """Be told from now on."""
        if not self.listening:
            import jax.monitoring

            jax.monitoring.register_event_duration_secs_listener(self.hear)
            self.listening = True

    def hear(self, event: str, duration_secs: float, **kwargs: Any) -> None:
        """One report of JAX."""
        thread = threading.get_ident()
        if event == LOWERED:
            name = str(kwargs.get("fun_name", "a program")).removeprefix("jit(").strip("_<>()")
            self.now[thread] = (name, time.perf_counter())
        elif event == COMPILED:
            self.now.pop(thread, None)
            self.done += 1

    def said(self) -> str:
        """What has been compiling for a while, "" for nothing."""
        began = [(since, name) for name, since in list(self.now.values())]
        if not began or time.perf_counter() - min(began)[0] < TICK:
            return ""
        return f"compiling {', '.join(sorted({name for _, name in began}))}"


COMPILATIONS = Compilations()


class Ticker:
    """While it is entered, says every moment what is going on: `name`, what was noted last, compilations, the time.

    One at a time: a ticker inside another one is silent, and what is noted goes to the outer one. `lines`: where there
    is no screen, write a line now and then instead of nothing.
    """

    active: "Ticker | None" = None

    def __init__(self, name: str, lines: bool = False):
        self.name, self.lines = name, lines
        self.text, self.count, self.total = "", 0, 0
        self.start, self.over, self.muted = time.perf_counter(), threading.Event(), False
        self.screen = sys.stderr.isatty() or "ipykernel" in sys.modules
        self.shown = False

    def __enter__(self) -> "Ticker":
        if Ticker.active is None and (self.screen or self.lines):
            Ticker.active = self
            COMPILATIONS.listen()
            threading.Thread(target=self._tick, name="ticker", daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        if Ticker.active is self:
            Ticker.active = None
            self.over.set()
            self.clear()

    def line(self) -> str:
        """What it says now."""
        seconds = time.perf_counter() - self.start
        parts = [self.text, COMPILATIONS.said()]
        if self.count:
            rate = self.count / seconds
            done = f"{self.count} of {self.total}" if self.total else f"{self.count}"
            parts.append(
                f"{done} done, {rate:.3g} a second" if rate > 1 else f"{done} done, {1 / rate:.3g} s each"
            )
            if self.total > self.count:
                parts.append(f"about {(self.total - self.count) / rate:.0f} s left")
        return f"{self.name}: {', '.join(part for part in parts if part)} [{seconds:.0f} s]"

    def clear(self) -> None:
        """Take the line from the screen."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self.shown = False

    def _tick(self) -> None:
        if self.over.wait(PATIENCE):
            return
        while True:
            if not self.muted:
                text = self.line()
                sys.stderr.write(f"\r{text[:150]}\x1b[K\r" if self.screen else f"{text}\n")
                sys.stderr.flush()
                self.shown = self.screen
            if self.over.wait(TICK if self.screen else LINE):
                return


def note(text: str, count: int = 0, total: int = 0) -> None:
    """Let the ticker that runs, if one does, say what is going on, and how many of how many things are done."""
    if Ticker.active is not None:
        Ticker.active.text, Ticker.active.count, Ticker.active.total = text, count, total


def clear() -> None:
    """Take the line of the ticker that runs from the screen, before something else is printed."""
    if Ticker.active is not None:
        Ticker.active.clear()


def mute(muted: bool) -> None:
    """Silence the ticker that runs, while something better is on the screen; or let it speak again."""
    if Ticker.active is not None:
        Ticker.active.muted = muted
        Ticker.active.clear()
