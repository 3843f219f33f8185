"""Report ``markdown``: short enough for a comment under a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hormesis.record.load_table import load_table
from hormesis.record.phase_cut import cut
from hormesis.reports.parts.fault_story import fault_stories
from hormesis.reports.parts.heading import heading_of
from hormesis.reports.parts.load_sentences import arrival_sentences
from hormesis.reports.parts.manifest_facts import replay_command, time_scale
from hormesis.reports.parts.recommendations import recommendations
from hormesis.reports.parts.standing import (
    standing_of_outcome,
    standing_of_run,
    standing_of_suite,
)
from hormesis.reports.parts.totals import claims_of, evidence_of, totals_of
from hormesis.reports.parts.wording import (
    count,
    measured,
    moment,
    plural,
    rate,
    share,
    shortened,
    span,
)
from hormesis.words.check import Verdict
from hormesis.words.judging import PUT_BACK
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

FINDINGS_SHOWN = 5
FAULTS_SHOWN = 20
NAMES_SHOWN = 10
LENGTH_MAX = 60_000
"""Comments on pull requests may hold 65,536 characters; the rest is left to the other reports."""

_MARKS = {"pass": "✅", "fail": "❌", "unknown": "❓", "skipped": "⏭️", "dirty": "🟪"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$@])")


class Markdown(Report):
    """Verdict, checks, faults, phases and advice as GitHub-flavoured Markdown."""

    file_name: str = "report.md"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the text as UTF-8, at most ``LENGTH_MAX`` characters and a last line."""
        standing = standing_of_suite(runs)
        head = f"{_MARKS[standing.key]} **{standing.word}** {safe(standing.reason)}"
        lines = [f"## {safe(title)}", "", head, ""]
        if len(runs) > 1:
            lines += _overview(runs)
        lines += _advice(runs)
        for run in runs:
            lines += _run(run, single=len(runs) == 1)
        return _cut("\n".join(lines).rstrip() + "\n").encode("utf-8", errors="replace")


