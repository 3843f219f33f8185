"""The tally of a running load: told by the same chunks as the files, and equal to the report's."""

from __future__ import annotations

import struct

from hormesis.record.exposition import Buckets, Family, Sample, buckets_of_trend, label_name
from hormesis.record.histogram import Histogram
from hormesis.record.load_tally import NAMES_MAX, LoadTally
from hormesis.record.metric_totals import metric_totals
from hormesis.record.op_record import OTHER
from hormesis.words.history import History, LoadRecord
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended, Op

OP = struct.Struct("<IIqIII")


def chunk(*rows: tuple[int, float, float, float]) -> bytes:
    """Records of (label, due, lag, took), in seconds."""
    return b"".join(
        OP.pack(number, 1, round(due * 1e6), round(lag * 1e6), round(took * 1e6), label)
        for number, (label, due, lag, took) in enumerate(rows, 1)
    )


def family(tally: LoadTally, name: str) -> Family:
    return next(one for one in tally.families() if one.name == name)


def values(tally: LoadTally, name: str) -> dict[tuple[str, ...], object]:
    return {tuple(one.labels.values()): one.value for one in family(tally, name).samples}


def test_chunks_and_a_finished_history_come_to_the_same() -> None:
    tally = LoadTally()
    shard = tally.shard(0)
    shard.labels([("l", "read", 0, "", {}), ("l", "read", 1, "http-503", {})])
    shard.ops(chunk((0, 1.0, 0.25, 0.5), (1, 2.0, 0.0, 0.002), (0, 3.0, 0.0, 40.0)))
    ops = [Op(1, "l", "read", 1, 1.0, 1.25, 1.75, Ended.OK),
           Op(2, "l", "read", 1, 2.0, 2.0, 2.002, Ended.FAIL, "http-503"),
           Op(3, "l", "read", 1, 3.0, 3.0, 43.0, Ended.OK)]  # fmt: skip
    whole = LoadTally.of(History({}, ops))
    for name in ("hormesis_operations_total", "hormesis_errors_total"):
        assert values(tally, name) == values(whole, name)
    for name in ("hormesis_response_seconds", "hormesis_service_seconds", "hormesis_lag_seconds"):
        mine, its = (values(one, name)["l", "read"] for one in (tally, whole))
        assert isinstance(mine, Buckets)
        assert isinstance(its, Buckets)
        assert mine.counts == its.counts
        assert abs(mine.total - its.total) < 1e-6


def test_a_bound_belongs_to_its_bucket_and_the_last_bucket_takes_the_rest() -> None:
    tally = LoadTally()
    shard = tally.shard(0)
    shard.labels([("l", "n", 0, "", {})])
    shard.ops(chunk((0, 0.0, 0.0, 0.5), (0, 0.0, 0.0, 100.0)))
    buckets = values(tally, "hormesis_service_seconds")["l", "n"]
    assert isinstance(buckets, Buckets)
    assert buckets.cumulative[list(buckets.bounds).index(0.5)] == 1
    assert buckets.counts[-1] == 1
    assert buckets.cumulative[-1] == 2


def test_every_process_has_labels_of_its_own() -> None:
    tally = LoadTally()
    tally.shard(0).labels([("l", "a", 0, "", {})])
    tally.shard(1).labels([("l", "b", 0, "", {})])
    tally.shard(0).ops(chunk((0, 0.0, 0.0, 0.1)))
    tally.shard(1).ops(chunk((0, 0.0, 0.0, 0.1), (0, 0.0, 0.0, 0.1)))
    found = values(tally, "hormesis_operations_total")
    assert found == {("l", "a", "ok"): 1, ("l", "b", "ok"): 2}


def test_dropped_arrivals_and_what_makes_ready_are_no_operations() -> None:
    tally = LoadTally()
    shard = tally.shard(0)
    shard.labels([("l", "", 3, "", {}), ("prepare", "seed", 0, "", {}), ("l", "n", 0, "", {})])
    shard.ops(chunk((0, 0.0, 0.0, 0.0), (1, 0.0, 0.0, 9.0), (2, 0.0, 0.0, 0.1), (0, 1.0, 0, 0)))
    assert values(tally, "hormesis_operations_total") == {("l", "n", "ok"): 1}
    assert values(tally, "hormesis_dropped_arrivals_total") == {("l",): 2}


