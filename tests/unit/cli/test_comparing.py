"""``hormesis compare``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hormesis.cli import compare_command as module
from hormesis.cli.compare_command import compare_command
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.history import History
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble
from tests.unit.record.synthetic_runs import synthetic_run


def given(
    patch: pytest.MonkeyPatch, folder: Path, a: History, b: History
) -> tuple[Path, Path]:
    """Return the directories of two runs; what they recorded is *a* and *b*."""
    paths = folder / "a", folder / "b"
    for path in paths:
        path.mkdir()
        writer = HistoryWriter(path)
        writer.manifest({"run": path.name})
        writer.close()
    found = {path.resolve(): run for path, run in zip(paths, (a, b), strict=True)}
    patch.setattr(module, "read_history", lambda path: found[path])
    return paths


def test_a_slower_run_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = synthetic_run(2, seconds=120, slower=1.4, failed=0.1)
    runs = given(monkeypatch, tmp_path, synthetic_run(1, seconds=120), slow)
    assert compare_command(*runs) == ExitCode.FAIL
    told = capsys.readouterr().out
    assert "B is worse in" in told
    for word in ("all operations", "p95", "worse", "failed", "points"):
        assert word in told
    assert compare_command(*runs, tolerance="95%", as_json=True) == ExitCode.FAIL
    data = json.loads(capsys.readouterr().out)
    assert (data["outcome"], data["exit_code"], data["tolerance"]) == ("fail", 1, 0.95)
    figures = data["rows"][0]["figures"]
    assert figures["p50"]["judgement"] == "no difference shown"
    assert figures["failed"]["judgement"] == "worse"


def test_equal_runs_pass_and_short_ones_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = synthetic_run(1)
    runs = given(monkeypatch, tmp_path, same, same)
    assert compare_command(*runs) == ExitCode.PASS
    (tmp_path / "short").mkdir()
    short = synthetic_run(1, seconds=4)
    runs = given(monkeypatch, tmp_path / "short", short, short)
    assert compare_command(*runs) == ExitCode.UNKNOWN


def test_a_tolerance_is_a_share(tmp_path: Path) -> None:
    with pytest.raises(UsageTrouble, match="--tolerance: expected a share"):
        compare_command(tmp_path, tmp_path, tolerance="5ms")
