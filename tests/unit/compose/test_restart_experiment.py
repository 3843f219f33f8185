"""A restart of one service as an experiment: what is done, and what tells that it is back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.restart_experiment import Restarted, restart_document
from hormesis.words.trouble import UsageTrouble

PORT = Restarted(None, 3000, "", (), "30s", "60s")


def faults_of(what: Restarted, folder: Path) -> list[tuple[str, float]]:
    file = folder / "restart.json"
    file.write_text(json.dumps(restart_document(what)))
    experiment = prepare(RunRequest(file=file, out=folder)).experiment
    assert len(experiment.checks) == 1
    return [(one.fault.kind, one.for_s) for one in experiment.faults]


def test_what_can_be_started_stays_down_for_the_delay(tmp_path: Path) -> None:
    assert faults_of(replace(PORT, start=("sleep", "9")), tmp_path) == [("stop", 30)]
    by_pid = replace(PORT, port=None, pid=1, start=("sleep", "9"), delay="2")
    assert faults_of(by_pid, tmp_path) == [("stop", 2)]


def test_what_something_else_starts_again_is_killed(tmp_path: Path) -> None:
    assert faults_of(PORT, tmp_path) == [("kill", 1)]


def test_a_container_is_stopped_by_its_engine() -> None:
    document = restart_document(replace(PORT, port=None, container="web", health="http://h:1/"))
    assert document["tracks"][0]["fault"] == "container-stop"
    assert document["targets"] == {"service": {"container": "web"}}
    assert document["steady_state"][0]["get"] == "http://h:1/"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (replace(PORT, port=None), "none of them"),
        (replace(PORT, pid=7), "--pid and --port"),
        (replace(PORT, delay="soon"), "--delay: expected a duration with a unit"),
        (replace(PORT, within="-4"), "--within: expected more than 0 s, found '-4'"),
        (replace(PORT, delay="nan"), "--delay: expected more than 0 s, found 'nan'"),
        (replace(PORT, health="nowhere"), "--health: expected a URL such as"),
        (replace(PORT, health="http://h:x/"), "--health: expected a port from 1 to 65535"),
        (replace(PORT, port=None, pid=7), "gets another id"),
        (replace(PORT, port=None, container="web", start=("x",)), "by its engine"),
    ],
)
def test_what_makes_no_sense_is_refused(what: Restarted, told: str) -> None:
    with pytest.raises(UsageTrouble) as caught:
        restart_document(what)
    assert told in str(caught.value)
