from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hormesis.compose.judging import checks_of, judge_directory, render
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.history import History
from hormesis.words.outcome import Outcome
from hormesis.words.trouble import CapabilityTrouble, InputTrouble, UsageTrouble


def history(*checks: dict[str, Any]) -> History:
    return History({"run": "r1", "checks": list(checks)})


def recorded(folder: Path, *, ended: bool) -> Path:
    writer = HistoryWriter(folder)
    writer.manifest({"run": "r1", "id": "J-1", "checks": []})
    if ended:
        writer.end({"time": 1.0, "reason": "completed", "detail": "", "dirty": []})
    writer.close()
    return folder


def test_checks_are_rebuilt_from_the_manifest() -> None:
    stored = {"kind": "threshold", "fields": {"expression": "http_reqs count > 0", "name": "n"}}
    (check,) = checks_of(history(stored))
    assert (check.kind, check.title()) == ("threshold", "n")


def test_a_check_that_is_not_installed_is_a_missing_capability() -> None:
    with pytest.raises(CapabilityTrouble, match="'other-check', which is not installed here"):
        checks_of(history({"kind": "other-check", "fields": {}}))


def test_a_damaged_check_is_bad_input() -> None:
    with pytest.raises(InputTrouble, match="'threshold' is damaged"):
        checks_of(history({"kind": "threshold", "fields": {"thresold": "x"}}))


@pytest.mark.parametrize("ended", [True, False])
def test_without_checks_nothing_is_known(ended: bool, tmp_path: Path) -> None:
    judged = judge_directory(recorded(tmp_path, ended=ended))
    assert judged.name == "J-1"
    assert judged.verdict.outcome is Outcome.UNKNOWN
    assert ("cut off" in judged.verdict.reason) is not ended
    assert json.loads((tmp_path / "verdict.json").read_text())["outcome"] == "unknown"


def test_an_unknown_report_is_told_before_any_is_written(tmp_path: Path) -> None:
    judged = judge_directory(recorded(tmp_path, ended=True))
    with pytest.raises(UsageTrouble, match="no report is called 'pdf'"):
        render(tmp_path, "t", [judged], ["json", "pdf"])
    assert not (tmp_path / "report.json").exists()
