"""Checks: one row per claim with its findings, and the table that says whether to trust the run."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.page.pills import outcome_pill
from hormesis.reports.parts.totals import claims_of, evidence_of
from hormesis.reports.parts.wording import count, figure, plural
from hormesis.words.check import Finding, Verdict

FINDINGS_SHOWN = 20
"""How many findings of one check are written out; the others are counted."""
CITES_SHOWN = 12
"""How many of the op numbers, fault ids or times of one finding are written out."""


def checks_section(verdicts: Sequence[Verdict], left_out: Sequence[str] = ()) -> Content:
    """Return the rows of all checks that the file asked for, the worst first, then *left_out*."""
    claims = claims_of(verdicts)
    names = ", ".join(left_out)
    told = f"{plural(len(left_out), 'check')} left out: {names}"
    note = element("p", told, cls="empty left-out") if left_out else None
    if not claims:
        nothing = "No check was asked for, so nothing could pass."
        return [element("p", nothing, cls="empty"), note]
    return [element("div", [_row(one) for one in claims], cls="checks"), note]


def trust_section(verdicts: Sequence[Verdict]) -> Content:
    """Return the verdicts about the run itself, or nothing when there are none."""
    evidence = evidence_of(verdicts)
    if not evidence:
        return None
    rows = [
        element("tr", _cell(outcome_pill(one.outcome)), _cell(one.check), _cell(_summary(one)))
        for one in evidence
    ]
    names = ("", "Evidence", "What is known")
    head = element("tr", [element("th", name, scope="col") for name in names])
    table = element("table", element("thead", head), element("tbody", rows), cls="table trust")
    return element("div", table, cls="frame")


def _row(verdict: Verdict) -> Markup:
    head = element(
        "div",
        element("h4", verdict.check),
        element("code", verdict.kind, cls="kind"),
        cls="check-head",
    )
    body = element("p", verdict.summary, cls="summary") if verdict.summary else None
    return element(
        "article",
        outcome_pill(verdict.outcome, verdict.remark),
        head,
        element("div", body, _figures(verdict), _findings(verdict.findings), cls="check-body"),
        cls=f"check {verdict.outcome.value}",
    )


def _figures(verdict: Verdict) -> Content:
    if not verdict.figures:
        return None
    pairs = [figure(name, value) for name, value in verdict.figures.items()]
    return element(
        "dl",
        [element("div", element("dt", name), element("dd", value)) for name, value in pairs],
        cls="figures",
    )


def _findings(findings: Sequence[Finding]) -> Content:
    if not findings:
        return None
    shown = [_finding(one) for one in findings[:FINDINGS_SHOWN]]
    hidden = len(findings) - len(shown)
    more = element("li", f"and {plural(hidden, 'more finding')}", cls="more") if hidden else None
    return element("ol", shown, more, cls="findings")


def _finding(finding: Finding) -> Markup:
    cites = [element("code", cite) for cite in finding.cites[:CITES_SHOWN]]
    hidden = len(finding.cites) - len(cites)
    more = element("span", f"+{count(hidden)}", cls="more") if hidden else None
    told = element("span", cites, more, cls="cites") if cites else None
    return element("li", element("span", finding.sentence), told)


def _summary(verdict: Verdict) -> Content:
    told = [one.sentence for one in verdict.findings if one.sentence not in verdict.summary]
    sentences = told[:FINDINGS_SHOWN]
    listed = element("ul", [element("li", text) for text in sentences]) if sentences else None
    return [verdict.summary, listed]


def _cell(content: Content) -> Markup:
    return element("td", content)
