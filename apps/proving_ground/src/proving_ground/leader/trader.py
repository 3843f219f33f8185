"""What the trader may do right now: it trades while it leads and nobody has paused it."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

from proving_ground.leader.canaries import (
    GIVES_UP_WHEN_MEMORY_IS_SHORT,
    HEARTBEAT_THREAD_DIES,
    HEARTBEATS_VANISH,
    NEVER_RESUMES,
    NO_PAUSE_ON_LOSS,
    NOT_READY_WHILE_BUSY,
    ORDERS_REFUSED_AFTER_LOSS,
    ORDERS_REFUSED_AFTER_MEMORY_ERROR,
    SCAN_BLOCKS_THE_LOOP,
)
from proving_ground.leader.heartbeats import SCAN, Heartbeats
from proving_ground.leader.leadership import Leadership
from proving_ground.scratch_memory import scratch_memory

BY_OPERATOR, WITHOUT_LOCK = "operator", "no-lock"
_SCAN_EVERY_S = 0.25
_BLOCKING_CPU_S = 1.5
_WINDOW_BYTES = 4 << 20
"""What a scan works on at once."""
_PIECE_BYTES = 16 << 10
_BUSY = 2
EXIT_MEMORY_SHORT = 70
_LOG = logging.getLogger(__name__)


class NotTrading(Exception):
    """Nothing may be written now; the text says why."""


class Trader:
    """Paused or trading, and the scan loop; ``leadership`` is set once it is made."""

    leadership: Leadership

    def __init__(self, heartbeats: Heartbeats, canaries: frozenset[str]) -> None:
        self._heartbeats = heartbeats
        self._canaries = canaries
        self._reasons: set[str] = set()
        self._lost_once = False
        self._last_term = 0
        self._memory_short_once = False
        self.leader_shown = 0

    @property
    def pause_reasons(self) -> list[str]:
        """Return why nothing is traded; empty: it is."""
        if not self._pauses_on_loss:
            return sorted(self._reasons)
        led = self.leadership.leads and self.leadership.term
        return sorted(self._reasons if led else self._reasons | {WITHOUT_LOCK})

    @property
    def paused(self) -> bool:
        """Whether nothing is traded."""
        return bool(self.pause_reasons)

    def token(self) -> int:
        """Return the token that writes bear now; raises ``NotTrading``."""
        reasons = self.pause_reasons
        if reasons:
            raise NotTrading(", ".join(reasons))
        self._last_term = self.leadership.term or self._last_term
        return self._last_term

    def token_for_order(self) -> int:
        """Return the token of an order that comes in now; raises ``NotTrading``."""
        if self._lost_once and ORDERS_REFUSED_AFTER_LOSS in self._canaries:
            raise NotTrading("the lock was lost")
        if self._memory_short_once and ORDERS_REFUSED_AFTER_MEMORY_ERROR in self._canaries:
            raise NotTrading("memory was short")
        if self.shuns_work:
            raise NotTrading("the machine is busy")
        return self.token()

    @property
    def shuns_work(self) -> bool:
        """Whether others keep the machine busy, which only a planted defect minds."""
        return NOT_READY_WHILE_BUSY in self._canaries and _runnable() > _BUSY

    def won(self) -> None:
        """The lock was won."""
        self.leader_shown = 1
        if not (NEVER_RESUMES in self._canaries and self._lost_once):
            self._reasons.discard(WITHOUT_LOCK)

    def lost(self, _reason: str) -> None:
        """The lock was lost: pause at once."""
        self._lost_once = True
        if HEARTBEATS_VANISH in self._canaries:
            self._heartbeats.hide()
        if self._pauses_on_loss:
            self._reasons.add(WITHOUT_LOCK)

    def pause(self) -> None:
        """Pause until an operator resumes; winning the lock does not."""
        self._reasons.add(BY_OPERATOR)

    def resume(self) -> None:
        """Take the operator's pause back."""
        self._reasons.discard(BY_OPERATOR)

    async def scan(self) -> None:
        """Look for something to trade, for ever; here it only shows that it is alive."""
        while not (HEARTBEAT_THREAD_DIES in self._canaries and self._lost_once):
            self._look()
            self._heartbeats.beat(SCAN)
            if SCAN_BLOCKS_THE_LOOP in self._canaries:
                _burn(_BLOCKING_CPU_S)
            await asyncio.sleep(_SCAN_EVERY_S)

    def _look(self) -> None:
        """Go through the prices at once, or piece by piece where memory is short."""
        try:
            window = scratch_memory(_WINDOW_BYTES)
        except MemoryError:
            if GIVES_UP_WHEN_MEMORY_IS_SHORT in self._canaries:
                _LOG.critical("memory is short, exiting")
                logging.shutdown()
                os._exit(EXIT_MEMORY_SHORT)
            if not self._memory_short_once:
                _LOG.warning("memory is short: scans go piece by piece")
            self._memory_short_once = True
            bytearray(_PIECE_BYTES)
        else:
            window.close()

    @property
    def _pauses_on_loss(self) -> bool:
        return NO_PAUSE_ON_LOSS not in self._canaries or not self._last_term


def _burn(cpu_s: float) -> None:
    """Use the CPU for *cpu_s* seconds of the thread's own time."""
    until_s = time.thread_time() + cpu_s
    while time.thread_time() < until_s:
        pass


def _runnable() -> int:
    """Return how many programs of the machine want a CPU; 0 where it does not tell."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except OSError:
        return 0
