"""Run: everything about one run, in a part of the page that folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hormesis.reports.page.advice_section import advice_section
from hormesis.reports.page.checks_section import checks_section, trust_section
from hormesis.reports.page.faults_section import faults_section
from hormesis.reports.page.key_figures import key_figures
from hormesis.reports.page.load_lanes import threshold_rows, wants_log
from hormesis.reports.page.load_section import load_section
from hormesis.reports.page.markup import Content, Markup, data_script, element, joined
from hormesis.reports.page.notes_section import manifest_section, notes_section
from hormesis.reports.page.operation_lanes import operation_lanes
from hormesis.reports.page.phases_section import phases_section
from hormesis.reports.page.pills import badge, standing_pill
from hormesis.reports.page.timeline_model import timeline_model
from hormesis.reports.parts.heading import heading_of
from hormesis.reports.parts.manifest_facts import description_of, time_scale, tracks_of
from hormesis.reports.parts.standing import standing_of_run
from hormesis.reports.parts.totals import end_of
from hormesis.reports.parts.wording import moment
from hormesis.words.end_condition import early_end
from hormesis.words.history import History
from hormesis.words.report import Judged

_FAULTS = (("wait", "not seen yet"), ("bite", "bite seen"), ("gone", "released, not yet gone"))
_STRIPS = (
    ("good", "as expected, up", {"good", "up"}),
    ("bad", "not as expected, down", {"bad", "down"}),
    ("absent", "no answer", {"absent"}),
)
_UNSEEN = (("unseen", "nobody looked"),)
_PHASES = (("phase", "phases of the run"),)


def run_section(
    run: Judged, anchor: str, *, single: bool, opened: bool, has_charts: bool
) -> Markup:
    """Return the section of *run*; a *single* one is not folded and repeats no headline."""
    why = element("span", run.verdict.reason, cls="why")
    head = element(
        "summary",
        standing_pill(standing_of_run(run)),
        element("div", element("h2", heading_of(run)), why),
    )
    body = element("div", _body(run, anchor, single, has_charts), cls="run-body")
    cls = "run single" if single else "run"
    return element("details", head, body, cls=cls, id=anchor, open=opened or single)


def run_badges(run: Judged) -> Markup:
    """Return what one must know before reading any number: scaled, cut off, stopped, dirty."""
    history, verdict = run.history, run.verdict
    scale = time_scale(history)
    told: list[Content] = []
    if scale != 1:
        told.append(badge(f"scaled: every duration × {scale:g}", "given with --time-scale"))
    if history.not_run:
        return element("div", cls="badges")
    if history.end is None:
        when = moment(end_of(history))
        told.append(badge(f"cut off at {when}", "the run did not end", "unknown"))
    elif history.end.get("reason", "completed") != "completed":
        told.append(badge(f"ended: {history.end['reason']}", key="unknown"))
    elif early := early_end(history.end):
        word = "gave up" if early.gave_up else "ended early"
        told.append(badge(f"{word} at {moment(early.time)}", f"{early.condition}: {early.told}"))
    if verdict.stopped_by:
        told.append(badge(f"stopped by limit: {verdict.stopped_by}", key="unknown"))
    return element("div", told, cls="badges")


def dirt_list(run: Judged, *, named: bool = False) -> Content:
    """Return what was left on the host, with the command that puts it back; nothing when clean.

    *named* says which run left it.
    """
    if not run.verdict.dirty:
        return None
    who = [element("b", run.name), ": "] if named else None
    items = [element("li", who, text) for text in run.verdict.dirty]
    hint = element("p", "Put back with ", element("code", "hormesis revert"), ".")
    return element("div", element("ul", items), hint, cls="dirt")


def unsafe_list(run: Judged, *, named: bool = False) -> Content:
    """Return what `on_fail` did not succeed in; nothing when it did. *named* says of which run."""
    if not run.verdict.unsafe:
        return None
    who = [element("b", run.name), ": "] if named else None
    items = [element("li", who, "not made safe: ", text) for text in run.verdict.unsafe]
    return element("div", element("ul", items), cls="dirt unsafe")


def _body(run: Judged, anchor: str, single: bool, has_charts: bool) -> Content:
    history, verdicts = run.history, run.verdict.verdicts
    if history.not_run:
        return element("p", run.verdict.reason, cls="empty")
    described = description_of(history)
    load = load_section(history)
    return [
        element("p", described, cls="description") if described else None,
        None if single else [run_badges(run), dirt_list(run), unsafe_list(run), key_figures([run])],
        _chart(run, anchor) if has_charts else None,
        _titled("Checks", checks_section(verdicts, history.left_out)),
        _titled("What to do", advice_section([run], [anchor])),
        _faults(history, load),
        _titled("Load", load),
        _titled("Before, during, after", phases_section(history)),
        _titled("Can this be trusted?", trust_section(verdicts)),
        _titled("Notes", notes_section(history)),
        _titled("Run it again", manifest_section(history)),
    ]


def _faults(history: History, load: Content) -> Content:
    """Return the faults' stories; that there are none is said where there is no load either."""
    if load and not history.faults:
        return None
    return _titled("Faults and their proof", faults_section(history.faults, tracks_of(history)))


def _chart(run: Judged, anchor: str) -> Markup:
    lanes = {**operation_lanes(run.history), "thresholds": threshold_rows(run)}
    model = timeline_model(run.history, lanes)
    is_log = "true" if wants_log(model["response"]) else "false"
    log = element(
        "button", "Log scale", type="button", data_log=True, aria_pressed=is_log, hidden=True
    )
    tools = element(
        "div",
        element("h3", "Timeline"),
        log,
        element("div", _key(run, model["strips"]), cls="key"),
        cls="chart-tools",
    )
    hint = element("p", "The chart is drawn by the page's script.", cls="waiting")
    chart = element("div", hint, cls="chart", data_chart=f"{anchor}-data")
    return element("div", tools, chart, data_script(f"{anchor}-data", model), cls="timeline")


def _key(run: Judged, strips: Sequence[Mapping[str, Any]]) -> Content:
    """Return what the marks in the chart mean; only those that can be in it."""
    states = {one["state"] for strip in strips for one in strip["stretches"]}
    probed = any(strip["sort"] == "probe" for strip in strips)
    shown = [
        *(_FAULTS if run.history.faults else ()),
        *((cls, told) for cls, told, named in _STRIPS if named & states),
        *(_UNSEEN if probed else ()),
        *(_PHASES if run.history.phases else ()),
    ]
    return [element("span", element("i", cls=cls, aria_hidden="true"), told) for cls, told in shown]


def _titled(title: str, content: Content) -> Content:
    return None if not joined(content) else [element("h3", title), content]
