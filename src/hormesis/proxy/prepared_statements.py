"""Prepared statements: remember what was prepared on a connection before a toxic met it.

Drivers prepare a statement once and then send its name alone. A toxic that comes to a live
connection could not tell what it stands for, so links that such a toxic will hit listen from the
beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from hormesis.proxy.postgres_frontend import Frontend

STATEMENTS_MAX = 2000
"""Statements remembered for one connection; the oldest are forgotten."""
TEXT_MAX = 8 << 10
"""Bytes remembered of a statement."""


@runtime_checkable
class Reminded(Protocol):
    """A shaper that wants to know the statements prepared before it came."""

    def reminded(self, statements: Mapping[bytes, bytes]) -> None:
        """Take note of *statements*, texts by names."""
        ...


class Remembering(Frontend):
    """Passes everything, and keeps the texts of prepared statements in *statements*."""

    def __init__(self, statements: dict[bytes, bytes]) -> None:
        super().__init__(reads_text=True)
        self._statements = statements

    def began(self, kind: int, size: int, body: bytes, now: float) -> None:
        """Remember what a Parse names."""
        if kind != ord("P"):
            return
        name, _, rest = body.partition(b"\0")
        self._statements.pop(name, None)
        self._statements[name] = rest.partition(b"\0")[0][:TEXT_MAX]
        if len(self._statements) > STATEMENTS_MAX:
            del self._statements[next(iter(self._statements))]
