"""`hormesis load --find-limit` on a server whose capacity is known."""

from __future__ import annotations

import json

import pytest

from tests.integration.load.conftest import serving
from tests.integration.runs.world import World

CAPACITY = 100.0


@pytest.mark.prove
def test_the_limit_of_a_server_of_known_capacity_is_found(world: World) -> None:
    with serving(1 / CAPACITY) as url:
        answer = world.hormesis(
            "load", url, "--find-limit", "--rate", "60/s", "--for", "1500ms", "--settle", "300ms",
            "--precision", "30%", "--repeats", "1",
            "--threshold", "http_req_duration p(95) < 150ms",
        )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "LIMIT limit between" in answer.out
    (folder,) = (world.folder / "hormesis-runs").glob("*-find-limit-*")
    told = json.loads((folder / "limit.json").read_text())
    # In so short a step a rate a little above the capacity does not yet fill the queue.
    assert told["sort"] == "found"
    assert CAPACITY * 0.6 <= told["low"]["rate"] <= CAPACITY * 1.2
    assert CAPACITY * 0.9 <= told["high"]["rate"] <= CAPACITY * 1.5
    assert "<svg" in (folder / "limit.html").read_text()
    assert {one["run"] for one in told["trials"]} == {
        path.parent.name for path in folder.glob("*-load-*/manifest.json")
    }


@pytest.mark.prove
def test_the_highest_rate_allowed_is_the_answer_when_it_holds(world: World, quick: str) -> None:
    answer = world.hormesis(
        "load", quick, "--find-limit", "--rate", "20/s", "--rate-max", "30/s", "--for", "500ms",
        "--settle", "0s", "--repeats", "1", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.data["sort"] == "beyond"
    assert answer.data["low"]["rate"] == 30


@pytest.mark.prove
def test_a_search_that_cannot_begin_says_why(world: World) -> None:
    with serving(0.0) as url:
        gone = url
    answer = world.hormesis("load", gone, "--find-limit", "--for", "500ms")
    assert answer.code == 2
    assert "refused" in answer.err
