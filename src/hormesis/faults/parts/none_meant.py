"""None meant: why a fault that is for some requests has hit none of those that came."""

from __future__ import annotations

from hormesis.words.look import Reading, figure


def none_meant(now: Reading, pattern: str) -> str:
    """Return what came instead of what *pattern* is for; empty where something was met."""
    if now.get("error") or figure(now, "met") or figure(now, "hits"):
        return ""
    wanted = f"no statement matched {pattern!r}" if pattern else "it met nothing that it is for"
    passed, missed = figure(now, "bytes_shaped"), figure(now, "missed")
    if missed:
        others = "1 other" if missed == 1 else f"{missed:.0f} others"
        return f"{wanted}; {others} passed by, the last: {now.get('last_missed')}"
    if passed:
        return f"{wanted}; {passed:.0f} bytes passed through the link"
    return f"{wanted}; nothing was sent through the link"
