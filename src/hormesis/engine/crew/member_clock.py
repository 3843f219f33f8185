"""The run's clock in a worker: its zero was agreed on with the engine."""

from __future__ import annotations

from hormesis.engine.clock import LoopClock


class MemberClock(LoopClock):
    """Counts from ``zero_ns`` of this machine's CLOCK_MONOTONIC.

    ``wall`` is the wall clock at that moment, in seconds since the epoch, as the engine read it.
    """

    def __init__(self, zero_ns: int, wall: float) -> None:
        super().__init__(wall=lambda: wall)
        self._zero = zero_ns / 1e9
