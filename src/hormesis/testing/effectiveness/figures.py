"""Figures of effectiveness: pure functions from the store's rows.

Where there is no evidence a figure is None, never 0 % and never 100 %.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from hormesis.testing.effectiveness.modes import BY_WORD, CATEGORIES, MODES, Mode, is_listed
from hormesis.testing.effectiveness.rows import (
    Evidence,
    Execution,
    Outcome,
    Record,
    Sighting,
    without_parameters,
)

DECIDED = (Outcome.PASSED, Outcome.FAILED, Outcome.EXPECTED, Outcome.FLAKY)
"""Outcomes that say something about the test's subject."""


@dataclass(frozen=True)
class Bug:
    """One distinct failure over the runs looked at."""

    sighting: Sighting
    """The latest time it was seen."""
    first_run: int
    times: int
    is_new: bool
    """First seen in the last of the runs."""


@dataclass(frozen=True)
class Detection:
    """Bugs found, and how many per 100 chaos tests (functions, whatever their parameters)."""

    bugs: tuple[Bug, ...]
    tests: int

    @property
    def per_100(self) -> float | None:
        """Distinct bugs per 100 chaos tests; None when no test came to an end."""
        return 100 * len(self.bugs) / self.tests if self.tests else None

    @property
    def new(self) -> int:
        """Bugs never seen before the last run."""
        return sum(bug.is_new for bug in self.bugs)


@dataclass(frozen=True)
class Coverage:
    """Which failure modes tests really met."""

    by_mode: Mapping[Mode, tuple[Evidence, ...]]
    """The evidence of each mode; empty for those that are not covered."""
    unlisted: tuple[str, ...]
    """Words that were noted and that no mode knows."""
    tests: int

    def share(self, category: str = "") -> float | None:
        """Return the share of modes covered, 0 to 1; None when no test came to an end."""
        modes = [mode for mode in self.by_mode if not category or mode.category == category]
        if not self.tests or not modes:
            return None
        return len(self.covered(category)) / len(modes)

    def covered(self, category: str = "") -> tuple[Mode, ...]:
        """Return the modes for which there is evidence."""
        return tuple(
            mode
            for mode, found in self.by_mode.items()
            if found and (not category or mode.category == category)
        )


@dataclass(frozen=True)
class Unstable:
    """A test that both passed and failed while the code was the same."""

    test: str
    passed: int
    failed: int
    fingerprint: str


@dataclass(frozen=True)
class Stability:
    """How many tests gave the same answer whenever the code was the same."""

    measured: int
    """Tests that came to an end at least twice on the same code."""
    once: int
    """Tests that did not: nothing is known about them."""
    unstable: tuple[Unstable, ...]

    @property
    def share(self) -> float | None:
        """The share of measured tests that are stable, 0 to 1; None when none was measured."""
        if not self.measured:
            return None
        return 1 - len({one.test for one in self.unstable}) / self.measured


@dataclass(frozen=True)
class Pace:
    """Time in seconds: of the whole run, of its chaos tests, and of its slowest ones."""

    run_s: float | None
    tests_s: float | None
    median_run_s: float | None
    """The median run time of all the runs looked at."""
    slowest: tuple[Execution, ...]


@dataclass(frozen=True)
class Shrinking:
    """What Hypothesis did to make failing examples small; means per test that shrank."""

    properties: int
    """Executions of Hypothesis tests."""
    examples: int
    shrunk: int
    """Executions in which something shrank."""
    tried_mean: float | None
    good_mean: float | None


@dataclass(frozen=True)
class Point:
    """One run in the trend; *stable* looks back over as many runs as the whole figures do."""

    run: int
    started: float
    tests: int
    failed: int
    bugs: int
    new: int
    per_100: float | None
    covered: float | None
    stable: float | None
    run_s: float
    shrinks: float | None


@dataclass(frozen=True)
class Figures:
    """All figures over the last runs; *trend* has one point for each of them, oldest first."""

    runs: int
    executions: int
    detection: Detection
    coverage: Coverage
    stability: Stability
    pace: Pace
    shrinking: Shrinking
    trend: tuple[Point, ...]
    shown_nothing: tuple[str, ...] = ()
    """Tests that ended without evidence in the last run, for which they count neither way."""


def figures(record: Record, last: int) -> Figures:
    """Return the figures over the *last* runs of the *record*."""
    window = record.last(last)
    decided = [one for one in window.executions if one.outcome in DECIDED]
    return Figures(
        runs=len(window.runs),
        executions=len(decided),
        detection=detection(window),
        coverage=coverage(window),
        stability=stability(window),
        pace=pace(window),
        shrinking=shrinking(window.executions),
        trend=trend(record, last),
        shown_nothing=shown_nothing(window),
    )


