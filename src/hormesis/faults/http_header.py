"""HTTP header: a link's requests or responses come with other headers."""

from __future__ import annotations

from pydantic import model_validator

from hormesis.faults.parts.request_fault import RequestFault
from hormesis.proxy.http_header_change import HttpHeaderChange
from hormesis.words.shaper import Stream


class HttpHeader(HttpHeaderChange, RequestFault):
    """Set or remove headers of matching HTTP/1 requests of a link, or of the responses to them.

    Headers that say where a message ends cannot be changed.
    """

    stream: Stream = Stream.DOWNSTREAM
    """Upstream: the request's headers. Downstream: the response's."""

    @model_validator(mode="after")
    def _something(self) -> HttpHeader:
        if not (self.set or self.remove):
            raise ValueError("expected headers to set or to remove")
        return self

    def direction(self) -> Stream:
        """Return the asked direction."""
        return self.stream

    def done(self, hits: str, met: str) -> str:
        """Return how many messages were changed."""
        return f"changed the headers of {hits} messages, of {met} matching requests"
