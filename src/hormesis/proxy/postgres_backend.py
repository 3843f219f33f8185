"""PostgreSQL backend: what a server sends, followed from ReadyForQuery to ReadyForQuery."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hormesis.proxy.passing import Passing
from hormesis.proxy.postgres_messages import BACKEND, HEADER, header_of, is_message
from hormesis.words.shaper import Finish, Send, Shaped

ERROR_MAX = 64 << 10
"""Bytes of the longest error that is read."""
_ENCRYPTION_REFUSED = ord("N")
FAILED = b"E"
"""The status of a transaction that has failed."""
RUNNING = b"T"
"""The status of a transaction that goes on."""


@dataclass(slots=True)
class Session:
    """What the two directions of one connection know together."""

    known: bool = False
    """Whether it was seen from its beginning, or the server's messages have been found since."""
    opaque: bool = False
    """Whether it is encrypted."""
    encryption_answers: int = 0
    """One-byte answers to come from the server."""
    owed: int = 0
    """ReadyForQuery messages to come."""
    status: bytes = b"I"
    """The transaction's state as the last of those told it."""

    def ready(self, status: bytes) -> None:
        """Note a ReadyForQuery."""
        self.owed = max(0, self.owed - 1)
        self.status = status


class Backend(Passing):
    """Follows the server's messages, changes errors where a toxic wants it, and nothing else."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._follows = False
        self._partial = b""
        self._rest = 0

    def error(self, body: bytes) -> bytes | None:
        """Return another whole message for an ErrorResponse; None leaves it as it is."""
        return None

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """Follow *data* and pass it on."""
        data, self._partial = self._partial + data, b""
        if self.session.opaque or not (self._follows or self._found(data)):
            return (Send(now, data),)
        out = bytearray()
        start = 0
        while start < len(data):
            if self._rest:
                taken = min(self._rest, len(data) - start)
                self._rest -= taken
                out += data[start : start + taken]
            else:
                taken, piece = self._take(data, start)
                if not taken:
                    self._partial = data[start:]
                    break
                out += piece
            start += taken
        return (Send(now, bytes(out)),) if out else ()

    def finished(self, now: float) -> Iterable[Shaped]:
        """Pass what was not whole, and the end of the stream."""
        yield from self.removed(now)
        yield Finish(now)

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give back what was not whole."""
        partial, self._partial = self._partial, b""
        return (Send(now, partial),) if partial else ()

    def _found(self, data: bytes) -> bool:
        """Return whether messages can be followed from here on.

        A connection from its beginning always can. In a live one a chunk must be whole messages
        from end to end: rows that happen to look like that are not to be expected.
        """
        place, ready = 0, False
        if not self.session.known:
            while place + HEADER <= len(data) and is_message(data, place, BACKEND):
                kind, size = header_of(data, place)
                ready = kind == ord("Z") and size == HEADER + 1
                place += size
            if place != len(data) or not ready:
                return False
        self._follows = self.session.known = True
        return True

    def _take(self, data: bytes, start: int) -> tuple[int, bytes]:
        """Return how many bytes what begins at *start* has here, and what to pass instead."""
        left = len(data) - start
        session = self.session
        if session.encryption_answers and data[start] != ord("E"):
            session.encryption_answers -= 1
            if data[start] != _ENCRYPTION_REFUSED:
                session.opaque = True
                return left, data[start:]
            return 1, data[start : start + 1]
        if left < HEADER:
            return 0, b""
        if not is_message(data, start, BACKEND):
            self._follows = session.known = False
            return left, data[start:]
        kind, size = header_of(data, start)
        read = kind == ord("Z") or (kind == ord("E") and size <= ERROR_MAX)
        if read and left < size:
            return 0, b""
        taken = min(size, left)
        raw = data[start : start + taken]
        self._rest = size - taken
        if kind == ord("Z"):
            session.ready(raw[HEADER : HEADER + 1])
        elif read:
            return taken, self.error(raw[HEADER:]) or raw
        return taken, raw
