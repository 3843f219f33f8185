"""Limit release: whether a limit holds all it was put on, and the proof that it is off again."""

from __future__ import annotations

from hormesis.words.look import Reading, figure, number


def escaped(now: Reading) -> bool:
    """Return whether processes of the service are not held by the limit, as a new one is not."""
    return figure(now, "outside") > 0


def left_min(now: Reading) -> float | None:
    """Return the least that was left under a soft limit at any look, or None."""
    return number(now, "left_min" if "left_min" in now else "left")


def group_gone(now: Reading) -> str:
    """Return the proof that the control group is not there any more, or an empty text."""
    return "the limit is gone with its control group" if now.get("there") is False else ""


def soft_limit_back(now: Reading) -> str:
    """Return the proof that a process has its former soft limit or is no more, or an empty text."""
    if not now.get("ended") or now.get("soft_before") is None:
        return ""
    if now.get("alive") and now.get("soft") != now.get("soft_before"):
        return ""
    if now.get("limited"):
        return ""  # A child that was born under the limit still has it.
    return f"the limit is {now.get('soft_before')} again"