def test_loads_of_several_processes_add_up_and_the_worst_generator_counts() -> None:
    tally = LoadTally()
    for number, (iterations, late) in enumerate(((5, 0.1), (7, 0.3))):
        tally.shard(number).load(LoadRecord("l", 0.0, None, 1, iterations, loop_lag_s=late))
    tally.shard(1).load(LoadRecord("l", 0.0, None, 1, 8, loop_lag_s=0.3))
    assert values(tally, "hormesis_iterations_total") == {("l",): 13}
    assert values(tally, "hormesis_generator_lag_max_seconds") == {("l",): 0.3}


def test_a_count_is_told_as_soon_as_anything_knows_it() -> None:
    tally = LoadTally()
    tally.metrics(
        [
            MetricSlice("iterations", MetricSort.COUNTER, "l", 0.0, 9, 9, 1, 1, 1),
            MetricSlice("waited_iterations", MetricSort.COUNTER, "l", 0.0, 2, 2, 1, 1, 1),
        ]
    )
    tally.load(0, LoadRecord("l", 0.0, None, 1, 4))
    assert values(tally, "hormesis_iterations_total") == {("l",): 9}
    assert values(tally, "hormesis_waited_arrivals_total") == {("l",): 2}
    tally.load(0, LoadRecord("l", 0.0, None, 1, 30))
    assert values(tally, "hormesis_iterations_total") == {("l",): 30}


def test_users_of_several_processes_add_up() -> None:
    tally = LoadTally()
    for number, start, users in ((0, 0.0, 4.0), (1, 0.0, 3.0), (0, 0.25, 6.0)):
        one = MetricSlice("vus", MetricSort.GAUGE, "l", start, 1, users, users, users, users)
        tally.shard(number).metrics([one])
    assert values(tally, "hormesis_vus") == {("l",): 9.0}


def test_names_without_end_become_one() -> None:
    tally = LoadTally()
    shard = tally.shard(0)
    count = NAMES_MAX + 50
    shard.labels([("l", f"/item/{n}", 0, "", {}) for n in range(count)])
    shard.ops(chunk(*((n, 0.0, 0.0, 0.1) for n in range(count))))
    found = values(tally, "hormesis_operations_total")
    assert len(found) == NAMES_MAX + 1
    assert found["l", OTHER, "ok"] == 50


def test_checks_and_metrics_of_the_user_are_told_by_their_tags() -> None:
    tally = LoadTally()
    tags = {"check": "is 200", "group": "::a"}
    checks = MetricSlice("checks", MetricSort.RATE, "l", 0.0, 10, 9, 0, 1, 1, tags)
    sales = MetricSlice("sold", MetricSort.COUNTER, "l", 0.0, 2, 7, 3, 4, 4, {"le": "x"})
    tally.metrics([checks, sales])
    key = ("l", "::a", "is 200")
    assert values(tally, "hormesis_checks_total") == {(*key, "pass"): 9, (*key, "fail"): 1}
    sold = family(tally, "hormesis_custom_sold_total")
    assert sold.samples == [Sample({"load": "l", "tag_le": "x"}, 7)]


def test_a_trend_in_slices_is_put_into_buckets_within_one_per_cent() -> None:
    durations = [0.003, 0.03, 0.3, 3.0]
    found = Histogram.of(durations)
    one = MetricSlice("http_req_waiting", MetricSort.TREND, "l", 0.0, 4, sum(durations), 0.003,
                      3.0, 3.0, {}, dict(found.buckets))  # fmt: skip
    (total,) = metric_totals([one]).values()
    buckets = buckets_of_trend(total, (0.01, 0.1, 1.0))
    assert buckets.counts == [1, 1, 1, 1]


def test_a_tag_never_takes_a_label_that_means_something_else() -> None:
    assert label_name("le") == "tag_le"
    assert label_name("load") == "tag_load"
    assert label_name("my-tag") == "my_tag"
    assert label_name("2nd") == "tag_2nd"
