"""Pills: an outcome as a small coloured word with its glyph, never by colour alone."""

from __future__ import annotations

from hormesis.reports.page.markup import Markup, element
from hormesis.reports.parts.standing import Standing, standing_of_outcome
from hormesis.words.outcome import Outcome

_GLYPHS = {"pass": "✓", "fail": "✕", "unknown": "?", "dirty": "!", "skipped": "↷"}


def pill(key: str, word: str) -> Markup:
    """Return a pill in the style of *key* that says *word*."""
    glyph = element("span", _GLYPHS.get(key, "·"), cls="glyph", aria_hidden="true")
    return element("span", glyph, word, cls=f"pill {key}")


def standing_pill(standing: Standing) -> Markup:
    """Return the pill of a run's standing."""
    return pill(standing.key, standing.word)


def outcome_pill(outcome: Outcome, remark: str = "") -> Markup:
    """Return the pill of one verdict, with the *remark* of a pass."""
    return standing_pill(standing_of_outcome(outcome, remark))


def badge(text: str, why: str = "", key: str = "") -> Markup:
    """Return a quiet label, with *why* as its tooltip."""
    return element("span", text, cls=f"badge {key}".strip(), title=why or None)
