"""What a script's `options` and the command line make of its users: ordinary tracks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hormesis.cli import load_command as module
from hormesis.cli.load_options import LoadOptions
from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.load_script import script_experiment
from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.preparing_load import prepared_load
from hormesis.compose.request import RunRequest
from hormesis.words.experiment import Experiment
from tests.unit.cli.command_line import CommandLine

USERS = """\
from hormesis.load import HttpUser, LoadShape, task

class Visitor(HttpUser):
    base = "http://127.0.0.1:1"

    @task
    async def home(self):
        await self.http.get("/")
"""
SHAPE = """
class Steps(LoadShape):
    def tick(self):
        return (5, 5) if self.get_run_time() < 3 else None
"""


@pytest.fixture
def script(tmp_path: Path) -> Any:
    """Give what writes a script and returns the experiment that it is."""
    count = iter(range(100))

    def made(text: str, **options: Any) -> LoadExperiment:
        path = tmp_path / f"visitors{next(count)}.py"
        path.write_text(USERS + text)
        return script_experiment(LoadWanted(str(path), **options))

    return made


def read(experiment: LoadExperiment, folder: Path) -> Experiment:
    with prepared_load(experiment, RunRequest(Path(), folder)) as prepared:
        return prepared.experiment


def tracks(experiment: LoadExperiment) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [dict(one) for one in experiment.document["tracks"]]
    for one in shown:
        one["client"] = one["client"]["python"].rpartition("/")[2].partition(".py")[2]
    return shown


def test_without_options_ten_users_go_on_for_ten_seconds(script: Any, tmp_path: Path) -> None:
    made = script("")
    (track,) = tracks(made)
    assert track == {
        "name": "default", "load": "constant-vus", "vus": 10, "for": "10s", "client": "",
    }  # fmt: skip
    assert made.document["checks"] == [{"threshold": "http_req_failed rate < 1%"}]
    assert read(made, tmp_path).loads[0].client.kind == "python"


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ({"vus": 3, "duration": "5s"}, {"load": "constant-vus", "vus": 3, "duration": "5s"}),
        ({"vus": 3, "iterations": 9}, {"load": "shared-iterations", "vus": 3, "iterations": 9}),
        ({"iterations": 2, "duration": "1m"}, {"max_duration": "1m"}),
        ({"vus": 2, "stages": [{"duration": "1s", "target": 5}]},
         {"load": "ramping-vus", "start_vus": 2, "stages": [{"duration": "1s", "target": 5}]}),
        ({"rate": "5/s", "for": "1s", "vus": 2}, {"load": "constant-arrival-rate"}),
    ],
)  # fmt: skip
def test_shortcuts_stand_for_executors(
    options: Any, keys: dict[str, Any], script: Any, tmp_path: Path
) -> None:
    made = script(f"options = {options!r}\n")
    (track,) = tracks(made)
    assert track.items() >= keys.items()
    assert read(made, tmp_path).loads


def test_scenarios_are_tracks_with_k6_s_spellings(script: Any, tmp_path: Path) -> None:
    scenarios = {
        "one": {
            "executor": "constant-arrival-rate", "rate": 30, "timeUnit": "1s", "duration": "2s",
            "preAllocatedVUs": 2, "maxVUs": 4,
        },
        "two": {
            "executor": "ramping-vus", "startVUs": 0, "startTime": "2s", "gracefulStop": "1s",
            "stages": [{"duration": "1s", "target": 3}], "exec": "Visitor", "tags": {"a": "b"},
        },
    }  # fmt: skip
    made = script(f"options = {{'scenarios': {scenarios!r}}}\n", tags=("team=x",))
    one, two = read(made, tmp_path).loads
    assert (one.name, one.at_s, one.tags) == ("one", 0.0, {"team": "x"})
    assert (two.name, two.at_s, two.graceful_stop_s) == ("two", 2.0, 1.0)
    assert two.tags == {"a": "b", "team": "x"}
    assert tracks(made)[1]["client"] == ":Visitor"


def test_a_shape_in_code_is_played_unless_the_command_line_has_one(
    script: Any, tmp_path: Path
) -> None:
    made = script(SHAPE)
    assert tracks(made)[0]["load"] == "shape"
    assert read(made, tmp_path).loads[0].load.kind == "shape"
    other = script(SHAPE, vus=2, lasts="1s")
    assert tracks(other)[0]["load"] == "constant-vus"
    assert any("the script's own is left out" in line for line in other.told)


def test_thresholds_of_both_are_judged_and_the_default_is_not(script: Any, tmp_path: Path) -> None:
    options = {"thresholds": {"http_req_duration": ["p(95) < 500"]}}
    made = script(f"options = {options!r}\n")
    (check,) = read(made, tmp_path).checks
    assert "http_req_duration" in check.describe()
    both = script(f"options = {options!r}\n", thresholds=("http_reqs count > 1",))
    assert len(read(both, tmp_path).checks) == 2


def test_set_is_in_the_environment_when_the_script_is_imported(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNT_OF_USERS", "1")
    text = "import os\noptions = {'vus': int(os.environ['COUNT_OF_USERS']), 'duration': '1s'}\n"
    made = script(text, variables=("COUNT_OF_USERS=7",))
    assert tracks(made)[0]["vus"] == 7
    assert os.environ["COUNT_OF_USERS"] == "7"


@pytest.mark.parametrize(
    "line",
    [
        ["http://127.0.0.1:1/"],
        ["http://127.0.0.1:1/a?b=${c}", "--rate", "5/s", "--for", "3s", "--vus", "4", "-t", "a b"],
        ["http://127.0.0.1:1/", "--stage", "1s:5", "--stage", "2s:0", "--start-vus", "0"],
        ["x.py", "--set", "A=1", "--set", "B=2", "--processes", "2", "--time-scale", "0.5"],
        ["http://127.0.0.1:1/", "-H", "A: b", "--json-body", "[1]", "-k", "--tag", "a=b"],
        ["http://127.0.0.1:1/", "--iterations", "5", "--no-default-threshold", "--think", "1s"],
    ],
    ids=" ".join,
)
def test_the_command_that_is_recorded_asks_for_the_same(
    line: list[str], hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[LoadOptions] = []

    def remember(options: LoadOptions) -> int:
        seen.append(options)
        return 0

    monkeypatch.setattr(module, "load_command", remember)
    assert hormesis("load", *line).code == 0
    command = seen[0].wanted.command()
    assert command[:2] == ("hormesis", "load")
    assert hormesis(*command[1:]).code == 0
    assert seen[1].wanted == seen[0].wanted


def test_waiting_times_that_a_rate_does_not_use_are_told(script: Any) -> None:
    waiting = "class Slow(Visitor):\n    wait_time = lambda self: 1.0\n"
    told = "waiting times are not used: the load says when an iteration is due"
    assert told in script(waiting, rate="5/s", lasts="1s").told
    assert told not in script(waiting, vus=2, lasts="1s").told
    assert told not in script("", rate="5/s", lasts="1s").told
