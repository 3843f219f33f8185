"""Text: a timeline as the lines of a dry run, as columns for a table or as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass

from hormesis.words.experiment import Experiment, NamedProbe, Service
from hormesis.words.permit import Permit
from hormesis.words.secrets import passwords_masked
from hormesis.words.timeline import FaultAction, Moment, Timeline
from hormesis.words.units import text_of_seconds

WIDEST = 90
"""Letters in a cell at most; ``hormesis plan --json`` shortens nothing."""
HEADINGS = ("time", "until", "what", "target", "mechanism")
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One line of the plan.

    ``time`` and ``until`` count from the start of the tracks (``20s``), or are ``before`` and
    ``after`` for what surrounds them. ``target`` is what is touched or looked at.
    """

    time: str
    until: str
    what: str
    target: str = ""
    mechanism: str = ""


def plan_table(timeline: Timeline) -> list[PlanLine]:
    """Return everything that a run of *timeline* does, in order."""
    experiment = timeline.experiment
    actions = {action.id: action for action in timeline.actions}
    return [
        *_before(experiment),
        *(_line(moment, actions) for moment in timeline.moments),
        PlanLine(_told(timeline.duration_s), "", "tracks end, everything is put back"),
        *_after(experiment),
    ]


def plan_lines(timeline: Timeline) -> list[str]:
    """Return the same as aligned lines of text, headed by what the run may do at most."""
    experiment, permit = timeline.experiment, timeline.permit
    scale = f", time scale {experiment.time_scale:g}" if experiment.time_scale != 1 else ""
    rows = [HEADINGS, *(_cells(line) for line in plan_table(timeline))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return [
        experiment.title,
        f"seed {experiment.seed}, tracks last {_told(timeline.duration_s)}{scale}",
        f"may do: {_allowed(permit)}",
        "",
        *(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ),
        *(f"note: {note}" for note in notes_of(timeline)),
    ]


def notes_of(timeline: Timeline) -> list[str]:
    """Return which checks cannot pass as it is planned, each with the reason."""
    foreseen = ((one, one.foresee(timeline)) for one in timeline.experiment.checks)
    return [f"{check.title()} cannot be judged: {why}" for check, why in foreseen if why]


def _allowed(permit: Permit) -> str:
    """Return which verb may be done to what: ``kill web, worker; stop web``."""
    subjects: dict[str, list[str]] = {}
    for verb, subject in permit.allowed:
        subjects.setdefault(verb, []).append(subject)
    return "; ".join(f"{verb} {', '.join(names)}" for verb, names in subjects.items()) or "nothing"


def _cells(line: PlanLine) -> tuple[str, ...]:
    """Return a line's cells, without passwords and none too wide for a terminal."""
    cells = (passwords_masked(cell) for cell in astuple(line))
    return tuple(cell if len(cell) <= WIDEST else cell[: WIDEST - 1] + "…" for cell in cells)


def _before(experiment: Experiment) -> Iterator[PlanLine]:
    for volume in experiment.volumes:
        yield PlanLine(BEFORE, "", f"mount {volume.path}", volume.name, volume.sort)
    for link in experiment.links:
        yield PlanLine(BEFORE, "", f"proxy {link.listen} → {link.upstream}", link.name, "proxy")
    for service in experiment.services:
        yield PlanLine(BEFORE, "", _started(service), service.name, "process")
    for name, members in experiment.targets.items():
        if (descent := members[0].descent if members else None) is not None:
            slots = f"{name}-1"
            slots += f" … {name}-{descent.count}" if descent.count > 1 else ""
            what = f"{descent.describe()}, found at each injection"
            yield PlanLine(BEFORE, "", what, slots, "process")
    for condition in experiment.steady_state:
        yield _condition(BEFORE, condition)
    for stop in experiment.stop_when:
        yield PlanLine(BEFORE, "", f"stop when {stop.describe()}", stop.name, "guard")
    for end in experiment.end_when:
        yield PlanLine(BEFORE, "", f"end early when {end.describe()}", end.name, "guard")
    for client in experiment.prepare:
        yield PlanLine(BEFORE, "", f"prepare: {client.describe()}", "", client.kind)


def _after(experiment: Experiment) -> Iterator[PlanLine]:
    for condition in experiment.steady_state:
        yield _condition(AFTER, condition)
    for probe in experiment.final_probes:
        yield PlanLine(AFTER, "", f"observe {probe.probe.describe()}", probe.name, probe.probe.kind)
    for client in experiment.finish:
        yield PlanLine(AFTER, "", f"finish: {client.describe()}", "", client.kind)
    for part in experiment.on_fail:
        yield PlanLine(AFTER, "", f"unless it passes: {part.describe()}", "", part.kind)
    for check in experiment.checks:
        yield PlanLine(AFTER, "", f"check {check.title()}", "", check.kind)
    for text in experiment.left_out:
        yield PlanLine(AFTER, "", f"left out: {text}")


def _started(service: Service) -> str:
    if not service.attached:
        needed = service.depends_on
        when = "" if needed is None else f"after {', '.join(needed)}: " if needed else "at once: "
        return f"{when}start {' '.join(service.run)}"
    found = f"pid {service.pid}" if service.pid else f"the process listening on port {service.port}"
    return f"attach to {found}"


def _condition(time: str, condition: NamedProbe) -> PlanLine:
    within = text_of_seconds(condition.within_s)
    what = f"steady state: {condition.probe.describe()} within {within}"
    return PlanLine(time, "", what, condition.name, condition.probe.kind)


def _line(moment: Moment, actions: Mapping[str, FaultAction]) -> PlanLine:
    action = actions.get(moment.name) if moment.sort == "fault" else None
    text = action.fault.describe() if action else moment.text
    until = "" if moment.until_s is None else _told(moment.until_s)
    target = action.target.name if action else moment.name
    what = f"{moment.sort} {action.track if action else moment.name}: {text}"
    return PlanLine(_told(moment.at_s), until, what, target, moment.mechanism)


def _told(seconds: float) -> str:
    return text_of_seconds(round(seconds, 6))
