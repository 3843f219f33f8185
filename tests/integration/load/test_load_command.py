"""`hormesis load` for real: URLs, scripts and files, what they print and how they exit."""

from __future__ import annotations

import json
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.integration.load.conftest import serving
from tests.integration.runs.world import World, free_port, wait_for

SCRIPT = '''\
"""Visitors."""
import os
from hormesis.load import HttpUser, task

class Visitor(HttpUser):
    base = os.environ["BASE"]

    @task
    async def home(self):
        answer = await self.http.get("/home")
        self.check("is ok", answer.status == 200)

options = {
    "scenarios": {
        "steady": {"executor": "constant-arrival-rate", "rate": 50, "timeUnit": "1s",
                   "duration": "1s", "preAllocatedVUs": 2, "maxVUs": 5},
    },
    "thresholds": {"checks": ["rate > 0.99"], "http_req_duration{load:steady}": ["p(99) < 2000"]},
}
'''


def test_a_rate_on_a_url_passes_and_is_told(world: World, quick: str) -> None:
    answer = world.hormesis(
        "load", f"{quick}/hello", "--rate", "100/s", "--for", "1s", "--vus", "5"
    )
    assert answer.code == 0, answer.err
    assert "/hello  100 " in answer.out
    assert "http_req_failed rate < 1%" in answer.out
    assert "judged by default" in answer.err


def test_json_is_the_only_thing_on_standard_output(world: World, quick: str) -> None:
    answer = world.hormesis("load", quick, "--rate", "50/s", "--for", "1s", "--json")
    assert answer.code == 0, answer.err
    assert answer.data["outcome"] == "pass"
    assert answer.data["load"]["total"]["count"] == 50
    assert answer.data["load"]["total"]["response_p95_ms"] > 0


