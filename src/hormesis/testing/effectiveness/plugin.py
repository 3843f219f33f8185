"""The pytest plugin behind ``--chaos-report``: gather, remember, tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.clock import LoopClock
from hormesis.testing.effectiveness.figures import Figures, figures
from hormesis.testing.effectiveness.files import write_files
from hormesis.testing.effectiveness.fingerprint import fingerprint
from hormesis.testing.effectiveness.gathering import (
    MARKERS,
    Effect,
    Gathered,
    drawn_until_now,
    is_chaos_test,
    packed,
    packed_effects,
)
from hormesis.testing.effectiveness.rows import Outcome, Record, Run, Sighting
from hormesis.testing.effectiveness.shrinks import Shrinks, collected
from hormesis.testing.effectiveness.signature import has_shown_nothing, is_flaky, sightings_of
from hormesis.testing.effectiveness.store import Store, StoreTrouble, with_run
from hormesis.testing.effectiveness.terminal import NOTHING_RAN, TITLE, lines_of

_SHRINKS = pytest.StashKey[Shrinks]()
_DRAWN = pytest.StashKey[Counter[str]]()
_SPENT_S = pytest.StashKey[float]()
_EXECUTION = pytest.StashKey[dict[str, Any]]()
_ATTRIBUTE = "hormesis_effectiveness"
"""The attribute of a test's report that takes the data along."""


class Effectiveness:
    """Gathers in each process; the one that leads writes the store and the report.

    *effects* returns the words of evidence and the proofs that were noted for a test.
    """

    def __init__(
        self,
        config: pytest.Config,
        *,
        folder: Path,
        report: Path | None = None,
        last: int = 10,
        effects: Callable[[str], Sequence[Effect]] = lambda test: (),
        seed: str = "",
    ) -> None:
        self._root = config.rootpath
        self._leads = not hasattr(config, "workerinput")
        self._folder = folder
        self._page = report or folder / "effectiveness.html"
        self._last = max(1, last)
        self._effects = effects
        self._seed = str(seed)
        self._clock = LoopClock()
        self._started = self._clock.wall()
        self._gathered = Gathered()
        self._fingerprint = ""
        self._figures: Figures | None = None
        self._told: list[str] = []

    def pytest_sessionstart(self) -> None:
        """Say what the code is before any of it runs."""
        if self._leads:
            self._fingerprint = fingerprint(self._root, [self._folder])

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Collect inside of Hypothesis' own wrapper, so that its collector is known."""
        before = drawn_until_now()
        with collected() as shrinks:
            try:
                return (yield)
            finally:
                item.stash[_SHRINKS] = shrinks
                item.stash[_DRAWN] = drawn_until_now() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what is known of a test into its report, once all others have had their say."""
        report = yield
        told = self._told_of(item, call, report)
        if told is not None:
            setattr(report, _ATTRIBUTE, told)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up what a report brings, from this process or from a worker."""
        told = getattr(report, _ATTRIBUTE, None)
        if self._leads and told is not None:
            self._gathered.take(told)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write the store and the report."""
        if not self._leads or not self._gathered.executions:
            return
        record = self._remember()
        self._figures = figures(record, self._last)
        try:
            self._told += write_files(self._page, self._figures)
        except OSError as error:
            self._told.append(f"the report was not written: {error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the figures in short."""
        terminalreporter.section(TITLE)
        lines = NOTHING_RAN if self._figures is None else lines_of(self._figures)
        for line in [*lines, *self._told]:
            terminalreporter.write_line(line)

    def _told_of(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> dict[str, Any] | None:
        """Return what is known of a test, once it is over: its fixtures tell only then what bit."""
        categories = [name for name in MARKERS if item.get_closest_marker(name)]
        if report.when == "teardown":
            effects = self._effects(item.nodeid)
            drawn = item.stash.get(_DRAWN, Counter())
            execution = item.stash.get(_EXECUTION, {})
            unshown = execution.get("outcome") == Outcome.UNSHOWN.value
            if not (unshown or is_chaos_test(categories, effects, drawn)):
                return None
            return {**execution, **packed_effects(item.nodeid, categories, effects, drawn)}
        if report.when == "setup":
            # What an earlier execution of the same test has left.
            item.stash[_SPENT_S], item.stash[_EXECUTION] = 0.0, {}
        item.stash[_SPENT_S] = spent_s = item.stash.get(_SPENT_S, 0.0) + report.duration
        outcome = _outcome(call, report)
        if outcome is not None:
            item.stash[_EXECUTION] = self._execution(item, call, outcome, spent_s, categories)
        return None

    def _execution(
        self,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        outcome: Outcome,
        spent_s: float,
        categories: Sequence[str],
    ) -> dict[str, Any]:
        shrinks = item.stash.get(_SHRINKS, Shrinks())
        figured = (shrinks.examples, shrinks.tried, shrinks.good) if shrinks.runs else (None,) * 3
        sightings = self._sightings(item, call, outcome) if outcome.found else ()
        return packed(item.nodeid, outcome, spent_s, categories, sightings, figured)

    def _sightings(
        self, item: pytest.Item, call: pytest.CallInfo[None], outcome: Outcome
    ) -> tuple[Sighting, ...]:
        if call.excinfo is None:
            return ()
        return sightings_of(
            call.excinfo.value,
            run=0,
            test=item.nodeid,
            root=self._root,
            expected=outcome is Outcome.EXPECTED,
        )

    def _remember(self) -> Record:
        run = Run(0, self._started, self._clock.now(), self._fingerprint, self._seed)
        gathered = self._gathered
        rows = (gathered.executions, gathered.sightings, gathered.all_evidence())
        store = Store(self._folder / "effectiveness.sqlite")
        try:
            store.add(run, *rows)
            return store.read()
        except StoreTrouble as error:
            self._told.append(f"earlier runs are left out: {error}")
            return with_run(Record(), run, *rows)


def _outcome(call: pytest.CallInfo[None], report: pytest.TestReport) -> Outcome | None:
    """Return how a test ended, or None when its set-up went well and it has not ended yet."""
    if report.when == "setup":
        if report.passed:
            return None
        return Outcome.SKIPPED if report.skipped else Outcome.ERROR
    if hasattr(report, "wasxfail"):
        return Outcome.EXPECTED if report.skipped else Outcome.PASSED
    if report.skipped:
        return Outcome.SKIPPED
    if report.passed:
        return Outcome.PASSED
    if call.excinfo is None:
        return Outcome.FAILED
    if has_shown_nothing(call.excinfo.value):
        return Outcome.UNSHOWN
    return Outcome.FLAKY if is_flaky(call.excinfo.value) else Outcome.FAILED
