"""A load that grows until its limit breaks, under ``hormesis run``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.load.conftest import serving
from tests.integration.runs.world import World

USERS = 60


def growing(url: str, limit: str) -> dict[str, Any]:
    step = {"name": "home", "get": "/", "think": "100ms"}
    return {
        "title": "growing",
        "tracks": [
            {
                "name": "visitors", "load": "ramping-vus", "start_vus": 1,
                "stages": [{"for": "6s", "target": USERS}],
                "client": {"http": url, "timeout": "10s", "steps": [step]},
            }
        ],
        "checks": [{"name": "fast", "threshold": f"http_req_duration p(95) < {limit}"}],
    }  # fmt: skip


@pytest.mark.prove
def test_the_threshold_says_with_how_many_users_it_broke_first(world: World) -> None:
    # One request at a time, each 10 ms: some 25 users of 100 ms keep it from ever being idle.
    with serving(0.01) as url:
        world.write("grow.json", growing(url, "200ms"))
        broken = world.hormesis("run", "grow.json", "--json")
        world.write("grow.json", growing(url, "9s"))
        held = world.hormesis("run", "grow.json", "--json")
    assert broken.code == 1, broken.err
    (fast,) = [one for one in broken.data["checks"] if one["check"] == "fast"]
    told = "breaking point: http_req_duration p(95) began to break"
    assert fast["findings"][0].startswith(told)
    assert held.code == 0, held.err
    assert "breaking point" not in held.out
    users = int(fast["findings"][0].split(" users, ")[0].rpartition(" ")[2])
    assert 10 <= users < USERS
