from __future__ import annotations

import pytest

from hormesis.words.crew_size import processes_for, workers_for
from tests.unit.engine.crew.load_tracks import track


@pytest.mark.parametrize(
    ("sort", "size", "expected"),
    [
        ("users", 99, 1),
        ("users", 100, 8),
        ("rate", 900, 1),
        ("patient", 90, 1),
        ("patient", 110, 8),
        ("rate", 1100, 8),
        ("peak", 900, 1),
        ("peak", 5000, 8),
        ("iterations", 99, 1),
        ("iterations", 400, 8),
        ("ticked", 1, 8),
        ("burst", 500, 1),
    ],
)
def test_a_load_gets_every_core_when_one_may_not_carry_it(
    sort: str, size: int, expected: int
) -> None:
    assert processes_for([track("x", sort, size)], cores=8) == [expected]


def test_loads_count_together() -> None:
    small = [track("a", "users", 60), track("b", "users", 60), track("c", "burst", 5)]
    assert processes_for(small, cores=4) == [4, 4, 1]
    assert processes_for(small[:1], cores=4) == [1]


def test_what_is_asked_goes_before_the_guess_and_a_tracks_own_before_both() -> None:
    tracks = [track("a", "users", 500), track("b", "users", 500, processes=3)]
    assert processes_for(tracks, asked=1, cores=8) == [1, 3]
    assert processes_for(tracks, asked=2, cores=8) == [2, 3]


def test_there_are_no_more_processes_than_users() -> None:
    assert processes_for([track("a", "users", 3)], asked=16, cores=2) == [3]


def test_arrivals_at_the_very_same_moment_are_a_rate_too() -> None:
    assert processes_for([track("x", "peak", 10**9)], cores=2) == [2]


def test_a_cluster_is_used_whole_but_for_what_must_be_one() -> None:
    tracks = [
        track("a", "users", 10, processes=2),
        track("b", "users", 10, processes=1),
        track("c", "burst", 10),
        track("d", "users", 2),
    ]
    assert workers_for(tracks, 3) == [3, 1, 1, 2]
