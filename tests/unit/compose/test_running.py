"""What becomes of a run that cannot end as it should; the engine is a stand-in here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hormesis import api
from hormesis.compose import judging, running
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.registry import catalogue
from hormesis.compose.request import RunRequest
from hormesis.compose.running import CrashTrouble, run
from hormesis.host.target_lock import hold_targets
from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.check import RunVerdict
from hormesis.words.outcome import ExitCode, Outcome
from hormesis.words.report import Judged, Report
from hormesis.words.trouble import CapabilityTrouble, DirtyTrouble, Trouble, UsageTrouble


class Plain(Report):
    """A report as somebody else's package would hold it."""

    file_name: str = "plain.txt"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        return title.encode()


FILE = {
    "title": "t",
    "system": {"processes": {"shop": {"run": ["true"]}}, "targets": {"shop": {"process": "shop"}}},
    "tracks": [{"fault": "pause", "target": "shop", "at": "1s", "for": "1s"}],
    "checks": [{"never": "exit", "of": "shop"}],
}


def prepared(folder: Path, **given: Any) -> Prepared:
    file = folder / "t.json"
    file.write_text(json.dumps(FILE))
    environment = {"HORMESIS_STATE": str(folder / "state")}
    return prepare(RunRequest(file, folder / "runs", environment=environment, **given))


def judged(path: Path, outcome: Outcome) -> Judged:
    return Judged("t", read_history(path), RunVerdict(outcome, "", ()))


def engine(
    monkeypatch: pytest.MonkeyPatch,
    *,
    raises: BaseException | None = None,
    reason: str = "completed",
    dirty: tuple[str, ...] = (),
) -> None:
    """Let the engine end the record as told, and then raise."""

    class Conductor:
        def __init__(
            self, timeline: Any, stand: Any, writer: HistoryWriter, **rest: Any
        ) -> None:
            self._writer = writer

        stop: Callable[..., None] = lambda *given: None
        insist: Callable[..., None] = lambda *given: None

        async def play(self) -> None:
            self._writer.end({"time": 1.0, "reason": reason, "detail": "", "dirty": list(dirty)})
            if raises is not None:
                raise raises

    monkeypatch.setattr(running, "Conductor", Conductor)


def test_a_run_is_judged_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch)
    finished = run(prepared(tmp_path))
    assert finished.code is ExitCode.UNKNOWN
    assert {path.name for path in finished.reports} == {
        "report.html", "report.json", "junit.xml", "report.md",
    }  # fmt: skip
    assert all(path.is_file() for path in finished.reports)
    kept = {path.name for path in finished.directory.iterdir()}
    assert {"plan.txt", "manifest.json", "verdict.json"} <= kept


def test_a_crash_is_unknown_and_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch, raises=ZeroDivisionError("oops"), reason="crashed")
    made = prepared(tmp_path)
    with pytest.raises(CrashTrouble, match="internal error: ZeroDivisionError: oops") as caught:
        run(made)
    assert caught.value.code is ExitCode.UNKNOWN
    assert "ZeroDivisionError" in (made.directory.path / "crash.txt").read_text()
    assert made.directory.verdict.is_file()
    assert (made.directory.path / "report.html").is_file()


def test_code_that_exits_with_0_does_not_make_the_run_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch, raises=SystemExit(0))
    made = prepared(tmp_path)
    with pytest.raises(CrashTrouble, match=r"ended the program \(sys.exit\(0\)\)") as caught:
        run(made)
    assert caught.value.code is ExitCode.UNKNOWN
    assert made.directory.verdict.is_file()


def test_a_full_disk_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(monkeypatch)

    def full(*given: Any) -> None:
        raise OSError(28, "No space left on device")

    made = prepared(tmp_path)
    monkeypatch.setattr(HistoryWriter, "close", full)
    monkeypatch.setattr(running, "render", full)
    with pytest.raises(CrashTrouble, match=r"could not be recorded: .*No space left") as caught:
        run(made)
    assert caught.value.code is ExitCode.UNKNOWN


