"""Several runs make one answer: the worst code, and no run after one that forbids it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hormesis.compose import suite_run
from hormesis.compose.request import RunRequest
from hormesis.compose.running import CrashTrouble, Finished
from hormesis.compose.suite import Suite, SuiteFile
from hormesis.compose.suite_run import WORST_FIRST, Announcements, run_suite
from hormesis.record.run_directory import RunDirectory
from hormesis.words.check import RunVerdict
from hormesis.words.history import History
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged
from hormesis.words.trouble import (
    CapabilityTrouble,
    DirtyTrouble,
    InputTrouble,
    Trouble,
    UsageTrouble,
)

JUDGED = Judged("one", History({}), RunVerdict(Outcome.UNKNOWN, "", ()))


@dataclass
class Prepared:
    directory: RunDirectory


@dataclass
class Played:
    """A suite whose runs end as a list says."""

    patch: pytest.MonkeyPatch
    folder: Path
    endings: Sequence[ExitCode | Trouble]
    ran: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def play(self) -> suite_run.SuiteFinished:
        endings = iter(self.endings)

        def run(prepared: Any, *, watch: Any) -> Finished:
            self.ran.append("run")
            ending = next(endings)
            if isinstance(ending, Trouble):
                raise ending
            return Finished(JUDGED, self.folder, (), ending)

        self.patch.setattr(suite_run, "run", run)
        self.patch.setattr(
            suite_run, "prepare", lambda request: Prepared(RunDirectory(self.folder / "none"))
        )
        self.patch.setattr(suite_run, "render_suite", lambda *given, **options: ())
        suite = Suite("s", self.folder, SuiteFile(title="s"), {})
        requests = {
            str(number): RunRequest(Path("x.yaml"), self.folder)
            for number in range(len(self.endings))
        }
        tell = Announcements(
            begins=lambda number, count, prepared: lambda live: None,
            ended=lambda finished: self.told.append("ended"),
            failed=lambda name, trouble: self.told.append(f"{name}: {trouble}"),
        )
        return run_suite(suite, requests, self.folder, tell)


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
    assert len(played.ran) == len(played.told) == len(endings)


def test_every_code_has_its_rank() -> None:
    assert set(WORST_FIRST) == set(ExitCode)
    assert WORST_FIRST[-1] is ExitCode.PASS


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