def test_the_summary_and_the_tables_are_where_they_were_asked_for(world: World, quick: str) -> None:
    answer = world.hormesis(
        "load", quick, "--rate", "50/s", "--for", "1s", "--vus", "2", "--quiet",
        "--summary-json", "summary.json", "--csv", "shop",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    metrics = json.loads((world.folder / "summary.json").read_text())["metrics"]
    assert metrics["http_reqs"]["values"]["count"] == 50
    assert "Aggregated" in (world.folder / "shop_stats.csv").read_text()
    assert (world.folder / "shop_failures.csv").is_file()


@pytest.mark.prove
def test_a_load_that_breaks_its_threshold_fails_and_says_from_where_on(world: World) -> None:
    with serving(0.01) as url:
        answer = world.hormesis(
            "load", url, "--stage", "4s:200/s", "--rate", "1/s",
            "--threshold", "http_req_duration p(95) < 100ms",
        )  # fmt: skip
    assert answer.code == 1, answer.err
    assert "breaking point: http_req_duration p(95) began to break" in answer.out


@pytest.mark.prove
def test_a_stall_is_in_the_figures_with_few_users_as_with_many(world: World) -> None:
    # 100/s for 6 s, frozen for 1.5 s: the truth is a p95 of about 1.2 s.
    with serving(0.0) as url:
        command = world.start(
            "load", f"{url}/", "--rate", "100/s", "--for", "6s", "--vus", "10",
            "--summary-json", "summary.json", "--quiet",
        )  # fmt: skip
        command_is_loading(world)
        stall = threading.Thread(target=urllib.request.urlopen, args=(f"{url}/freeze",))
        stall.start()
        answer = command.answer()
        stall.join()
    assert answer.code == 0, answer.err
    metrics = json.loads((world.folder / "summary.json").read_text())["metrics"]
    assert metrics["http_reqs"]["values"]["count"] == 600
    assert 1100 < metrics["http_req_duration"]["values"]["p(95)"] < 1400


def command_is_loading(world: World) -> None:
    """Wait until the newest run of *world* has recorded operations."""
    runs = world.folder / "hormesis-runs"
    wait_for(
        lambda: any(path.stat().st_size > 1000 for path in runs.glob("*/ops*.bin")),
        "the load is under way",
    )


@pytest.mark.prove
def test_nobody_listens(world: World) -> None:
    answer = world.hormesis("load", f"http://127.0.0.1:{free_port()}/", "--for", "1s")
    assert answer.code == 2
    assert "refused" in answer.out


def test_nobody_answers(world: World) -> None:
    with serving(60.0) as url:
        answer = world.hormesis(
            "load", url, "--vus", "2", "--for", "1s", "--timeout", "500ms", "--quiet"
        )
    assert answer.code == 1, answer.err
    assert "rate is 100%" in answer.out


def test_a_script_says_how_it_is_played(world: World, quick: str) -> None:
    world.write("visitors.py", SCRIPT)
    answer = world.hormesis("load", "visitors.py", "--set", f"BASE={quick}")
    assert answer.code == 0, answer.err
    assert "check is ok: 50 of 50 passed" in answer.out
    assert "checks rate > 0.99" in answer.out
    replay = world.run().manifest["replay"]
    assert replay.startswith("hormesis load visitors.py --set BASE=http://127.0.0.1:")


def test_the_command_line_s_shape_goes_before_the_script_s(world: World, quick: str) -> None:
    world.write("visitors.py", SCRIPT)
    answer = world.hormesis(
        "load", "visitors.py", "--set", f"BASE={quick}", "--iterations", "7", "--vus", "1",
        "--threshold", "http_reqs count == 7", "--json",
    )  # fmt: skip
    total: dict[str, Any] = answer.data["load"]["total"]
    assert total["count"] == 7


def test_a_client_that_raises_is_no_verdict_about_the_system(world: World, quick: str) -> None:
    broken = SCRIPT.replace("answer = await", "1 / 0; answer = await")
    world.write("broken.py", broken)
    answer = world.hormesis("load", "broken.py", "--set", f"BASE={quick}")
    assert answer.code == 2
    assert "ZeroDivisionError" in answer.out


@pytest.mark.prove
def test_a_file_with_loads_is_played_and_one_with_faults_is_refused(
    world: World, quick: str
) -> None:
    step = {"name": "home", "get": "/"}
    track = {
        "load": "constant-vus",
        "vus": 1,
        "for": "500ms",
        "client": {"http": quick, "steps": [step]},
    }
    document = {
        "title": "t", "tracks": [track], "checks": [{"threshold": "http_req_failed rate < 1%"}],
    }  # fmt: skip
    world.write("shop.json", document)
    answer = world.hormesis("load", "shop.json", "--quiet")
    assert answer.code == 0, answer.err
    fault = {"fault": "cpu-saturation", "target": "host", "for": "1s"}
    world.write(
        "faulty.json",
        {**document, "tracks": [track, fault], "system": {"targets": {"host": {"host": True}}}},
    )
    answer = world.hormesis("load", "faulty.json")
    assert answer.code == 64
    assert "hormesis run faulty.json" in answer.err


def test_secret_headers_stay_out_of_every_file(world: World, quick: str) -> None:
    answer = world.hormesis(
        "load", quick, "--iterations", "3", "--vus", "1",
        "--header", "Authorization: Bearer s3cr3t",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    for path in (world.folder / "hormesis-runs").rglob("*"):
        if path.is_file():
            assert b"s3cr3t" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("name", "scale", "highest"),
    [
        pytest.param("inference-load", 0.003, 900, marks=pytest.mark.prove),
        pytest.param("stress-test", 0.003, 4500, marks=pytest.mark.prove),
        pytest.param("spike-test", 0.02, 2500, marks=pytest.mark.prove),
    ],
)
def test_the_staged_profiles_run_in_seconds(
    world: World, quick: str, name: str, scale: float, highest: int
) -> None:
    # Thousands of users need a while to be made, the longer the less of the machine is ours: a
    # peak that was too short for it is played once more, and longer.
    assert any(most_users(world, quick, name, one) >= highest for one in (scale, 4 * scale))


def most_users(world: World, url: str, name: str, scale: float) -> int:
    """Play the profile *name* and return how many users its greatest load really had."""
    answer = world.start(
        "load", name, "--set", f"base={url}", "--set", "think=2s", "--time-scale", f"{scale}",
        "--processes", "1", "--json",
    ).answer(80.0)  # fmt: skip
    # On a machine that others use, whether all is in time is not the question here.
    assert answer.code in (0, 1, 2), answer.err
    return max(one["users"] for one in answer.data["load"]["loads"])


@pytest.mark.prove
def test_figures_are_served_to_prometheus_while_it_runs(world: World, quick: str) -> None:
    port = free_port()
    command = world.start(
        "load", quick, "--rate", "50/s", "--for", "4s", "--prometheus", str(port), "--quiet"
    )
    command_is_loading(world)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert "hormesis_response_seconds_bucket" in text
    assert command.answer().code == 0


@pytest.mark.prove
def test_an_interrupted_load_ends_in_good_order(world: World, quick: str, tmp_path: Path) -> None:
    command = world.start("load", quick, "--rate", "50/s", "--for", "60s")
    command_is_loading(world)
    command.send(2)
    answer = command.answer()
    assert answer.code == 130
    assert "INTERRUPTED" in answer.out
