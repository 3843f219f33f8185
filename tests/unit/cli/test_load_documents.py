"""What a load's command line is short for: the experiment that the reader of files then reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.load_url import url_experiment
from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.manifest import manifest_of
from hormesis.compose.preparing import Prepared
from hormesis.compose.preparing_load import prepared_load
from hormesis.compose.request import RunRequest
from hormesis.words.load import Closed, Finite, Open
from hormesis.words.trouble import InputTrouble, UsageTrouble

URL = "http://127.0.0.1:8080/shop/a.b?x=${y}&z=1"


def prepared(wanted: LoadWanted, folder: Path) -> Prepared:
    request = RunRequest(Path(), folder, time_scale=wanted.time_scale)
    with prepared_load(url_experiment(wanted), request) as made:
        return made


def track(wanted: LoadWanted) -> dict[str, Any]:
    (made,) = url_experiment(wanted).document["tracks"]
    return dict(made)


SHAPES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"load": "constant-vus", "vus": 10, "for": "10s"}),
    ({"vus": 50, "lasts": "30s"}, {"load": "constant-vus", "vus": 50, "for": "30s"}),
    (
        {"vus": 10, "rate": "100/s", "lasts": "12s"},
        {"load": "constant-arrival-rate", "rate": "100/s", "for": "12s", "vus": 10},
    ),
    ({"rate": "600/m"}, {"rate": "10/s", "for": "10s", "vus": 50}),
    ({"rate": "100/s"}, {"vus": 500}),
    ({"iterations": 3}, {"load": "shared-iterations", "vus": 3, "max_duration": "10m"}),
    (
        {"stages": ("30s:100", "10s:0"), "start_vus": 5},
        {"load": "ramping-vus", "start_vus": 5, "stages": [
            {"for": "30s", "target": 100}, {"for": "10s", "target": 0}]},
    ),
    (
        {"stages": ("30s:100",), "rate": "10/s"},
        {"load": "ramping-arrival-rate", "start_rate": "10/s",
         "stages": [{"for": "30s", "target": "100/s"}], "vus": 500},
    ),
    ({"stages": ("30s:100/s",)}, {"load": "ramping-arrival-rate", "start_rate": "0/s"}),
]  # fmt: skip


@pytest.mark.parametrize(("options", "keys"), SHAPES, ids=[str(one[0]) for one in SHAPES])
def test_options_mean_an_executor(
    options: dict[str, Any], keys: dict[str, Any], tmp_path: Path
) -> None:
    wanted = LoadWanted(URL, **options)
    assert track(wanted).items() >= keys.items()
    (load,) = prepared(wanted, tmp_path).experiment.loads
    assert load.load.kind == track(wanted)["load"]


def test_the_shapes_are_those_that_were_asked_for(tmp_path: Path) -> None:
    def shape(**options: Any) -> Any:
        (load,) = prepared(LoadWanted(URL, **options), tmp_path).experiment.loads
        return load.load.shape()

    opened = shape(rate="100/s", lasts="12s", vus=10)
    assert isinstance(opened, Open)
    assert (opened.users_max, opened.duration_s) == (10, 12)
    assert not opened.drops
    finite = shape(iterations=100, vus=7, lasts="3s")
    assert isinstance(finite, Finite)
    assert (finite.users, finite.iterations, finite.duration_s_max) == (7, 100, 3)
    scaled = shape(stages=("100s:50",), start_vus=0, time_scale=0.1)
    assert isinstance(scaled, Closed)
    assert scaled.duration_s == pytest.approx(10)
    assert scaled.users_at(5.0) == 25


def test_the_request_is_told_as_a_step(tmp_path: Path) -> None:
    wanted = LoadWanted(
        URL, method="put", headers=("X-One: ${1}",), json_body='{"a": ["${b}", "{{uuid}}"]}',
        timeout="2s", think="10ms..20ms", tags=("team=a",), insecure=True,
    )  # fmt: skip
    made = prepared(wanted, tmp_path).experiment.loads[0]
    client: Any = made.client
    (step,) = client.steps
    assert (step.method, step.path) == ("PUT", "/shop/a.b?x=${y}&z=1")
    assert step.name == "PUT /shop/a_b"
    assert step.json_ == {"a": ["${b}", "{{uuid}}"]}
    assert step.headers == {"X-One": "${1}"}
    assert (client.timeout, client.verify) == (2.0, False)
    assert (client.think.min, client.think.max) == (0.01, 0.02)
    assert made.tags == {"team": "a"}


def test_a_body_makes_it_a_post_and_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "body.txt").write_text("whole")
    (step,) = track(LoadWanted(URL, body=f"@{tmp_path / 'body.txt'}"))["client"]["steps"]
    assert step["post"].startswith("/shop")
    assert step["body"] == "whole"


def test_secret_headers_are_variables_and_stay_out_of_the_record(tmp_path: Path) -> None:
    wanted = LoadWanted(URL, headers=("Authorization: Bearer abcdef", "Accept: text/plain"))
    made = prepared(wanted, tmp_path)
    client: Any = made.experiment.loads[0].client
    assert client.steps[0].headers["Authorization"] == "Bearer abcdef"
    assert "abcdef" not in str(manifest_of(made))
    assert "abcdef" not in str(url_experiment(wanted).document)
    assert "Authorization: ***" in manifest_of(made)["command"]


def test_the_default_threshold_is_there_until_one_is_given() -> None:
    def checks(**options: Any) -> Any:
        return url_experiment(LoadWanted(URL, **options)).document["checks"]

    assert checks() == [{"threshold": "http_req_failed rate < 1%"}]
    assert checks(no_default_threshold=True) == []
    assert checks(thresholds=("http_reqs count > 3",)) == [{"threshold": "http_reqs count > 3"}]


def test_a_long_load_may_last_as_long_as_it_does(tmp_path: Path) -> None:
    limits = prepared(LoadWanted(URL, lasts="5h"), tmp_path).experiment.limits
    assert limits.duration_s > 5 * 3600
    assert prepared(LoadWanted(URL, lasts="5m"), tmp_path).experiment.limits.duration_s == 3600


def test_the_manifest_s_command_asks_for_the_same_load(tmp_path: Path) -> None:
    wanted = LoadWanted(
        URL, vus=3, lasts="5s", thresholds=("http_reqs count > 3",), insecure=True, time_scale=0.5
    )
    manifest = manifest_of(prepared(wanted, tmp_path))
    assert manifest["command"] == [
        "hormesis", "load", URL, "--vus", "3", "--for", "5s", "--insecure",
        "--threshold", "http_reqs count > 3", "--time-scale", "0.5", "--seed", "1",
    ]  # fmt: skip
    assert manifest["experiment"] == URL


def test_a_rate_is_kept_to_the_last_digit() -> None:
    assert track(LoadWanted(URL, rate="1234.567/s"))["rate"] == "1234.567/s"


def test_problems_of_thresholds_are_told_at_the_option(tmp_path: Path) -> None:
    wanted = LoadWanted(URL, thresholds=("http_reqs count > 3", "http_req_durations p(95) < 5ms"))
    with pytest.raises(InputTrouble) as trouble:
        prepared(wanted, tmp_path)
    (problem,) = trouble.value.problems
    assert str(problem).startswith('--threshold "http_req_durations p(95) < 5ms": ')


def test_every_problem_of_the_options_is_told_at_once() -> None:
    wanted = LoadWanted(
        "http://x:99999/", vus=0, rate="5", lasts="5", headers=("no colon",), method="FLY",
        tags=("x",), think="2s..1s", timeout="soon",
    )  # fmt: skip
    with pytest.raises(UsageTrouble) as trouble:
        url_experiment(wanted)
    told = [one.path for one in trouble.value.problems]
    assert told == ["--rate", "--for", "--vus", "URL", "--tag"]
    with pytest.raises(UsageTrouble) as trouble:
        url_experiment(replace(wanted, what=URL))
    told = [one.path for one in trouble.value.problems]
    assert {"--method", "--header", "--think", "--timeout"} < set(told)


def test_an_experiment_is_a_value(tmp_path: Path) -> None:
    one, other = url_experiment(LoadWanted(URL)), url_experiment(LoadWanted(URL))
    assert isinstance(one, LoadExperiment)
    assert one == other
