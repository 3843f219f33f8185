"""What a run breaks that it did not start is told, and on a terminal asked about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hormesis.cli import confirmation
from hormesis.cli.confirmation import Declined, confirm
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest


def prepared(folder: Path, target: dict[str, object], fault: dict[str, object]) -> Prepared:
    file = folder / "it.json"
    file.write_text(json.dumps({
        "title": "it",
        "system": {"processes": {"web": {"run": ["sleep", "9"]}}, "targets": {"it": target}},
        "tracks": [{"target": "it", "for": "1s", **fault}],
    }))  # fmt: skip
    return prepare(RunRequest(file=file, out=folder))


def test_children_of_what_runs_already_are_not_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "it.json"
    targets = {"old": {"pid": 1}, "kids": {"children": {"of": "old", "count": 2}}}
    file.write_text(json.dumps({
        "title": "it",
        "system": {"targets": targets},
        "tracks": [{"target": "kids", "fault": "pause", "for": "1s"}],
    }))  # fmt: skip
    asked(prepare(RunRequest(file=file, out=tmp_path)))
    told = capsys.readouterr().err
    assert told.count("a child of the process old, which runs already") == 2


def asked(it: Prepared, *, yes: bool = False) -> None:
    confirm(it.timeline, scratch=it.stand.scratch, yes=yes)


def test_what_the_run_started_is_not_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(prepared(tmp_path, {"process": "web"}, {"fault": "pause"}))
    children = {"children": {"of": "web", "count": 2}}
    asked(prepared(tmp_path, children, {"fault": "pause"}))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("target", "fault", "told"),
    [
        ({"pid": 1}, {"fault": "pause"}, "the process it, which runs already"),
        ({"host": True}, {"fault": "cpu-saturation"}, "this machine"),
        ({"path": "/srv"}, {"fault": "disk-full", "left": "2GB"}, "the folder /srv"),
        ({"process": "web", "path": "/srv"}, {"fault": "disk-full"}, "the folder /srv"),
        ({"redis": "redis://far.example:6379/0"}, {"fault": "redis-pause"}, "far.example:6379"),
        ({"postgres": "postgresql://far.example/db"}, {"fault": "postgres-lock", "table": "t"},
         "far.example:5432, which runs already"),
    ],
)
def test_what_it_did_not_start_is_told_and_asked_about(
    target: dict[str, object], fault: dict[str, object], told: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    it = prepared(tmp_path, target, fault)
    asked(it)  # No terminal: told, and gone on.
    assert told in capsys.readouterr().err
    asked(it, yes=True)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(confirmation, "is_terminal", lambda: True)
    monkeypatch.setattr(confirmation.typer, "confirm", lambda *a, **k: False)
    with pytest.raises(Declined, match="nothing was touched"):
        asked(it)
    monkeypatch.setattr(confirmation.typer, "confirm", lambda *a, **k: True)
    asked(it)
