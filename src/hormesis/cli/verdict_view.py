"""The verdict in a terminal: the answer first, then why, then what to try."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from hormesis.cli.console import MARKS, marked
from hormesis.reports.parts.recommendations import recommendations
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.judging import EVIDENCE, PUT_BACK
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged

FINDINGS_MAX = 5
REASONS_MAX = 3


def show_run(console: Console, judged: Judged, code: ExitCode, *, brief: bool = False) -> None:
    """Print one run's verdict: every check in a line, findings of those that did not pass."""
    verdict = judged.verdict
    rows = [one for one in verdict.verdicts if _worth_a_line(one, brief=brief)]
    for row in rows:
        if row.check == PUT_BACK and verdict.dirty:
            continue  # What is left has its own lines.
        told = f"{row.check}: {row.summary}"
        console.print(Text("  ").append_text(marked(row.outcome, told, row.remark)))
        if row.outcome is not Outcome.PASS and row.kind != EVIDENCE:
            _show_findings(console, row)
    if told := left_out_told(judged.history):
        console.print(Text(f"  {told}", style="dim"))
    for text in verdict.dirty:
        console.print(Text(f"  left on this host: {text}", style="bold red"))
    console.print(headline(judged, code))
    for text in verdict.unsafe:
        console.print(Text(f"  not made safe: {text}", style="bold red"))


def headline(judged: Judged, code: ExitCode) -> Text:
    """Return the one line that says how a run ended."""
    _, colour = MARKS[judged.verdict.outcome]
    if skipped := judged.verdict.skipped:
        return Text.assemble(("SKIP ", f"bold {colour}"), f"{judged.name}: {skipped}")
    word = judged.verdict.outcome.value.upper() if code <= ExitCode.UNKNOWN else _word_of(code)
    name, remark = judged.name, judged.verdict.remark
    if remark:
        word, name = f"{word}*", f"{name} ({judged.verdict.outcome.value}, {remark})"
    return Text.assemble((f"{word} ", f"bold {colour}"), f"{name}: {judged.verdict.reason}")


def left_out_told(history: History) -> str:
    """Return how many checks `unless` left out, and which; empty when none."""
    names = history.left_out
    if not names:
        return ""
    return f"{len(names)} check{'s' * (len(names) != 1)} left out: {', '.join(names)}"


def show_advice(console: Console, runs: Sequence[Judged]) -> None:
    """Print what to try, once per advice, each with the findings that led to it."""
    found = recommendations(runs)
    if found:
        console.print(Text("\nWhat to try", style="bold"))
    for one in found:
        console.print(Text(f"  • {one.advice.strip()}"))
        for why in one.reasons[:REASONS_MAX]:
            where = f"{why.run} {why.check}" if len(runs) > 1 else why.check
            console.print(Text(f"    {where}: {why.finding}", style="dim"))
        if (more := len(one.reasons) - REASONS_MAX) > 0:
            console.print(Text(f"    and {more} more", style="dim"))


def show_reports(console: Console, reports: Sequence[Path]) -> None:
    """Print where the reports lie, the page to look at first."""
    for path in sorted(reports, key=lambda one: one.suffix != ".html"):
        console.print(Text(f"report: {path}"))


def as_data(judged: Judged, code: ExitCode, directory: Path) -> dict[str, Any]:
    """Return a run's verdict for ``--json``."""
    return {
        "run": judged.name,
        "outcome": judged.verdict.outcome.value,
        "exit_code": int(code),
        "reason": judged.verdict.reason,
        "remark": judged.verdict.remark,
        "skipped": judged.verdict.skipped,
        "directory": str(directory),
        "dirty": list(judged.verdict.dirty),
        "unsafe": list(judged.verdict.unsafe),
        "checks": [
            {
                "check": one.check,
                "kind": one.kind,
                "outcome": one.outcome.value,
                "summary": one.summary,
                "findings": [finding.sentence for finding in one.findings],
                "advice": one.advice,
                "remark": one.remark,
            }
            for one in judged.verdict.verdicts
        ],
        "left_out": list(judged.history.left_out),
    }


def _worth_a_line(row: Verdict, *, brief: bool) -> bool:
    if row.outcome is not Outcome.PASS or row.remark:
        return True
    return not brief and row.kind != EVIDENCE


def _show_findings(console: Console, row: Verdict) -> None:
    for finding in row.findings[:FINDINGS_MAX]:
        console.print(Text(f"      {finding.sentence}"))
    if len(row.findings) > FINDINGS_MAX:
        console.print(Text(f"      and {len(row.findings) - FINDINGS_MAX} more, in the report"))


def _word_of(code: ExitCode) -> str:
    return code.name.replace("_", " ")
