"""HTTP route: which requests a toxic or a fault is for."""

from __future__ import annotations

import re
from random import Random

from pydantic import Field, field_validator

from hormesis.proxy.http_stream import Head
from hormesis.proxy.occasions import Occasions, expression
from hormesis.words.shaper import Hits


class HttpRoute(Occasions):
    """What all toxics and faults have in common that tell HTTP requests apart."""

    method: str = ""
    """Only requests with this method, such as ``POST``, or one of several: ``PUT|PATCH``."""
    path: str = Field(default="")
    """Only requests whose path, with its query, this regular expression is found in."""

    @field_validator("method", "path")
    @classmethod
    def _expression(cls, value: str) -> str:
        return expression(value)

    def matches(self, method: bytes, target: bytes) -> bool:
        """Return whether the request is one of those."""
        if self.method and not re.fullmatch(self.method.encode(), method, re.IGNORECASE):
            return False
        return re.search(self.path.encode(), target) is not None

    def strikes(self, head: Head, rng: Random, hits: Hits) -> bool:
        """Return whether the request *head* is one of those and is hit."""
        return self.matches(head.method, head.target) and self.drawn(rng, hits)
