"""What a suite's file may say besides scenarios, from the command line to the files it leaves."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.integration.runs.shop import experiment, frozen, visitors
from tests.integration.runs.world import World

PASS, FAIL, UNKNOWN, INTERRUPTED = 0, 1, 2, 130
SUITE = """\
title: mine
short_form: short.yaml
options:
  users: {var: users, env: USERS, choices: [1, 2]}
  pause-on-fail: {var: pause_on_fail, env: PAUSE_ON_FAIL, switch: true}
  output: {sets: out, env: OUTPUT_DIR}
sets: {quick: {scenarios: [HOLDS, BREAKS], vars: {users: 1}}}
results: {report: "evidence.py:Evidence", always: true, folder: reports/chaos}
asks: true
"""
EVIDENCE = '''\
"""Evidence of each run."""

from collections.abc import Sequence
from typing import ClassVar

import pytest

from hormesis.words.report import Judged, Report


class Evidence(Report):
    """Lines of key and value."""

    per_run: ClassVar[bool] = True

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the lines."""
        return f"test_result,{runs[0].verdict.outcome.value}\\n".encode()

    def files(self, title: str, runs: Sequence[Judged]) -> dict[str, bytes]:
        """Return the file, called after the run."""
        return {f"{runs[0].name.lower()}.log": self.render(title, runs)}
'''


def scenario(identity: str, threshold: str, **more: Any) -> dict[str, Any]:
    abort = {"http": "${link.front.url}", "steps": [{"name": "abort", "get": "/?abort"}]}
    return {
        **experiment(),
        "id": identity,
        "vars": {"users": "2", "pause_on_fail": ""},
        "tracks": [{**visitors("300ms"), "vus": "${users}"}],
        "on_fail": [{**abort, "when": "${pause_on_fail}"}],
        "checks": [{"name": identity, "threshold": threshold}],
        **more,
    }


def suite(world: World) -> None:
    (world.folder / "mine").mkdir()
    (world.folder / "extra").mkdir()
    world.write("mine/suite.yaml", SUITE)
    world.write("mine/evidence.py", EVIDENCE)
    world.write("mine/HOLDS.yaml", scenario("HOLDS", "http_reqs count > 0"))
    world.write("mine/BREAKS.yaml", scenario("BREAKS", "http_reqs count < 0"))
    parts = {
        **experiment(),
        "vars": {"target": "shop", "warmup": "200ms", "recovery": "300ms"},
        "tracks": [visitors("${warmup}${duration}${recovery}")],
        "checks": [{"recovers": "toxic", "of": "home", "within": "5s", "steady": "0s"}],
    }
    world.write("mine/short.yaml", {key: parts[key] for key in parts if key != "title"})
    world.write("extra/NF-006.json", {
        "id": "NF-006", "name": "New scenario", "toxic": "latency", "attributes": {"latency": 60},
        "duration_seconds": 0.5, "expected_behavior": "Slow, but there",
    })  # fmt: skip
    long = [visitors("60s"), frozen("100ms", "50s")]
    world.write("extra/LONG.yaml", scenario("LONG", "http_reqs count > 0", tracks=long))


def lines(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_a_set_its_report_and_its_log(world: World) -> None:
    suite(world)
    world.environment |= {"USERS": "2", "PAUSE_ON_FAIL": "1", "OUTPUT_DIR": "results"}
    answer = world.hormesis("run", "mine", "--set", "quick", "--json")
    assert answer.code == FAIL
    assert answer.data["totals"]["failed"] == 1
    folder = Path(answer.data["directory"])
    assert folder.parent == world.folder / "results"
    broke = next(folder.glob("*-breaks-*"))
    assert lines(broke / "breaks.log") == "test_result,fail\n"
    copies = world.folder / "reports" / "chaos"
    assert lines(copies / "holds.log") == "test_result,pass\n"
    log = lines(folder / "suite.log")
    assert "on_fail: performed because the run does not pass" in log
    assert log.count("on_fail:") == 1
    assert f"its record and logs: {broke}" in log
    assert json.loads(lines(broke / "manifest.json"))["variables"]["users"] == "1"


def test_a_new_scenario_is_one_data_file(world: World) -> None:
    suite(world)
    line = ("run", "mine", "--scenario-dir", "extra", "--scenario", "NF-006,HOLDS")
    answer = world.hormesis(*line)
    assert answer.code == PASS, answer.err
    told = "scenarios 2, passed 2, failed 0, unknown 0, skipped 0, success rate 100.0%"
    assert told in answer.out
    world.write("extra/broken.json", '{"id": "X", "name": "x", "toxic": "latncy"}')
    broken = world.hormesis(*line)
    assert broken.code == 65
    assert "extra/broken.json:1:35: toxic: expected the name of a toxic or a fault" in broken.err


@pytest.mark.prove
def test_a_suite_that_is_interrupted_or_killed_has_its_report(world: World) -> None:
    suite(world)
    line = ("run", "mine", "--scenario-dir", "extra", "--scenario", "HOLDS,LONG,BREAKS")
    first = world.start(*line)
    run = world.active("frozen-1/0")
    first.send(signal.SIGTERM)
    answer = first.answer()
    assert answer.code == INTERRUPTED
    assert "scenarios 3, passed 1" in answer.out
    run.clean()
    killed = world.start(*line)
    run = world.active("frozen-1/0")
    killed.kill()
    run.clean()
    folder = world.folder / "hormesis-runs"
    report = world.hormesis("report", str(folder))
    assert report.code == PASS
    text = lines((folder / "latest").resolve() / "report.md")
    assert all(name in text for name in ("HOLDS", "LONG", "BREAKS"))
    check = world.hormesis("check", str(folder), "--json")
    assert check.code == UNKNOWN
    assert [one["outcome"] for one in check.data] == ["pass", "unknown", "unknown"]
