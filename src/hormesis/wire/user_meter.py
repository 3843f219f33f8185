"""UserMeter: what one user records, and which of its operations is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class UserMeter:
    """The part of a virtual user that every request needs; times are nanoseconds of the run."""

    __slots__ = ("_due_ns", "_meter", "checks", "first_ns", "number", "tagging")

    def __init__(self, meter: Any, number: int) -> None:
        self._meter = meter
        self._due_ns = -1
        self.number = number
        self.tagging = 0
        """Another number whenever the tags of what the user does have changed."""
        self.first_ns = -1
        """When the first operation of the last iteration was sent; -1: none was."""
        self.checks: dict[Any, Callable[[float], None]] = {}
        """What counts checks, by their names; :meth:`checked` makes those that are not there."""

    def due_at(self, due_ns: int) -> None:
        """Set when the next operation is due; those after it are due when they are sent."""
        self._due_ns = due_ns
        self.first_ns = -1

    def take_due_ns(self, sent_ns: int) -> int:
        """Return when the operation that is sent at *sent_ns* was due."""
        due_ns = self._due_ns
        if due_ns < 0:
            return sent_ns
        self._due_ns = -1
        self.first_ns = sent_ns
        return due_ns

    def check(self, name: str, passed: object) -> bool:
        """Count a check; return whether it passed."""
        good = bool(passed)
        add = self.checks.get(name) or self.checked(name)
        add(1.0 if good else 0.0)
        return good

    def checked(self, name: str) -> Callable[[float], None]:
        """Return what counts a check, 1 passed and 0 not."""
        raise NotImplementedError
