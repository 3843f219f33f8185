"""Claim: a check together with what was found afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hormesis.engine.clock import LoopClock
from hormesis.words.check import Check

FOUND = "what was found"
"""The name of the look at it."""


@dataclass(frozen=True)
class Claim:
    """A check, and the rows that were found, as a look called *name*."""

    check: Check
    rows: tuple[Mapping[str, Any], ...]
    made_s: float = field(default_factory=lambda: LoopClock().zero_ns / 1e9)
    """When it was handed in, in seconds of the machine's monotonic clock: the look was by then."""
    name: str = FOUND
