"""HTTP headers as they are sent: one line each, never more."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNSAFE = re.compile(r"[\r\n\0]")


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
