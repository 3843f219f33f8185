"""The engine, the custodian, or both die or freeze in the middle of a real run."""

from __future__ import annotations

import os
import signal

import pytest

from hormesis.record.ledger import read_ledger
from tests.integration.runs.shop import attached, experiment, long, running_shop
from tests.integration.runs.world import Run, World, free_port, is_stopped, listens, wait_for

UNKNOWN, DIRTY = 2, 3


def killed_together(world: World) -> Run:
    """Kill engine and custodian of a long run together, and return the run."""
    world.write("shop.json", long())
    command = world.start("run", "shop.json")
    run = world.active("frozen-1/0")
    custodian = run.custodian
    os.kill(custodian.pid, signal.SIGSTOP)  # It must not see the engine's end before its own.
    command.kill()
    os.kill(custodian.pid, signal.SIGKILL)
    wait_for(lambda: not custodian.alive, "the custodian is gone")
    return run


def test_a_killed_engine_leaves_nothing_and_its_target_runs(world: World) -> None:
    port = free_port()
    world.write("shop.json", attached(port))
    with running_shop(world.folder, port) as shop:
        command = world.start("run", "shop.json")
        run = world.active("frozen-1/0")
        assert is_stopped(shop.pid)
        command.kill()
        run.clean()
        assert not is_stopped(shop.pid)
        assert listens(port)
    answer = world.hormesis("check", str(run.directory), "--json")
    assert (answer.code, answer.data["outcome"]) == (UNKNOWN, "unknown")
    assert "cut off" in answer.data["reason"]
    assert world.hormesis("report", str(run.directory)).code == 0


def test_a_frozen_engine_loses_its_lease(world: World) -> None:
    world.write("shop.json", long(limits={"lease": "1s"}))
    command = world.start("run", "shop.json", "--json")
    run = world.active("frozen-1/0")
    command.send(signal.SIGSTOP)
    wait_for(lambda: read_ledger(run.ledger).closed, "the custodian reverts", within_s=10.0)
    assert run.effects() == []
    command.send(signal.SIGCONT)
    answer = command.answer(20.0)
    assert answer.code == UNKNOWN
    assert "lease" in answer.data["reason"]
    assert run.remains() == []


def test_a_killed_custodian_is_replaced_by_the_engine(world: World) -> None:
    world.write("shop.json", long())
    command = world.start("run", "shop.json", "--json")
    run = world.active("frozen-1/0")
    os.kill(run.custodian.pid, signal.SIGKILL)
    answer = command.answer(20.0)
    assert answer.code == UNKNOWN
    assert "the custodian died" in answer.data["reason"]
    assert answer.data["dirty"] == []
    assert run.remains() == []


@pytest.mark.prove
def test_after_both_were_killed_revert_cleans_up(world: World) -> None:
    run = killed_together(world)
    assert run.effects() != []
    refused = world.hormesis("run", "shop.json")
    assert refused.code == DIRTY
    assert "hormesis revert" in refused.err
    assert world.hormesis("doctor", "--json").code == DIRTY
    dry = world.hormesis("revert", "--dry-run")
    assert (dry.code, run.effects() != []) == (DIRTY, True)
    reverted = world.hormesis("revert")
    assert reverted.code == 0, reverted.out
    assert "frozen-1/0 (pause)" in reverted.out
    assert run.remains() == []
    world.write("shop.json", experiment())
    assert world.hormesis("run", "shop.json", "--quiet").code == 0


@pytest.mark.prove
def test_recover_reverts_and_runs_in_one_go(world: World) -> None:
    run = killed_together(world)
    world.write("shop.json", experiment())
    answer = world.hormesis("run", "shop.json", "--recover", "--json")
    assert (answer.code, answer.data["outcome"]) == (0, "pass")
    assert "frozen-1/0" in answer.err
    assert run.remains() == []


@pytest.mark.parametrize("command", [("revert",), ("run", "shop.json", "--recover")])
def test_a_ledger_that_was_deleted_is_told_once(world: World, command: tuple[str, ...]) -> None:
    world.state.mkdir()
    nobody = {"pid": 1 << 22, "start": 1, "boot": "none"}
    pointer = {"run": "abc", "ledger": str(world.folder / "gone"), "custodian": nobody,
               "engine": nobody}  # fmt: skip
    world.write("state/abc.run.json", pointer)
    world.write("shop.json", "title: [")
    told = world.hormesis(*command)
    assert told.code in (DIRTY, 65)
    assert "was deleted" in told.out + told.err
    assert world.hormesis("revert").code == 0
