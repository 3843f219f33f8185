"""HTTP truncate: a link's responses break off in the middle of their bodies."""

from __future__ import annotations

from hormesis.faults.parts.request_fault import RequestFault
from hormesis.proxy.http_cut import HttpCut
from hormesis.words.units import text_of_bytes


class HttpTruncate(HttpCut, RequestFault):
    """Pass *bytes* of the body of matching HTTP/1 responses; then close the connection.

    The head still promises the whole body, so a client can know. Bodies that are no longer than
    that are not hit.
    """

    def done(self, hits: str, met: str) -> str:
        """Return how many responses were cut."""
        return f"cut {hits} of {met} matching responses after {text_of_bytes(self.bytes)}"
