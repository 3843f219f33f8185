"""HTTP header change: which headers of a message are set, and which are taken away."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, field_validator

from hormesis.proxy.http_headers import header_names, headers
from hormesis.proxy.http_route import HttpRoute


class HttpHeaderChange(HttpRoute):
    """What all toxics and faults have in common that change headers."""

    set: Mapping[str, str] = Field(default_factory=dict)
    """Headers to set; one of the same name is replaced."""
    remove: tuple[str, ...] = ()
    """Names of headers to take away."""

    @field_validator("set")
    @classmethod
    def _set(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        return headers(value)

    @field_validator("remove")
    @classmethod
    def _remove(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return header_names(value)
