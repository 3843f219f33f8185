"""What counts as dirty: the same for doctor, for revert and for the next run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hormesis.compose.running import refuse_if_dirty
from hormesis.custodian.registry import register_run
from hormesis.host.process import Identity, boot_id
from hormesis.record.ledger import Ledger, read_ledger
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import DirtyTrouble
from tests.unit.cli.command_line import CommandLine

SECRET = "postgres://me:hunter2@db/shop"
CLEAN, DIRTY, USAGE = ExitCode.PASS, ExitCode.LEFT_DIRTY, ExitCode.USAGE


@pytest.fixture
def hormesis(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    monkeypatch.setenv("HORMESIS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("hormesis.cli.doctor_command.survey", lambda names: {})
    monkeypatch.setattr("hormesis.cli.doctor_command.abilities", lambda missing: [])
    return CommandLine(capsys)


def died(folder: Path, *effects: str, verb: str = "renamed-since") -> Path:
    """Make a run whose custodian is gone and whose *effects* are open; return its ledger."""
    me = Identity.of(os.getpid())
    assert me is not None
    gone = Identity.from_json({**me.to_json(), "start": 1})
    assert gone is not None
    pointer = folder / "state" / "cccccc.run.json"
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.start(run="cccccc", boot=boot_id(), pointer=str(pointer))
    for effect in effects:
        ledger.intend(effect, verb, {"address": SECRET}, facts={}, boot=boot_id())
    ledger.close()
    assert register_run(folder / "state", "cccccc", ledger.path, gone, gone) == pointer
    return ledger.path


def nothing(folder: Path) -> str:
    died(folder)
    return ""


def something(folder: Path) -> str:
    died(folder, "sore-1/0", "sore-2/0")
    return "run cccccc left 2 effects"


def deleted(folder: Path) -> str:
    died(folder, "sore-1/0").unlink()
    return "the ledger of run cccccc was deleted"


@pytest.mark.parametrize("left", [nothing, something, deleted])
def test_every_command_has_the_same_idea_of_it(
    left: Callable[[Path], str], tmp_path: Path, hormesis: CommandLine
) -> None:
    told = left(tmp_path)
    shown = hormesis("revert", "--dry-run")
    doctor = hormesis("doctor")
    data = hormesis("doctor", "--json")
    assert (shown.code, doctor.code, data.code) == ((DIRTY,) * 3 if told else (CLEAN,) * 3)
    assert json.loads(data.out)["dead_runs"] == (["cccccc"] if told else [])
    environment = {"HORMESIS_STATE": str(tmp_path / "state")}
    if not told:
        assert "nothing to revert" in shown.out
        assert "cccccc" not in doctor.out
        refuse_if_dirty(environment)
        return
    assert told in shown.out and told in doctor.out
    with pytest.raises(DirtyTrouble, match=told):
        refuse_if_dirty(environment)


def test_a_run_that_left_nothing_is_tidied_away(tmp_path: Path, hormesis: CommandLine) -> None:
    ledger = died(tmp_path)
    answer = hormesis("revert")
    assert answer.code == CLEAN
    assert "nothing was left of it" in answer.out
    assert list((tmp_path / "state").iterdir()) == []
    assert read_ledger(ledger).closed


def test_what_is_only_shown_is_not_given_up(tmp_path: Path, hormesis: CommandLine) -> None:
    ledger = died(tmp_path, "sore-1/0")
    answer = hormesis("revert", "--dry-run", "--forget", "cccccc")
    assert answer.code == USAGE
    assert "do not go together" in answer.err
    assert "hormesis revert --forget cccccc" in answer.err
    assert list(read_ledger(ledger).effects) == ["sore-1/0"]
    assert not read_ledger(ledger).closed


def test_a_run_that_is_given_up_keeps_no_password(tmp_path: Path, hormesis: CommandLine) -> None:
    ledger = died(tmp_path, "sore-1/0")
    assert "hunter2" in ledger.read_text()
    answer = hormesis("revert", "--forget", "cccccc")
    assert answer.code == DIRTY
    assert "given up: sore-1/0 (renamed-since)" in answer.out
    assert "hunter2" not in ledger.read_text()
    assert read_ledger(ledger).closed
    assert list((tmp_path / "state").iterdir()) == []


def test_a_run_without_a_ledger_is_not_denied(tmp_path: Path, hormesis: CommandLine) -> None:
    deleted(tmp_path)
    answer = hormesis("revert", "--forget", "cccccc")
    assert answer.code == USAGE
    assert "the ledger of run cccccc was deleted" in answer.err
    assert "hormesis revert" in answer.err
    assert "there is no dead run" not in answer.err
