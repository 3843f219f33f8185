"""HTTP header: a link's requests or responses come with other headers."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator, model_validator

from hormesis.proxy.http_headers import header_names, headers
from hormesis.proxy.http_route import HttpRoute
from hormesis.proxy.request_fault import RequestFault
from hormesis.words.shaper import Stream


class HttpHeader(HttpRoute, RequestFault):
    """Set or remove headers of matching HTTP/1 requests of a link, or of the responses to them.

    Headers that say where a message ends cannot be changed.
    """

    set: Mapping[str, str] = Field(default_factory=dict)
    """Headers to set; one of the same name is replaced."""
    remove: tuple[str, ...] = ()
    """Names of headers to take away."""
    stream: Stream = Stream.DOWNSTREAM
    """Upstream: the request's headers. Downstream: the response's."""

    @field_validator("set")
    @classmethod
    def _set(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        return headers(value)

    @field_validator("remove")
    @classmethod
    def _remove(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return header_names(value)

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
