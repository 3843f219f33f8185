"""HTTP status: a link's requests are answered with another status."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator, model_validator

from hormesis.proxy.http_headers import headers
from hormesis.proxy.http_route import HttpRoute
from hormesis.proxy.request_fault import RequestFault

BODILESS = (204, 304)
"""Statuses whose responses never have a body."""


class HttpStatus(HttpRoute, RequestFault):
    """Answer matching HTTP/1 requests of a link with *status* instead of what the server says.

    The server gets the request and does its work: it is its answer that changes, as it does behind
    a gateway that gave up. ``first: 3`` fails three requests and lets the others pass, which
    finds clients that do not try again.
    """

    status: int = Field(default=503, ge=200, le=599)
    """The status that the client gets."""
    body: str | None = None
    """The body that it gets, as text; left out: the server's own."""
    headers: Mapping[str, str] = Field(default_factory=dict)
    """Headers to set besides, such as ``{Retry-After: "1"}``."""

    @field_validator("headers")
    @classmethod
    def _headers(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        return headers(value)

    @model_validator(mode="after")
    def _possible(self) -> HttpStatus:
        if self.body and self.status in BODILESS:
            raise ValueError(f"expected no body: a response with status {self.status} has none")
        return self

    def done(self, hits: str, met: str) -> str:
        """Return how many requests got the status."""
        return f"answered {hits} of {met} matching requests with {self.status}"
