"""Unreadable: a probe that never once had a value, so that nothing follows from its having none."""

from __future__ import annotations

import re

from hormesis.words.history import History, ProbeRecord

_ANSWERED = "on the page"
"""How the reason ends of a look that read the page, in which only the metric was not there."""
_AT_ONCE_S = 1.0
"""A monitor's first look begins that soon after the tracks, in seconds."""
_MISFIT = re.compile(r"^http-40[0-7]\b|\((?:3D|3F|42)\w{3}\)$|^cannot run |^the probe itself broke")
"""Reasons that say that the question does not fit what was asked: it is there, and answered.

The classes of SQLSTATE are *invalid catalog name*, *invalid schema name*, and *syntax error or
access rule violation*, to which an undefined table or column belongs.
"""
_STATEMENT = re.compile(r"\(42\w{3}\)$")
_TOLD_MAX = 3


def unreadable(history: History, probe: str) -> str:
    """Return why *probe* could not be read even once, or an empty text when it could.

    An outage is no such thing: what does not answer is a miss when it was first looked at while
    something was being done to it, or after that. What did not answer from the beginning of the
    tracks to their end, before any fault, or answered that the question does not fit, was never
    seen at all.
    """
    records = history.observations(probe)
    if not records or not all(one.reason for one in records):
        return ""
    misfit = all(_MISFIT.search(one.reason) for one in records)
    if not misfit and not _from_the_beginning(records[0], history):
        return ""
    if not misfit and any(one.reason.endswith(_ANSWERED) for one in records):
        return ""
    reasons = list(dict.fromkeys(one.reason for one in records))
    told = ", ".join(reasons[:_TOLD_MAX]) + ", …" * (len(reasons) > _TOLD_MAX)
    ask = "does it look at the right place?"
    if _STATEMENT.search(reasons[0]):
        ask = "does its statement fit this database?"
    count = f"{len(records)} observation{'s' * (len(records) != 1)}"
    return f"probe {probe!r} never had a value, in {count}: {told}; {ask}"


def _from_the_beginning(first: ProbeRecord, history: History) -> bool:
    """Return whether *first* was over before anything was done to the system."""
    window = history.tracks_window
    asked = min((one.asked for one in history.faults if one.injected is not None), default=None)
    if window is None or first.time > window[0] + _AT_ONCE_S:
        return False
    return asked is None or first.time + first.took_s <= asked
