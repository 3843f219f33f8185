"""PostgreSQL delay: queries arrive later, and nothing else does."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from enum import Enum
from random import Random

from pydantic import field_validator

from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic
from hormesis.words.units import Seconds

SQL_MAX = 64 << 10
"""Bytes of a message that are looked at; a longer statement is judged by its beginning."""

_HEADER = 5
_STARTUP_HEADER = 8
_TLS_HANDSHAKE = 0x16
_TLS_RECORDS = frozenset(range(0x14, 0x18))
_ENCRYPTION_REQUESTS = frozenset({80877103, 80877104})
_CANCEL_REQUEST = 80877102
_PROTOCOL_MAJOR = 3
_FRONTEND = frozenset(b"BCDEFHPQSXcdfp")
_MESSAGE_MAX = 1 << 29
"""No length beyond this is believed; four bytes of text are always more."""


class PostgresDelay(Toxic):
    """Delay each simple Query and each Parse … Sync batch by a time between *min* and *max*.

    Start-up and password messages pass at once. A batch waits once, from its first statement on.
    When the client asks for encryption and gets it, the messages cannot be told apart any more and
    each chunk waits. On a connection that is already in the middle of a message, everything passes
    until a message begins a chunk.
    """

    stream: Stream = Stream.UPSTREAM
    """Queries go upstream; the other direction is passed on."""
    min: Seconds = 0.0
    """The shortest delay."""
    max: Seconds = 0.0
    """The longest delay."""
    matching: str = ""
    """Delay only statements in which this regular expression is found; case does not matter."""

    @field_validator("matching")
    @classmethod
    def _expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as trouble:
            raise ValueError(f"expected a regular expression: {trouble}") from trouble
        return value

    def shaper(self, stream: Stream, rng: Random) -> Shaper:
        """Return the delaying shaper."""
        if stream is not Stream.UPSTREAM:
            return Passing()
        return _QueryDelaying(self, rng)


class _Phase(Enum):
    UNKNOWN = "unknown"
    """Where messages begin is not known."""
    STARTUP = "startup"
    MESSAGES = "messages"
    OPAQUE = "opaque"
    """Encrypted."""


class _QueryDelaying(Passing):
    """Follows the frontend's messages; see "Message Formats" in PostgreSQL's manual."""

    def __init__(self, toxic: PostgresDelay, rng: Random) -> None:
        self._toxic = toxic
        self._rng = rng
        self._matching = re.compile(toxic.matching.encode(), re.IGNORECASE | re.DOTALL)
        self._phase = _Phase.UNKNOWN
        self._partial = b""
        """The beginning of a message that cannot be judged yet."""
        self._rest = 0
        """Bytes still to come of a message that was judged."""
        self._asked_encryption = False
        self._release: float | None = None
        """When the current batch may go; None while nothing in it has to wait."""
        self._ends_batch = False
        """Whether the message that was judged last ends its batch."""
        self._last_at = float("-inf")
        self._matched: dict[bytes, bool] = {}
        """Whether the named prepared statement matches."""

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        data, self._partial = self._partial + data, b""
        if self._phase is _Phase.UNKNOWN:
            self._phase = self._guess(data)
        sends: list[Send] = []
        start = 0
        while start < len(data):
            taken = self._take(data, start, now)
            if taken == 0:
                self._partial = data[start:]
                break
            self._last_at = max(self._last_at, self._release or now, now)
            piece = data[start : start + taken]
            if sends and sends[-1].at == self._last_at:
                piece = sends.pop().data + piece
            sends.append(Send(self._last_at, piece))
            start += taken
            if self._rest == 0 and self._ends_batch:
                self._release, self._ends_batch = None, False
        return sends

    def finished(self, now: float) -> Iterable[Shaped]:
        yield from self.removed(now)
        yield Finish(max(self._last_at, now))

    def removed(self, now: float) -> Iterable[Shaped]:
        partial, self._partial = self._partial, b""
        return (Send(max(self._last_at, now), partial),) if partial else ()

    def _guess(self, data: bytes) -> _Phase:
        """Tell from the beginning of a chunk where in a session it stands."""
        if data[0] in _TLS_RECORDS:
            return _Phase.OPAQUE
        if data[0] == 0:
            return _Phase.STARTUP
        if len(data) >= _HEADER and _is_message(data, 0):
            return _Phase.MESSAGES
        return _Phase.UNKNOWN

    def _take(self, data: bytes, start: int, now: float) -> int:
        """Judge what begins at *start*; return how many bytes of it there are, 0 if too few."""
        left = len(data) - start
        if self._rest:
            return self._begin(self._rest, left)
        if self._phase is _Phase.STARTUP:
            return self._take_startup(data, start, now)
        if self._phase is _Phase.MESSAGES:
            return self._take_message(data, start, now)
        if self._phase is _Phase.OPAQUE:
            self._release = self._drawn(now)
        self._ends_batch = True
        return left

    def _take_startup(self, data: bytes, start: int, now: float) -> int:
        if data[start] == _TLS_HANDSHAKE:
            self._phase = _Phase.OPAQUE
            return self._take(data, start, now)
        left = len(data) - start
        if left < _STARTUP_HEADER:
            return 0
        size, code = struct.unpack_from("!II", data, start)
        if code in _ENCRYPTION_REQUESTS:
            self._asked_encryption = True
        elif code >> 16 == _PROTOCOL_MAJOR or code == _CANCEL_REQUEST:
            self._phase = _Phase.MESSAGES
        else:
            self._phase = _Phase.OPAQUE if self._asked_encryption else _Phase.UNKNOWN
            return self._take(data, start, now)
        return self._begin(max(size, _STARTUP_HEADER), left)

    def _take_message(self, data: bytes, start: int, now: float) -> int:
        left = len(data) - start
        if left < _HEADER:
            return 0
        if not _is_message(data, start):
            self._phase, self._release = _Phase.UNKNOWN, None
            return left
        kind, size = _header_of(data, start)
        if kind in b"QPB":
            judged = min(size, SQL_MAX)
            if self._toxic.matching and left < judged:
                return 0
            body = data[start + _HEADER : start + judged]
            if self._waits(kind, body) and self._release is None:
                self._release = self._drawn(now)
        self._ends_batch = kind in b"QS"
        return self._begin(size, left)

    def _begin(self, size: int, left: int) -> int:
        taken = min(size, left)
        self._rest = size - taken
        return taken

    def _waits(self, kind: int, body: bytes) -> bool:
        if not self._toxic.matching:
            return True
        first, _, rest = body.partition(b"\0")
        if kind == ord("B"):
            return self._matched.get(rest.partition(b"\0")[0], False)
        if kind == ord("Q"):
            return self._matching.search(first) is not None
        self._matched[first] = self._matching.search(rest.partition(b"\0")[0]) is not None
        return self._matched[first]

    def _drawn(self, now: float) -> float:
        return now + self._rng.uniform(self._toxic.min, self._toxic.max)


def _header_of(data: bytes, start: int) -> tuple[int, int]:
    """Return a message's type and its whole size in bytes."""
    kind, length = struct.unpack_from("!BI", data, start)
    return kind, length + 1


def _is_message(data: bytes, start: int) -> bool:
    kind, size = _header_of(data, start)
    return kind in _FRONTEND and _HEADER <= size <= _MESSAGE_MAX
