"""HTTP delay: some routes of a link take longer."""

from __future__ import annotations

from hormesis.faults.parts.delay_fault import DelayFault
from hormesis.proxy.http_route import HttpRoute
from hormesis.words.shaper import Stream


class HttpDelay(HttpRoute, DelayFault):
    """Delay matching HTTP/1 requests of a link, or the responses to them."""

    stream: Stream = Stream.UPSTREAM
    """Upstream: before the server sees the request. Downstream: after the server has answered."""

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream
