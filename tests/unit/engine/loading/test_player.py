from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hormesis.engine.clock import LoopClock
from hormesis.engine.loading.crowd import CLOSE_S, CUT_S
from hormesis.engine.loading.player import Player
from hormesis.engine.loading.self_watch import LAG_BUDGET_S
from hormesis.engine.loading.virtual_user import VirtualUser
from hormesis.wire.meter import Meter
from hormesis.words.client import User
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Burst, Closed, Finite, Open
from hormesis.words.op import Ended
from tests.unit.engine.loading.played import Heard, Play, constant
from tests.unit.engine.scripted_client import Scripted, Shaped, Work, taking
from tests.virtual_time import hang, virtual_clock, virtually


def every(gap_s: float, count: int, users_max: int, duration_s: float) -> Open:
    def due_at(number: int) -> float | None:
        return number * gap_s if number < count else None

    return Open(due_at, users_max, duration_s)


@virtually
async def test_closed_users_go_on_back_to_back() -> None:
    play = Play(constant(3, 10.0), taking(0.5))
    record = await play.run()
    assert (record.users, record.iterations, record.dropped, record.trouble) == (3, 60, 0, "")
    assert Counter(op.user for op in play.ops) == {1: 20, 2: 20, 3: 20}
    assert record.ended == pytest.approx(10.0)
    assert record.loop_lag_s < 0.001
    assert {op.outcome for op in play.ops} == {Ended.OK}


@virtually
async def test_numbers_are_unique_and_each_user_draws_its_own() -> None:
    drawn: dict[int, float] = {}

    async def draw(user: User) -> None:
        async with user.op("draw"):
            await user.clock.sleep_until(user.clock.now() + 1.0)
        drawn.setdefault(user.number, user.rng.random())

    play = Play(constant(4, 3.0), draw)
    await play.run()
    assert len({op.number for op in play.ops}) == len(play.ops) == 12
    assert len(set(drawn.values())) == 4


@virtually
async def test_a_pace_keeps_starts_apart_and_never_catches_up() -> None:
    lengths = iter([0.1, 2.5, 0.1, 0.1])

    async def work(user: User) -> None:
        async with user.op("work"):
            await user.clock.sleep_until(user.clock.now() + next(lengths, 0.1))

    play = Play(constant(1, 6.0, pace_s=1.0), work)
    await play.run()
    assert play.sent() == [0.0, 1.0, 3.5, 4.5, 5.5]
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-6) for op in play.ops)


@virtually
async def test_users_join_and_leave_with_the_shape() -> None:
    def users_at(passed: float) -> int:
        return 1 if passed < 1.5 else 3 if passed < 3.75 else 1

    play = Play(Closed(users_at, 3, 6.0), taking(1.0))
    record = await play.run()
    assert record.users == 3
    active = Counter(int(op.sent) for op in play.ops)
    assert [active[second] for second in range(6)] == [1, 3, 3, 3, 1, 1]


@virtually
async def test_a_client_that_never_waits_starves_nobody() -> None:
    async def busy(user: User) -> None:
        async with user.op("busy"):
            hang(0.001)

    play = Play(constant(2, 1.0), busy)
    record = await play.run()
    assert record.ended == pytest.approx(1.0, abs=0.2)
    assert record.iterations == len(play.ops)


@virtually
async def test_open_arrivals_are_on_time_whatever_the_system_does() -> None:
    play = Play(every(0.5, 10, 20, 5.0), taking(1.9))
    record = await play.run()
    assert play.sent() == [0.5 * number for number in range(10)]
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-6) for op in play.ops)
    # An idle user is taken again before a new one is made.
    assert record.users == 4
    assert record.ended == pytest.approx(6.4)


@virtually
async def test_an_arrival_that_finds_no_user_waits_and_is_due_when_it_was_due() -> None:
    play = Play(every(0.1, 100, 2, 10.0), taking(0.95))
    record = await play.run()
    assert record.iterations == len(play.ops) == 24
    assert [round(op.due, 6) for op in play.ops] == [round(0.1 * n, 6) for n in range(24)]
    assert record.users == 2
    assert record.waited == 98
    # Who has waited for ever is told with when that began.
    assert record.iterations + record.dropped == 100
    assert [round(due, 6) for due in play.heard.drops] == [
        round(0.1 * n, 6) for n in range(24, 100)
    ]


