"""Chain: the toxics of one direction of one connection, as a pure pipeline in given time.

    received ─▶ [shaper ▸ queue] ─▶ [shaper ▸ queue] ─▶ passed on
                 first added          added later

A shaper answers with moments; the queue behind it keeps what is not due yet. What falls due feeds
the next stage, always in order of time, so every shaper sees its clock go forwards only. Nothing
here waits: the caller asks :meth:`Chain.next_at` and comes back with :meth:`Chain.advance`.

An end of stream that a shaper asks for before its sender has ended is the toxic's own doing, and
closes the whole connection once what the toxic let through has passed the later ones. Removing a
toxic lets everything it still keeps go at once, in order, and calls off an ending that it had only
announced.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import partial

from hormesis.proxy.successor import Successor
from hormesis.proxy.tally import Tally
from hormesis.words.shaper import Finish, Reset, Send, Shaped, Shaper

ENTRY_COST = 256
"""Bytes that one queued chunk is taken to cost besides its data."""
ARRIVALS_MAX = 4096
"""Arrivals remembered one by one; later ones are merged into the last."""


class Ending(Enum):
    """How a stream ends."""

    FINISH = "finish"
    """The sender has ended; the other direction goes on."""
    CLOSE = "close"
    """A toxic closes the connection."""
    RESET = "reset"
    """A toxic resets the connection."""


Passed = bytes | Ending
"""What leaves a chain."""


@dataclass(slots=True)
class _Queued:
    at: float
    data: bytes | None
    """None stands for the sender's end of stream."""
    arrived: float


@dataclass(slots=True)
class Stage:
    """One toxic's shaper with the queue behind it."""

    name: str
    shaper: Shaper
    tally: Tally
    queue: deque[_Queued] = field(default_factory=deque)
    ends: tuple[float, Ending] | None = None
    """The ending the toxic itself has announced."""
    cut: bool = False
    """True once it, or a later stage, has closed the connection; nothing comes from it any more."""
    sender_ended: bool = False
    passed_end: bool = False
    bytes_in: int = 0
    bytes_out: int = 0
    arrivals: deque[tuple[int, float]] = field(default_factory=deque)
    """Ends of arrived chunks, in bytes since the start, each with when it came."""
    withheld: int = 0
    waiting_since: float = 0.0

    def arrive(self, size: int, now: float) -> None:
        """Remember when *size* bytes came."""
        self.bytes_in += size
        if len(self.arrivals) >= ARRIVALS_MAX:
            self.arrivals.pop()
        self.arrivals.append((self.bytes_in, now))

    def arrival_of(self, size: int, now: float) -> float:
        """Return when the first of the next *size* outgoing bytes came."""
        arrivals = self.arrivals
        while arrivals and arrivals[0][0] <= self.bytes_out:
            arrivals.popleft()
        arrived = arrivals[0][1] if arrivals else now
        self.bytes_out += size
        while arrivals and arrivals[0][0] <= self.bytes_out:
            arrivals.popleft()
        return arrived

    def withhold(self) -> None:
        """Count a chunk that went in and of which nothing came out."""
        self.withheld += 1
        self.tally.withheld += 1

    def give_back(self) -> None:
        """Count the withheld chunks as let go."""
        self.tally.withheld -= self.withheld
        self.withheld = 0


