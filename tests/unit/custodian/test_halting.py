"""Runs that are known from the folders of other users: ended, but never at their bidding."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.cli import halt_command as command
from hormesis.custodian.halting import halt
from hormesis.custodian.registry import OpenRun, register_run, users_folders
from hormesis.host.process import Identity
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import DirtyTrouble


@pytest.fixture
def engine() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def known(folder: Path, pid: int) -> OpenRun:
    who = Identity.of(pid)
    assert who is not None
    pointer = register_run(folder, "r", folder / "ledger", who, who)
    return OpenRun("r", folder / "ledger", None, who, pointer)


def test_a_pointer_that_names_somebody_elses_process_ends_nothing(
    tmp_path: Path, engine: subprocess.Popen[bytes]
) -> None:
    run = known(tmp_path, engine.pid)
    with pytest.raises(DirtyTrouble, match="belongs to somebody else"):
        halt(run, patience_s=1, say=lambda text: None, owner=os.getuid() + 1)
    assert engine.poll() is None


def test_anothers_ledger_is_never_replayed(
    tmp_path: Path, engine: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hormesis.custodian.halting.replay", lambda ledger: pytest.fail("replayed"))
    run = known(tmp_path, engine.pid)
    with pytest.raises(DirtyTrouble, match="for user"):
        halt(run, patience_s=5, say=lambda text: None, owner=os.getuid())
    assert engine.wait(5) == -15


def test_users_folders_are_looked_into(tmp_path: Path) -> None:
    state = tmp_path / "ada" / ".local" / "state" / "hormesis"
    state.mkdir(parents=True)
    assert users_folders(tmp_path) == (state,)


def test_what_was_not_looked_into_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HORMESIS_STATE", str(tmp_path))
    assert command.halt_command(patience_s=1) is ExitCode.PASS
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith("nothing to halt: no open run is known in")
    assert "not looked into" in told
