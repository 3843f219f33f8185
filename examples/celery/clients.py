"""Clients that put jobs into the queue, as an application would."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery import Celery


@cache
def _app(broker: str) -> Celery:
    """Return the application as seen by who only submits; threads may share it."""
    return Celery("client", broker=broker, backend=broker)


class Submitter:
    """Submits one job; ok means that Celery said it was sent."""

    def __init__(self, user: Any, *, broker: str, work_ms: int = 50) -> None:
        self._user = user
        self._app = _app(broker)
        self._work_ms = int(work_ms)
        self._made = 0

    def iterate(self) -> None:
        """Submit once."""
        key = self._next_key()
        with self._user.op("submit", key=key):
            self._app.send_task("work", (key, self._work_ms), ignore_result=True)

    def _next_key(self) -> str:
        self._made += 1
        return f"{self._user.load}-{self._user.number}-{self._made}"


class RoundTrip(Submitter):
    """Submits one job and waits for its result: the operation's time is the user's."""

    def __init__(
        self, user: Any, *, broker: str, work_ms: int = 50, patience_s: float = 10
    ) -> None:
        super().__init__(user, broker=broker, work_ms=work_ms)
        self._patience_s = float(patience_s)

    def iterate(self) -> None:
        """Submit, and wait for the end."""
        key = self._next_key()
        with self._user.op("round-trip", key=key):
            result = self._app.send_task("work", (key, self._work_ms))
            result.get(timeout=self._patience_s)
