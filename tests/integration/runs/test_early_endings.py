"""Runs that end early: what was enough to see ends them in order, and they are judged as usual."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.runs.shop import experiment, frozen, visitors
from tests.integration.runs.world import World

PASS, FAIL, UNKNOWN = 0, 1, 2


def looks(name: str, **given: Any) -> dict[str, Any]:
    """Return a probe that counts how often it was looked at, up to three."""
    script = "echo x >> seen; n=$(wc -l < seen); [ $n -gt 3 ] && n=3; echo $n"
    return {"name": name, "probe": "command", "run": ["sh", "-c", script], **given}


def test_a_run_ends_as_soon_as_enough_is_seen(world: World) -> None:
    tracks = [
        {**visitors("60s"), "processes": 2},
        frozen("200ms", "300ms"),
        {"name": "slow", "fault": "latency", "target": "shop", "delay": "50ms", "at": "1s",
         "for": "30s"},
        {**frozen("40s", "1s"), "name": "never"},
    ]  # fmt: skip
    ends = [{**looks("enough", every="200ms", not_before="2s"), "expect": {"value": 3}}]
    world.write("shop.json", experiment(tracks=tracks, end_when=ends))
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == UNKNOWN, answer.err
    rows = {one["check"]: one for one in answer.data["checks"]}
    assert [name for name, one in rows.items() if one["outcome"] == "unknown"] == [
        "fault never bit and healed"
    ], rows
    assert "the run ended early at" in answer.data["reason"]
    run = world.run()
    run.clean()
    history = (run.directory / "history.jsonl").read_text()
    assert '"unreached": "the run ended early' in history.replace('":"', '": "')
    assert (run.directory / "report.html").read_text().count("ended early at") > 1


@pytest.mark.prove
def test_a_run_that_makes_no_progress_is_given_up_and_judged(world: World) -> None:
    tracks = [visitors("60s"), frozen("200ms", "300ms"), looks("progress", every="100ms")]
    ends = [{"give_up": "progress", "unchanged_for": "800ms", "settle": "200ms"}]
    world.write("shop.json", experiment(tracks=tracks, end_when=ends))
    answer = world.hormesis("run", "shop.json", "--json")
    assert answer.code == PASS, json.dumps(answer.data)
    assert "no progress for 800ms: value stayed at 3" in answer.data["reason"]
    world.run().clean()
