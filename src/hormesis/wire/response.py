"""Response: one whole HTTP/1.1 answer with its three moments; headers are read when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_decoded = json.JSONDecoder().decode


class Response:
    """An answer. Moments are nanoseconds of the run.

    ``received`` counts all bytes that came for it, framing and interim answers included.
    ``special`` says that it needs a closer look: it is a redirection (3xx), sets a cookie, has a
    content encoding, or ends its connection.
    """

    __slots__ = (
        "_body", "_raw", "_split", "ended_ns", "first_ns", "received", "sent_ns", "special",
        "status",
    )  # fmt: skip

    def __init__(
        self,
        status: int,
        raw: bytes,
        split: int,
        body: bytes | None,
        special: bool,
        received: int,
        sent_ns: int,
        first_ns: int,
        ended_ns: int,
    ) -> None:
        """Take what came: ``raw`` begins with the head of *split* bytes, blank line included.

        ``body`` is None when the body is the rest of *raw*.
        """
        self.status = status
        self._raw = raw
        self._split = split
        self._body = body
        self.special = special
        self.received = received
        self.sent_ns = sent_ns
        self.first_ns = first_ns
        self.ended_ns = ended_ns

    @property
    def body(self) -> bytes:
        """Return the whole body, as it was sent: a content encoding is not undone."""
        body = self._body
        if body is None:
            body = self._body = self._raw[self._split :]
        return body

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Return the headers in the order they came."""
        return [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in _lines(self._raw[: self._split])
        ]

    def header(self, name: str) -> str | None:
        """Return the first header called *name*, whatever its case."""
        wanted = name.lower().encode("latin-1", "replace")
        for key, value in _lines(self._raw[: self._split]):
            if key.lower() == wanted:
                return value.decode("latin-1")
        return None

    def json(self) -> Any:
        """Return what the body says in JSON.

        Raises:
            ValueError: the body is not JSON.
        """
        return json_of(self.body)


def json_of(body: bytes) -> Any:
    """Return what *body* says in JSON; it is UTF-8 nearly always, and guessed otherwise."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return json.loads(body)
    if text.startswith("\ufeff") or "\0" in text[:4]:
        return json.loads(body)
    return _decoded(text)


def _lines(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head[:-4].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name, value.strip(b" \t")
