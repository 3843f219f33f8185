"""Every way a run can end: its exit code, what it says, and that nothing is left."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runs.shop import experiment, frozen, long, visitors
from tests.integration.runs.world import World

PASS, FAIL, UNKNOWN, LIMIT = 0, 1, 2, 4


@pytest.mark.prove
def test_a_pass_can_be_told_again_from_a_copy_of_its_directory(
    world: World, tmp_path: Path
) -> None:
    world.write("shop.json", experiment())
    answer = world.hormesis("run", "shop.json", "--json")
    assert (answer.code, answer.data["outcome"], answer.data["exit_code"]) == (PASS, "pass", PASS)
    assert answer.err == ""
    run = world.run()
    run.clean()

    copy = tmp_path / "elsewhere"
    shutil.copytree(run.directory, copy)
    shutil.rmtree(world.folder / "hormesis-runs")
    reports = ["report.html", "report.json", "junit.xml", "report.md"]
    for name in (*reports, "verdict.json"):
        assert (copy / name).stat().st_size > 100
        (copy / name).unlink()
    again = world.hormesis("check", str(copy), "--json")
    assert again.code == PASS
    assert again.data["checks"] == answer.data["checks"]
    written = world.hormesis("report", str(copy))
    assert written.code == PASS
    assert [(copy / name).stat().st_size > 100 for name in reports] == [True] * 4


def test_a_failed_check_fails_and_says_which(world: World) -> None:
    strict = [{"name": "few", "threshold": "http_reqs count < 1"}]
    world.write("shop.json", experiment(checks=strict, tracks=[visitors("500ms")]))
    answer = world.hormesis("run", "shop.json", "--quiet")
    assert answer.code == FAIL, answer
    assert answer.err == ""
    assert "✘ few" in answer.out
    assert answer.out.rstrip().splitlines()[-1].startswith("FAIL shop: ")
    world.run().clean()


def test_no_evidence_is_unknown(world: World) -> None:
    about_nothing = [{"threshold": "orders_nobody_counted count < 5"}]
    unfelt = {"name": "slow", "fault": "latency", "target": "shop", "delay": "1ms",
              "at": "600ms", "for": "200ms"}  # fmt: skip
    world.write("shop.json", experiment(checks=about_nothing, tracks=[visitors("200ms"), unfelt]))
    answer = world.hormesis("run", "shop.json")
    assert answer.code == UNKNOWN
    assert "never bit" in answer.out
    world.run().clean()


@pytest.mark.prove
def test_a_limit_that_a_restarted_service_escaped_did_not_last(world: World) -> None:
    limited = {"name": "limited", "fault": "descriptor-limit", "target": "shop", "at": "200ms",
               "for": "2s"}  # fmt: skip
    killed = {"name": "killed", "fault": "kill", "target": "shop", "at": "700ms"}
    checks = [{"never": "exit", "of": "shop"}]
    world.write("shop.json", experiment(checks=checks, tracks=[limited, killed]))
    answer = world.hormesis("run", "shop.json", "--quiet")
    assert answer.code == UNKNOWN
    assert "limited on shop was in trouble: the bite did not last" in " ".join(answer.out.split())
    world.run().clean()


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ({"redis": "redis://127.0.0.1:1"},
         {"fault": "redis-delete-keys", "pattern": "a*", "restore": True}),
        ({"postgres": "postgresql://postgres@127.0.0.1:1/x"},
         {"fault": "postgres-corrupt", "do": ["DELETE FROM x"], "undo": ["SELECT 1"],
          "count": "SELECT 0"}),
    ],
    ids=["redis", "postgres"],
)  # fmt: skip
def test_a_server_that_is_not_there_leaves_nothing_to_undo(
    target: dict[str, Any], fault: dict[str, Any], world: World
) -> None:
    tracks = [visitors("500ms"), {**fault, "target": "gone", "at": "100ms", "for": "200ms"}]
    world.write("shop.json", experiment(tracks=tracks, checks=[], targets={"gone": target}))
    answer = world.hormesis("run", "shop.json", "--json")
    assert (answer.code, "in trouble" in answer.data["reason"]) == (UNKNOWN, True)
    world.run().clean()


@pytest.mark.prove
def test_a_limit_stops_the_run(world: World) -> None:
    world.write("shop.json", long(limits={"duration": "3s"}))
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == LIMIT
    assert "limit of 3 s" in answer.data["reason"]
    run = world.run()
    run.clean()
    assert (run.directory / "report.html").is_file()


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"probe": "http", "get": "${link.front.url}", "expect": {"status": 200},
          "timeout": "200ms", "every": "100ms", "for": "400ms"}, "stop when http"),
        ({"name": "no failures", "threshold": "http_req_failed rate < 1%", "every": "100ms"},
         "no failures"),
    ],
    ids=["probe", "check"],
)  # fmt: skip
def test_a_stop_condition_ends_the_run_at_once(
    condition: dict[str, Any], told: str, world: World
) -> None:
    world.write("shop.json", long(stop_when=[condition]))
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == LIMIT, answer.err
    assert f"the stop condition '{told}' was met" in json.dumps(answer.data)
    world.run().clean()


@pytest.mark.prove
def test_halt_ends_a_run_and_a_frozen_one(world: World) -> None:
    assert world.hormesis("halt").code == PASS
    world.write("shop.json", long())
    command = world.start("run", "shop.json", "--quiet")
    run = world.active("frozen-1/0")
    halted = world.hormesis("halt")
    assert (halted.code, "everything is put back" in halted.out) == (PASS, True)
    assert command.answer(5.0).code == 130
    assert run.remains() == []
    frozen_engine = world.start("run", "shop.json", "--quiet")
    second = world.active("frozen-1/0")
    frozen_engine.send(signal.SIGSTOP)
    halted = world.hormesis("halt", "--patience", "0.2")
    assert (halted.code, "killing it" in halted.out) == (PASS, True)
    assert frozen_engine.answer(5.0).code == -signal.SIGKILL
    assert second.remains() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_run_puts_everything_back(number: int, world: World) -> None:
    world.write("shop.json", long())
    command = world.start("run", "shop.json")
    run = world.active("frozen-1/0")
    command.send(number)
    answer = command.answer(15.0)
    assert answer.code == 130
    assert run.remains() == []
    assert "INTERRUPTED" in answer.out
    assert (run.directory / "report.html").is_file()
    verdict = json.loads((run.directory / "verdict.json").read_text())
    assert verdict["outcome"] == "unknown"
    assert world.hormesis("check", str(run.directory)).code == 130


def test_interrupting_while_the_system_starts(world: World) -> None:
    slow = {"run": ["${python}", "-c", "import time; time.sleep(600)"],
            "ready": {"tcp": "127.0.0.1:${port.shop}", "within": "60s"}}  # fmt: skip
    system = {**experiment()["system"], "processes": {"shop": slow}}
    world.write("shop.json", experiment(system=system))
    command = world.start("run", "shop.json", "--quiet")
    run = world.active("system/shop")
    command.send(signal.SIGINT)
    assert command.answer(15.0).code == 130
    assert run.remains() == []


def test_a_service_that_does_not_start(world: World) -> None:
    process = {"run": ["${python}", "-c", "raise SystemExit('port taken: ' + 'oh no')"]}
    ready = {"tcp": "127.0.0.1:${port.shop}", "within": "20s"}
    system = {**experiment()["system"], "processes": {"shop": {**process, "ready": ready}}}
    world.write("shop.json", experiment(system=system))
    answer = world.hormesis("run", "shop.json", "--json")
    assert (answer.code, answer.out) == (UNKNOWN, "")
    assert "'shop'" in answer.err
    assert "oh no" in answer.err
    run = world.run()
    assert run.remains() == []
    assert "failed-to-start" in (run.directory / "history.jsonl").read_text()
    assert world.hormesis("check", str(run.directory)).code == UNKNOWN


def test_a_stranger_on_the_port_is_not_taken_for_the_service(world: World) -> None:
    taken = {
        "run": ["${python}", "-c", "raise SystemExit('address in use')"],
        "ready": {"tcp": "127.0.0.1:${port.shop}", "within": "5s"},
    }
    system = {**experiment()["system"], "processes": {
        "first": {"run": experiment()["system"]["processes"]["shop"]["run"],
                  "ready": {"http": "http://127.0.0.1:${port.shop}/", "within": "20s"}},
        "shop": taken,
    }}  # fmt: skip
    world.write("shop.json", experiment(system=system))
    answer = world.hormesis("run", "shop.json", "--quiet")
    assert (answer.code, answer.out) == (UNKNOWN, "")
    assert "'shop' was not started" in answer.err
    assert "answers already" in answer.err
    run = world.run()
    assert run.remains() == []
    assert not (run.directory / "logs" / "shop.log").exists()


@pytest.mark.prove
def test_a_fault_may_last_as_long_as_permitted(world: World) -> None:
    tracks = [visitors("1500ms"), frozen("200ms", "1s")]
    world.write("shop.json", experiment(tracks=tracks, limits={"hold": "1s"}))
    answer = world.hormesis("run", "shop.json", "--json")
    assert (answer.code, answer.data["outcome"]) == (PASS, "pass"), answer.data["reason"]
