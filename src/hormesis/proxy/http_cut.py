"""HTTP cut: where the body of a response breaks off, and how."""

from __future__ import annotations

from pydantic import Field

from hormesis.proxy.http_route import HttpRoute
from hormesis.words.units import Bytes


class HttpCut(HttpRoute):
    """What all toxics and faults have in common that cut responses."""

    bytes: Bytes = Field(default=0, ge=0)
    """So many bytes of the body pass."""
    reset: bool = False
    """Whether the connection ends with a TCP reset instead of being closed."""
