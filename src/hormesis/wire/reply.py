"""Reply: an answer as a script sees it, with what it was asked by."""

from __future__ import annotations

from typing import Any


class Reply:
    """What clients derive their answers from."""

    __slots__ = ("_raw", "_url", "method", "status")

    def __init__(self, raw: Any, status: int, method: str, url: str) -> None:
        self._raw = raw
        self.status: int = status
        """The status; 0 when there is no answer."""
        self.method = method
        self._url = url

    @property
    def body(self) -> bytes:
        """Return the body, without any content encoding."""
        body: bytes = self._raw.body
        return body