def detection(record: Record) -> Detection:
    """Return the distinct bugs that were seen, new ones first, then those seen latest."""
    newest = max((run.number for run in record.runs), default=0)
    seen: dict[str, list[Sighting]] = defaultdict(list)
    for one in record.sightings:
        seen[one.signature].append(one)
    bugs = []
    for signature, sightings in seen.items():
        earliest = min(one.run for one in sightings)
        first = min(record.first_seen.get(signature, earliest), earliest)
        latest = max(sightings, key=lambda one: one.run)
        bugs.append(Bug(latest, first, len(sightings), first == newest))
    bugs.sort(key=lambda bug: (-bug.first_run, -bug.sighting.run, bug.sighting.signature))
    return Detection(tuple(bugs), _tests(record))


def coverage(record: Record) -> Coverage:
    """Return the evidence for each failure mode, in the order of the closed list."""
    found: dict[Mode, list[Evidence]] = {mode: [] for mode in MODES}
    for one in record.evidence:
        if one.count < 1:
            continue
        for mode in BY_WORD.get(one.word, ()):
            if not mode.marked or mode.category in one.categories:
                found[mode].append(one)
    unlisted = sorted({one.word for one in record.evidence if not is_listed(one.word)})
    by_mode = {mode: tuple(evidence) for mode, evidence in found.items()}
    return Coverage(by_mode, tuple(unlisted), _tests(record))


def stability(record: Record) -> Stability:
    """Return which tests both passed and failed on the same code, and how many could not be told.

    A failure after the code changed is no instability, so answers are compared within one
    fingerprint only.
    """
    fingerprints = {run.number: run.fingerprint for run in record.runs}
    answers: dict[tuple[str, str], Counter[bool]] = defaultdict(Counter)
    flaky: set[tuple[str, str]] = set()
    tests = set()
    for one in record.executions:
        if one.outcome not in DECIDED or one.run not in fingerprints:
            continue
        key = (one.test, fingerprints[one.run])
        tests.add(one.test)
        answers[key][one.outcome.found] += 1
        if one.outcome is Outcome.FLAKY:
            flaky.add(key)
    unstable = [
        Unstable(test, count[False], count[True], fingerprint)
        for (test, fingerprint), count in answers.items()
        if (count[True] and count[False]) or (test, fingerprint) in flaky
    ]
    measured = {test for (test, _), count in answers.items() if count.total() > 1}
    measured |= {one.test for one in unstable}
    unstable.sort(key=lambda one: (-min(one.passed, one.failed), one.test))
    return Stability(len(measured), len(tests - measured), tuple(unstable))


def shown_nothing(record: Record) -> tuple[str, ...]:
    """Return the tests of the last run whose fault was not seen to hurt, or had no verdict."""
    newest = max((run.number for run in record.runs), default=0)
    ended = [one for one in record.executions if one.run == newest]
    return tuple(sorted({one.test for one in ended if one.outcome is Outcome.UNSHOWN}))


def pace(record: Record, slowest: int = 5) -> Pace:
    """Return the times of the last run, and the median of all runs."""
    if not record.runs:
        return Pace(None, None, None, ())
    newest = record.runs[-1]
    ran = [one for one in record.executions if one.run == newest.number]
    ran.sort(key=lambda one: -one.duration_s)
    return Pace(
        newest.duration_s,
        sum(one.duration_s for one in ran) if ran else None,
        median(run.duration_s for run in record.runs),
        tuple(ran[:slowest]),
    )


def shrinking(executions: Sequence[Execution]) -> Shrinking:
    """Return the means of shrinking; None where nothing shrank."""
    properties = [one for one in executions if one.examples is not None]
    shrunk = [one for one in properties if one.shrinks_tried]
    return Shrinking(
        len(properties),
        sum(one.examples or 0 for one in properties),
        len(shrunk),
        fmean(one.shrinks_tried or 0 for one in shrunk) if shrunk else None,
        fmean(one.shrinks_good or 0 for one in shrunk) if shrunk else None,
    )


def trend(record: Record, last: int) -> tuple[Point, ...]:
    """Return one point for each of the *last* runs, oldest first."""
    runs = list(record.runs)
    points = []
    for index in range(max(0, len(runs) - last), len(runs)):
        run = runs[index]
        own = record.of({run.number})
        looked_back = record.of({one.number for one in runs[max(0, index - last + 1) : index + 1]})
        found = detection(own)
        points.append(
            Point(
                run=run.number,
                started=run.started,
                tests=found.tests,
                failed=sum(one.outcome.found for one in own.executions),
                bugs=len(found.bugs),
                new=found.new,
                per_100=found.per_100,
                covered=coverage(own).share(),
                stable=stability(looked_back).share,
                run_s=run.duration_s,
                shrinks=shrinking(own.executions).tried_mean,
            )
        )
    return tuple(points)


def by_category(found: Coverage) -> Mapping[str, tuple[int, int]]:
    """Return for each category how many modes are covered, and how many there are."""
    return {
        category: (
            len(found.covered(category)),
            sum(mode.category == category for mode in found.by_mode),
        )
        for category in CATEGORIES
    }


def _tests(record: Record) -> int:
    return len(
        {without_parameters(one.test) for one in record.executions if one.outcome in DECIDED}
    )
