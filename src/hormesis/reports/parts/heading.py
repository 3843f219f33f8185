"""Heading: a run's short name together with the title that its file gives it."""

from __future__ import annotations

from hormesis.words.report import Judged


def heading_of(run: Judged) -> str:
    """Return ``name · title``, or only one of them when the other adds nothing."""
    title = str(run.history.manifest.get("title") or "").strip()
    if not title or title in run.name:
        return run.name
    return title if run.name in title else f"{run.name} · {title}"