@virtually
async def test_a_shape_that_drops_does_so_at_once() -> None:
    play = Play(replace(every(0.1, 100, 2, 10.0), users_ready=2, drops=True), taking(0.95))
    record = await play.run()
    assert record.iterations == len(play.ops) == 20
    assert record.dropped == record.waited == len(play.heard.drops) == 80
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-6) for op in play.ops)


@virtually
async def test_arrivals_after_a_stall_are_due_when_they_were_due() -> None:
    play = Play(every(0.1, 30, 50, 3.0), taking(0.01))
    asyncio.get_running_loop().call_later(1.0, hang, 1.0)
    record = await play.run()
    assert record.iterations == 30
    assert sorted(round(op.due, 6) for op in play.ops) == [round(0.1 * n, 6) for n in range(30)]
    worst = max(op.response_s for op in play.ops)
    assert worst == pytest.approx(1.0, abs=0.05), "the stall must show in the response time"


@virtually
async def test_a_saturated_generator_says_so() -> None:
    async def heavy(user: User) -> None:
        async with user.op("heavy"):
            hang(LAG_BUDGET_S * 2)
        await user.pause(0.01)

    play = Play(constant(1, 20.0), heavy)
    record = await play.run()
    assert "saturated" in record.trouble
    assert record.loop_lag_s > LAG_BUDGET_S


@virtually
async def test_a_burst_sends_at_one_instant() -> None:
    async def slow_to_open(user: User) -> None:
        await user.clock.sleep_until(user.clock.now() + 0.3 * user.number)

    play = Play(Burst(5, 3, 2.0), taking(0.1), {"opening": slow_to_open})
    record = await play.run()
    assert record.iterations == len(play.ops) == 15
    assert record.spread_s == pytest.approx(0.0, abs=1e-6)
    instants = sorted(set(play.sent()))
    assert instants == pytest.approx([1.55, 3.55, 5.55])
    assert all(op.lag_s == pytest.approx(0.0, abs=1e-6) for op in play.ops)


@virtually
async def test_the_spread_of_a_burst_is_measured() -> None:
    async def staggered(user: User) -> None:
        hang(0.02)
        async with user.op("claim"):
            await user.clock.sleep_until(user.clock.now() + 0.1)

    play = Play(Burst(5, 2, 0.0), staggered)
    record = await play.run()
    assert record.spread_s == pytest.approx(0.08, abs=1e-6)


@virtually
async def test_a_round_that_takes_longer_than_the_gap_is_waited_for() -> None:
    play = Play(Burst(2, 3, 1.0), taking(3.0))
    await play.run()
    assert len(play.ops) == 6
    assert len(set(play.sent())) == 3


@virtually
async def test_stopping_ends_a_burst_that_hangs() -> None:
    play = Play(Burst(2, 3, 1.0), taking(3600.0))
    record = await play.run(stop_at=5.0)
    assert record.ended == pytest.approx(5.0 + CUT_S)
    assert [(op.outcome, op.error) for op in play.ops] == [(Ended.INFO, "cut-off")] * 2


@virtually
async def test_an_exception_outside_an_operation_is_trouble() -> None:
    async def broken(user: User) -> None:
        raise KeyError("no such job")

    play = Play(constant(1, 2.0), broken)
    record = await play.run()
    place = f"test_player.py:{broken.__code__.co_firstlineno + 1}"
    assert record.trouble == f"the client raised in {place}: KeyError: 'no such job'"
    assert 15 <= record.iterations <= 21, "it goes on, but does not hammer"


@virtually
async def test_an_exception_of_an_operation_is_no_trouble() -> None:
    async def refused(user: User) -> None:
        async with user.op("claim"):
            raise ConnectionRefusedError

    play = Play(constant(1, 1.0), refused)
    record = await play.run()
    assert record.trouble == ""
    assert {(op.outcome, op.error) for op in play.ops} == {(Ended.FAIL, "refused")}
    assert record.iterations == len(play.ops)


