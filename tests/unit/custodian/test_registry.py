"""Open runs are found again, and told apart from live ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.custodian.registry import open_runs, register_run, state_folder
from hormesis.host.process import Identity, boot_id
from hormesis.record.ledger import Ledger


def test_a_run_is_known_until_its_file_is_removed(tmp_path: Path) -> None:
    me = Identity.of(os.getpid())
    assert me is not None
    ledger = Ledger(tmp_path / "ledger")
    ledger.start(run="r/1", boot=boot_id(), pointer="")
    ledger.intend("a", "pause", {}, facts={}, boot=boot_id())
    pointer = register_run(tmp_path / "state", "r/1", ledger.path, me, me)
    ledger.close()
    (run,) = open_runs(tmp_path / "state")
    assert (run.run_id, run.alive, run.lost, run.hidden) == ("r/1", True, False, False)
    assert [effect.effect for effect in run.effects] == ["a"]
    ledger.path.unlink()
    assert run.lost and not run.hidden and run.effects == []
    pointer.unlink()
    assert open_runs(tmp_path / "state") == []


def test_a_run_that_was_closed_is_not_open_although_its_file_is_left(tmp_path: Path) -> None:
    me = Identity.of(os.getpid())
    gone = Identity.from_json({**me.to_json(), "start": 1}) if me is not None else None
    assert me is not None and gone is not None
    ledger = Ledger(tmp_path / "ledger")
    ledger.start(run="r", boot=boot_id(), pointer="")
    pointer = register_run(tmp_path / "state", "r", ledger.path, gone, me)
    assert len(open_runs(tmp_path / "state")) == 1, "its custodian died before it could close it"
    ledger.write({"record": "closed", "because": "close", "reverted": 0})
    ledger.close()
    assert open_runs(tmp_path / "state") == []
    assert not pointer.exists()


def test_a_run_is_over_also_for_those_who_may_not_take_its_file_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = Identity.of(os.getpid())
    gone = Identity.from_json({**me.to_json(), "start": 1}) if me is not None else None
    assert me is not None and gone is not None
    ledger = Ledger(tmp_path / "ledger")
    ledger.start(run="r", boot=boot_id(), pointer="")
    ledger.write({"record": "closed", "because": "close", "reverted": 0})
    ledger.close()
    register_run(tmp_path / "state", "r", ledger.path, gone, me)

    def forbidden(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", forbidden)
    assert open_runs(tmp_path / "state") == []


@pytest.mark.parametrize("change", [{"start": 1}, {"boot": "another boot"}])
def test_a_reused_pid_is_not_its_custodian(tmp_path: Path, change: dict[str, object]) -> None:
    me = Identity.of(os.getpid())
    assert me is not None
    stranger = Identity.from_json({**me.to_json(), **change})
    assert stranger is not None
    register_run(tmp_path, "r", tmp_path / "ledger", stranger, me)
    (run,) = open_runs(tmp_path)
    assert not run.alive


@pytest.mark.parametrize(
    "text", ["", "{}", "nonsense", '{"run": "abc123"}', "[1]", '{"run": 1, "ledger": null}']
)
def test_an_unreadable_pointer_is_a_lost_run(text: str, tmp_path: Path) -> None:
    (tmp_path / "abc123.run.json").write_text(text)
    (run,) = open_runs(tmp_path)
    assert run.run_id == "abc123"
    assert run.lost
    assert not run.alive
    assert run.effects == []


def test_other_files_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "abc123.draft").write_text("{}")
    (tmp_path / "targets").mkdir()
    assert open_runs(tmp_path) == []
    assert open_runs(tmp_path / "not-there") == []



def test_the_state_folder_is_the_given_one_or_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state_folder({"HORMESIS_STATE": str(tmp_path)}) == tmp_path
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_folder({}) == Path("/var/lib/hormesis")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert state_folder({"XDG_STATE_HOME": "/x"}) == Path("/x/hormesis")
    assert state_folder({}) == Path.home() / ".local" / "state" / "hormesis"
