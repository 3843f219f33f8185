"""What can be done for a run whose ledger was deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.custodian.recover import end_lost
from hormesis.custodian.registry import OpenRun
from hormesis.host.verbs.scratch import MARK, folder_of


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenRun:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pointer = tmp_path / "state.run.json"
    pointer.touch()
    return OpenRun(f"lost{os.getpid()}", tmp_path / "gone", None, None, pointer)


def test_its_marked_folder_goes(run: OpenRun) -> None:
    folder = folder_of(run.run_id)
    (folder / "inner").mkdir(parents=True)
    (folder / MARK).write_text(f"{run.run_id}/system/scratch")
    ended = end_lost(run)
    assert (ended.killed, ended.left) == (0, [])
    assert not folder.exists() and not run.pointer.exists()


def test_what_does_not_bear_its_mark_stays_and_is_told(run: OpenRun) -> None:
    folder = folder_of(run.run_id)
    folder.mkdir()
    (folder / MARK).write_text(f"{run.run_id}0/system/scratch")
    assert end_lost(run).left == [f"{folder} is there"]
    assert folder.is_dir()
