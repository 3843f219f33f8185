"""Meter: writes down each operation of one shard, 28 bytes an operation."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

from hormesis.record.op_record import RECORD, WHOLE_MAX
from hormesis.wire.labels import Labels

_I64_MAX = 0x7FFF_FFFF_FFFF_FFFF


class Meter(Labels):
    """Records of operations until somebody takes them, and the run's clock.

    Operation numbers are ``first``, ``first + step``, …, so that the shards of a run share one
    sequence without talking. Durations beyond 71 minutes are cut to that.
    """

    __slots__ = ("_count", "_first", "_ops", "_pack", "_step", "_zero_ns", "now_ns")

    now_ns: Callable[[], int]
    """Return nanoseconds of the run."""

    def __init__(
        self,
        *,
        zero_ns: int = 0,
        first: int = 1,
        step: int = 1,
        now_ns: Callable[[], int] | None = None,
    ) -> None:
        """Start the count.

        ``zero_ns`` is CLOCK_MONOTONIC at the run's start; ``now_ns`` stands for another clock.
        """
        super().__init__()
        self._zero_ns = zero_ns
        self._first = first
        self._step = step
        self._count = 0
        self._ops = bytearray()
        self._pack = RECORD.pack
        self.now_ns = now_ns or self._monotonic_ns

    @property
    def counted(self) -> int:
        """Return how many operations were recorded so far."""
        return self._count

    def record(self, label: int, user: int, due_ns: int, sent_ns: int, ended_ns: int) -> int:
        """Write down one operation and return its number; times are nanoseconds of the run."""
        number = self._first + self._count * self._step
        self._count += 1
        # Each moment is cut to a microsecond by itself, so that due + lag + took is the end.
        due = due_ns // 1000
        sent = sent_ns // 1000
        try:
            self._ops += self._pack(number, user, due, sent - due, ended_ns // 1000 - sent, label)
        except struct.error:
            self._ops += self._clipped(number, user, due, sent, ended_ns // 1000, label)
        return number

    def take_ops(self) -> bytes:
        """Return the records made since the last call, one after the other."""
        ops = bytes(self._ops)
        self._ops.clear()
        return ops

    def _monotonic_ns(self) -> int:
        return time.monotonic_ns() - self._zero_ns

    def _clipped(
        self, number: int, user: int, due: int, sent: int, ended: int, label: int
    ) -> bytes:
        return self._pack(
            _clip(number),
            _clip(user),
            max(-_I64_MAX, min(due, _I64_MAX)),
            _clip(sent - due),
            _clip(ended - sent),
            _clip(label),
        )


def _clip(value: int) -> int:
    return max(0, min(value, WHOLE_MAX))
