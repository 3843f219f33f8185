"""Report ``junit``: for build servers; a suite per run, a test case per check.

``fail`` becomes a failure, ``unknown`` an error, and a check about a fault that this machine could
not try is skipped, as is one that ``unless`` left out. Effects left on the host are an error of
their own. What is remarked on a pass (``late``) is in its output. Every threshold is a check; what
users' own checks came to is told in properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from hormesis.record.metric_table import slices_named
from hormesis.record.metric_totals import check_counts
from hormesis.reports.parts.manifest_facts import replay_command, time_scale
from hormesis.reports.parts.totals import end_of
from hormesis.reports.parts.wording import plural
from hormesis.words.check import Verdict
from hormesis.words.history import History
from hormesis.words.judging import EVIDENCE
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

FINDINGS_SHOWN = 100
_TAGS = {Outcome.FAIL: "failure", Outcome.UNKNOWN: "error"}
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


class Junit(Report):
    """JUnit XML, as build servers read it."""

    file_name: str = "junit.xml"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the document as UTF-8."""
        suites = [_suite(run) for run in runs]
        root = _element("testsuites", name=title, **_counted(suites))
        root.extend(suites)
        ElementTree.indent(root, " ")
        # Encoded here and not by ElementTree, which spells UTF-8 differently between versions.
        body = ElementTree.tostring(root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _suite(run: Judged) -> ElementTree.Element:
    cases = [_case(run, one) for one in run.verdict.verdicts]
    if run.verdict.dirty:
        told = "left dirty; run hormesis revert"
        cases.append(_error_case(run, "nothing left on the host", told, run.verdict.dirty))
    if run.verdict.unsafe:
        told = "`on_fail` did not make the system safe"
        cases.append(_error_case(run, "the system was made safe", told, run.verdict.unsafe))
    skipped = [_left_out_case(run, told) for told in run.history.left_out]
    if run.verdict.skipped:
        cases.append(_skipped_case(run))
    if not cases:
        nothing = Verdict("nothing was checked", EVIDENCE, Outcome.UNKNOWN, run.verdict.reason)
        cases.append(_case(run, nothing))
    cases += skipped
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    time = f"{end_of(run.history):.3f}"
    suite = _element("testsuite", name=run.name, time=time, **counts)
    suite.append(_properties(run))
    suite.extend(cases)
    return suite


def _properties(run: Judged) -> ElementTree.Element:
    manifest = run.history.manifest
    values = {
        "seed": manifest.get("seed"),
        "run": manifest.get("run"),
        "replay": replay_command(run.history),
        "version": manifest.get("version"),
        "time_scale": f"{time_scale(run.history):g}",
        "outcome": ", ".join(filter(None, (run.verdict.outcome.value, run.verdict.remark))),
        "reason": run.verdict.reason,
    }
    # A check of the load fails nothing by itself, as in k6: a threshold on it does.
    for one in check_counts(slices_named(run.history.metrics, "checks")):
        name = "::".join(filter(None, ("check", one.group.removeprefix("::"), one.name)))
        values[name] = f"{one.passes} of {one.passes + one.fails} passed"
    properties = _element("properties")
    for name, value in values.items():
        if value not in (None, ""):
            properties.append(_element("property", name=name, value=str(value)))
    return properties


def _case(run: Judged, verdict: Verdict) -> ElementTree.Element:
    case = _element("testcase", classname=f"{run.name}.{verdict.kind}", name=verdict.check)
    if verdict.outcome is Outcome.PASS:
        if verdict.remark:
            told = _element("system-out")
            told.text = _clean(f"pass, {verdict.remark}: {verdict.summary}")
            case.append(told)
        return case
    tag = "skipped" if _is_skip(run.history, verdict) else _TAGS[verdict.outcome]
    told = _element(tag, message=verdict.summary, type=verdict.kind)
    if tag != "skipped":
        told.text = _clean(_details(verdict))
    case.append(told)
    return case


def _left_out_case(run: Judged, told: str) -> ElementTree.Element:
    case = _element("testcase", classname=f"{run.name}.left-out", name=told)
    case.append(_element("skipped", message="left out by `unless`", type="left-out"))
    return case


def _skipped_case(run: Judged) -> ElementTree.Element:
    case = _element("testcase", classname=f"{run.name}.{EVIDENCE}", name="it can be run here")
    case.append(_element("skipped", message=run.verdict.skipped, type="skipped"))
    return case


def _error_case(run: Judged, name: str, message: str, lines: Iterable[str]) -> ElementTree.Element:
    case = _element("testcase", classname=f"{run.name}.{EVIDENCE}", name=name)
    told = _element("error", message=message, type=EVIDENCE)
    told.text = _clean("\n".join(lines))
    case.append(told)
    return case


def _is_skip(history: History, verdict: Verdict) -> bool:
    """Return whether *verdict* is open only because a fault's capability is missing here.

    Evidence names its fault's track, so a check of another fault is never taken for skipped.
    """
    if verdict.kind != EVIDENCE or verdict.outcome is not Outcome.UNKNOWN:
        return False
    skipped = {one.track for one in history.faults if one.skipped}
    tried = {one.track for one in history.faults if not one.skipped}
    return any(verdict.check.startswith(f"fault {track} ") for track in skipped - tried)


def _details(verdict: Verdict) -> str:
    lines = [verdict.summary]
    for one in verdict.findings[:FINDINGS_SHOWN]:
        lines.append(f"- {one.sentence}" + (f" [{', '.join(one.cites)}]" if one.cites else ""))
    hidden = len(verdict.findings) - FINDINGS_SHOWN
    if hidden > 0:
        lines.append(f"and {plural(hidden, 'more finding')}")
    if verdict.outcome is Outcome.FAIL and verdict.advice:
        lines.append(f"What to try: {verdict.advice}")
    return "\n".join(lines)


def _counted(suites: Sequence[ElementTree.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    return {name: str(sum(int(suite.get(name, "0")) for suite in suites)) for name in names}


def _element(tag: str, /, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, {name: _clean(value) for name, value in attributes.items()})


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
