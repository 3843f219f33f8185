"""What to do: recommendations with the findings that led to them."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.page.pills import outcome_pill
from hormesis.reports.parts.recommendations import Reason, recommendations
from hormesis.reports.parts.wording import plural
from hormesis.words.report import Judged

_REASONS_SHOWN = 4


def advice_section(runs: Sequence[Judged], anchors: Sequence[str]) -> Content:
    """Return all recommendations of *runs*, or nothing; several runs are named and linked.

    *anchors* holds the page's anchor of each run.
    """
    found = recommendations(runs)
    if not found:
        return None
    links = {run.name: anchor for run, anchor in zip(runs, anchors, strict=True)}
    named = links if len(runs) > 1 else {}
    items = [
        element(
            "li",
            element("p", one.advice, cls="advice"),
            element("ul", _reasons(one.reasons, named)),
        )
        for one in found
    ]
    return element("ol", items, cls="recommendations")


def _reasons(reasons: Sequence[Reason], links: dict[str, str]) -> Content:
    shown = [_reason(one, links) for one in reasons[:_REASONS_SHOWN]]
    hidden = len(reasons) - len(shown)
    more = element("li", f"and {plural(hidden, 'more reason')}", cls="more") if hidden else None
    return [shown, more]


def _reason(reason: Reason, links: dict[str, str]) -> Markup:
    anchor = links.get(reason.run)
    where = [element("a", reason.run, href=f"#{anchor}"), " · "] if anchor else None
    return element(
        "li",
        outcome_pill(reason.outcome),
        element("span", where, element("b", reason.check), ": ", reason.finding),
    )
