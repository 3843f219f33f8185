"""Several runs make one answer: the worst code, and no run after one that forbids it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hormesis.compose import suite_run
from hormesis.compose.judging import judge_directory
from hormesis.compose.request import RunRequest
from hormesis.compose.running import CrashTrouble, Finished
from hormesis.compose.suite import Suite
from hormesis.compose.suite_file import SuiteFile
from hormesis.compose.suite_reports import SuiteReports
from hormesis.compose.suite_run import Announcements, DeclinedScenario, run_suite
from hormesis.record.run_directory import RunDirectory, runs_in
from hormesis.record.verdict_file import read_verdict
from hormesis.words.check import RunVerdict
from hormesis.words.history import History
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged
from hormesis.words.trouble import (
    CapabilityTrouble,
    DirtyTrouble,
    InputTrouble,
    Problem,
    SkipTrouble,
    Trouble,
    UsageTrouble,
)

SKIP = SkipTrouble([Problem("no bots here")], title="Bots are killed")
JUDGED = Judged("one", History({}), RunVerdict(Outcome.UNKNOWN, "", ()))


@dataclass
class Named:
    title: str = "what is claimed"


@dataclass
class Prepared:
    request: RunRequest
    directory: RunDirectory
    experiment: Named = field(default_factory=Named)


@dataclass
class Played:
    """A suite whose runs end as a list says."""

    patch: pytest.MonkeyPatch
    folder: Path
    endings: Sequence[ExitCode | Trouble]
    ran: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    reported: list[Judged] = field(default_factory=list)
    declined: Sequence[str] = ()
    interrupted_after: str = ""
    may_skip: Sequence[str] = ()

    def play(self) -> suite_run.SuiteFinished:
        def prepare(request: RunRequest) -> Prepared:
            ending = self.endings[int(request.file.stem)]
            if isinstance(ending, SkipTrouble):
                raise ending
            return Prepared(request, RunDirectory(self.folder / "none"))

        def run(prepared: Any, *, watch: Any) -> Finished:
            self.ran.append("run")
            if prepared.request.file.stem == self.interrupted_after:
                os.kill(os.getpid(), signal.SIGTERM)
            ending = self.endings[int(prepared.request.file.stem)]
            if isinstance(ending, Trouble):
                raise ending
            return Finished(JUDGED, self.folder, (), ending)

        def render(reports: SuiteReports, runs: Sequence[Judged]) -> tuple[()]:
            self.reported = list(runs)
            return ()

        self.patch.setattr(suite_run, "run", run)
        self.patch.setattr(suite_run, "prepare", prepare)
        self.patch.setattr(SuiteReports, "of_suite", render)
        file = SuiteFile(title="s", may_skip=self.may_skip)
        suite = Suite("s", self.folder, file, {})
        requests = {
            str(number): RunRequest(Path(f"{number}.yaml"), self.folder)
            for number in range(len(self.endings))
        }
        tell = Announcements(
            begins=lambda number, count, prepared: lambda live: None,
            ended=lambda finished: self.told.append("ended"),
            failed=lambda name, trouble: self.told.append(f"{name}: {trouble}"),
            skipped=lambda judged: self.told.append(f"SKIP {judged.name}"),
            asked=self._asked,
        )
        return run_suite(suite, requests, self.folder, tell)

    def _asked(self, prepared: Any) -> None:
        if prepared.request.file.stem in self.declined:
            raise DeclinedScenario("declined at the terminal: pause on shop")


@pytest.mark.parametrize(
    ("endings", "code"),
    [
        ([ExitCode.PASS, ExitCode.PASS], ExitCode.PASS),
        ([ExitCode.PASS, ExitCode.UNKNOWN], ExitCode.UNKNOWN),
        ([ExitCode.UNKNOWN, ExitCode.FAIL, ExitCode.PASS], ExitCode.FAIL),
        ([ExitCode.FAIL, ExitCode.STOPPED_BY_LIMIT], ExitCode.STOPPED_BY_LIMIT),
        ([CapabilityTrouble("x"), ExitCode.PASS], ExitCode.CAPABILITY_MISSING),
        ([CapabilityTrouble("x"), ExitCode.FAIL], ExitCode.FAIL),
        ([InputTrouble("x"), ExitCode.PASS], ExitCode.BAD_INPUT),
        ([CrashTrouble("x"), ExitCode.PASS], ExitCode.UNKNOWN),
        ([SKIP, ExitCode.PASS], ExitCode.UNKNOWN),
        ([SKIP, ExitCode.FAIL], ExitCode.FAIL),
        ([SKIP], ExitCode.UNKNOWN),
    ],
    ids=str,
)
def test_the_worst_code_counts(
    endings: list[ExitCode | Trouble],
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, tmp_path, endings)
    assert played.play().code is code
    assert len(played.told) == len(played.reported) == len(endings)
    assert len(played.ran) == len(endings) - endings.count(SKIP)

@pytest.mark.parametrize(
    ("endings", "code"),
    [
        ([SKIP, ExitCode.PASS], ExitCode.PASS),
        ([SKIP, ExitCode.FAIL], ExitCode.FAIL),
        ([SKIP], ExitCode.UNKNOWN),
        ([ExitCode.UNKNOWN, ExitCode.PASS], ExitCode.UNKNOWN),
        ([ExitCode.PASS, SKIP], ExitCode.UNKNOWN),
    ],
    ids=str,
)
def test_what_may_be_skipped_leaves_the_code_to_the_others(
    endings: list[ExitCode | Trouble],
    code: ExitCode,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(monkeypatch, tmp_path, endings, may_skip=["0"])
    finished = played.play()
    assert finished.code is code
    assert finished.totals.skipped == endings.count(SKIP)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (ExitCode.INTERRUPTED, ExitCode.INTERRUPTED),
        (ExitCode.LEFT_DIRTY, ExitCode.LEFT_DIRTY),
        (DirtyTrouble("x"), ExitCode.LEFT_DIRTY),
        (UsageTrouble("another run tests it"), ExitCode.USAGE),
    ],
    ids=str,
)
def test_nothing_runs_after_what_forbids_it(
    ending: ExitCode | Trouble, code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, tmp_path, [ExitCode.FAIL, ending, ExitCode.PASS])
    assert played.play().code is code
    assert len(played.ran) == 2
    assert [one.verdict.outcome for one in played.reported[1:]] == [Outcome.UNKNOWN] * 2
    assert "the suite ended with 1" in played.reported[2].verdict.reason


def test_what_did_not_run_is_reported_and_can_be_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, tmp_path, [SKIP, CapabilityTrouble("no custodian")])
    finished = played.play()
    skipped, refused = played.reported
    assert finished.runs == played.reported
    assert (skipped.name, skipped.verdict.skipped) == ("0", "no bots here")
    assert skipped.history.manifest["title"] == "Bots are killed"
    assert refused.verdict.skipped == ""
    assert "no custodian" in refused.verdict.reason
    again = [judge_directory(run.path) for run in runs_in(tmp_path)]
    assert {one.name: one.verdict for one in again} == {
        one.name: one.verdict for one in played.reported
    }
    assert read_verdict(runs_in(tmp_path)[0].verdict).outcome is Outcome.UNKNOWN


def test_a_scenario_that_was_declined_is_not_run_and_the_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, tmp_path, [ExitCode.PASS] * 3, declined=("1",))
    assert played.play().code is ExitCode.UNKNOWN
    assert len(played.ran) == 2
    verdict = played.reported[1].verdict
    assert (verdict.outcome, verdict.skipped) == (Outcome.UNKNOWN, "")
    assert "declined at the terminal: pause on shop" in verdict.reason


def test_a_signal_between_two_scenarios_ends_the_suite_with_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, tmp_path, [ExitCode.PASS] * 3, interrupted_after="1")
    finished = played.play()
    assert finished.code is ExitCode.INTERRUPTED
    assert (len(played.ran), len(played.reported)) == (2, 3)
    assert "SIGTERM received between two scenarios" in played.reported[2].verdict.reason
    log = finished.log.read_text()
    assert "scenarios 3," in log and "exit code 130" in log
