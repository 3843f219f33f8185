"""Headers: a mapping whose names do not care about case, and that tells when it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping

_UNSAFE = re.compile(r"[\r\n\0]")


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


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of all *layers*; a later layer's header takes an earlier one's place."""
    found: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, value in layer.items():
            found[name.lower()] = name, value
    return dict(found.values())


def block_of(headers: Mapping[str, str]) -> str:
    """Return the lines of *headers*.

    Raises:
        ValueError: a header has more than one line.
    """
    return "".join([line_of(name, value) for name, value in headers.items()])


def line_of(name: str, value: str) -> str:
    """Return one header line with its end.

    Raises:
        ValueError: it would be more than one line.
    """
    line = f"{name}: {value}"
    if _UNSAFE.search(line) or not name:
        raise ValueError(f"expected a header of one line, found {line!r}")
    return line + "\r\n"


def _nothing() -> None:
    return
