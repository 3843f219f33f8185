"""Progress: a line on the terminal for an experiment that takes a while."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from hormesis.compose.running import Watch
from hormesis.engine.clock import LoopClock
from hormesis.engine.live import Live

AFTER_S = 2.0
EVERY_S = 1.0
_ERASED = "\r\x1b[2K"
_UP = "\x1b[1A"


class Progress:
    """Of one test; says nothing under ``-q``, in a worker of xdist, and where nobody watches."""

    def __init__(self, config: pytest.Config, item: pytest.Item) -> None:
        self._reporter: Any = config.pluginmanager.getplugin("terminalreporter")
        self._capture: Any = config.pluginmanager.getplugin("capturemanager")
        self._name = item.name
        worker = hasattr(config, "workerinput")
        quiet = worker or config.get_verbosity() < 0
        self._silent = quiet or self._reporter is None or not self._reporter.isatty

    @contextmanager
    def of(self, title: str) -> Iterator[Watch]:
        """Give what a run calls while it goes on."""
        if self._silent:
            yield lambda live: None
            return
        line = _Line(self, title)
        try:
            yield line
        finally:
            line.end()

    def write(self, text: str, *, first: bool) -> None:
        """Write *text* over the line below pytest's own, which is left as it is."""
        width = shutil.get_terminal_size().columns
        self._put(("\n" if first else _ERASED) + text[: max(1, width - 1)])

    def end(self) -> None:
        """Take that line away, and go back to where pytest goes on."""
        column = int(self._reporter._tw.width_of_current_line)
        self._put(_ERASED + _UP + (f"\r\x1b[{column}C" if column else "\r"))

    def _put(self, text: str) -> None:
        """Write past the capture of the test's output, and past pytest's own count of columns."""
        capture = self._capture
        past = nullcontext() if capture is None else capture.global_and_fixture_disabled()
        with past:
            sys.stdout.write(text)
            sys.stdout.flush()


class _Line:
    """What one run says about itself."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress = progress
        self._title = title
        self._clock = LoopClock()
        self._began = self._clock.now()
        self._next = self._began + AFTER_S
        self._written = False

    def __call__(self, live: Live) -> None:
        now = self._clock.now()
        if now < self._next:
            return
        self._next = now + EVERY_S
        self._progress.write(self._told(live, now - self._began), first=not self._written)
        self._written = True

    def end(self) -> None:
        """Take the line away."""
        if self._written:
            self._progress.end()

    def _told(self, live: Live, elapsed_s: float) -> str:
        parts = [f"hormesis: {self._title}: {live.phase}, {elapsed_s:.0f} s"]
        if live.tracks_began is not None and live.phase == "tracks":
            done = live.now - live.tracks_began
            parts.append(f"{done:.0f} of {live.duration_s:.0f} s of the tracks")
        if live.faults_on:
            parts.append(", ".join(live.faults_on))
        if live.ops:
            parts.append(f"{live.ops} ops")
        return "; ".join(parts)
