"""HTTP truncate: a link's responses break off in the middle of their bodies."""

from __future__ import annotations

from pydantic import Field

from hormesis.proxy.http_route import HttpRoute
from hormesis.proxy.request_fault import RequestFault
from hormesis.words.units import Bytes, text_of_bytes


class HttpTruncate(HttpRoute, RequestFault):
    """Pass *after* bytes of the body of matching HTTP/1 responses; then close the connection.

    The head still promises the whole body, so a client can know. Bodies that are no longer than
    that are not hit.
    """

    after: Bytes = Field(default=0, ge=0)
    """So many bytes of the body pass."""
    reset: bool = False
    """Whether the connection ends with a TCP reset instead of being closed."""

    def done(self, hits: str, met: str) -> str:
        """Return how many responses were cut."""
        return f"cut {hits} of {met} matching responses after {text_of_bytes(self.after)}"
