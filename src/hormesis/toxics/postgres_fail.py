"""PostgreSQL fail: statements fail, on the server too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from hormesis.proxy.postgres_backend import FAILED, RUNNING, Backend, Session
from hormesis.proxy.postgres_frontend import Frontend, Phase
from hormesis.proxy.postgres_messages import HEADER, message
from hormesis.proxy.postgres_statements import PostgresError
from hormesis.proxy.prepared_statements import Memory
from hormesis.words.shaper import Finish, Hits, Shaped, Shaper, Stream, Toxic

MARK = "hormesis_injected_failure_"
"""How every name begins that makes the server fail: whoever finds it in a log knows why."""
_GID_MAX = 200
"""Bytes of a transaction's identifier that are too many for the server."""
_COMMIT = re.compile(rb"\s*(?:commit|end)(?:\s+(?:work|transaction))?\s*;?\s*", re.IGNORECASE)


class PostgresFail(PostgresError, Toxic):
    """Let matching statements fail with *sqlstate* and *message*.

    The server gets something in place of the statement that must fail there as well, and its error
    is what is rewritten: client and server always agree on the state of the transaction. A
    ``COMMIT`` in a transaction rolls it back, as one that really fails does. Statements of the
    simple and of the extended protocol fail when they are executed, prepared ones each time.

    A statement in a transaction that has failed already is let alone, and so are the others of a
    pipeline until the server has told how the one before ended. Encrypted connections pass. One
    that was open before is picked up with the next complete answer; where the link remembers
    statements, as it does for faults planned with a pattern and in runs by hand, at once, and what
    was prepared on it is known.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.BOTH
    """Both: the statement on its way up, the error on its way down."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shaper that spoils statements and the one that words the errors."""
        session = _Spoilt(mark=f"{MARK}{up.getrandbits(32):08x}".encode())
        return _Spoiling(session, self, up, hits), _Wording(session, self, hits)


@dataclass(slots=True)
class _Spoilt(Session):
    mark: bytes = b""
    """The name that the server does not know and quotes in its error."""
    pending: int = 0
    """ReadyForQuery messages to come until the server has told how a spoilt statement ended."""
    next_error: bool = False
    """Whether the next error is ours, whatever it says."""

    def ready(self, status: bytes) -> None:
        """Note a ReadyForQuery."""
        Session.ready(self, status)
        self.pending = max(0, self.pending - 1)
        if not self.pending:
            self.next_error = False


class _Spoiling(Frontend):
    def __init__(self, session: _Spoilt, toxic: PostgresFail, rng: Random, hits: Hits) -> None:
        super().__init__(reads_text=True)
        self._session = session
        self._toxic = toxic
        self._rng = rng
        self._hits = hits
        self._matching = re.compile(toxic.matching.encode(), re.IGNORECASE | re.DOTALL)
        self._matched: dict[bytes, bool] = {}
        """Whether the named prepared statement matches."""
        self._instead: tuple[bytes, int] | None = None
        """What goes instead of how many bytes at the beginning of the current message."""
        self._swallows = False
        """Whether the rest of the current message goes nowhere."""

    def reminded(self, memory: Memory) -> None:
        """Judge the statements that were prepared before, and go on from where the server is."""
        statements = memory.statements
        self._matched |= {name: self._matches(text) for name, text in statements.items()}
        if memory.is_idle:
            self._session.known, self._session.status = True, memory.session.status

    def started(self) -> None:
        self._session.known = True
        self._session.owed += 1

    def asked_encryption(self) -> None:
        self._session.known = True
        self._session.encryption_answers += 1

    def unread(self, now: float) -> None:
        self._session.opaque = self._session.opaque or self.phase is Phase.OPAQUE

    def began(self, kind: int, size: int, body: bytes, now: float) -> None:
        if kind == ord("P"):
            name, _, rest = body.partition(b"\0")
            text = rest.partition(b"\0")[0]
            self._matched[name] = self._matches(text)
            if not self._matched[name]:
                self._hits.miss(text, times=0 if name else 1)
        elif kind == ord("Q"):
            self._query(body.partition(b"\0")[0], size)
        elif kind == ord("B"):
            self._bind(body, size)
        if kind in b"QSF":
            self._session.owed += 1

    def shaped(self, raw: bytes, now: float) -> tuple[float, bytes]:
        if self._instead is not None:
            (instead, replaced), self._instead = self._instead, None
            return now, instead + raw[replaced:]
        return now, b"" if self._swallows else raw

    def ended(self) -> None:
        self._swallows = False

    def removed(self, now: float) -> Iterable[Shaped]:
        return (Finish(now),) if self._swallows else super().removed(now)

    def _matches(self, text: bytes) -> bool:
        return self._matching.search(text) is not None

    def _query(self, text: bytes, size: int) -> None:
        session = self._session
        if not self._matches(text):
            self._hits.miss(text)
            return
        if not self._spoils():
            return
        failing = session.mark
        if _COMMIT.fullmatch(text) and session.status == RUNNING and not session.owed:
            # It has too long an identifier, so it fails; and like a COMMIT, it ends what it fails.
            failing = b"PREPARE TRANSACTION '%s'" % session.mark.ljust(_GID_MAX, b"_")
            session.next_error = True
        self._instead = message(b"Q", failing + b"\0"), size
        self._swallows = True
        session.pending = session.owed + 1

    def _bind(self, body: bytes, size: int) -> None:
        portal, _, rest = body.partition(b"\0")
        name, whole, _ = rest.partition(b"\0")
        matches = self._matched.get(name, not self._toxic.matching)
        if name and not matches:
            self._hits.miss(b"")
        if not (whole and matches and self._spoils()):
            return
        session = self._session
        length = size - 1 + len(session.mark) - len(name)
        begin = b"B" + length.to_bytes(4, "big") + portal + b"\0" + session.mark
        self._instead = begin, HEADER + len(portal) + 1 + len(name)
        session.pending = session.owed + 1

    def _spoils(self) -> bool:
        """Return whether a statement that matches fails, now that it is executed."""
        session = self._session
        failed = session.status == FAILED and not session.owed
        if not session.known or session.opaque or session.pending or failed:
            return False
        return self._toxic.drawn(self._rng, self._hits)


class _Wording(Backend):
    def __init__(self, session: _Spoilt, toxic: PostgresFail, hits: Hits) -> None:
        super().__init__(session)
        self._spoilt = session
        self._toxic = toxic
        self._hits = hits

    def error(self, body: bytes) -> bytes | None:
        fields = [(field[:1], field[1:]) for field in body.split(b"\0") if field]
        ours = self._spoilt.next_error or self._spoilt.mark in body
        if not ours or (b"V", b"ERROR") not in fields:
            return None
        self._spoilt.next_error = False
        self._hits.count += 1
        told = [kind + value for kind, value in fields if kind in b"SV"]
        told += [b"C" + self._toxic.sqlstate.encode(), b"M" + self._toxic.message.encode()]
        return message(b"E", b"".join(field + b"\0" for field in told) + b"\0")
