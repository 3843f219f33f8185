from __future__ import annotations

from hormesis.engine.crew.deployment import Deployment, deployed
from tests.unit.engine.crew.load_tracks import track

BIG, BIGGER, LONE = (
    track("big", "users", 500),
    track("more", "users", 500),
    track("one", "burst", 5),
)


def shares(deployment: Deployment) -> list[list[tuple[list[str], int, int]]]:
    return [
        [([one.name for one in share.tracks], share.part, share.parts) for share in worker]
        for worker in deployment.shares
    ]


def test_small_loads_stay_in_the_engines_process() -> None:
    found = deployed([LONE, BIG], [1, 1])
    assert found.own == (LONE, BIG)
    assert found.shares == ()
    assert found.shards == 1


def test_each_worker_plays_its_part_of_each_load() -> None:
    found = deployed([BIG, LONE, BIGGER], [2, 1, 2])
    assert found.own == (LONE,)
    assert shares(found) == [[(["big", "more"], 0, 2)], [(["big", "more"], 1, 2)]]
    assert found.shards == 3


def test_loads_of_different_width_are_parts_of_their_own() -> None:
    found = deployed([BIG, BIGGER], [3, 2])
    assert shares(found) == [
        [(["big"], 0, 3), (["more"], 0, 2)],
        [(["big"], 1, 3), (["more"], 1, 2)],
        [(["big"], 2, 3)],
    ]


def test_machines_play_everything_and_lone_loads_go_to_one_each() -> None:
    found = deployed([LONE, BIG, track("two", "burst", 5)], [1, 3, 1], machines=3)
    assert found.own == ()
    assert shares(found) == [
        [(["one"], 0, 1), (["big"], 0, 3)],
        [(["big"], 1, 3), (["two"], 0, 1)],
        [(["big"], 2, 3)],
    ]
