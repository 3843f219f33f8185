"""Precise timer: calls back some microseconds after a moment of CLOCK_MONOTONIC.

An event loop's own timers are whole milliseconds. The kernel's timer is a descriptor that the loop
watches, set anew to each next moment; see timerfd_create(2).

Waking up takes some microseconds, on virtual machines some dozens. The timer learns how many it
takes at least three times in four, and is set so much earlier; the fourth time it waits the rest.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

_ABSOLUTE = 1
"""TFD_TIMER_ABSTIME."""
_LEAD_NS_MAX = 60_000
"""The most that it is set earlier, in nanoseconds: nothing else can run while it waits."""
_STEP_NS = 200
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC
"""TFD_NONBLOCK and TFD_CLOEXEC have the values of those of open(2)."""


class PreciseTimer:
    """Calls *call* in the loop's turn once per moment that is set."""

    def __init__(self, call: Callable[[], None]) -> None:
        """Make it for the running loop.

        Raises:
            OSError: the system has no such timers.
        """
        self._call = call
        self._moment_ns = 0
        self._lead_ns = 0
        self._descriptor = _made()
        self._spec = (ctypes.c_long * 4)()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._ring)

    def set(self, moment_ns: int) -> None:
        """Ring at *moment_ns* of CLOCK_MONOTONIC, at once if that has passed; forget the last."""
        self._moment_ns = moment_ns
        _arm(self._descriptor, max(1, moment_ns - self._lead_ns), self._spec)

    def close(self) -> None:
        """Never ring again."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _ring(self) -> None:
        moment_ns, self._moment_ns = self._moment_ns, 0
        if time.monotonic_ns() < moment_ns:
            self._lead_ns = max(0, self._lead_ns - 3 * _STEP_NS)
            while time.monotonic_ns() < moment_ns:
                pass
        else:
            self._lead_ns = min(_LEAD_NS_MAX, self._lead_ns + _STEP_NS)
        self._call()
        # Setting it anew takes the ring back as reading would, and saves a system call.
        if not self._moment_ns and self._descriptor >= 0:
            _arm(self._descriptor, 0, self._spec)


if sys.version_info >= (3, 13):

    def _made() -> int:
        return os.timerfd_create(time.CLOCK_MONOTONIC, flags=_FLAGS)

    def _arm(descriptor: int, moment_ns: int, spec: ctypes.Array[ctypes.c_long]) -> None:
        os.timerfd_settime_ns(descriptor, flags=_ABSOLUTE, initial=moment_ns)

else:
    _LIBC = ctypes.CDLL(None, use_errno=True)
    _settime = getattr(_LIBC, "timerfd_settime", None)

    def _made() -> int:
        create = getattr(_LIBC, "timerfd_create", None)
        descriptor = -1 if create is None else int(create(time.CLOCK_MONOTONIC, _FLAGS))
        if descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        return descriptor

    def _arm(descriptor: int, moment_ns: int, spec: ctypes.Array[ctypes.c_long]) -> None:
        spec[2], spec[3] = divmod(moment_ns, 1_000_000_000)
        if _settime is None or _settime(descriptor, _ABSOLUTE, spec, None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")
