from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hormesis.engine.loading.bell import Bell
from hormesis.engine.loading.drain import Drain
from hormesis.engine.loading.scene import Scene
from hormesis.engine.loading.virtual_user import VirtualUser
from hormesis.wire.meter import Meter
from hormesis.words.client import Refused
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended, Op
from tests.unit.engine.loading.played import Heard
from tests.virtual_time import virtual_clock, virtually


def user_and_ops() -> tuple[VirtualUser, Callable[[], list[Op]], Bell]:
    clock = virtual_clock()
    meter = Meter(now_ns=clock.now_ns)
    output = Heard()
    drain = Drain(meter, output)
    scene = Scene(
        "main", seed=1, clock=clock, meter=meter, tags={"team": "blue"}, values=drain.values
    )

    def heard() -> list[Op]:
        drain.flush()
        return output.read().ops_

    return VirtualUser(scene, 3), heard, scene.over


def slices_of(user: VirtualUser) -> dict[tuple[str, ...], MetricSlice]:
    taken = user.scene.gathering.take(0.0)
    return {(one.metric, *map(str, one.tags.values())): one for one in taken}


@virtually
async def test_due_sent_and_ended_are_told_apart() -> None:
    user, heard, _ = user_and_ops()
    await user.clock.sleep_until(5.0)
    user.due_at(4_000_000_000)
    async with user.op("claim", job="j1") as recording:
        await user.clock.sleep_until(7.0)
        recording.note(attempt=2)
    async with user.op("complete"):
        await user.clock.sleep_until(8.0)
    first, second = heard()
    assert (first.number, first.load, first.name, first.user) == (1, "main", "claim", 3)
    assert (first.due, first.sent, first.ended) == pytest.approx((4.0, 5.0, 7.0))
    assert first.outcome is Ended.OK
    assert first.value == {"job": "j1", "attempt": 2}
    # Only the first operation of an iteration is due by the schedule.
    assert (second.number, second.due, second.sent) == pytest.approx((2, 7.0, 7.0))


@pytest.mark.parametrize(
    ("error", "outcome", "word"),
    [
        (Refused(), Ended.FAIL, "refused"),
        (Refused("sold-out"), Ended.FAIL, "sold-out"),
        (ConnectionRefusedError(), Ended.FAIL, "refused"),
        (TimeoutError(), Ended.INFO, "timeout"),
        (asyncio.CancelledError(), Ended.INFO, "cut-off"),
        (ConnectionResetError(), Ended.INFO, "disconnected"),
        (BrokenPipeError(), Ended.INFO, "disconnected"),
        (ValueError("x"), Ended.INFO, "ValueError: x"),
        (OSError("x"), Ended.INFO, "OSError: x"),
    ],
    ids=repr,
)
@virtually
async def test_an_exception_says_how_it_ended(
    error: BaseException, outcome: Ended, word: str
) -> None:
    user, heard, _ = user_and_ops()
    with pytest.raises(type(error)):
        async with user.op("claim"):
            raise error
    assert [(op.outcome, op.error) for op in heard()] == [(outcome, word)]
    assert user.recorded is error


@virtually
@pytest.mark.parametrize("error", [KeyError("price"), NameError("x")], ids=repr)
async def test_a_mistake_in_the_block_is_counted_and_is_trouble(error: Exception) -> None:
    user, heard, _ = user_and_ops()
    with pytest.raises(type(error)):
        async with user.op("claim"):
            raise error
    (op,) = heard()
    assert (op.outcome, op.error) == (Ended.INFO, f"{type(error).__name__}: {error}")
    assert user.recorded is None


@virtually
async def test_what_the_client_said_goes_before_the_exception() -> None:
    user, heard, _ = user_and_ops()
    with pytest.raises(RuntimeError):
        async with user.op("claim") as recording:
            recording.fail("http-409")
            raise RuntimeError
    async with user.op("claim") as recording:
        recording.info("http-500")
    assert [(op.outcome, op.error) for op in heard()] == [
        (Ended.FAIL, "http-409"),
        (Ended.INFO, "http-500"),
    ]
    assert user.recorded is None


@virtually
async def test_a_pause_ends_with_the_load() -> None:
    user, _, over = user_and_ops()
    await user.pause(2.0)
    assert user.clock.now() == pytest.approx(2.0)
    asyncio.get_running_loop().call_later(1.0, over.ring)
    await user.pause(60.0)
    assert user.clock.now() == pytest.approx(3.0)
    await user.pause(60.0)
    assert user.clock.now() == pytest.approx(3.0)


@virtually
async def test_a_pause_of_nothing_still_lets_others_run() -> None:
    user, _, _ = user_and_ops()
    other = asyncio.create_task(user.clock.sleep_until(0.0))
    await user.pause(0.0)
    assert other.done()


