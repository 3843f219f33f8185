"""What k6 documents of its executors, row by row: kept here, or done better on purpose.

Each row says what k6 does, whether that is kept, and proves it in virtual time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.loads.constant_arrival_rate import ConstantArrivalRate
from hormesis.loads.constant_vus import ConstantVus
from hormesis.loads.per_vu_iterations import PerVuIterations
from hormesis.loads.ramping_arrival_rate import RampingArrivalRate
from hormesis.loads.ramping_vus import RampingVus
from hormesis.loads.shared_iterations import SharedIterations
from hormesis.words.client import User
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Load
from hormesis.words.op import Ended, Op
from tests.unit.engine.loading.played import Play
from tests.unit.engine.scripted_client import Work, taking
from tests.virtual_time import virtually

KEPT = "kept"

EXECUTORS: dict[type[Load], dict[str, str]] = {
    ConstantVus: {"duration": "for"},
    RampingVus: {"startVUs": "start_vus", "gracefulRampDown": "graceful_ramp_down"},
    ConstantArrivalRate: {
        "duration": "for",
        "timeUnit": "time_unit",
        "preAllocatedVUs": "pre_allocated_vus",
        "maxVUs": "vus",
    },
    RampingArrivalRate: {
        "startRate": "start_rate",
        "timeUnit": "time_unit",
        "preAllocatedVUs": "pre_allocated_vus",
        "maxVUs": "vus",
    },
    SharedIterations: {"maxDuration": "max_duration"},
    PerVuIterations: {"maxDuration": "max_duration"},
}


def play(kind: type[Load], work: Work, given: dict[str, Any], **track: Any) -> Play:
    shape = kind.model_validate(given).shape()
    return Play(shape, work, track=track)


def refused(kind: type[Load], given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        kind.model_validate(given)


async def names() -> None:
    for kind, synonyms in EXECUTORS.items():
        assert dict(kind.also_called) == synonyms
        keys = {field.validation_alias or name for name, field in kind.model_fields.items()}
        assert set(synonyms.values()) <= keys
    assert [kind.kind for kind in EXECUTORS] == [
        "constant-vus", "ramping-vus", "constant-arrival-rate", "ramping-arrival-rate",
        "shared-iterations", "per-vu-iterations",
    ]  # fmt: skip


async def defaults() -> None:
    assert ConstantVus.model_validate({"for": "1s"}).vus == 1
    ramp = RampingVus.model_validate({"stages": [{"duration": "1s", "target": 2}]})
    assert (ramp.start_vus, ramp.graceful_ramp_down) == (1, 30.0)
    arrivals = {"stages": [{"duration": "1s", "target": 2}], "vus": 1}
    rising = RampingArrivalRate.model_validate(arrivals)
    assert (rising.start_rate, rising.time_unit) == (0, 1.0)
    for kind in (SharedIterations, PerVuIterations):
        made = kind.model_validate({})
        assert (made.vus, made.iterations, made.max_duration) == (1, 1, 600.0)
    assert LoadTrack.__dataclass_fields__["graceful_stop_s"].default == 30.0


async def most_users_are_those_ready() -> None:
    given = {"rate": 5, "for": "1s", "pre_allocated_vus": 7}
    shape: Any = ConstantArrivalRate.model_validate(given).shape()
    assert (shape.users_max, shape.users_ready) == (7, 7)


async def more_ready_than_allowed() -> None:
    given = {"rate": 5, "for": "1s", "pre_allocated_vus": 7, "vus": 6}
    refused(ConstantArrivalRate, given, "pre_allocated_vus to be at most vus")


async def fewer_iterations_than_users() -> None:
    refused(SharedIterations, {"vus": 3, "iterations": 2}, "at least one iteration for each")


async def unknown_fields() -> None:
    refused(ConstantVus, {"for": "1s", "vuss": 3}, "Extra inputs")


async def bare_durations() -> None:
    refused(ConstantVus, {"for": 30}, "expected a duration with a unit")


async def ramp_of_arrivals() -> None:
    stages = [
        {"duration": "4s", "target": 50},
        {"duration": "2s", "target": 50},
        {"duration": "4s", "target": 0},
    ]
    given = {"start_rate": 10, "vus": 50, "stages": stages}
    one = play(RampingArrivalRate, taking(0.005), given)
    record = await one.run()
    assert (record.iterations, record.dropped) == (319, 0)
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-5) for op in one.ops)


async def start_times() -> None:
    one = play(ConstantArrivalRate, taking(0.3), {"rate": 4, "for": "3s", "vus": 20})
    await one.run()
    assert one.sent() == [0.25 * number for number in range(12)]


async def no_free_user() -> None:
    given = {"rate": 10, "for": "10s", "pre_allocated_vus": 2}
    waiting = play(ConstantArrivalRate, taking(0.95), given)
    record = await waiting.run()
    assert record.waited > 0
    assert len(waiting.ops) + len(waiting.heard.drops) == 100
    assert max(op.response_s for op in waiting.ops) > 7.0, "waiting is part of the response"


async def no_free_user_dropped() -> None:
    given = {"rate": 10, "for": "10s", "pre_allocated_vus": 2, "drops": True}
    one = play(ConstantArrivalRate, taking(0.95), given)
    record = await one.run()
    assert (record.iterations, record.dropped) == (20, 80)
    assert one.heard.total("dropped_iterations") == 80
    assert max(op.response_s for op in one.ops) == pytest.approx(0.95)


async def unplanned_users() -> None:
    async def opening(user: User) -> None:
        if user.number > 1:
            await user.clock.sleep_until(user.clock.now() + 0.95)

    given = {"rate": 10, "for": "3.05s", "pre_allocated_vus": 1, "vus": 9, "drops": True}
    shape = ConstantArrivalRate.model_validate(given).shape()
    one = Play(shape, taking(60.0), {"opening": opening})
    await one.run()
    assert one.sent() == pytest.approx([0.0, 1.1, 2.2], abs=0.01), "one more user a second"


async def frozen_server() -> None:
    async def ask(user: User) -> None:
        async with user.op("ask"):
            now = user.clock.now()
            await user.clock.sleep_until((max(now, 7.0) if now >= 4.0 else now) + 0.005)

    given = {"rate": 100, "for": "12s", "pre_allocated_vus": 10}
    few = play(ConstantArrivalRate, ask, given)
    record = await few.run()
    assert (record.iterations, record.dropped) == (1200, 0)
    assert p95(few.ops) == pytest.approx(2.4, rel=0.05)
    many = play(ConstantArrivalRate, ask, {**given, "pre_allocated_vus": 400})
    await many.run()
    assert p95(many.ops) == pytest.approx(p95(few.ops), rel=0.05)


def p95(ops: list[Op]) -> float:
    return sorted(op.response_s for op in ops)[int(len(ops) * 0.95)]


async def closed_by_the_system() -> None:
    fast = play(ConstantVus, taking(0.1), {"vus": 5, "for": "10s"})
    slow = play(ConstantVus, taking(1.0), {"vus": 5, "for": "10s"})
    assert (await fast.run()).iterations == 500
    assert (await slow.run()).iterations == 50


async def ramp_of_users() -> None:
    stages = [
        {"duration": "5s", "target": 5},
        {"duration": "3s", "target": 5},
        {"duration": "2s", "target": 0},
    ]
    one = play(RampingVus, taking(0.1), {"start_vus": 0, "stages": stages})
    record = await one.run()
    assert record.users == 5
    # Whole users: 0 + 1 + 2 + 3 + 4, 3 × 5, (5 + 4 + 3 + 2 + 1) × 0.4; ten times a second each.
    assert record.iterations == pytest.approx(10 * (10 + 15 + 6), abs=10)
    levels = {one.last for one in one.heard.slices if one.metric == "vus"}
    assert levels == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}


async def ramping_down() -> None:
    stages = [{"duration": "1s", "target": 1}, {"duration": "20s", "target": 1}]
    given = {"start_vus": 2, "stages": stages, "graceful_ramp_down": "3s"}
    one = play(RampingVus, taking(3.5), given)
    record = await one.run()
    assert {op.outcome for op in one.ops} == {Ended.OK}
    assert Counter(op.user for op in one.ops) == {1: 6, 2: 1}
    one = play(RampingVus, taking(30.0), given)
    record = await one.run()
    (left,) = (op for op in one.ops if op.error == "cut-off")
    assert left.user == 2
    assert left.ended == pytest.approx(4.0, abs=0.1)
    assert record.iterations == 1, "the other ended within the graceful stop of the load"


async def shared_work() -> None:
    async def work(user: User) -> None:
        async with user.op("work"):
            await user.clock.sleep_until(user.clock.now() + (0.1 if user.number == 1 else 1.0))

    one = play(SharedIterations, work, {"vus": 2, "iterations": 22})
    record = await one.run()
    assert record.iterations == 22
    assert Counter(op.user for op in one.ops) == {1: 20, 2: 2}


async def own_work() -> None:
    one = play(PerVuIterations, taking(0.5), {"vus": 3, "iterations": 4})
    record = await one.run()
    assert Counter(op.user for op in one.ops) == {1: 4, 2: 4, 3: 4}
    assert record.ended == pytest.approx(2.0, abs=0.1)


async def work_left() -> None:
    given = {"vus": 2, "iterations": 10, "max_duration": "2.2s"}
    for kind, left in ((SharedIterations, 4), (PerVuIterations, 14)):
        one = play(kind, taking(0.9), given)
        record = await one.run()
        assert (record.iterations, record.dropped) == (6, left)
        assert one.heard.total("dropped_iterations") == left


async def graceful_stop() -> None:
    one = play(ConstantVus, taking(4.0), {"vus": 1, "for": "6s"}, graceful_stop_s=3.0)
    assert (await one.run()).iterations == 2


async def interrupted() -> None:
    one = play(ConstantVus, taking(40.0), {"vus": 1, "for": "6s"}, graceful_stop_s=3.0)
    record = await one.run()
    assert record.iterations == 0
    assert [(op.outcome, op.error) for op in one.ops] == [(Ended.INFO, "cut-off")]


async def exceptions() -> None:
    async def broken(user: User) -> None:
        async with user.op("ask"):
            pass
        raise KeyError("answer")

    one = play(ConstantVus, broken, {"vus": 1, "for": "2s"})
    record = await one.run()
    assert record.iterations == len(one.ops) > 10
    assert record.trouble.startswith("the client raised in test_k6_behaviours.py:")


async def failed_checks() -> None:
    async def checking(user: User) -> None:
        async with user.op("ask"):
            user.check("is 200", passed=False)
            await user.clock.sleep_until(user.clock.now() + 0.5)

    one = play(ConstantVus, checking, {"vus": 1, "for": "2s"})
    record = await one.run()
    assert (record.iterations, record.trouble) == (4, "")
    assert {op.outcome for op in one.ops} == {Ended.OK}
    assert one.heard.total("checks") == 0.0
    told = next(one for one in one.heard.slices if one.metric == "checks")
    assert told.tags == {"check": "is 200"}


async def later_start() -> None:
    one = play(ConstantVus, taking(0.5), {"vus": 1, "for": "1s"}, at_s=2.5)
    await one.run()
    assert one.sent() == pytest.approx([2.5, 3.0], abs=0.01)


async def iterations_take() -> None:
    one = play(ConstantVus, taking(0.5), {"vus": 2, "for": "2s"}, tags={"team": "blue"})
    await one.run()
    took = [s for s in one.heard.slices if s.metric == "iteration_duration"]
    assert sum(s.count for s in took) == 8
    assert sum(s.total for s in took) == pytest.approx(4.0, abs=1e-3)
    assert all(s.tags == {"team": "blue"} for s in one.heard.slices)
    assert all(op.tags == {"team": "blue"} for op in one.ops)


@dataclass(frozen=True)
class Row:
    k6: str
    """What k6 does."""
    here: str
    """``kept``, or what is better."""
    proof: Callable[[], Awaitable[None]]


ROWS = [
    Row("six executors with their parameters", KEPT, names),
    Row("vus 1, iterations 1, maxDuration 10m, startVUs 1, graceful 30s", KEPT, defaults),
    Row("maxVUs is preAllocatedVUs unless given", KEPT, most_users_are_those_ready),
    Row("maxVUs below preAllocatedVUs is an error", KEPT, more_ready_than_allowed),
    Row("fewer shared iterations than users are an error", KEPT, fewer_iterations_than_users),
    Row("an unknown field of a scenario is an error", KEPT, unknown_fields),
    Row("a bare duration is in milliseconds", "refused: a unit must be there", bare_durations),
    Row("10 → 50 in 4 s, 2 s, → 0 in 4 s starts 319 iterations", KEPT, ramp_of_arrivals),
    Row("iteration n of a constant rate starts at n × period", KEPT, start_times),
    Row("an arrival without a free user has no latency", "waits, due as it was", no_free_user),
    Row("an arrival without a free user is dropped and counted", "kept, on request: drops",
        no_free_user_dropped),
    Row("one unplanned user at a time is made", "kept, on request: drops", unplanned_users),
    Row("p95 is 8 ms of a 3 s freeze in 12 s with 10 users", "2.4 s, as with 400",
        frozen_server),
    Row("constant-vus is closed: a slow system lowers the rate", KEPT, closed_by_the_system),
    Row("ramping-vus follows straight lines", KEPT, ramp_of_users),
    Row("who ramps down may finish, then it is interrupted", KEPT, ramping_down),
    Row("shared iterations: the fast do more", KEPT, shared_work),
    Row("iterations per user: each its own", KEPT, own_work),
    Row("iterations left at maxDuration count as dropped", KEPT, work_left),
    Row("gracefulStop lets iterations finish", KEPT, graceful_stop),
    Row("interrupted iterations do not count, and leave no trace", "recorded as cut off",
        interrupted),
    Row("exceptions in iterations change nothing", "they are told, and make the run unknown",
        exceptions),
    Row("failed checks end nothing", KEPT, failed_checks),
    Row("startTime delays a scenario", KEPT, later_start),
    Row("iterations and iteration_duration, with the scenario's tags", KEPT, iterations_take),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.k6)
def test_a_behaviour_of_k6_is_kept_or_better(row: Row) -> None:
    @virtually
    async def test() -> None:
        await row.proof()
        await asyncio.sleep(0)

    test()
