"""None meant: why a fault that is for some requests has hit none of those that came."""

from __future__ import annotations

from hormesis.words.look import Reading, figure


def none_meant(now: Reading, pattern: str) -> str:
    """Return what came instead of what *pattern* is for; empty where something was met."""
    if now.get("error") or figure(now, "met") or figure(now, "hits"):
        return ""
    missed = figure(now, "missed")
    if not missed:
        return "nothing that it could hit was sent through the link" if not pattern else (
            f"nothing matched {pattern!r}, and nothing else was sent through the link"
        )  # fmt: skip
    others = "1 other" if missed == 1 else f"{missed:.0f} others"
    return f"nothing matched {pattern!r}; {others} passed by, the last: {now.get('last_missed')}"
