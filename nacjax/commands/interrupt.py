"""Ctrl-C on the command line: one sentence within two seconds, whatever is being compiled at that moment.

Python raises `KeyboardInterrupt` where it comes to the next line of its own, which a compilation can keep away for a
minute; and at its end Python waits for all threads that compile. So a thread of this module is told of the signal at
once, gives the command a moment to end by itself, and then ends the process.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable

from ..numerics.ticker import clear

INTERRUPTED = 130
GRACE = 0.8  # seconds
NOTHING = "nothing was written; the same command starts afresh"


class Ending:
    """What is to be said of a command that is interrupted."""

    def __init__(self):
        self.name, self.begun = "", False
        self.keeps: Callable[[], str] = lambda: NOTHING
        self.said = threading.Event()
        self.lock = threading.Lock()

    def say(self, text: str = "") -> None:
        """Print the sentence, once: `text`, or what is kept."""
        with self.lock:
            if self.said.is_set():
                return
            try:
                text = text or f"interrupted: {self.keeps()}"
            except Exception:
                text = "interrupted"
            clear()
            print(f"nacjax {self.name}: {text}".replace(" :", ":"), file=sys.stderr, flush=True)
            self.said.set()


ENDING = Ending()
"""The ending of the command that runs."""


def keeps(what: Callable[[], str]) -> None:
    """Let a command say what is kept, and how to go on."""
    ENDING.keeps = what


def watch() -> None:
    """End the process soon after Ctrl-C; for the command line, not for Python in which others work too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a job in the background
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGINT, _raise_once_begun)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def end() -> None:
        while os.read(reader, 1) != bytes([signal.SIGINT]):
            pass
        if not ENDING.said.wait(GRACE if ENDING.begun else 0):
            ENDING.say()
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        os._exit(INTERRUPTED)

    threading.Thread(target=end, name="ctrl-c", daemon=True).start()


def _raise_once_begun(number, frame) -> None:
    """Nothing is to be tidied up before a command begins, and an import that is interrupted raises anything."""
    if ENDING.begun:
        signal.default_int_handler(number, frame)
