"""The processes of a sweep under `jax.distributed` watch each other, by files beside its store.

JAX itself notices after 100 s that a process is gone, and then aborts the others. Here each process writes a file every
second, and looks at those of the others. So the rest ends earlier, with a sentence, and what is finished is kept.
Where the first process, JAX's coordinator, is killed, JAX ends the others at once, in C++, with status 1 and a message
of its own, whatever Python does. The sentence then comes from a small process that each has beside it for this end.
"""

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jax

from .store import Store

BEAT, SILENT, ABSENT, GRACE = 1.0, 20.0, 45.0, 20.0
"""Seconds between two signs of life, until one that is silent counts as gone, until one that has never been heard of
does, and until a process ends that is busy and cannot say why."""
LEAVING = 3.0
"""Seconds that a process stays after it has said why it ends: the others may not have said it yet."""
FAILED = "failed: "
SURVIVE = "import sys; sys.stdin.read() or sys.stderr.write(sys.argv[1])"
"""A program that writes its argument once the process that started it is gone, unless it was told otherwise before."""


@contextlib.contextmanager
def watched(kept: Store | None) -> Iterator[Callable[[], None]]:
    """A function that raises `RuntimeError` once another process of this sweep has failed or is gone."""
    if kept is None or jax.process_count() == 1 or not kept.writable:
        yield lambda: None
        return
    watch = Watch(kept, jax.process_index(), jax.process_count())
    watch.thread.start()
    try:
        yield watch.check
    except BaseException as error:
        watch.end(f"{FAILED}{type(error).__name__}: {' '.join(str(error).split())}")
        raise
    else:
        watch.end("done")


class Watch:
    """The signs of life of this process, the `index`-th of `count`, and what it knows of the others."""

    def __init__(self, kept: Store, index: int, count: int):
        self.kept, self.index, self.count = kept, index, count
        self.folder = kept.path.with_name(f"{kept.path.name}.processes")
        self.folder.mkdir(exist_ok=True)
        self.trouble = ""
        self.stopped = threading.Event()
        others = [k for k in range(count) if k != index]
        # what a file says at first may be of an earlier start
        self.said = {k: self.read(k) for k in others}
        self.heard = dict.fromkeys(others, time.monotonic())
        self.new = dict.fromkeys(others, False)
        self.write("begun")
        self.thread = threading.Thread(target=self.live, name="signs of life", daemon=True)
        last = self.sentence(index, "was ended from outside, as JAX does where process 0 is gone")
        self.survivor = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SURVIVE, f"nacjax: {last}\n"],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process
        )

    def file(self, k: int) -> Path:
        return self.folder / str(k)

    def read(self, k: int) -> str:
        try:
            return self.file(k).read_text()
        except (OSError, ValueError):
            return ""

    def write(self, text: str) -> None:
        unfinished = self.folder / f"{self.index}.partial"
        with contextlib.suppress(OSError):  # a full disk: the sweep itself will say so
            unfinished.write_text(text)
            unfinished.replace(self.file(self.index))

    def live(self) -> None:
        """Write signs of life, and look for those of the others, until the sweep has ended."""
        beats = 0
        while not self.stopped.wait(BEAT):
            beats += 1
            self.write(f"alive {os.getpid()} {beats}")
            self.trouble = self.look()
            if self.trouble:
                break
        if self.trouble and not self.stopped.wait(GRACE):  # busy
            print(f"nacjax: {self.trouble}", file=sys.stderr)
            self.hush()
            leave()

    def look(self) -> str:
        """What is wrong with another process, as a sentence."""
        now = time.monotonic()
        for k, before in self.said.items():
            text = self.read(k)
            if text and text != before:
                self.said[k], self.heard[k], self.new[k] = text, now, True
            if self.new[k] and text.startswith(FAILED):
                return self.sentence(k, f"ended with {text.removeprefix(FAILED)}")
            silence = now - self.heard[k]
            if text != "done" and silence > (SILENT if self.new[k] else ABSENT):
                self.leave_early()
                return self.sentence(k, f"has given no sign of life for {silence:.0f} s")
        return ""

    def sentence(self, k: int, what: str) -> str:
        return (
            f"process {k} of {self.count} {what}. What was finished is in store = {str(self.kept.path)!r}, and the "
            "same call in all processes goes on from there"
        )

    def check(self) -> None:
        """Raise `RuntimeError` where another process has failed or is gone."""
        if self.trouble:
            raise RuntimeError(self.trouble)

    def leave_early(self) -> None:
        """At the end of this process do not wait for one that is gone, as JAX would."""
        atexit.register(leave)

    def hush(self) -> None:
        """Let the survivor go: this process says by itself how it ends."""
        if self.survivor.poll() is None:
            self.survivor.communicate(b"said")

    def end(self, text: str) -> None:
        """Say how the sweep ended here; the last process takes the files away."""
        self.stopped.set()
        self.hush()
        self.write(text)
        if text == "done" and all(self.read(k) == "done" for k in range(self.count)):
            shutil.rmtree(self.folder, ignore_errors=True)


def leave() -> None:
    """End this process without JAX's farewell, which waits for all others."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    time.sleep(LEAVING)
    os._exit(1)
