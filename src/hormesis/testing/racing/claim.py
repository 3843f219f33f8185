"""Claim: a check together with what was found afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.words.check import Check

FOUND = "what was found"
"""The name of the look at it."""


@dataclass(frozen=True)
class Claim:
    """A check, and the rows that were found, as a look called *name*."""

    check: Check
    rows: tuple[Mapping[str, Any], ...]
    name: str = FOUND