@pytest.mark.parametrize(
    "shape",
    [constant(2, 5.0), every(1.0, 5, 2, 5.0), Burst(2, 2, 1.0)],
    ids=["closed", "open", "burst"],
)
@virtually
async def test_clients_that_cannot_be_had_are_trouble(shape: Closed | Open | Burst) -> None:
    async def opening(user: User) -> None:
        raise KeyError("no such host")

    def making(user: User) -> None:
        raise TypeError("no such option")

    opened = await Play(shape, taking(0.1), {"opening": opening}).run()
    assert "could not be opened: KeyError" in opened.trouble
    made = await Play(shape, taking(0.1), {"making": making}).run()
    assert "could not be made: TypeError: no such option" in made.trouble
    assert made.ended is not None
    assert made.ended - made.started < 1.0, "without its clients a load is over at once"


@virtually
async def test_a_client_that_cannot_close_is_trouble() -> None:
    async def closing(user: User) -> None:
        raise KeyError("twice")

    async def hanging(user: User) -> None:
        await user.clock.sleep_until(3600.0)

    record = await Play(constant(1, 1.0), taking(0.5), {"closing": closing}).run()
    assert "could not be closed: KeyError" in record.trouble
    play = Play(constant(1, 1.0), taking(0.5), {"closing": hanging})
    await play.run()
    assert play.clock.now() == pytest.approx(1.0 + CLOSE_S)


def player_of(
    tracks: list[LoadTrack], output: Heard | None = None
) -> tuple[Player, Heard, LoopClock]:
    clock, heard = virtual_clock(), output or Heard()
    meter = Meter(now_ns=clock.now_ns)
    player = Player(
        tracks, part=0, parts=1, seed=7, clock=clock, meter=meter, output=heard
    )
    return player, heard, clock


def track(name: str, shape: Any, work: Work | None = None, **given: Any) -> LoadTrack:
    options = {key: given.pop(key) for key in ("making",) if key in given}
    client = Scripted(work=work or taking(0.5), **options)
    return LoadTrack(name, Shaped(given=shape), client, **given)


@virtually
async def test_loads_begin_and_end_each_in_its_own_time() -> None:
    player, heard, clock = player_of(
        [track("first", constant(1, 3.0)), track("second", constant(2, 2.0), at_s=2.5)]
    )
    await player.play(1.0)
    heard.read()
    spans = {one.load: (one.started, one.ended) for one in player.records.values()}
    assert spans["first"] == pytest.approx((1.0, 4.0), abs=1e-6)
    assert spans["second"] == pytest.approx((3.5, 5.5), abs=1e-6)
    assert Counter(op.load for op in heard.ops_) == {"first": 6, "second": 8}
    assert {one.load for one in heard.slices} == {"first", "second"}
    assert clock.now() == pytest.approx(5.5)


@virtually
async def test_what_is_recorded_comes_out_while_the_load_is_played() -> None:
    player, heard, clock = player_of([track("main", constant(1, 4.0))])
    task = asyncio.create_task(player.play(0.0))
    await clock.sleep_until(2.1)
    assert len(heard.read().ops_) == 3
    assert player.users == 1
    assert {one.start for one in heard.slices if one.metric == "iterations"} == {
        0.5, 1.0, 1.5,
    }  # fmt: skip
    assert heard.records[-1].iterations >= 2
    assert heard.records[-1].ended is None
    await task
    assert player.users == 0
    levels = [one.last for one in heard.slices if one.metric == "vus"]
    assert (levels[0], levels[-1]) == (1.0, 0.0)


@virtually
async def test_a_load_without_clients_ends_all_of_them() -> None:
    def making(user: User) -> None:
        raise TypeError("no such option")

    player, _, clock = player_of(
        [track("good", constant(1, 60.0)), track("bad", constant(1, 60.0), making=making, at_s=3)]
    )
    await player.play(0.0)
    told = "load bad: the client could not be made: TypeError: no such option"
    assert player.unmade == f"{told} (test_player.py:{making.__code__.co_firstlineno + 1})"
    assert clock.now() == pytest.approx(3.0, abs=0.6)


