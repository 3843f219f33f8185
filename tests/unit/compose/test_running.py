"""What becomes of a run that cannot end as it should; the engine is a stand-in here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hormesis.compose import running
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.running import CrashTrouble, run
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import CapabilityTrouble, DirtyTrouble, Trouble, UsageTrouble

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


def engine(
    monkeypatch: pytest.MonkeyPatch,
    *,
    raises: Exception | None = None,
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


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_a_time_scale_is_a_sensible_factor(scale: float, tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match="time scale"):
        prepared(tmp_path, time_scale=scale)


def test_preparing_touches_nothing(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"t.json"}
    assert made.stand.directory.parent == tmp_path / "runs"
    assert len(made.stand.control.encode()) < 107
