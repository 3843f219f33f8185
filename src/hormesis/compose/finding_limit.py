"""Finding a limit: plays the rates that the search asks for, each as a run of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import SystemRandom
from threading import Event
from typing import Any

from hormesis.checks.threshold import OWN_LATENESS
from hormesis.compose.limit_page import limit_page
from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.preparing_load import prepared_load
from hormesis.compose.request import RunRequest
from hormesis.compose.running import Finished, Watch, run
from hormesis.engine.clock import LoopClock
from hormesis.record.atomic_write import write_atomically
from hormesis.record.limit_search import Limit, LimitAsked, LimitSearch, LimitSort, Trial, TrialEnd
from hormesis.record.load_table import load_table
from hormesis.record.run_directory import SuiteAt, create_suite_directory
from hormesis.words.judging import EVIDENCE
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged
from hormesis.words.trouble import Trouble

SCHEMA = "hormesis-limit/1"
NAME = "find-limit"
_INTERRUPTED = "interrupted; the trials so far are in {}"
CODES = {
    LimitSort.FOUND: ExitCode.PASS,
    LimitSort.BEYOND: ExitCode.PASS,
    LimitSort.BELOW: ExitCode.FAIL,
    LimitSort.GENERATOR: ExitCode.UNKNOWN,
    LimitSort.UNSURE: ExitCode.UNKNOWN,
}


class SearchTrouble(Trouble):
    """The search could not go on, and nothing can be said about the limit."""

    code = ExitCode.UNKNOWN


class SearchInterrupted(Trouble):
    """Somebody interrupted the search; what it had found by then is told."""

    code = ExitCode.INTERRUPTED


@dataclass(frozen=True)
class Step:
    """One trial with its figures; latencies in seconds from when a request was due."""

    trial: Trial
    run: str
    """The name of its run directory."""
    count: int
    rate: float | None
    """What ended per second."""
    failed_share: float | None
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True)
class LimitFound:
    """A search that is over."""

    limit: Limit
    steps: tuple[Step, ...]
    directory: Path
    page: Path
    data: dict[str, Any]

    @property
    def code(self) -> ExitCode:
        """Return the exit code: whether there is an answer about the system."""
        return CODES[self.limit.sort]


@dataclass(frozen=True)
class LimitAnnouncements:
    """What a door wants to be told while a limit is searched."""

    begins: Callable[[int, float], Watch]
    """Called before each trial with its number and rate; returns its watcher."""
    ended: Callable[[Step], None]


def find_limit(
    title: str,
    asked: LimitAsked,
    experiment_at: Callable[[float], LoadExperiment],
    request: RunRequest,
    tell: LimitAnnouncements,
    *,
    settle_s: float,
) -> LimitFound:
    """Search the limit of what *experiment_at* puts load on; write what was found.

    Between two trials there is a pause of *settle_s* seconds, in which queues can empty.

    Raises:
        SearchTrouble: not even the first trial could be played.
        SearchInterrupted: somebody interrupted a trial.
    """
    identity = f"{SystemRandom().randrange(16**6):06x}"
    parent, wall = request.out.resolve(), LoopClock().wall()
    directory = create_suite_directory(parent, wall, SuiteAt(NAME), identity)
    search, steps = LimitSearch(asked), list[Step]()
    while (rate := search.next_rate()) is not None:
        if steps:
            _settle(settle_s, directory)
        watch = tell.begins(len(steps) + 1, rate)
        finished = _played(experiment_at(rate), replace(request, out=directory, reports=()), watch)
        step = _step(rate, finished, first=not steps)
        search.add(step.trial)
        steps.append(step)
        tell.ended(step)
    return _written(title, asked, search.answer(), steps, directory)


def _settle(settle_s: float, directory: Path) -> None:
    try:
        Event().wait(settle_s)
    except KeyboardInterrupt:
        raise SearchInterrupted(_INTERRUPTED.format(directory)) from None


def _played(experiment: LoadExperiment, request: RunRequest, watch: Watch) -> Finished:
    with prepared_load(experiment, request) as prepared:
        return run(prepared, watch=watch)


def _step(rate: float, finished: Finished, *, first: bool) -> Step:
    judged = finished.judged
    if finished.code is ExitCode.INTERRUPTED:
        raise SearchInterrupted(_INTERRUPTED.format(finished.directory.parent))
    if finished.code is ExitCode.LEFT_DIRTY:
        raise SearchTrouble(f"the run in {finished.directory} left effects on this host")
    total = load_table(judged.history).total
    if first and not total.count:
        raise SearchTrouble(f"the search could not begin. {judged.verdict.reason}")
    return Step(
        trial_of(rate, judged),
        finished.directory.name,
        total.count,
        total.rate,
        total.failed_share,
        total.response.percentile(50),
        total.response.percentile(95),
        total.response.percentile(99),
    )


def trial_of(rate: float, judged: Judged) -> Trial:
    """Return what a run at *rate* says: held, broke, or nothing because of the generator."""
    troubles = [one.trouble or one.lost for one in judged.history.loads if one.trouble or one.lost]
    verdict = judged.verdict
    if troubles:
        return Trial(rate, TrialEnd.SATURATED, troubles[0])
    if verdict.outcome is Outcome.PASS:
        return Trial(rate, TrialEnd.HELD)
    late = [one.summary for one in verdict.verdicts if OWN_LATENESS in one.summary]
    if verdict.outcome is Outcome.UNKNOWN and late:
        return Trial(rate, TrialEnd.SATURATED, late[0])
    broken = [
        f"{one.check} broke"
        for one in verdict.verdicts
        if one.outcome is Outcome.FAIL and one.kind != EVIDENCE
    ]
    return Trial(rate, TrialEnd.BROKE, " and ".join(broken) or verdict.reason)


def _written(
    title: str, asked: LimitAsked, limit: Limit, steps: list[Step], directory: Path
) -> LimitFound:
    data = {
        "schema": SCHEMA,
        "title": title,
        "answer": limit.sentence,
        "sort": limit.sort.value,
        "confidence": round(limit.confidence, 4),
        "low": asdict(limit.low) if limit.low else None,
        "high": asdict(limit.high) if limit.high else None,
        "why": limit.why,
        "asked": {"first": asked.first, "precision": asked.precision, "repeats": asked.repeats},
        "trials": [_step_data(one) for one in steps],
    }
    write_atomically(directory / "limit.json", json.dumps(data, indent=1).encode() + b"\n")
    page = directory / "limit.html"
    write_atomically(page, limit_page(data))
    return LimitFound(limit, tuple(steps), directory, page, data)


def _step_data(step: Step) -> dict[str, Any]:
    trial = asdict(step.trial)
    figures = {key: value for key, value in asdict(step).items() if key not in ("trial", "rate")}
    ended = step.trial.ended.value
    return {**trial, "ended": ended, **figures, "ended_per_s": step.rate}
