"""Progress: a line on the terminal for an experiment that takes a while."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hormesis.compose.running import Watch
from hormesis.engine.clock import LoopClock
from hormesis.engine.live import Live

AFTER_S = 2.0
EVERY_S = 1.0
EVERY_S_IN_A_LOG = 60.0


class Progress:
    """Of one test; says nothing under ``-q`` and in a worker of xdist."""

    def __init__(self, config: pytest.Config, item: pytest.Item) -> None:
        self._reporter: Any = config.pluginmanager.getplugin("terminalreporter")
        self._capture: Any = config.pluginmanager.getplugin("capturemanager")
        self._name = item.name
        worker = hasattr(config, "workerinput")
        self._silent = self._reporter is None or worker or config.get_verbosity() < 0

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

    @property
    def redraws(self) -> bool:
        """Whether a line can be written over."""
        return bool(self._reporter.isatty)

    def write(self, text: str, *, over: bool) -> None:
        """Write a line past the capture of the test's own output."""
        if self._capture is None:
            self._put(text, over=over)
            return
        with self._capture.global_and_fixture_disabled():
            self._put(text, over=over)

    def _put(self, text: str, *, over: bool) -> None:
        if over:
            self._reporter.rewrite(text, erase=True)
        else:
            self._reporter.ensure_newline()
            self._reporter.write_line(text)
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
        redraws = self._progress.redraws
        self._next = now + (EVERY_S if redraws else EVERY_S_IN_A_LOG)
        self._written = True
        self._progress.write(self._told(live, now - self._began), over=redraws)

    def end(self) -> None:
        """Take the line away, where that can be done."""
        if self._written and self._progress.redraws:
            self._progress.write("", over=True)

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
