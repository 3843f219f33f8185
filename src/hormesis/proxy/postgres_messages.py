"""PostgreSQL messages: how they are framed; see "Message Formats" in PostgreSQL's manual."""

from __future__ import annotations

import struct

HEADER = 5
"""Bytes of a message's type and length."""
STARTUP_HEADER = 8
"""Bytes of a start-up packet's length and code."""
TLS_HANDSHAKE = 0x16
TLS_RECORDS = frozenset(range(0x14, 0x18))
ENCRYPTION_REQUESTS = frozenset({80877103, 80877104})
CANCEL_REQUEST = 80877102
PROTOCOL_MAJOR = 3
FRONTEND = frozenset(b"BCDEFHPQSXcdfp")
"""Types of messages from clients."""
BACKEND = frozenset(b"123ACDEGHIKNRSTVWZcdnstv")
"""Types of messages from servers."""
MESSAGE_MAX = 1 << 29
"""No length beyond this is believed; four bytes of text are always more."""


def header_of(data: bytes, start: int) -> tuple[int, int]:
    """Return a message's type and its whole size in bytes."""
    kind, length = struct.unpack_from("!BI", data, start)
    return kind, length + 1


def is_message(data: bytes, start: int, kinds: frozenset[int]) -> bool:
    """Return whether a header at *start* can be one of *kinds*."""
    kind, size = header_of(data, start)
    return kind in kinds and HEADER <= size <= MESSAGE_MAX


def message(kind: bytes, body: bytes) -> bytes:
    """Return a whole message."""
    return kind + struct.pack("!I", 4 + len(body)) + body
