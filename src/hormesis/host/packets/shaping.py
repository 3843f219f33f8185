"""What happens to each packet of one direction: a pure rule of time and chance.

Delay, jitter, loss, duplication, damage, reordering and a rate, each as the kernel's own emulator
(tc-netem(8)) defines it, with two differences: jitter never changes the order of one connection's
packets, which is what ``reorder`` is for, and reordering holds the drawn packets back instead of
hurrying them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from random import Random
from typing import Any

from hormesis.words.distribution import Distribution

QUEUE_S = 10.0
"""How long a packet may have to wait for a rate before it is dropped, as a full queue would."""

FLOWS_MAX = 4096
"""How many connections are remembered before those with nothing waiting are forgotten."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The rule for one direction; times in seconds, shares from 0 to 1, rate in bytes per second.

    ``correlation`` is the share of each draw for loss that comes from the draw before, so that
    losses come in bursts (tc-netem(8), "loss random"). ``reorder`` packets are held back by
    ``reorder_by_s``.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    distribution: str = "uniform"
    loss: float = 0.0
    correlation: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    reorder: float = 0.0
    reorder_by_s: float = 0.0
    rate: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Return the shape that a configuration says; what it leaves out is no change."""
        return cls(**{one.name: config[one.name] for one in fields(cls) if one.name in config})

    @property
    def whole(self) -> bool:
        """Whether packets must be seen whole."""
        return bool(self.duplicate or self.corrupt)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one packet: dropped, or released at ``due``, doubled or damaged."""

    due: float
    dropped: bool = False
    doubled: bool = False
    damaged: bool = False
    held_back: bool = False


class Shaper:
    """Decides about the packets of one direction, one after the other."""

    def __init__(self, shape: Shape, rng: Random) -> None:
        self._shape = shape
        self._rng = rng
        self._loss = _Correlated(shape.loss, shape.correlation, rng)
        self._last_due: dict[bytes, float] = {}
        self._free_at = float("-inf")

    def fate(self, now: float, size: int, flow: bytes = b"") -> Fate:
        """Decide about a packet of *size* bytes that came at *now*; order is kept in each flow."""
        shape = self._shape
        if self._loss.drawn():
            return Fate(now, dropped=True)
        due = now + self._delay()
        if shape.rate:
            # It leaves when a wire of that rate has finished sending it.
            sent = max(self._free_at, now) + size / shape.rate
            if sent - now > QUEUE_S:
                return Fate(now, dropped=True)
            self._free_at = sent
            due = max(due, sent)
        if shape.reorder and self._rng.random() < shape.reorder:
            return self._with_changes(due + shape.reorder_by_s, held_back=True)
        due = max(due, self._last_due.get(flow, due))
        if len(self._last_due) >= FLOWS_MAX:
            self._last_due = {one: last for one, last in self._last_due.items() if last > now}
        self._last_due[flow] = due
        return self._with_changes(due, held_back=False)

    def _with_changes(self, due: float, *, held_back: bool) -> Fate:
        shape, rng = self._shape, self._rng
        return Fate(
            due,
            doubled=bool(shape.duplicate) and rng.random() < shape.duplicate,
            damaged=bool(shape.corrupt) and rng.random() < shape.corrupt,
            held_back=held_back,
        )

    def _delay(self) -> float:
        shape = self._shape
        way = Distribution(shape.distribution)
        return way.drawn(self._rng, shape.delay_s, shape.jitter_s)


class _Correlated:
    """Draws whose results depend on the one before, with the asked share in the long run.

    Instead of mixing numbers, as the kernel does, which changes the share (tc-netem(8) warns of
    it), this keeps a state: with the probability *correlation* a draw repeats the last result.
    """

    def __init__(self, share: float, correlation: float, rng: Random) -> None:
        self._share = share
        self._correlation = correlation
        self._rng = rng
        self._last: bool | None = None

    def drawn(self) -> bool:
        if not self._share:
            return False
        keep = self._last is not None and self._rng.random() < self._correlation
        if not keep:
            self._last = self._rng.random() < self._share
        return bool(self._last)


def damaged(packet: bytes, rng: Random) -> bytes:
    """Return an IP packet with one bit of what the transport carries, or its header, flipped.

    The IP header stays whole, so that the packet arrives; the transport's checksum is left as it
    was, so that the receiver sees the damage.
    """
    start = 40 if packet[:1] and packet[0] >> 4 == 6 else (packet[0] & 15) * 4 if packet else 0
    if start >= len(packet):
        return packet
    changed = bytearray(packet)
    changed[rng.randrange(start, len(packet))] ^= 1 << rng.randrange(8)
    return bytes(changed)
