"""Cut short: what nobody could watch to its end because the run ended early, as it was asked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hormesis.words.end_condition import early_end
from hormesis.words.history import History
from hormesis.words.outcome import Outcome

T = TypeVar("T")


def unless_cut_short(
    every: Sequence[T], outcomes: Sequence[Outcome], ends: Sequence[float], history: History
) -> list[T]:
    """Return those of *every* that count, *ends* being until when each had to be watched.

    What is unknown because the tracks ended early does not count beside others that were watched,
    as if it had not happened; alone it stays unknown.
    """
    early = early_end(history.end)
    if early is None:
        return list(every)
    counts = [
        one
        for one, outcome, end in zip(every, outcomes, ends, strict=True)
        if outcome is not Outcome.UNKNOWN or end <= early.time
    ]
    return counts or list(every)
