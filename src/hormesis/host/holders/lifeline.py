"""A holder's side of its protocol: one line of configuration, a lifeline, lines of reports.

The configuration is one JSON line on standard input. Standard input then stays open as the
lifeline: its end means that whoever started the holder is gone or wants it gone, and the process
ends at once, whatever it is doing, so that a fault never outlives its keeper. Reports are JSON
lines on standard output; the first one holds ``"ready": true``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

EXIT_MISSING = 69
"""The exit status when the installation lacks something, as in ``words/outcome.py``."""


def configuration() -> dict[str, Any]:
    """Read the configuration; ends the process when the lifeline ends before it came."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        os._exit(0)
    config: dict[str, Any] = json.loads(line)
    return config


def report(**facts: Any) -> None:
    """Write one line of report; ends the process when nobody can read it any more."""
    try:
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)


class Lifeline:
    """Watches standard input from now on, in a thread of its own."""

    def __init__(self) -> None:
        self._never = threading.Event()
        threading.Thread(target=_end_with_input, name="lifeline", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait; the process ends meanwhile when the lifeline does."""
        self._never.wait(seconds)


def _end_with_input() -> None:
    # Not sys.exit: the main thread may be inside a call that nothing else interrupts.
    while os.read(0, 4096):
        continue
    os._exit(0)
