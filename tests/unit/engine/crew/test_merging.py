from __future__ import annotations

import pytest

from hormesis.engine.crew.merging import merged, share_in_words
from hormesis.words.history import LoadRecord


def test_counts_are_added_and_the_worst_of_the_rest_is_kept() -> None:
    found = merged(
        {
            "worker 1 of 2": LoadRecord(
                "x", 1.5, 9.0, users=3, iterations=10, dropped=1, spread_s=0.1, loop_lag_s=0.2,
                waited=4, cpu_share=0.5, late_p50_s=0.1, late_p95_s=0.2, cpu_wait_share=0.3,
            ),
            "worker 2 of 2": LoadRecord(
                "x", 1.0, 9.5, users=2, iterations=20, dropped=2, spread_s=0.3, loop_lag_s=0.1,
                waited=5, cpu_share=0.9, late_p95_s=0.1, late_p99_s=0.4,
            ),
        }
    )  # fmt: skip
    assert found == LoadRecord(
        "x", 1.0, 9.5, users=5, iterations=30, dropped=3, spread_s=0.3, loop_lag_s=0.2, waited=9,
        cpu_share=0.9, processes=2, late_p50_s=0.1, late_p95_s=0.2, late_p99_s=0.4,
        cpu_wait_share=0.3,
    )  # fmt: skip


def test_a_load_has_ended_when_every_part_has() -> None:
    parts = {"a": LoadRecord("x", 0.0, 5.0), "b": LoadRecord("x", 0.0)}
    assert merged(parts).ended is None


def test_a_trouble_names_its_worker_unless_all_have_it() -> None:
    bad, good = LoadRecord("x", 0.0, trouble="saturated"), LoadRecord("x", 0.0)
    assert merged({"worker 1": bad, "worker 2": good}).trouble == "worker 1: saturated"
    assert merged({"worker 1": bad, "worker 2": bad}).trouble == "saturated"
    told = merged({"worker 1": bad, "worker 2": good}, troubles=["worker 2 was silent"]).trouble
    assert told == "worker 1: saturated; worker 2 was silent"


def test_what_is_lost_is_told_a_few_times_only() -> None:
    found = merged({"a": LoadRecord("x", 0.0)}, lost=[f"part {number}" for number in range(9)])
    assert found.lost == "part 0; part 1; part 2; and 6 more"


@pytest.mark.parametrize(
    ("parts", "words"), [(1, "all"), (2, "its half"), (4, "its quarter"), (16, "its 16th part")]
)
def test_shares_have_names(parts: int, words: str) -> None:
    assert share_in_words(parts) == words
