"""Headers: a mapping whose names do not care about case, and that tells when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping

from hormesis.host.http_header import line_of


class Headers(MutableMapping[str, str]):
    """What a session sends with every request; names keep the spelling that they were given."""

    __slots__ = ("_changed", "_lines")

    def __init__(self, given: Mapping[str, str], changed: Callable[[], None]) -> None:
        self._lines: dict[str, tuple[str, str]] = {}
        self._changed: Callable[[], None] = _nothing
        self.update(given)
        self._changed = changed

    def __getitem__(self, name: str) -> str:
        return self._lines[name.lower()][1]

    def __setitem__(self, name: str, value: str) -> None:
        line_of(name, value)
        self._lines[name.lower()] = (name, value)
        self._changed()

    def __delitem__(self, name: str) -> None:
        del self._lines[name.lower()]
        self._changed()

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._lines.values())

    def __len__(self) -> int:
        return len(self._lines)


def _nothing() -> None:
    return