def safe(text: str) -> str:
    """Return *text* so that Markdown shows it as it is, on one line and without mentions."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("\\@", "@\N{WORD JOINER}")


def _overview(runs: Sequence[Judged]) -> list[str]:
    rows = []
    for run in runs:
        sums = totals_of([run])
        standing = standing_of_run(run)
        rows.append(
            (
                f"{_MARKS[standing.key]} {standing.word}",
                safe(heading_of(run)),
                safe(shortened(run.verdict.reason, 120)),
                f"{sums.checks_passed}/{sums.checks}",
                f"{sums.faults_proven}/{sums.faults}",
                share(sums.error_share),
                span(sums.response.p95),
            )
        )
    heads = ("", "Scenario", "Why", "Checks", "Faults proven", "Errors", "p95")
    return _table(heads, rows, right=4)


def _run(run: Judged, *, single: bool) -> list[str]:
    if run.history.not_run:
        return [f"{safe(heading_of(run))}: {safe(run.verdict.reason)}", ""]
    body = [*_unsafe(run), *_checks(run), *_faults(run), *_load(run), *_phases(run)]
    body += [*_trust(run), *_replay(run)]
    if single:
        return body
    standing = standing_of_run(run)
    summary = f"{_MARKS[standing.key]} {standing.word}: {_html(heading_of(run))}"
    opened = "" if standing.key == "pass" else " open"
    return [f"<details{opened}><summary>{summary}</summary>", "", *body, "</details>", ""]


def _unsafe(run: Judged) -> list[str]:
    lines = [f"- not made safe: {safe(text)}" for text in run.verdict.unsafe]
    return [*lines, ""] if lines else []


def _checks(run: Judged) -> list[str]:
    claims = claims_of(run.verdict.verdicts)
    left_out = _left_out(run)
    if not claims:
        return ["No check was asked for.", "", *left_out]
    lines = _table(("", "Check", "What was found"), [_check_row(one) for one in claims])
    for one in claims:
        if one.outcome is not Outcome.PASS and one.findings:
            lines += [f"**{safe(one.check)}**", "", *_findings(one), ""]
    return [*lines, *left_out]


def _left_out(run: Judged) -> list[str]:
    names = run.history.left_out
    if not names:
        return []
    return [f"{plural(len(names), 'check')} left out: {safe(', '.join(names))}", ""]


def _check_row(one: Verdict) -> tuple[str, ...]:
    standing = standing_of_outcome(one.outcome, one.remark)
    return f"{_MARKS[standing.key]} {standing.word}", safe(one.check), safe(one.summary)


def _findings(verdict: Verdict) -> list[str]:
    lines = []
    for one in verdict.findings[:FINDINGS_SHOWN]:
        cites = f" ({safe(', '.join(one.cites[:FINDINGS_SHOWN]))})" if one.cites else ""
        lines.append(f"- {safe(one.sentence)}{cites}")
    hidden = len(verdict.findings) - FINDINGS_SHOWN
    return [*lines, f"- and {count(hidden)} more"] if hidden > 0 else lines


def _faults(run: Judged) -> list[str]:
    stories = fault_stories(run.history.faults)
    if not stories:
        return []
    rows = []
    for story in stories[:FAULTS_SHOWN]:
        fault = story.record
        proof = "; ".join(
            text
            for text in (
                fault.proof, fault.proof_gone, fault.trouble, fault.skipped, fault.unreached,
            )
            if text
        )
        times = [moment(step.time) for step in story.steps]
        by = f" by {fault.by}" if fault.by else ""
        proof = "; ".join(filter(None, [proof, measured(fault)]))
        what = safe(f"{fault.track} on {fault.target}{by}")
        rows.append((what, story.word, *times[1:], safe(proof)))
    heads = ("Fault", "State", "Injected", "Bite seen", "Released", "Bite gone", "Proof")
    lines = _table(heads, rows)
    hidden = len(stories) - FAULTS_SHOWN
    return [*lines, f"and {plural(hidden, 'more fault')}", ""] if hidden > 0 else lines


def _load(run: Judged) -> list[str]:
    table = load_table(run.history)
    if not table.rows:
        return []
    ranked = sorted(table.rows, key=lambda row: -row.count)
    shown = [*ranked[:NAMES_SHOWN], *([table.total] if len(ranked) > 1 else [])]
    rows = [
        (
            safe(shortened(row.title, 60)) if row.name else "**all**",
            count(row.count),
            rate(row.rate),
            share(row.failed_share),
            *(span(row.response.percentile(percent)) for percent in (50, 95, 99, 100)),
            span(row.service.percentile(95)),
            span(row.lag.percentile(99)),
        )
        for row in shown
    ]
    heads = ("Operation", "Ops", "Rate", "Failed", "Response p50", "p95", "p99", "Max",
             "Service p95", "Lag p99")  # fmt: skip
    hidden = len(ranked) - NAMES_SHOWN
    more = [f"and {plural(hidden, 'more name')}", ""] if hidden > 0 else []
    told = [f"- {safe(one)}" for one in arrival_sentences(table)]
    return [*_table(heads, rows, right=9), *more, *told, *([""] if told else [])]


def _phases(run: Judged) -> list[str]:
    if not run.history.ops:
        return []
    phases = sorted(cut(run.history), key=lambda one: one.stretches[0])
    rows = [
        (
            safe(one.name),
            count(one.count),
            rate(one.rate),
            share(one.errors_share),
            *(span(value) for value in (one.response.p50, one.response.p95, one.response.p99)),
            span(one.response.highest),
        )
        for one in phases
    ]
    heads = ("Phase", "Ops", "Rate", "Errors", "p50", "p95", "p99", "Max")
    lines = _table(heads, rows, right=7)
    for one in phases:
        if one.overtaken:
            told = plural(one.overtaken, "operation")
            lines += [f"A fault overtook {told} of “{safe(one.name)}”; no phase counts them.", ""]
    return lines


def _trust(run: Judged) -> list[str]:
    doubts = [one for one in evidence_of(run.verdict.verdicts) if one.outcome is not Outcome.PASS]
    dirt = [f"- left on the host: {safe(text)}" for text in run.verdict.dirty]
    doubts = [one for one in doubts if not (dirt and one.check == PUT_BACK)]
    lines = [f"- {safe(one.check)}: {safe(one.summary)}" for one in doubts]
    return ["**Can this be trusted?**", "", *dirt, *lines, ""] if dirt or lines else []


def _advice(runs: Sequence[Judged]) -> list[str]:
    found = recommendations(runs)
    if not found:
        return []
    lines = ["**What to do**", ""]
    for number, one in enumerate(found, 1):
        first = one.reasons[0]
        where = f"{first.run}, " if len(runs) > 1 else ""
        because = safe(shortened(f"{where}{first.check}: {first.finding}", 200))
        lines.append(f"{number}. {safe(one.advice)}  \n   {because}")
    return [*lines, ""]


def _replay(run: Judged) -> list[str]:
    command = " ".join(replay_command(run.history).split("\n"))
    scale = time_scale(run.history)
    scaled = f" (scaled: every duration × {scale:g})" if scale != 1 else ""
    if not command:
        return []
    # A fence longer than any run of backticks inside cannot be closed from within.
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", command)), default=0) + 1)
    return [f"Run it again{scaled}: {fence} {command} {fence}", ""]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: int = 0) -> list[str]:
    """Return a table whose last *right* columns are numbers."""
    rules = ["---"] * (len(heads) - right) + ["---:"] * right
    return [*(f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows)), ""]


def _html(text: str) -> str:
    return safe(text).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _cut(text: str) -> str:
    if len(text) <= LENGTH_MAX:
        return text
    kept = text[:LENGTH_MAX].rpartition("\n")[0]
    return f"{kept}\n\nThis comment was cut; the other reports hold the rest.\n"
