"""Troubles: what tests catch and read, under the name by which they import it."""

from __future__ import annotations

from hormesis.compose.by_hand_trouble import (
    EndedEarly,
    NeverEntered,
    NoBite,
    NotDone,
    NotReady,
    NotUndone,
    RunEnded,
)
from hormesis.words.trouble import (
    CapabilityTrouble,
    DirtyTrouble,
    InputTrouble,
    SkipTrouble,
    Trouble,
    UsageTrouble,
)

__all__ = [
    "CapabilityTrouble",
    "DirtyTrouble",
    "EndedEarly",
    "InputTrouble",
    "NeverEntered",
    "NoBite",
    "NotDone",
    "NotReady",
    "NotUndone",
    "RunEnded",
    "SkipTrouble",
    "Trouble",
    "UsageTrouble",
]
TESTING = "hormesis.testing"

for _name in __all__:
    # pytest's summary tells an error by this name.
    globals()[_name].__module__ = TESTING
