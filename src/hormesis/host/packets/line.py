"""The line: packets of one direction wait in a queue of the kernel until their time has come."""

from __future__ import annotations

import heapq
import socket
import time
from dataclasses import dataclass
from random import Random

from hormesis.host.packets.nfqueue import DROPPED, PASSED, Held, Queue, free_queue
from hormesis.host.packets.rules import OWN_MARK
from hormesis.host.packets.segment import flow_of, segment_of
from hormesis.host.packets.shaping import Fate, Shape, Shaper, damaged

_SO_MARK = 36


@dataclass(slots=True)
class Tally:
    """What happened on all lines; times in seconds, as they were, not as they were meant."""

    packets: int = 0
    bytes: int = 0
    dropped: int = 0
    delayed: int = 0
    delay_s: float = 0.0
    doubled: int = 0
    damaged: int = 0
    held_back: int = 0
    busy_bytes: int = 0
    busy_s: float = 0.0

    def facts(self) -> dict[str, float | int | None]:
        """Return it as figures of a report."""
        return {
            "queued": self.packets,
            "lost": self.dropped,
            "delayed": self.delayed,
            "delay_ms_mean": 1000 * self.delay_s / self.delayed if self.delayed else None,
            "duplicated": self.doubled,
            "corrupted": self.damaged,
            "held_back": self.held_back,
            "bytes_per_s": self.busy_bytes / self.busy_s if self.busy_s else None,
        }


class Line:
    """One direction: its queue, its shaper, and the packets that wait."""

    def __init__(self, shape: Shape, rng: Random, tally: Tally) -> None:
        """Bind a queue.

        Raises:
            Refusal: the kernel refused it.
        """
        segments = shape.whole or bool(shape.rate)
        self.queue: Queue = free_queue(rng, whole=shape.whole, segments=segments)
        self._shaper = Shaper(shape, rng)
        self._throttled = bool(shape.rate)
        self._segments: set[bytes | None] = set()
        self._rng = rng
        self._tally = tally
        self._number = 0
        self._waiting: list[tuple[float, int, float, Held, Fate]] = []
        self._busy_from: float | None = None

    @property
    def next_due(self) -> float | None:
        """When the next packet is to be released, in seconds of CLOCK_MONOTONIC."""
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> None:
        """Take the packets that have come, and decide about each."""
        for held in self.queue.waiting():
            now = time.monotonic()
            self._tally.packets += 1
            self._tally.bytes += held.size
            segment = segment_of(held.data) if self._throttled else None
            # Sent again because it waits here: a second copy would only use up the rate.
            repeated = segment is not None and segment in self._segments
            if repeated:
                fate = Fate(now, dropped=True)
            else:
                fate = self._shaper.fate(now, held.size, flow_of(held.data))
            if fate.dropped:
                self._tally.dropped += not repeated
                self.queue.decide(held.id, DROPPED)
                continue
            if self._busy_from is None:
                self._busy_from = now
            self._number += 1
            if segment is not None:
                self._segments.add(segment)
            heapq.heappush(self._waiting, (fate.due, self._number, now, held, fate))

    def release(self) -> None:
        """Let go of every packet whose time has come."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            _, _, came, held, fate = heapq.heappop(self._waiting)
            self._let_go(held, fate)
            if self._throttled:
                self._segments.discard(segment_of(held.data))
            now, tally = time.monotonic(), self._tally
            tally.delayed += 1
            tally.delay_s += now - came
            tally.busy_bytes += held.size
            if self._busy_from is not None:
                tally.busy_s += now - self._busy_from
            self._busy_from = now if self._waiting else None

    def _let_go(self, held: Held, fate: Fate) -> None:
        if fate.doubled:
            self._tally.doubled += _sent(held.data)
        if fate.held_back:
            self._tally.held_back += 1
        if fate.damaged:
            self._tally.damaged += 1
            self.queue.decide(held.id, PASSED, damaged(held.data, self._rng))
        else:
            self.queue.decide(held.id, PASSED)

    def let_all_go(self) -> None:
        """Let everything pass that waits, in the order in which it came."""
        for _, _, _, held, _ in sorted(self._waiting, key=lambda one: one[1]):
            self.queue.decide(held.id, PASSED)
        self._waiting.clear()
        for held in self.queue.waiting():
            self.queue.decide(held.id, PASSED)

    def end(self) -> None:
        """Leave the queue."""
        self.queue.close()


def _sent(packet: bytes) -> bool:
    """Send a second copy of an IP packet; return whether it went."""
    six = packet[:1] and packet[0] >> 4 == 6
    family = socket.AF_INET6 if six else socket.AF_INET
    there = socket.inet_ntop(family, packet[24:40] if six else packet[16:20])
    try:
        with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            raw.setsockopt(socket.SOL_SOCKET, _SO_MARK, OWN_MARK)
            raw.sendto(packet, (there, 0))
    except OSError:
        return False
    return True


