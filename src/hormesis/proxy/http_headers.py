"""HTTP headers: change those of a head, and refuse what would tear messages apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hormesis.proxy.http_stream import Head

FRAMING = frozenset({"content-length", "transfer-encoding", "trailer"})
"""Headers that say where a message ends: whoever changes them breaks every message after it."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def changed(
    head: Head, *, start: bytes = b"", put: Mapping[str, str], away: Iterable[str] = ()
) -> bytes:
    """Return *head* with another start line, without the headers *away* and with those *put*."""
    gone = {name.lower().encode() for name in (*put, *away)}
    lines = [start or head.start]
    lines += [b"%s: %s" % one for one in head.headers if one[0].lower() not in gone]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in put.items()]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def headers(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return *given* if they can be put on a message.

    Raises:
        ValueError: one is no header, or says where a message ends.
    """
    for name, value in given.items():
        header_names([name])
        if not value.isprintable() or not value.isascii():
            raise ValueError(f"expected a printable ASCII value for the header {name!r}")
    return given


def header_names(given: Iterable[str]) -> tuple[str, ...]:
    """Return *given* if they are names of headers that may be changed.

    Raises:
        ValueError: one is no name of a header, or of one that says where a message ends.
    """
    names = tuple(given)
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"expected the name of a header, found {name!r}")
        if name.lower() in FRAMING:
            raise ValueError(f"{name} says where a message ends and cannot be changed")
    return names
