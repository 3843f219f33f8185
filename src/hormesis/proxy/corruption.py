"""Corruption: which bytes of a stream may be changed, and what a probability is drawn for."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel

from hormesis.words.units import Bytes


class Unit(str, Enum):
    """What the probability of a change is drawn for."""

    BYTE = "byte"
    CHUNK = "chunk"


class Corruption(BaseModel):
    """What the toxic and the fault that change bytes have in common."""

    per: Unit = Unit.BYTE
    """What it is drawn for: each byte, or each chunk that the proxy reads in one go."""
    spare: Bytes = 0
    """So many bytes at the beginning stay whole: a greeting, a login."""
