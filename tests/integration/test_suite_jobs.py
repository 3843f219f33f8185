"""Suite jobs through the command line, on real servers: short runs, defects and attached mode."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.proving_ground.programs import TOKEN, Postgres, Server, running_server
from tests.proving_ground.wait import wait_for
from tests.quality.suite_runs import command_of, run_jobs

QUICK = ("--time-scale", "0.1")
RACERS = "racer-"


def test_a_clean_system_passes_and_says_so(tmp_path: Path) -> None:
    run = run_jobs(tmp_path, "--scenario", "J-RACE-1", "--scenario", "J-HEALTH", *QUICK)
    assert run.code == 0, run
    assert "2 of 2 scenarios passed" in run.out
    assert not list(tmp_path.glob("*/results.json"))
    (file,) = tmp_path.glob("*-jobs-*/report.json")
    race = json.loads(file.read_text())["runs"][0]["results"]
    assert race["race_condition_detected"] is False
    # Those who lost were answered "no", which is no error.
    assert race["total_requests"] == race["successful_requests"] == 250


@pytest.mark.prove
def test_a_race_is_named_in_the_terminal_and_in_the_results(tmp_path: Path) -> None:
    run = run_jobs(
        tmp_path, "--scenario", "J-RACE-1", *QUICK, "--save-results", canary="claim-without-lock"
    )
    assert run.code == 1, run
    (file,) = tmp_path.glob("*-jobs-*/results.json")
    results: dict[str, Any] = json.loads(file.read_text())
    assert results["race_condition_detected"] is True
    sentences = results["consistency_violations"]
    assert sentences
    for sentence in sentences:
        job = re.match(r"Job (race-[0-9a-f]+-[1-5]) claimed \d+ times", sentence)
        assert job, sentence
        assert job[1] in run.out, run
        assert RACERS in sentence
    assert "FOR UPDATE SKIP LOCKED" in run.out


@pytest.mark.prove
def test_only_the_check_of_cleanup_fails_without_cleanup(tmp_path: Path) -> None:
    short = ("--set", "repair=3s", "--set", "wrong=8s")
    run = run_jobs(
        tmp_path, "--scenario", "J-CHAOS-4", *QUICK, *short, "--json", canary="cleanup-off"
    )
    assert list(run.checks("J-CHAOS-4", "fail")) == ["cleanup-repairs"], run
    assert run.undecided("J-CHAOS-4") == {}
    assert run.code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--save-result"], "--save-results"),
        (["--test-type", "nonsense"], "race, load, chaos, health, all"),
        (["--test-type", "chaoss"], "chaos"),
        (["--scenario", "J-RACE-11"], "J-RACE-1"),
        (["--main-server-url"], "needs a value"),
    ],
)
def test_a_wrong_command_line_is_refused_with_a_hint(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    run = run_jobs(tmp_path, *arguments)
    assert run.code == 64, run
    assert said in run.err
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A main server that is nothing of the toolkit's."""
    folder = tmp_path_factory.mktemp("attached")
    postgres = Postgres(folder)
    try:
        postgres.start()
        with running_server(postgres, folder) as running:
            yield running
    finally:
        postgres.discard()


def attached(server: Server) -> list[str]:
    """Return the options that attach the suite to *server*."""
    dsn = server.postgres.dsn(server.database)
    return ["--main-server-url", server.url, "--database-url", dsn, "--admin-token", TOKEN]


@pytest.mark.prove
def test_a_server_that_runs_already_is_tested_and_left_alone(
    server: Server, tmp_path: Path
) -> None:
    before = server.stats()["jobs"]["total"]
    run = run_jobs(tmp_path, "--scenario", "J-RACE-1", *QUICK, *attached(server))
    assert run.code == 0, run
    wanted = ("J-CHAOS-5", "J-RACE-1", "J-MON")
    scenarios = [word for name in wanted for word in ("--scenario", name)]
    out = tmp_path / "again"
    run = run_jobs(out, *scenarios, *QUICK, *attached(server), "--save-results")
    assert run.code == 2, run
    assert re.search("^SKIP J-CHAOS-5: The bots of a server", run.out, re.MULTILINE), run
    assert re.search("^SKIP J-MON: ", run.out, re.MULTILINE), run
    assert "1 of 3 scenarios passed, 2 skipped" in run.out
    (folder,) = out.glob("*-jobs-*")
    results = json.loads((folder / "results.json").read_text())
    assert results["skipped"] == ["J-CHAOS-5", "J-MON"]
    assert results["tests"]["J-RACE-1"]["outcome"] == "pass"
    junit = ElementTree.parse(folder / "junit.xml").getroot()
    case = "testcase[@name='it can be run here']/skipped"
    skipped = [suite.attrib["name"] for suite in junit if suite.find(case) is not None]
    assert skipped == ["J-CHAOS-5", "J-MON"]
    for name in ("report.html", "report.md", "report.json"):
        text = (folder / name).read_text()
        assert "The bots of a server that runs already" in text, name
        assert "2 skipped" in text, name
    assert server.program.returncode is None
    assert server.stats()["jobs"]["total"] == before + 10


@contextmanager
def holding(server: Server, out: Path) -> Iterator[None]:
    """Keep a run going on *server* while inside."""
    arguments = ["--scenario", "J-LOAD-light", *attached(server)]
    with subprocess.Popen(
        command_of(out, arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            locks = Path(os.environ["HORMESIS_STATE"]) / "targets"
            wait_for(
                lambda: any(f"(pid {process.pid})" in one.read_text() for one in locks.glob("*")),
                within_s=20,
                what="the first run holds its target",
            )
            yield
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130


@pytest.mark.prove
def test_a_second_run_on_a_target_is_refused_unless_forced(server: Server, tmp_path: Path) -> None:
    arguments = ["--scenario", "J-HEALTH", *QUICK, *attached(server)]
    with holding(server, tmp_path):
        run = run_jobs(tmp_path, *arguments)
        assert run.code == 64, run
        assert "another run is testing" in run.err
        assert "--force" in run.err
        run = run_jobs(tmp_path, *arguments, "--force")
        assert run.code == 0, run