def test_a_dirty_host_outranks_the_reason_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch, raises=CapabilityTrouble("it did not start"), dirty=("pause-1/0: stuck",))
    with pytest.raises(DirtyTrouble) as caught:
        run(prepared(tmp_path))
    told = str(caught.value)
    assert "it did not start" in told
    assert "left on this host: pause-1/0: stuck" in told


def test_trouble_while_starting_is_passed_on_after_the_record_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch, raises=CapabilityTrouble("it did not start"), reason="failed-to-start")
    made = prepared(tmp_path)
    with pytest.raises(Trouble, match="it did not start"):
        run(made)
    assert "failed-to-start" in made.directory.verdict.read_text()


def test_a_check_that_failed_says_the_code_also_of_a_run_that_came_to_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared(tmp_path)
    engine(monkeypatch, raises=CrashTrouble("it ended while starting"), reason="failed-to-start")
    monkeypatch.setattr(running, "judge_directory", lambda path: judged(path, Outcome.FAIL))
    with pytest.raises(CrashTrouble) as caught:
        run(made)
    assert caught.value.code is ExitCode.FAIL


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_a_time_scale_is_a_sensible_factor(scale: float, tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match="time scale"):
        prepared(tmp_path, time_scale=scale)


def test_preparing_touches_nothing(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"t.json"}
    assert made.stand.directory.parent == tmp_path / "runs"
    assert len(made.stand.control.encode()) < 107


def test_a_forced_run_says_in_its_record_whom_it_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch)
    for force in (False, True):
        made = prepared(tmp_path, force=force)
        attached = replace(made.experiment, attached_addresses=("h:1",))
        made = replace(made, experiment=attached)
        with hold_targets(["h:1"], state=made.stand.state, run_id="first"):
            if not force:
                with pytest.raises(UsageTrouble, match="another run is testing h:1: first"):
                    run(made)
                continue
            (note,) = run(made).judged.history.notes
        assert (note.level, note.source) == ("warning", "target")
        assert "another run is testing h:1: first" in note.text
        assert "--force" in (made.directory.path / "report.html").read_text()


def test_a_run_alone_disturbs_nobody(tmp_path: Path) -> None:
    with hold_targets(["h:1"], state=tmp_path, run_id="first") as disturbed:
        assert disturbed == ()
    with hold_targets(["h:1"], state=tmp_path, run_id="second") as disturbed:
        assert disturbed == ()


def test_a_state_folder_that_cannot_be_written_is_a_plain_problem(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where a folder should be")
    with (
        pytest.raises(UsageTrouble, match="cannot be written"),
        hold_targets(["h:1"], state=tmp_path / "state", run_id="first"),
    ):
        pass


def test_the_copy_of_the_file_keeps_its_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch)
    made = prepared(tmp_path)
    run(made)
    assert (made.directory.path / "experiment.json").read_text() == json.dumps(FILE)


def test_every_kind_of_report_is_written_also_a_plugin_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch)
    known = catalogue()
    more = replace(known, reports={**known.reports, "plain": Plain})
    monkeypatch.setattr(judging, "catalogue", lambda: more)
    finished = run(prepared(tmp_path))
    assert (finished.directory / "plain.txt").read_text() == "t"
    unasked = [kind for kind, report in more.reports.items() if report.unasked]
    assert len(finished.reports) == len(unasked)


def test_the_python_door_judges_and_reports_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(monkeypatch)
    finished = run(prepared(tmp_path))
    for path in finished.reports:
        path.unlink()
    assert api.check(finished.directory).verdict == finished.judged.verdict
    assert [path.name for path in api.report(finished.directory, ["json"])] == ["report.json"]
    assert set(api.report(finished.directory.parent)) == set(finished.reports)
    with pytest.raises(UsageTrouble, match="'pdf'"):
        api.report(finished.directory, ["pdf"])
