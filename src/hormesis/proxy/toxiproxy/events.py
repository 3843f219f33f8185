"""Events: who put which toxic where, when, and when and why it went."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

EVENTS_MAX = 10_000
"""Events that are remembered; older ones are forgotten first."""


class EventLog:
    """The latest events, numbered from 1; *wall* gives the time of day."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._events: deque[dict[str, Any]] = deque(maxlen=EVENTS_MAX)
        self._number = 0

    def note(self, event: str, **told: Any) -> None:
        """Remember that *event* happened now."""
        self._number += 1
        self._events.append(
            {"number": self._number, "at": instant(self._wall()), "event": event, **told}
        )

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the events that came after the one of that *number*."""
        return [one for one in self._events if one["number"] > number]


def instant(seconds: float) -> str:
    """Write *seconds* since the epoch as a moment of UTC, to the millisecond."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
