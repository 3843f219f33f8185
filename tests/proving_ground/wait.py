"""Wait for a condition with a deadline: the only loop that waits in these tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], *, within_s: float, what: str, every_s: float = 0.02) -> T:
    """Return the first truthy value of ``condition``; fail after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what}: not within {within_s} s (last: {value!r})"
        pause.wait(every_s)
