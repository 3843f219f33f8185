"""PostgreSQL delay: queries arrive later, and nothing else does."""

from __future__ import annotations

import re
from random import Random
from typing import ClassVar

from hormesis.proxy.delay_range import DelayRange
from hormesis.proxy.passing import Passing
from hormesis.proxy.postgres_frontend import Frontend, Phase
from hormesis.proxy.postgres_statements import PostgresStatements
from hormesis.proxy.prepared_statements import Memory
from hormesis.words.shaper import Hits, Shaper, Stream, Toxic
from hormesis.words.units import Seconds


class PostgresDelay(DelayRange, PostgresStatements, Toxic):
    """Delay each simple Query and each Parse … Sync batch by a time between *min* and *max*.

    Start-up and password messages pass at once. A batch waits once, from its first statement on.
    When the client asks for encryption and gets it, the messages cannot be told apart any more and
    each chunk waits. On a connection that is already in the middle of a message, everything passes
    until a message begins a chunk.
    """

    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.UPSTREAM
    """Queries go upstream; the other direction is passed on."""
    min: Seconds = 0.0
    """The shortest delay."""
    max: Seconds = 0.0
    """The longest delay."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the delaying shaper."""
        return _QueryDelaying(self, up, hits), None

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the delaying shaper of a connection that is alone with the toxic."""
        if stream is not Stream.UPSTREAM:
            return Passing()
        return _QueryDelaying(self, rng, self.hits())


class _QueryDelaying(Frontend):
    def __init__(self, toxic: PostgresDelay, rng: Random, hits: Hits) -> None:
        super().__init__(reads_text=bool(toxic.matching))
        self._toxic = toxic
        self._rng = rng
        self._hits = hits
        self._matching = re.compile(toxic.matching.encode(), re.IGNORECASE | re.DOTALL)
        self._release: float | None = None
        """When the current batch may go; None while nothing in it has to wait."""
        self._judged = False
        """Whether it has been drawn for the current batch if it is to wait."""
        self._ends_batch = False
        """Whether the message that was judged last ends its batch."""
        self._matched: dict[bytes, bool] = {}
        """Whether the named prepared statement matches."""

    def reminded(self, memory: Memory) -> None:
        """Judge the statements that were prepared before."""
        found, statements = self._matching.search, memory.statements
        self._matched |= {name: found(text) is not None for name, text in statements.items()}

    def began(self, kind: int, size: int, body: bytes, now: float) -> None:
        if kind in b"QPB" and self._waits(kind, body) and not self._judged:
            self._judged = True
            if self._toxic.drawn(self._rng, self._hits):
                self._release = now + self._toxic.delay(self._rng)
        self._ends_batch = kind in b"QS"

    def unread(self, now: float) -> None:
        self._release = None
        if self.phase is Phase.OPAQUE and self._toxic.drawn(self._rng, self._hits):
            self._release = now + self._toxic.delay(self._rng)
        self._ends_batch = True

    def shaped(self, raw: bytes, now: float) -> tuple[float, bytes]:
        return self._release or now, raw

    def ended(self) -> None:
        if self._ends_batch:
            self._release, self._ends_batch, self._judged = None, False, False

    def _waits(self, kind: int, body: bytes) -> bool:
        if not self._toxic.matching:
            return True
        first, _, rest = body.partition(b"\0")
        second = rest.partition(b"\0")[0]
        if kind == ord("B"):
            matches, missed, times = self._matched.get(second, False), b"", 1 if second else 0
        elif kind == ord("Q"):
            matches, missed, times = self._matching.search(first) is not None, first, 1
        else:
            matches = self._matched[first] = self._matching.search(second) is not None
            missed, times = second, 0 if first else 1
        if not matches:
            self._hits.miss(missed, times=times)
        return matches
