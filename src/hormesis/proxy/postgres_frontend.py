"""PostgreSQL frontend: what a client sends, followed message by message."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from enum import Enum

from hormesis.proxy.passing import Passing
from hormesis.proxy.postgres_messages import (
    CANCEL_REQUEST,
    ENCRYPTION_REQUESTS,
    FRONTEND,
    HEADER,
    PROTOCOL_MAJOR,
    STARTUP_HEADER,
    TLS_HANDSHAKE,
    TLS_RECORDS,
    header_of,
    is_message,
)
from hormesis.words.shaper import Finish, Send, Shaped

SQL_MAX = 64 << 10
"""Bytes of a message that are looked at; a longer statement is judged by its beginning."""


class Phase(Enum):
    """Where in a session a connection stands."""

    UNKNOWN = "unknown"
    """Where messages begin is not known."""
    STARTUP = "startup"
    MESSAGES = "messages"
    OPAQUE = "opaque"
    """Encrypted."""


class Frontend(Passing):
    """Follows the client's messages; a toxic overrides the hooks and decides what passes when.

    On a connection that is already in the middle of a message, everything passes until a message
    begins a chunk.
    """

    def __init__(self, *, reads_text: bool) -> None:
        self.phase = Phase.UNKNOWN
        self._reads_text = reads_text
        self._partial = b""
        """The beginning of a message that cannot be judged yet."""
        self._rest = 0
        """Bytes still to come of a message that was judged."""
        self._asked_encryption = False
        self._last_at = float("-inf")

    def began(self, kind: int, size: int, body: bytes, now: float) -> None:
        """React to a message; *body* is the beginning of a Query, Parse or Bind, else empty.

        *size* is that of the whole message, header included.
        """

    def started(self) -> None:
        """React to the start-up packet that begins a session."""

    def asked_encryption(self) -> None:
        """React to the client's asking for encryption; the server answers with one byte."""

    def unread(self, now: float) -> None:
        """React to a chunk of which nothing can be told; ``phase`` says why."""

    def shaped(self, raw: bytes, now: float) -> tuple[float, bytes]:
        """Return when which bytes leave, for a piece of what began last."""
        return now, raw

    def ended(self) -> None:
        """React to the end of what began last."""

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """Follow *data*, and pass it on as the toxic wants it."""
        data, self._partial = self._partial + data, b""
        if self.phase is Phase.UNKNOWN:
            self.phase = self._guess(data)
        sends: list[Send] = []
        start = 0
        while start < len(data):
            taken = self._take(data, start, now)
            if taken == 0:
                self._partial = data[start:]
                break
            at, piece = self.shaped(data[start : start + taken], now)
            self._last_at = max(self._last_at, at, now)
            if sends and sends[-1].at == self._last_at:
                piece = sends.pop().data + piece
            sends.append(Send(self._last_at, piece))
            start += taken
            if self._rest == 0:
                self.ended()
        return sends

    def finished(self, now: float) -> Iterable[Shaped]:
        """Pass what was not whole, and the end of the stream after everything else."""
        yield from self.removed(now)
        yield Finish(max(self._last_at, now))

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give back what was not whole."""
        partial, self._partial = self._partial, b""
        return (Send(max(self._last_at, now), partial),) if partial else ()

    def _guess(self, data: bytes) -> Phase:
        """Tell from the beginning of a chunk where in a session it stands."""
        if data[0] in TLS_RECORDS:
            return Phase.OPAQUE
        if data[0] == 0:
            return Phase.STARTUP
        if len(data) >= HEADER and is_message(data, 0, FRONTEND):
            return Phase.MESSAGES
        return Phase.UNKNOWN

    def _take(self, data: bytes, start: int, now: float) -> int:
        """Judge what begins at *start*; return how many bytes of it there are, 0 if too few."""
        left = len(data) - start
        if self._rest:
            return self._begin(self._rest, left)
        if self.phase is Phase.STARTUP:
            return self._take_startup(data, start, now)
        if self.phase is Phase.MESSAGES:
            return self._take_message(data, start, now)
        self.unread(now)
        return left

    def _take_startup(self, data: bytes, start: int, now: float) -> int:
        if data[start] == TLS_HANDSHAKE:
            self.phase = Phase.OPAQUE
            return self._take(data, start, now)
        left = len(data) - start
        if left < STARTUP_HEADER:
            return 0
        size, code = struct.unpack_from("!II", data, start)
        if code in ENCRYPTION_REQUESTS:
            self._asked_encryption = True
            self.asked_encryption()
        elif code >> 16 == PROTOCOL_MAJOR or code == CANCEL_REQUEST:
            self.phase = Phase.MESSAGES
            self.started()
        else:
            self.phase = Phase.OPAQUE if self._asked_encryption else Phase.UNKNOWN
            return self._take(data, start, now)
        return self._begin(max(size, STARTUP_HEADER), left)

    def _take_message(self, data: bytes, start: int, now: float) -> int:
        left = len(data) - start
        if left < HEADER:
            return 0
        if not is_message(data, start, FRONTEND):
            self.phase = Phase.UNKNOWN
            self.unread(now)
            return left
        kind, size = header_of(data, start)
        judged = min(size, SQL_MAX) if kind in b"QPB" else HEADER
        if self._reads_text and left < judged:
            return 0
        self.began(kind, size, data[start + HEADER : start + judged], now)
        return self._begin(size, left)

    def _begin(self, size: int, left: int) -> int:
        taken = min(size, left)
        self._rest = size - taken
        return taken
