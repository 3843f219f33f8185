"""Unrecorded: why a history may lack operations that were begun."""

from __future__ import annotations

from hormesis.words.history import History


def unrecorded(history: History) -> str:
    """Return why something may have been done that the history does not tell; "" if it tells all.

    What a read shows then need not come from nowhere.
    """
    if history.end is None:
        return "the history breaks off, and what was under way then is not in it"
    lost = [one for one in history.loads if one.lost]
    if lost:
        return f"of load {lost[0].load} was lost: {lost[0].lost}"
    return "the record is damaged" if history.problems else ""
