"""Life: the proof that a process that was ended lives again."""

from __future__ import annotations

from hormesis.words.look import Reading


def lives_again(before: Reading, now: Reading, *, ours: bool = True) -> str:
    """Return the proof that the process runs once more under another pid, or an empty text.

    Who is not *ours* to start again, since its own supervisor must do it, is not waited for.
    """
    if not ours:
        return "not ours to start again (`back: false`)"
    if now.get("state") == "running" and now.get("pid") != before.get("pid"):
        return f"running again as pid {now.get('pid')}"
    return ""
