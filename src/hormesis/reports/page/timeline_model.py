"""Timeline model: what the chart of one run shows, as plain JSON; the page's script draws it.

Times are seconds since the start of the run, responses milliseconds, rates per second. Every
series has a bounded number of points, so a page stays small however long a run was.
"""

from __future__ import annotations

from typing import Any

from hormesis.reports.page.probe_lanes import number_lanes, probe_strips
from hormesis.reports.page.process_lanes import process_strips
from hormesis.reports.parts.fault_story import FaultStory, fault_stories
from hormesis.reports.parts.totals import end_of
from hormesis.reports.parts.wording import moment, shortened
from hormesis.words.history import History

FAULT_ROWS_MAX = 16

Model = dict[str, Any]


def timeline_model(history: History, series: Model) -> Model:
    """Return the chart of one run; *series* holds the ``response`` and ``rate`` lanes."""
    end = end_of(history)
    faults, hidden = _fault_rows(history, end)
    strips = [*process_strips(history, end), *probe_strips(history, end)]
    return {
        "end": round(end, 3),
        "phases": [{"name": one.name, "at": round(one.start, 3)} for one in history.phases],
        "faults": faults,
        "hidden": hidden,
        "strips": strips,
        "lines": number_lanes(history, end),
        **series,
    }


def _fault_rows(history: History, end: float) -> tuple[list[Model], int]:
    """Return one row per track and target, and how many rows there was no room for."""
    stories = fault_stories(history.faults)
    several = {one.track for one in history.faults for other in history.faults
               if one.track == other.track and one.target != other.target}  # fmt: skip
    tracks = list(dict.fromkeys(one.record.track for one in stories))
    rows: dict[tuple[str, str], Model] = {}
    for story in stories:
        fault = story.record
        name = f"{fault.track} · {fault.target}" if fault.track in several else fault.track
        row = rows.setdefault(
            (fault.track, fault.target),
            {"name": name, "hue": tracks.index(fault.track), "target": fault.target, "bars": []},
        )
        row["bars"].append(_fault_bar(story, end))
    made = list(rows.values())
    return made[:FAULT_ROWS_MAX], len(made[FAULT_ROWS_MAX:])


def _fault_bar(story: FaultStory, end: float) -> Model:
    fault = story.record
    times = [None if step.time is None else round(step.time, 3) for step in story.steps]
    told = [f"{step.name} {moment(step.time)}" for step in story.steps]
    return {
        "times": times,
        "end": round(end, 3),
        "word": story.word,
        "kind": fault.kind,
        "told": told,
        "proof": shortened(fault.proof or fault.trouble or fault.skipped or fault.unreached, 140),
    }
