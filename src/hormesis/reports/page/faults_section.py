"""Faults: for each one the chain of evidence from asked to bite gone, with the proofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hormesis.reports.page.markup import Content, Markup, element
from hormesis.reports.page.pills import pill
from hormesis.reports.parts.fault_story import FaultStory, Step, fault_stories
from hormesis.reports.parts.wording import measured, moment, plural, shortened
from hormesis.words.history import FaultRecord

FAULTS_SHOWN = 20
"""How many faults are in the open part of the list; the others are behind a click."""


def faults_section(
    faults: Sequence[FaultRecord], tracks: Sequence[Mapping[str, object]] = ()
) -> Content:
    """Return the faults' stories in order of time; *tracks* tell the parameters of each."""
    if not faults:
        return element("p", "This run has no fault tracks.", cls="empty")
    told = {str(one.get("name")): str(one.get("describe") or "") for one in tracks}
    rows = [_row(story, told.get(story.record.track, "")) for story in fault_stories(faults)]
    shown, hidden = rows[:FAULTS_SHOWN], rows[FAULTS_SHOWN:]
    if not hidden:
        return element("div", shown, cls="faults")
    more = element("summary", f"and {plural(len(hidden), 'more fault')}")
    return element("div", shown, element("details", more, hidden, cls="rest"), cls="faults")


def _row(story: FaultStory, told: str) -> Markup:
    fault = story.record
    what = element("code", shortened(told or fault.kind, 80))
    named = element(
        "div",
        pill(story.state, story.word),
        element("h4", fault.track),
        element("p", what, " on ", element("b", fault.target), cls="on"),
        cls="fault-name",
    )
    steps = element("ol", [_step(step) for step in story.steps], cls="steps")
    return element(
        "article", named, element("div", steps, _proofs(fault), cls="story"), cls="fault"
    )


def _step(step: Step) -> Markup:
    came = step.time is not None
    return element(
        "li",
        element("span", step.name, cls="step-name"),
        element("span", moment(step.time) if came else "not seen", cls="step-time"),
        element("span", step.after, cls="step-after") if step.after else None,
        cls="came" if came else "missing",
    )


def _proofs(fault: FaultRecord) -> Content:
    by = fault.released_by if fault.released_by not in ("", "engine") else ""
    pairs = (
        ("Bite", fault.proof),
        ("Measured", measured(fault)),
        ("Done by", fault.by),
        ("Gone", fault.proof_gone),
        ("Released by", by),
        ("Trouble", fault.trouble),
        ("Skipped", fault.skipped),
        ("Not reached", fault.unreached),
    )
    told = [element("div", element("dt", k), element("dd", text)) for k, text in pairs if text]
    return element("dl", told, cls="proofs") if told else None
