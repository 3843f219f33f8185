"""HTTP reply: what requests are answered with instead of what the server says."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator, model_validator

from hormesis.proxy.http_headers import headers
from hormesis.proxy.http_route import HttpRoute

BODILESS = (204, 304)
"""Statuses whose responses never have a body."""


class HttpReply(HttpRoute):
    """What all toxics and faults have in common that answer in the server's place."""

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
    def _possible(self) -> HttpReply:
        if self.body and self.status in BODILESS:
            raise ValueError(f"expected no body: a response with status {self.status} has none")
        return self
