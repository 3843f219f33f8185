"""HTTP status: a link's requests are answered with another status."""

from __future__ import annotations

from hormesis.faults.parts.request_fault import RequestFault
from hormesis.proxy.http_reply import HttpReply


class HttpStatus(HttpReply, RequestFault):
    """Answer matching HTTP/1 requests of a link with *status* instead of what the server says.

    The server gets the request and does its work: it is its answer that changes, as it does behind
    a gateway that gave up. ``first: 3`` fails three requests and lets the others pass, which
    finds clients that do not try again.
    """

    def done(self, hits: str, met: str) -> str:
        """Return how many requests got the status."""
        return f"answered {hits} of {met} matching requests with {self.status}"
