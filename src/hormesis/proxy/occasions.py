"""Occasions: which of the requests that a toxic could hit it does hit."""

from __future__ import annotations

import re
from random import Random

from pydantic import BaseModel, Field

from hormesis.words.shaper import Hits
from hormesis.words.units import Share


class Occasions(BaseModel):
    """What all toxics and faults have in common that hit single requests."""

    probability: Share = 1.0
    """The share of the matching requests that is hit, drawn for each."""
    skip: int = Field(default=0, ge=0)
    """So many matching requests pass first; ``skip: 4, first: 1`` hits the fifth alone."""
    first: int | None = Field(default=None, ge=1)
    """Only so many matching requests are hit, of all connections together; then all pass."""

    def hits(self) -> Hits:
        """Return the count of the hits, made once when the toxic comes to a link."""
        return Hits(skip=self.skip, first=self.first)

    def drawn(self, rng: Random, hits: Hits) -> bool:
        """Return whether a request that matches is hit."""
        return hits.take(self.probability >= 1 or rng.random() < self.probability)


def expression(text: str) -> str:
    """Return *text* if it is a regular expression.

    Raises:
        ValueError: it is none.
    """
    try:
        re.compile(text)
    except re.error as trouble:
        raise ValueError(f"expected a regular expression: {trouble}") from trouble
    return text
