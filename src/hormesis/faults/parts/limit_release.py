"""Limit release: the proof that a limit which was put on a process is off again."""

from __future__ import annotations

from hormesis.words.look import Reading


def group_gone(now: Reading) -> str:
    """Return the proof that the control group is not there any more, or an empty text."""
    return "the limit is gone with its control group" if now.get("there") is False else ""


def soft_limit_back(now: Reading) -> str:
    """Return the proof that a process has its former soft limit or is no more, or an empty text."""
    if not now.get("ended") or now.get("soft_before") is None:
        return ""
    if now.get("alive") and now.get("soft") != now.get("soft_before"):
        return ""
    return f"the limit is {now.get('soft_before')} again"
