"""The folders of runs: the latest sessions' stay, and whatever somebody still needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.custodian.registry import register_run
from hormesis.host.process import Identity
from hormesis.testing.run_folders import LOCK, RunFolder, prune, refuse_unless_writable

DAY = "2026-01-{:02}T00-00-00-{}"


def made(root: Path, *names: str) -> list[Path]:
    folders = [root / name for name in names]
    for one in folders:
        one.mkdir()
        (one / "history.jsonl").write_text("{}")
    return folders


def test_the_latest_sessions_stay_with_all_their_workers(tmp_path: Path) -> None:
    root, state = tmp_path / "runs", tmp_path / "state"
    root.mkdir()
    old = made(root, DAY.format(1, 7), DAY.format(2, 8) + "-gw0", DAY.format(2, 8) + "-gw1")
    kept = made(root, DAY.format(3, 9) + "-gw0", DAY.format(3, 9) + "-gw1", DAY.format(4, 10))
    others = made(root, "mine", "2026-01-01", "effectiveness")
    assert prune(root, 2, {"HORMESIS_STATE": str(state)}) == old
    assert set(root.iterdir()) == {*kept, *others}


def test_what_goes_on_and_what_is_not_undone_stays(tmp_path: Path) -> None:
    root, state = tmp_path / "runs", tmp_path / "state"
    environment = {"HORMESIS_STATE": str(state)}
    live = RunFolder(root, DAY.format(1, 7), keep=1, environment=environment)
    assert (live.made() / LOCK).exists()
    dirty, over = made(root, DAY.format(2, 8), DAY.format(3, 9))
    me = Identity.of(os.getpid())
    assert me is not None
    (dirty / "run").mkdir()
    register_run(state, "dead", dirty / "run" / "ledger.jsonl", me, me)
    newest = RunFolder(root, DAY.format(4, 10), keep=1, environment=environment)
    newest.made()
    assert not over.exists()
    assert live.path.exists() and dirty.exists()
    live.close()
    assert prune(root, 1, environment) == [live.path]
    newest.close()
    assert newest.path.exists() and (root / ".gitignore").exists()


def test_no_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(pytest.UsageError, match="no folder can be made there: Not a directory"):
        refuse_unless_writable(tmp_path / "file" / "runs")
    refuse_unless_writable(tmp_path / "new" / "runs")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
