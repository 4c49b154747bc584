"""How far a sweep has got: a bar in terminals and notebooks, and a hook for one's own use."""

import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from tqdm.auto import tqdm

from ..numerics.ticker import mute, note


class Progress(NamedTuple):
    """Points done so far (those found in a store included), all points, failures, seconds since the start."""

    done: int
    total: int
    failed: int
    seconds: float


class Reporter:
    """Shows a tqdm bar (quiet when not on a terminal) and calls `callback` with a `Progress`."""

    def __init__(self, total: int, show: bool, callback: Callable[[Progress], object] | None):
        hidden = None if show else True  # None: hidden where the output is no terminal
        if show and "ipykernel" in sys.modules:
            hidden = False
        self.bar = tqdm(total=total, disable=hidden, unit="point", unit_scale=total > 100_000, smoothing=0.1)
        self.over = threading.Event()
        if not self.bar.disable:
            mute(True)
            threading.Thread(target=self._refresh, name="bar", daemon=True).start()
        self.start = time.perf_counter()
        self.callback = callback
        self.total, self.done, self.failed = total, 0, 0

    def _refresh(self) -> None:
        """Let the clock of the bar run while nothing is finished, as during a compilation."""
        while not self.over.wait(1.0):
            self.bar.refresh()

    def say(self, text: str) -> None:
        """Describe what is going on at the head of the bar."""
        self.bar.set_description(text)
        note(f"sweep, {text}", self.done, self.total)

    def add(self, points: int, failed: int) -> None:
        """Count finished points."""
        self.done, self.failed = self.done + points, self.failed + failed
        if self.failed:
            self.bar.set_postfix(failed=self.failed, refresh=False)
        self.bar.update(points)
        note("sweep", self.done, self.total)
        if self.callback is not None:
            self.callback(Progress(self.done, self.total, self.failed, time.perf_counter() - self.start))

    def close(self) -> None:
        """Take the bar away, or leave it as it is at the end."""
        self.over.set()
        self.bar.close()
        mute(False)