class Chain:
    """The stages of one direction. Every method returns what leaves the chain, in order."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.held = 0
        """Bytes in the queues, each entry's overhead included."""
        self.over = False
        """True once a toxic has closed or reset the connection; nothing leaves any more."""
        self._closing = False
        """True while a toxic's close is on its way through the later stages."""
        self._now = float("-inf")
        self._out: list[Passed] = []

    def next_at(self) -> float | None:
        """Return when something falls due next, or None."""
        due = min((moment for moment, _, _ in self._due_moments()), default=None)
        return None if self.over else due

    def advance(self, now: float) -> list[Passed]:
        """Let everything go that is due by *now*."""
        self._run(now)
        return self._take_out()

    def received(self, data: bytes, now: float) -> list[Passed]:
        """Take *data* from the sender."""
        self._run(now)
        if not (self.over or self._closing):
            self._feed(0, data, now)
            self._run(now)
        return self._take_out()

    def finished(self, now: float) -> list[Passed]:
        """Take the sender's end of stream."""
        self._run(now)
        if not (self.over or self._closing):
            self._feed(0, None, now)
            self._run(now)
        return self._take_out()

    def add(self, stage: Stage, now: float) -> list[Passed]:
        """Append *stage*; what is queued in earlier stages will go through it."""
        self._run(now)
        if not self.over:
            self.stages.append(stage)
            self._answer(len(self.stages) - 1, _asked(stage, lambda: stage.shaper.opened(now)), now)
            self._run(now)
        return self._take_out()

    def remove(self, name: str, now: float) -> list[Passed]:
        """Take the stage *name* away and let go what it keeps; unknown names change nothing."""
        self._run(now)
        index = next((i for i, stage in enumerate(self.stages) if stage.name == name), None)
        if index is None or self.over:
            return self._take_out()
        stage = self.stages[index]
        while stage.queue and not self.over:
            self._let_go(index, now)
        if not self.over:
            given_back = _asked(stage, lambda: stage.shaper.removed(now))
            self._answer(index, _at_once(given_back, now), now)
            self._end_if_due(stage, now)
        self.stages.remove(stage)
        self._run(now)
        return self._take_out()

    def exchange(
        self, name: str, stage: Stage | None, earlier: Collection[str], now: float
    ) -> list[Passed]:
        """Put *stage* where the stage *name* is, or behind those of the names *earlier*.

        The former stage ends nothing: what it announced is called off. What it held goes to the
        new one if that is a successor, and is let go if not. With *stage* None it only leaves.
        """
        self._run(now)
        if self.over:
            return self._take_out()
        index = next((i for i, one in enumerate(self.stages) if one.name == name), None)
        former = None if index is None else self.stages.pop(index)
        if index is None:
            names = [one.name for one in self.stages]
            index = max((i + 1 for i, one in enumerate(names) if one in earlier), default=0)
        held = self._taken_from(former, now) if former is not None else []
        heir: object = stage.shaper if stage is not None and former is not None else None
        if not isinstance(heir, Successor):
            for data in held:
                self._feed(index, data, now)
        if stage is not None:
            self.stages.insert(index, stage)
            self._answer(index, _asked(stage, partial(stage.shaper.opened, now)), now)
            if former is not None:
                stage.sender_ended = stage.passed_end = former.passed_end
            if former is not None and isinstance(heir, Successor):
                stage.arrive(sum(map(len, held)), now)
                taking_over = partial(heir.succeeds, former.shaper, held, now)
                self._answer(index, _asked(stage, taking_over), now)
        if former is not None and former.sender_ended and not former.passed_end:
            self._feed(index, None, now)
        self._run(now)
        return self._take_out()

    def _taken_from(self, stage: Stage, now: float) -> list[bytes]:
        """Return the bytes that a stage that has left still held; its end comes back to it."""
        held = [entry.data for entry in stage.queue if entry.data is not None]
        if any(entry.data is None for entry in stage.queue):
            stage.passed_end = False
        for entry in stage.queue:
            stage.tally.delayed += 1
            stage.tally.delay_s_sum += self._now - entry.arrived
            stage.tally.passed += len(entry.data or b"")
        if stage.queue:
            stage.tally.clears(stage.waiting_since, now)
            self.held -= sum(len(data) for data in held) + ENTRY_COST * len(stage.queue)
            stage.queue.clear()
        given_back = _asked(stage, lambda: stage.shaper.removed(now))
        return held + [one.data for one in given_back if isinstance(one, Send) and one.data]

    def abandon(self, now: float) -> None:
        """Drop everything held, because the connection is gone."""
        self.over = True
        self.held = 0
        for stage in self.stages:
            if stage.queue:
                stage.queue.clear()
                stage.tally.clears(stage.waiting_since, now)
            stage.arrivals.clear()

    def _take_out(self) -> list[Passed]:
        out, self._out = self._out, []
        return out

    def _due_moments(self) -> Iterator[tuple[float, int, bool]]:
        """Yield per stage when its next entry or its own ending is due; later stages sort first."""
        for index, stage in enumerate(self.stages):
            if stage.queue:
                yield stage.queue[0].at, -index, False
            if stage.ends is not None:
                yield stage.ends[0], -index, True

    def _run(self, now: float) -> None:
        self._now = now = max(now, self._now)
        while self.stages and not self.over:
            due = min(self._due_moments(), default=None)
            if due is None or due[0] > now:
                return
            moment, index, is_end = due
            if is_end:
                self._end_if_due(self.stages[-index], now)
            else:
                self._let_go(-index, moment)

    def _feed(self, index: int, data: bytes | None, now: float) -> None:
        """Give *data* (None: the end of stream) to the stage *index*, or out of the chain."""
        if self.over:
            return
        if index == len(self.stages):
            if data is None and self._closing:
                self._out.append(Ending.CLOSE)
                self.abandon(now)
            else:
                self._out.append(Ending.FINISH if data is None else data)
            return
        stage = self.stages[index]
        if data is None:
            stage.sender_ended = True
            self._answer(index, _asked(stage, lambda: stage.shaper.finished(now)), now)
            return
        stage.arrive(len(data), self._now)
        shaped = _asked(stage, lambda: stage.shaper.received(data, now))
        if not self._answer(index, shaped, now):
            stage.withhold()

    def _answer(self, index: int, shaped: Iterable[Shaped], now: float) -> bool:
        """Obey what the stage *index* asks for; return whether it let any byte out."""
        stage = self.stages[index]
        if stage.cut:
            return False
        sent = False
        for one in shaped:
            if isinstance(one, Send):
                if one.data and not stage.passed_end:
                    sent = True
                    self._enqueue(index, one.data, max(one.at, now), now)
            elif isinstance(one, Finish) and stage.sender_ended:
                if not stage.passed_end:
                    stage.passed_end = True
                    self._enqueue(index, None, max(one.at, now), now)
            else:
                ending = Ending.RESET if isinstance(one, Reset) else Ending.CLOSE
                if stage.ends is None or one.at < stage.ends[0]:
                    stage.ends = (max(one.at, now), ending)
        if sent and stage.withheld:
            stage.give_back()
        return sent

    def _enqueue(self, index: int, data: bytes | None, at: float, now: float) -> None:
        stage = self.stages[index]
        arrived = self._now if data is None else stage.arrival_of(len(data), self._now)
        if at <= now and not stage.queue:
            stage.tally.passed += len(data or b"")
            self._feed(index + 1, data, now)
            return
        if stage.queue:
            at = max(at, stage.queue[-1].at)
        else:
            stage.waiting_since = self._now
            stage.tally.waits(self._now)
        stage.queue.append(_Queued(at, data, arrived))
        self.held += len(data or b"") + ENTRY_COST

    def _let_go(self, index: int, moment: float) -> None:
        """Pass the first queued entry of the stage *index* on."""
        stage = self.stages[index]
        entry = stage.queue.popleft()
        self.held -= len(entry.data or b"") + ENTRY_COST
        if not stage.queue:
            stage.tally.clears(stage.waiting_since, self._now)
        stage.tally.delayed += 1
        stage.tally.delay_s_sum += self._now - entry.arrived
        stage.tally.passed += len(entry.data or b"")
        self._feed(index + 1, entry.data, moment)

    def _end_if_due(self, stage: Stage, now: float) -> None:
        if stage.ends is not None and stage.ends[0] <= now and not self.over:
            stage.tally.ended += 1
            if stage.ends[1] is Ending.CLOSE:
                self._close_behind(stage, now)
            else:
                self._out.append(stage.ends[1])
                self.abandon(now)

    def _close_behind(self, stage: Stage, now: float) -> None:
        """Let the end of stream go through the stages after *stage*, and nothing else any more."""
        self._closing = True
        index = self.stages.index(stage)
        for one in self.stages[: index + 1]:
            one.cut, one.ends = True, None
            self.held -= sum(len(entry.data or b"") + ENTRY_COST for entry in one.queue)
            if one.queue:
                one.queue.clear()
                one.tally.clears(one.waiting_since, self._now)
        self._feed(index + 1, None, now)


def _asked(stage: Stage, ask: Callable[[], Iterable[Shaped]]) -> list[Shaped]:
    """Return the shaper's answer; a broken shaper resets its connection and says why."""
    try:
        return list(ask())
    except Exception as trouble:  # noqa: BLE001  A third-party shaper may raise anything.
        stage.tally.error = f"{type(trouble).__name__}: {trouble}"
        return [Reset(float("-inf"))]


def _at_once(shaped: Iterable[Shaped], now: float) -> Iterator[Shaped]:
    for one in shaped:
        yield Send(now, one.data) if isinstance(one, Send) else type(one)(now)
