"""Cut short: what nobody could watch, or play, to its end because the run ended early as asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hormesis.words.end_condition import early_end
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.units import text_of_seconds

T = TypeVar("T")


def never_whole(history: History, track: str) -> str:
    """Return that no round of *track* lasted as long as was asked, since the run ended early.

    Empty when one did, or nothing ended early. Of several tracks (``*``) one is enough.
    """
    early = early_end(history.end)
    played = [one for one in history.faults_of(track) if one.window is not None]
    if early is None or not played or any(one.is_whole for one in played):
        return ""
    longest = max(played, key=lambda one: one.window[1] - one.window[0] if one.window else 0.0)
    start, end = longest.window or (0.0, 0.0)
    lasted, asked = f"{end - start:.1f} s", text_of_seconds(longest.length_s or 0.0)
    return f"fault {longest.id} lasted only {lasted} of {asked}, because the run {early.briefly}"


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
