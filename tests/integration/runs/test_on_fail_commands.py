"""Commands of ``on_fail`` in real runs: done once, through the custodian, and written down."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from hormesis.record.history_reader import read_history
from tests.integration.runs.shop import experiment, frozen, visitors
from tests.integration.runs.world import Run, World, wait_for

PASS, FAIL, INTERRUPTED = 0, 1, 130
BROKEN = {"name": "broken", "threshold": "http_reqs count < 0"}
HELD = {"name": "held", "threshold": "http_reqs count > 0"}
URL = "http://127.0.0.1:${port.shop}/"


def script(text: str, **more: Any) -> dict[str, Any]:
    return {"run": ["sh", "-c", text], **more}


def shop(world: World, check: dict[str, str], *on_fail: dict[str, Any]) -> None:
    parts = {"tracks": [visitors("300ms")], "checks": [check], "on_fail": [*on_fail]}
    world.write("shop.json", experiment(**parts))


def notes(world: World) -> list[tuple[str, str]]:
    """Return level and text of what was noted of them."""
    lines = (world.run().directory / "history.jsonl").read_text().splitlines()
    noted = [one["note"] for one in map(json.loads, lines) if "note" in one]
    return [(one["level"], one["text"]) for one in noted if one["source"] == "on_fail"]


def test_it_is_run_once_while_the_system_is_there(world: World) -> None:
    look = f"import urllib.request; print(urllib.request.urlopen('{URL}').status)"
    asked = {"http": URL, "steps": [{"name": "bell", "get": "/"}]}
    shop(
        world, BROKEN, script("pwd >> done; echo $WHO; echo on both >&2", env={"WHO": "me"}),
        asked, {"run": ["${python}", "-c", look]}, {"run": "sh -c 'exit 3'"},
    )  # fmt: skip
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == FAIL, answer.err
    assert (world.folder / "done").read_text() == f"{world.folder.resolve()}\n"
    why, first, second, third = notes(world)
    assert why[0] == "info"
    assert why[1].startswith("performed because the run does not pass: 1 of 2 checks failed")
    assert first[0] == second[0] == "info"
    assert "ended with status 0" in first[1]
    assert first[1].endswith("it said me | on both")
    assert second[1].endswith("it said 200")
    assert third[0] == "warning"
    assert "`sh -c 'exit 3'` ended with status 3" in third[1]
    ops = read_history(world.run().directory).ops
    assert [(op.name, op.outcome.value) for op in ops if op.load == "on_fail"] == [("bell", "ok")]
    world.run().clean()


@pytest.mark.prove
def test_a_run_that_passes_does_not_run_it(world: World) -> None:
    shop(world, HELD, script("touch done"))
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == PASS, answer.err
    assert not (world.folder / "done").exists()
    assert notes(world) == []


def test_one_that_goes_wrong_keeps_no_other_from_being_done(world: World) -> None:
    shop(
        world, BROKEN, script("rm gone; echo begun; sleep 60", timeout="300ms"), {"run": "./gone"},
        script("sleep 60 & touch done"),
    )  # fmt: skip
    world.write("gone", "#!/bin/sh\n").chmod(0o755)
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == FAIL, answer.err
    _, late, missing, last = notes(world)
    assert late[0] == missing[0] == "warning"
    assert "was killed, because it took longer than 300ms; it said begun" in late[1]
    assert "was not run: " in missing[1]
    assert "No such file or directory: './gone'" in missing[1]
    # What stands under the verdict, and in the record for whoever judges it again.
    unsafe = json.loads(answer.out)["unsafe"]
    assert [one.split("`")[1] for one in unsafe] == [late[1].split("`")[1], "./gone"]
    assert "did not succeed: it was killed, because it took longer than 300ms" in unsafe[0]
    assert "could not be started: " in unsafe[1]
    assert "ended with status 0" in last[1]
    assert (world.folder / "done").exists()
    # What the last one left in the background has ended with the run.
    world.run().clean()


def test_it_is_run_and_cut_off_when_the_run_is_interrupted(world: World) -> None:
    parts = {
        "tracks": [visitors("60s"), frozen("100ms", "50s")],
        "on_fail": [script("touch begun; sleep 60", timeout="60s")],
    }
    world.write("shop.json", experiment(**parts))
    command = world.start("run", "shop.json", "--json")
    run = world.active("frozen-1/0")
    command.send(signal.SIGTERM)
    wait_for((world.folder / "begun").exists, "the command runs")
    command.send(signal.SIGTERM)
    answer = command.answer()
    assert answer.code == INTERRUPTED
    assert notes(world)[-1][1].endswith("was cut off with the run")
    run.clean()


def test_it_is_ended_when_the_engine_is_killed(world: World) -> None:
    shop(world, BROKEN, script("touch begun; sleep 60"))
    command = world.start("run", "shop.json")
    wait_for((world.folder / "begun").exists, "the command runs")
    run = Run(world, next((world.folder / "hormesis-runs").glob("*-shop-*")))
    command.kill()
    run.clean()