@virtually
async def test_a_player_that_is_stopped_before_it_plays_plays_nothing() -> None:
    player, heard, clock = player_of([track("main", constant(1, 60.0), at_s=9.0)])
    player.stop()
    await player.play(0.0)
    assert heard.read().ops_ == []
    assert clock.now() < 0.1
    assert player.records == {}


@virtually
async def test_a_shape_that_cannot_be_had_cuts_the_other_loads_off() -> None:
    player, heard, clock = player_of(
        [track("good", constant(1, 60.0), taking(60.0)), track("bad", "no shape", at_s=5.0)]
    )
    with pytest.raises(AttributeError):
        await player.play(0.0)
    assert clock.now() == pytest.approx(5.0, abs=0.1)
    assert [op.error for op in heard.read().ops_] == ["cut-off"]


@virtually
async def test_an_output_that_refuses_ends_the_loads() -> None:
    class Full(Heard):
        def ops(self, chunk: bytes) -> None:
            raise OSError(28, "No space left on device")

    player, _, clock = player_of([track("main", constant(1, 60.0))], Full())
    with pytest.raises(OSError, match="No space"):
        await player.play(0.0)
    assert clock.now() < 5.0


@virtually
async def test_users_that_leave_are_closed_and_may_be_wanted_again() -> None:
    closed: list[int] = []

    async def closing(user: User) -> None:
        closed.append(user.number)

    def users_at(passed: float) -> int:
        return 2 if passed < 2.3 or 2.5 <= passed < 6 else 1 if passed < 8 else 2

    shape = Closed(users_at, 2, 10.0)
    play = Play(shape, taking(0.9), {"closing": closing})
    record = await play.run()
    # The second is asked to leave at 2.3 s and to stay before it has ended; at 6 s it leaves.
    assert sorted({op.user for op in play.ops}) == [1, 2, 3]
    assert sorted(closed) == [1, 2, 3]
    assert record.users == 2


@virtually
async def test_a_user_that_waits_for_its_pace_leaves_at_once() -> None:
    shape = Closed(lambda passed: 2 if passed < 1.0 else 1, 2, 9.5, pace_s=3.0)
    play = Play(shape, taking(0.1))
    await play.run()
    assert Counter(op.user for op in play.ops) == {1: 4, 2: 1}
    ends = [one.start for one in play.heard.slices if one.metric == "vus" and one.last == 1.0]
    assert ends[0] == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize(
    ("shape", "done"),
    [
        (constant(2, 5.0), {1: 1, 2: 6}),
        (Finite(2, 4, each=False, duration_s_max=60.0), {1: 1, 2: 3}),
        (Finite(2, 4, each=True, duration_s_max=60.0), {1: 1, 2: 4}),
        (every(1.0, 4, 1, 4.0), {1: 1, 2: 3}),
    ],
    ids=["closed", "shared", "each", "open"],
)
@virtually
async def test_a_user_that_leaves_does_nothing_more(shape: Any, done: dict[int, int]) -> None:
    closed: list[int] = []

    async def leaving(user: User) -> None:
        async with user.op("work"):
            await user.clock.sleep_until(user.clock.now() + 0.999)
        if user.number == 1:
            assert isinstance(user, VirtualUser)
            user.leave()

    async def closing(user: User) -> None:
        closed.append(user.number)

    play = Play(shape, leaving, {"closing": closing})
    record = await play.run()
    assert Counter(op.user for op in play.ops) == done
    assert sorted(closed) == [1, 2]
    assert record.trouble == ""


@virtually
async def test_nothing_is_gathered_before_the_tracks_begin() -> None:
    """A slice that began before would belong to no window, with all that users do at first."""

    async def look(user: User) -> None:
        user.check("is up", True)
        await user.clock.sleep_until(user.clock.now() + 0.5)

    play = Play(constant(2, 2.0), look)
    await play.clock.sleep_until(0.845)
    await play.run()
    checks = [one for one in play.heard.slices if one.metric == "checks"]
    assert checks[0].start == pytest.approx(0.845)
    assert sum(one.count for one in checks) == 8
