"""Where a limit began to be broken, on histories of which it is known."""

from __future__ import annotations

import pytest

from hormesis.record.breaking_point import breaking_point
from hormesis.words.history import History, LoadRecord, Phase
from hormesis.words.metric import SLICE_S, MetricSlice, MetricSort
from hormesis.words.op import Ended, Op

SLOW = "http_req_duration p(95) < 500ms"
FAILED = "http_req_failed rate < 5%"


def history(
    slow_from: float, fail_from: float = 1e9, blips: tuple[float, ...] = (), others: int = 0
) -> History:
    """A minute of 50/s; one user more each second, and *others* of a load that does nothing."""
    ops = []
    for number in range(3000):
        due = 2.0 + number / 50
        slow = due >= slow_from or any(blip <= due < blip + 1 for blip in blips)
        ended = Ended.FAIL if due >= fail_from else Ended.OK
        ops.append(Op(number, "l", "home", 1, due, due, due + (0.8 if slow else 0.01), ended))
    users = [_users(2.0 + at * SLICE_S, at / 4) for at in range(240)]
    if others:
        users += [_users(2.0 + at * SLICE_S, others, "other") for at in range(240)]
    return History(
        manifest={},
        ops=ops,
        metrics=users,
        loads=(LoadRecord("l", 2.0, 62.0, users=60),),
        phases=(Phase("tracks", 2.0), Phase("closing", 62.0)),
        end={"time": 62.0},
    )


def _users(start: float, users: float, load: str = "l") -> MetricSlice:
    return MetricSlice("vus", MetricSort.GAUGE, load, start, 1, users, users, users, users)


def test_the_point_is_where_it_stays_broken() -> None:
    point = breaking_point(history(slow_from=32.0, blips=(10.0,)), SLOW)
    assert point is not None
    assert point.at_s == pytest.approx(30.0, abs=1.1)
    assert point.users == pytest.approx(30, abs=2)
    assert point.per_s == pytest.approx(50, rel=0.05)
    assert point.value == pytest.approx(0.8)
    assert "p(95) began to break 30" in point.sentence or "began to break 29" in point.sentence


def test_failures_have_a_point_of_their_own() -> None:
    point = breaking_point(history(slow_from=1e9, fail_from=42.0), FAILED)
    assert point is not None
    assert point.at_s == pytest.approx(40.0, abs=1.1)
    assert "100%" in point.sentence


def test_what_never_broke_has_no_point() -> None:
    assert breaking_point(history(slow_from=1e9), SLOW) is None
    assert breaking_point(history(slow_from=1e9, blips=(10.0, 20.0)), SLOW) is None


@pytest.mark.parametrize(
    "expression", ["http_reqs count > 1000000", f"{SLOW} last 10s", "my_own count < 1"]
)
def test_claims_about_something_else_have_no_point(expression: str) -> None:
    assert breaking_point(history(slow_from=2.0), expression) is None


def test_tags_are_minded() -> None:
    tagged = "http_req_duration{name:other} p(95) < 500ms"
    assert breaking_point(history(slow_from=2.0), tagged) is None
