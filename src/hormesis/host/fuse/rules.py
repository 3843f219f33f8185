"""Rules: what makes operations of the file system slow or fail, and how often each did.

A rule is held against the operation's names and the file's path below the volume. Counters outlive
their rule, so that a bite can be read afterwards.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any

OPERATIONS = frozenset({
    "read", "write", "fsync", "open", "open-write", "close", "create", "unlink", "mkdir", "rmdir",
    "rename", "truncate", "setattr", "stat", "list",
})  # fmt: skip


@dataclass(slots=True)
class Rule:
    """One rule; sizes in bytes, ``delay_s`` in seconds; ``error`` is 0 where nothing fails."""

    operations: frozenset[str]
    match: str = ""
    share: float = 1.0
    error: int = 0
    delay_s: float = 0.0
    bytes_free: int | None = None
    files_free: int | None = None
    hits: int = 0
    seen: int = 0
    delayed_s: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rule:
        """Build a rule from a request's attributes.

        Raises:
            ValueError: an operation or the error is unknown, or a number is none.
        """
        operations = frozenset(str(one) for one in data.get("operations") or ())
        if unknown := operations - OPERATIONS:
            known = ", ".join(sorted(OPERATIONS))
            raise ValueError(f"expected operations of {known}, found {', '.join(sorted(unknown))}")
        name = str(data.get("errno") or "")
        number = getattr(errno, name, None) if name else 0
        if not isinstance(number, int):
            raise ValueError(f"expected the name of an error such as EIO, found {name!r}")
        return cls(
            operations, str(data.get("match") or ""), float(data.get("share", 1.0)), number,
            float(data.get("delay_s") or 0.0), _size(data, "bytes_free"), _size(data, "files_free"),
        )  # fmt: skip

    def concerns(self, operations: Sequence[str], path: str) -> bool:
        """Return whether it is about this operation on this file."""
        if self.operations.isdisjoint(operations):
            return False
        return not self.match or fnmatchcase(path, self.match) or fnmatchcase(
            path.rpartition("/")[2], self.match
        )  # fmt: skip

    def reading(self, *, active: bool) -> dict[str, Any]:
        """Return the counters."""
        return {
            "active": active, "generation": 1, "hits": self.hits, "seen": self.seen,
            "delay_ms_mean": 1000 * self.delayed_s / self.hits if self.hits else 0.0,
        }  # fmt: skip


class Rules:
    """The rules in force, by name; safe to use from several threads."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._active: dict[str, Rule] = {}
        self._past: dict[str, Rule] = {}

    def add(self, name: str, rule: Rule) -> None:
        """Put *rule* in force.

        Raises:
            ValueError: there is one of that name.
        """
        with self._lock:
            if name in self._active:
                raise ValueError(f"there is a rule {name!r} already")
            self._active = {**self._active, name: rule}

    def remove(self, name: str) -> bool:
        """End a rule, and every delay that is under way because of it."""
        with self._lock:
            rule = self._active.get(name)
            if rule is None:
                return False
            self._active = {key: one for key, one in self._active.items() if key != name}
            self._past[name] = rule
        rule.over.set()
        return True

    def reading(self, name: str) -> dict[str, Any]:
        """Return the counters of a rule, past ones too; zeros for one that never was."""
        rule = self._active.get(name)
        if rule is not None:
            return rule.reading(active=True)
        past = self._past.get(name)
        if past is not None:
            return past.reading(active=False)
        return {"active": False, "generation": 0, "hits": 0, "seen": 0, "delay_ms_mean": 0.0}

    def names(self) -> list[str]:
        """Return the names of the rules in force."""
        return sorted(self._active)

    def apply(self, operations: Sequence[str], path: str) -> None:
        """Wait and fail as the rules say.

        Raises:
            OSError: a rule makes the operation fail.
        """
        for rule in self._active.values():
            if not rule.concerns(operations, path):
                continue
            with self._lock:
                rule.seen += 1
                if rule.share < 1.0 and self._rng.random() >= rule.share:
                    continue
                if not rule.delay_s:
                    rule.hits += 1
            if rule.delay_s:
                self._delay(rule)
            if rule.error:
                raise OSError(rule.error, "a rule says so")

    def _delay(self, rule: Rule) -> None:
        began = time.monotonic()
        rule.over.wait(rule.delay_s)
        with self._lock:
            rule.hits += 1
            rule.delayed_s += time.monotonic() - began

    def room(self) -> tuple[int | None, int | None]:
        """Return how many bytes and files are free at most, where rules say so."""
        bytes_free = [one.bytes_free for one in self._active.values() if one.bytes_free is not None]
        files_free = [one.files_free for one in self._active.values() if one.files_free is not None]
        return min(bytes_free, default=None), min(files_free, default=None)

    def __bool__(self) -> bool:
        return bool(self._active)


def _size(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    return None if value is None else int(value)
