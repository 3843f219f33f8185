"""Verbs: the closed vocabulary of reversible host operations. Do and undo are plain data.

A fault becomes verb calls; the custodian performs them and never imports a fault. Whoever adds a
verb adds a file to ``host/verbs/`` and a row to the crash matrix. Stdlib only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

SYSTEM = "system/"
"""How the names of effects begin that bring the system under test up."""


@dataclass(frozen=True, slots=True)
class VerbCall:
    """One operation asked of the custodian; ``args`` must survive JSON unchanged."""

    verb: str
    args: Mapping[str, Any] = field(default_factory=dict)


class Undone(str, Enum):
    """What an undo found. Undo is idempotent: a second one answers GONE."""

    DONE = "done"
    GONE = "gone"
    NOT_MINE = "not-mine"
    """What is there now cannot be proven ours; it is reported and left alone."""


def left_of(effect: str, verb: str, trouble: str) -> str:
    """Return how it is told that *effect* is left on the host, and why."""
    return f"{effect} ({verb}): {trouble}"


def effect_left(told: str) -> str:
    """Return the name of the effect that :func:`left_of` told of; any other text as it is."""
    return told.split(" (", 1)[0]
