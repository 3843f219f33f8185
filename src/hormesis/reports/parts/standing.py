"""Standing: the one word at the top of a report, of a run or of a whole suite, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hormesis.reports.parts.wording import plural
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged


@dataclass(frozen=True, slots=True)
class Standing:
    """``word`` is for people, ``key`` for style sheets, ``glyph`` for those who see no colour."""

    key: str
    word: str
    glyph: str
    reason: str = ""


_DIRTY = Standing("dirty", "LEFT DIRTY", "!")
_SKIPPED = Standing("skipped", "SKIPPED", "↷")
_OUTCOMES = {
    Outcome.PASS: Standing("pass", "PASS", "✓"),
    Outcome.FAIL: Standing("fail", "FAIL", "✕"),
    Outcome.UNKNOWN: Standing("unknown", "UNKNOWN", "?"),
}
_RANK = {"dirty": 0, "fail": 1, "unknown": 2, "skipped": 3, "pass": 4}
_TOLD = {"dirty": "left dirty", "fail": "failed", "unknown": "unknown", "skipped": "skipped",
         "pass": "passed"}  # fmt: skip


def standing_of_outcome(outcome: Outcome, remark: str = "") -> Standing:
    """Return the standing that stands for one check's outcome, with a pass's *remark*."""
    found = _OUTCOMES[outcome]
    if outcome is not Outcome.PASS or not remark:
        return found
    return replace(found, word=f"{found.word}, {remark}")


def standing_of_run(run: Judged) -> Standing:
    """Return one run's standing; effects left on the host outrank every outcome."""
    standing = standing_of_outcome(run.verdict.outcome, run.verdict.remark)
    if run.verdict.dirty or run.verdict.skipped:
        standing = _DIRTY if run.verdict.dirty else _SKIPPED
    return Standing(standing.key, standing.word, standing.glyph, run.verdict.reason)


def standing_of_suite(runs: Sequence[Judged]) -> Standing:
    """Return the standing of all *runs* together; no run at all is unknown.

    One that its suite allows to be skipped makes nothing worse; it is told all the same.
    """
    if not runs:
        found = _OUTCOMES[Outcome.UNKNOWN]
        return Standing(found.key, found.word, found.glyph, "There is no run to report on.")
    if len(runs) == 1:
        return standing_of_run(runs[0])
    counted = [run for run in runs if run.counts] or runs
    worst = min((standing_of_run(run) for run in counted), key=lambda one: _RANK[one.key])
    if worst.key == "skipped":  # of a whole suite it is not said that it was skipped
        worst = _OUTCOMES[Outcome.UNKNOWN]
    return Standing(worst.key, worst.word, worst.glyph, _suite_reason(runs))


def ranked(runs: Sequence[Judged]) -> list[Judged]:
    """Return *runs* with the worst standing first, otherwise in their own order."""
    return sorted(runs, key=lambda run: _RANK[standing_of_run(run).key])


def _suite_reason(runs: Sequence[Judged]) -> str:
    keys = Counter(standing_of_run(run).key for run in runs)
    if set(keys) == {"pass"}:
        return f"All {plural(len(runs), 'scenario')} passed."
    told = [f"{keys[key]} {_TOLD[key]}" for key in sorted(keys, key=lambda key: _RANK[key])]
    all_told = f"Of {plural(len(runs), 'scenario')}: {', '.join(told)}."
    counted = [run for run in ranked(runs) if run.counts]
    troubled = [run.name for run in counted if standing_of_run(run).key != "pass"]
    if not troubled:
        return all_told
    named = ", ".join(troubled[:4]) + (f" and {len(troubled) - 4} more" * (len(troubled) > 4))
    return f"{all_told} Look at {named}."
