"""Prepared statements: remember what was prepared on a connection before a toxic met it.

Drivers prepare a statement once and then send its name alone. A toxic that comes to a live
connection could not tell what it stands for, nor whether a transaction is open, so links that such
a toxic will hit listen from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from hormesis.proxy.postgres_backend import Session
from hormesis.proxy.postgres_frontend import Frontend, Phase

STATEMENTS_MAX = 2000
"""Statements remembered for one connection; the oldest are forgotten."""
TEXT_MAX = 8 << 10
"""Bytes remembered of a statement."""


@dataclass(slots=True)
class Memory:
    """What is remembered of one connection: prepared statements, texts by names, and its state."""

    statements: dict[bytes, bytes] = field(default_factory=dict)
    session: Session = field(default_factory=Session)

    @property
    def is_idle(self) -> bool:
        """Return whether the server has answered everything, so that its next byte begins anew."""
        session = self.session
        return session.known and not (session.opaque or session.owed or session.encryption_answers)


@runtime_checkable
class Reminded(Protocol):
    """A shaper that wants to know what was there before it came."""

    def reminded(self, memory: Memory) -> None:
        """Take note of it."""
        ...


class Remembering(Frontend):
    """Passes everything, and keeps *memory*; a ``Backend`` has the other direction."""

    def __init__(self, memory: Memory) -> None:
        super().__init__(reads_text=True)
        self._statements = memory.statements
        self._session = memory.session

    def started(self) -> None:
        """The server will say that it is ready."""
        self._session.known = True
        self._session.owed += 1

    def asked_encryption(self) -> None:
        """The server answers with one byte."""
        self._session.known = True
        self._session.encryption_answers += 1

    def unread(self, now: float) -> None:
        """Nothing is known of an encrypted connection."""
        self._session.opaque = self._session.opaque or self.phase is Phase.OPAQUE

    def began(self, kind: int, size: int, body: bytes, now: float) -> None:
        """Remember what a Parse names, and which answers the server owes."""
        if kind in b"QSF":
            self._session.owed += 1
        if kind != ord("P"):
            return
        name, _, rest = body.partition(b"\0")
        self._statements.pop(name, None)
        self._statements[name] = rest.partition(b"\0")[0][:TEXT_MAX]
        if len(self._statements) > STATEMENTS_MAX:
            del self._statements[next(iter(self._statements))]
