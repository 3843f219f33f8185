"""Held locks: which locks one injector holds, so that it does not wait for itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hormesis.words.trouble import UsageTrouble

_WHOLE = ("", "ACCESS EXCLUSIVE", "EXCLUSIVE")
"""Modes of a table's lock that keep out those on its rows as well."""
_SHARED = (
    "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE", "KEY SHARE",
)  # fmt: skip
"""Modes that two sessions can have at once."""


class HeldLocks:
    """The locks that are held or waited for now; safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: list[tuple[str, str, str]] = []

    @contextmanager
    def with_(self, table: str, mode: str, where: str) -> Iterator[None]:
        """Hold one more while the block runs.

        Raises:
            UsageTrouble: one that is held already keeps it out.
        """
        mine = (table, mode.upper(), where)
        with self._guard:
            if any(_contradict(mine, other) for other in self._held):
                raise UsageTrouble(
                    f"you hold a lock on {table} already, and a second one would wait for it",
                    hint="leave the block of the first hold_lock before",
                )
            self._held.append(mine)
        try:
            yield
        finally:
            with self._guard:
                self._held.remove(mine)


def _contradict(mine: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    if mine[0] != other[0]:
        return False
    if any(not where and mode in _WHOLE for _, mode, where in (mine, other)):
        # EXCLUSIVE and above keep out everything that locks rows, and each other.
        return not any(mode == "ACCESS SHARE" for _, mode, _ in (mine, other))
    return mine == other and mine[1] not in _SHARED