@virtually
async def test_a_record_is_what_an_operation_is() -> None:
    user, heard, _ = user_and_ops()
    user.due_at(500_000_000)
    await user.clock.sleep_until(1.0)
    sent_ns = user.clock.now_ns()
    due_ns = user.take_due_ns(sent_ns)
    assert user.first_ns == sent_ns
    await user.clock.sleep_until(3.0)
    label = user.label("GET /jobs", Ended.FAIL, "http-503", {"status": "503"})
    user.record(label, due_ns, sent_ns, user.clock.now_ns(), {"job": "j1"})
    (op,) = heard()
    assert (op.due, op.sent, op.ended) == pytest.approx((0.5, 1.0, 3.0))
    assert (op.name, op.outcome, op.error, op.user) == ("GET /jobs", Ended.FAIL, "http-503", 3)
    assert op.tags == {"team": "blue", "status": "503"}
    assert op.value == {"job": "j1"}
    assert user.take_due_ns(7) == 7, "only the first operation is due by the schedule"


@virtually
async def test_the_code_of_a_label_is_the_same_each_time() -> None:
    user, _, _ = user_and_ops()
    codes = {
        user.label("a", outcome, error, tags)
        for _ in range(2)
        for outcome, error, tags in (
            (Ended.OK, "", None),
            (Ended.INFO, "timeout", None),
            (Ended.OK, "", {"status": "200"}),
        )
    }
    assert len(codes) == 3


@virtually
async def test_groups_nest_tag_and_time_what_is_in_them() -> None:
    user, heard, _ = user_and_ops()
    outside = user.tagging
    with user.group("shop"):
        within = user.tagging
        with user.group("basket"):
            async with user.op("add"):
                await user.clock.sleep_until(2.0)
        async with user.op("pay"):
            await user.clock.sleep_until(3.0)
    async with user.op("leave"):
        pass
    assert outside == user.tagging != within
    assert [op.tags for op in heard()] == [
        {"team": "blue", "group": "::shop::basket"},
        {"team": "blue", "group": "::shop"},
        {"team": "blue"},
    ]
    slices = slices_of(user)
    assert slices["group_duration", "blue", "::shop"].total == pytest.approx(3.0)
    assert slices["group_duration", "blue", "::shop::basket"].total == pytest.approx(2.0)
    assert sum(slices["group_duration", "blue", "::shop"].buckets.values()) == 1


@virtually
async def test_a_group_is_left_when_its_block_raises() -> None:
    user, _, _ = user_and_ops()
    outside = user.tagging
    with pytest.raises(KeyError), user.group("shop"):
        raise KeyError
    assert user.tagging == outside
    with pytest.raises(ValueError, match="without ::"):
        user.group("a::b").__enter__()


@virtually
async def test_checks_count_and_end_nothing() -> None:
    user, _, _ = user_and_ops()
    assert user.check("is up", "yes") is True
    assert user.check("is up", None) is False
    with user.group("shop"):
        user.check("is up", passed=True)
    slices = slices_of(user)
    one = slices["checks", "blue", "is up"]
    assert (one.sort, one.count, one.total) == (MetricSort.RATE, 2, 1.0)
    assert slices["checks", "blue", "::shop", "is up"].total == 1.0


@virtually
async def test_metrics_gather_and_begin_anew_with_each_slice() -> None:
    user, _, _ = user_and_ops()
    for value in (3.0, 1.0, 2.0):
        user.add(MetricSort.TREND, "took", value)
        user.add(MetricSort.COUNTER, "bytes", value, {"way": "in"})
        user.add(MetricSort.GAUGE, "depth", value)
    slices = slices_of(user)
    took = slices["took", "blue"]
    assert (took.count, took.total, took.lowest, took.highest) == (3, 6.0, 1.0, 3.0)
    assert sum(took.buckets.values()) == 3
    assert slices["bytes", "blue", "in"].total == 6.0
    assert slices["depth", "blue"].last == 2.0
    assert slices_of(user) == {}


@virtually
async def test_a_metric_is_of_one_sort() -> None:
    user, _, _ = user_and_ops()
    user.add(MetricSort.TREND, "took", 1.0)
    with pytest.raises(ValueError, match="expected took to be a trend, found a rate"):
        user.add(MetricSort.RATE, "took", 1.0)


@virtually
async def test_what_is_no_number_is_told_and_not_counted() -> None:
    user, _, _ = user_and_ops()
    user.add(MetricSort.TREND, "took", float("nan"))
    user.add(MetricSort.TREND, "took", 1.0)
    assert slices_of(user)["took", "blue"].count == 1
    assert user.scene.gathering.odd == "took"


@virtually
async def test_users_draw_each_from_a_stream_of_its_own() -> None:
    user, _, _ = user_and_ops()
    other = VirtualUser(user.scene, 4)
    again = VirtualUser(user.scene, 3)
    drawn = [one.rng.random() for one in (user, other, again)]
    assert drawn[0] == drawn[2] != drawn[1]
    assert user.rng is user.rng
    with pytest.raises(AttributeError, match="colour"):
        _ = user.colour
