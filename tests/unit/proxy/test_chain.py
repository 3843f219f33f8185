"""The chain passes on in time order, keeps every byte, and lets go what a removed toxic keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.proxy.chain import ENTRY_COST, Chain, Ending, Passed, Stage
from hormesis.proxy.passing import Passing
from hormesis.proxy.tally import Tally
from hormesis.toxics.bandwidth import Bandwidth
from hormesis.toxics.latency import Latency
from hormesis.toxics.limit_data import LimitData
from hormesis.toxics.postgres_delay import PostgresDelay
from hormesis.toxics.reset import Reset
from hormesis.toxics.timeout import Timeout
from hormesis.words.shaper import Finish, Send, Shaped, Stream, Toxic

KEEPING: Sequence[Toxic] = (
    Latency.model_validate({"delay": "200ms"}),
    Latency.model_validate({"delay": "50ms", "jitter": "50ms"}),
    Latency.model_validate({"delay": "50ms", "jitter": "80ms", "distribution": "normal"}),
    Bandwidth.model_validate({"rate": "700B"}),
    PostgresDelay.model_validate({"min": "100ms", "max": "300ms"}),
    PostgresDelay.model_validate({"min": "100ms", "max": "300ms", "matching": "b+"}),
)


def stage_of(toxic: Toxic, name: str = "t", seed: int = 1) -> Stage:
    up, _ = toxic.pair(Random(seed), Random(seed), toxic.hits())
    return Stage(name, up or toxic.shaper(Stream.UPSTREAM, Random(seed)), Tally())


def latency(delay: str, name: str = "t") -> Stage:
    return stage_of(Latency.model_validate({"delay": delay}), name)


def data_of(passed: Iterable[Passed]) -> bytes:
    return b"".join(one for one in passed if isinstance(one, bytes))


def drained(chain: Chain, now: float) -> tuple[list[Passed], float]:
    """Advance from moment to moment until nothing is due; the moments never go back."""
    out: list[Passed] = []
    while (due := chain.next_at()) is not None:
        assert due >= now
        now = due
        out += chain.advance(now)
    return out, now


Step = tuple[float, str, bytes, int]
STEPS = st.lists(
    st.tuples(
        st.floats(0.0, 0.4),
        st.sampled_from(["data", "data", "data", "add", "remove"]),
        st.one_of(
            st.binary(min_size=1, max_size=300),
            st.sampled_from([b"Q\0\0\0\x08abb\0", b"S\0\0\0\x04", b"\0\0\0\x08\0\x03\0\0", b"Q\0"]),
        ),
        st.integers(0, len(KEEPING) - 1),
    ),
    max_size=30,
)


@given(STEPS)
def test_no_byte_is_lost_or_overtaken_whatever_comes_and_goes(steps: list[Step]) -> None:
    chain, now, fed, out = Chain(), 0.0, b"", list[Passed]()
    for wait, act, data, which in steps:
        now += wait
        if act == "add":
            out += chain.add(stage_of(KEEPING[which], f"t{len(chain.stages)}", which), now)
        elif act == "remove" and chain.stages:
            out += chain.remove(chain.stages[which % len(chain.stages)].name, now)
        else:
            fed += data
            out += chain.received(data, now)
    out += chain.finished(now)
    rest, _ = drained(chain, now)
    out += rest
    assert data_of(out) == fed
    assert out[-1] is Ending.FINISH
    assert out.count(Ending.FINISH) == 1
    assert chain.held == 0


def test_stages_add_their_delays_in_order_of_adding() -> None:
    chain = Chain()
    chain.add(latency("100ms", "a"), 0.0)
    chain.add(latency("200ms", "b"), 0.0)
    assert chain.received(b"x", 1.0) == []
    assert chain.advance(1.299) == []
    assert chain.next_at() == pytest.approx(1.3)
    assert chain.advance(1.3 + 1e-9) == [b"x"]


def test_a_late_wake_up_does_not_add_to_the_next_stage() -> None:
    chain = Chain()
    chain.add(latency("100ms", "a"), 0.0)
    chain.add(latency("200ms", "b"), 0.0)
    chain.received(b"x", 0.0)
    chain.advance(0.25)
    assert chain.next_at() == pytest.approx(0.3)


def test_a_removed_toxic_lets_go_at_once_and_in_order() -> None:
    chain = Chain()
    chain.add(latency("10s"), 0.0)
    chain.received(b"a", 0.0)
    chain.received(b"b", 1.0)
    chain.finished(1.5)
    assert chain.remove("t", 2.0) == [b"a", b"b", Ending.FINISH]
    assert chain.next_at() is None
    assert chain.received(b"c", 2.0) == [b"c"]


def test_what_a_removed_toxic_kept_goes_through_the_later_ones() -> None:
    chain = Chain()
    chain.add(latency("10s", "a"), 0.0)
    chain.add(latency("1s", "b"), 0.0)
    chain.received(b"x", 0.0)
    assert chain.remove("a", 2.0) == []
    assert chain.next_at() == pytest.approx(3.0)


def test_a_toxic_added_late_does_not_touch_what_has_passed() -> None:
    chain = Chain()
    assert chain.received(b"a", 0.0) == [b"a"]
    chain.add(latency("1s"), 0.0)
    assert chain.received(b"b", 0.0) == []


def test_a_timeout_closes_after_its_time_and_counts_what_it_swallowed() -> None:
    chain, stage = Chain(), stage_of(Timeout.model_validate({"timeout": "2s"}))
    chain.add(stage, 1.0)
    assert chain.received(b"x", 1.5) == []
    assert chain.finished(1.6) == []
    assert chain.next_at() == pytest.approx(3.0)
    assert chain.advance(3.0) == [Ending.CLOSE]
    assert stage.tally.reading(4.0)["hits"] == 2
    assert chain.next_at() is None


def test_an_endless_timeout_closes_when_it_is_removed() -> None:
    chain = Chain()
    chain.add(stage_of(Timeout()), 0.0)
    chain.received(b"x", 1.0)
    assert chain.next_at() is None
    assert chain.remove("t", 5.0) == [Ending.CLOSE]


def test_a_reset_that_was_only_announced_is_called_off_by_removal() -> None:
    chain = Chain()
    chain.add(stage_of(Reset.model_validate({"after": "5s"})), 0.0)
    assert chain.received(b"x", 1.0) == [b"x"]
    assert chain.remove("t", 2.0) == []
    assert chain.next_at() is None


def test_a_reset_ends_the_chain_and_drops_what_is_held() -> None:
    chain = Chain()
    chain.add(latency("10s", "a"), 0.0)
    chain.add(stage_of(Reset.model_validate({"after": "1s"}), "r"), 0.0)
    chain.received(b"x", 0.5)
    assert chain.advance(1.0) == [Ending.RESET]
    assert chain.held == 0
    assert chain.received(b"y", 1.1) == []
    assert chain.advance(20.0) == []


def test_what_passed_before_a_close_still_passes_the_later_stages() -> None:
    chain = Chain()
    chain.add(stage_of(LimitData.model_validate({"bytes": "3B", "stream": "upstream"}), "l"), 0.0)
    chain.add(latency("1s", "a"), 0.0)
    assert chain.received(b"abcdef", 0.5) == []
    assert chain.received(b"ghi", 0.6) == []
    assert chain.finished(0.7) == []
    assert chain.remove("l", 0.8) == []
    assert drained(chain, 0.8) == ([b"abc", Ending.CLOSE], 1.5)
    assert chain.held == 0


def test_a_close_drops_what_earlier_stages_hold() -> None:
    chain = Chain()
    chain.add(latency("9s", "a"), 0.0)
    chain.add(stage_of(Timeout.model_validate({"timeout": "1s"}), "t"), 0.0)
    chain.add(latency("1s", "b"), 0.0)
    chain.received(b"x", 0.5)
    assert drained(chain, 0.5) == ([Ending.CLOSE], 2.0)
    assert chain.held == 0


def test_held_counts_queued_bytes_and_their_overhead() -> None:
    chain = Chain()
    chain.add(latency("1s"), 0.0)
    chain.received(b"x" * 1000, 0.0)
    chain.received(b"y" * 24, 0.0)
    assert chain.held == 1024 + 2 * ENTRY_COST
    chain.advance(1.0)
    assert chain.held == 0


def test_the_tally_measures_what_really_happened() -> None:
    chain, stage = Chain(), latency("100ms")
    chain.add(stage, 0.0)
    chain.received(b"x" * 50, 1.0)
    chain.advance(1.15)
    chain.received(b"x" * 50, 2.0)
    chain.advance(2.25)
    reading = stage.tally.reading(3.0)
    assert reading["hits"] == 2
    assert reading["delay_ms_mean"] == pytest.approx(200.0)
    assert reading["bytes_per_s"] == pytest.approx(100 / 0.4)


def test_an_undelayed_chunk_is_no_hit() -> None:
    chain, stage = Chain(), latency("0s")
    chain.add(stage, 0.0)
    assert chain.received(b"x", 1.0) == [b"x"]
    assert stage.tally.reading(2.0)["hits"] == 0


def test_a_broken_shaper_resets_its_connection_and_says_why() -> None:
    class Broken(Passing):
        def received(self, data: bytes, now: float) -> Iterable[Shaped]:
            yield Send(now, data[: 1 // 0])

    chain, tally = Chain(), Tally()
    chain.add(Stage("t", Broken(), tally), 0.0)
    assert chain.received(b"x", 1.0) == [Ending.RESET]
    assert str(tally.reading(1.0)["error"]).startswith("ZeroDivisionError")


def test_a_shaper_cannot_reorder_or_speak_after_the_end() -> None:
    class Unruly(Passing):
        def received(self, data: bytes, now: float) -> Iterable[Shaped]:
            return (Send(now + 2, b"first"), Send(now + 1, b"second"))

        def finished(self, now: float) -> Iterable[Shaped]:
            return (Finish(now), Send(now, b"too late"), Finish(now))

    class Noting(Passing):
        def received(self, data: bytes, now: float) -> Iterable[Shaped]:
            noted.append(now)
            return (Send(now, data),)

    noted: list[float] = []
    chain = Chain()
    chain.add(Stage("t", Unruly(), Tally()), 0.0)
    chain.add(Stage("n", Noting(), Tally()), 0.0)
    chain.received(b"x", 0.0)
    chain.finished(0.5)
    assert drained(chain, 0.5)[0] == [b"first", b"second", Ending.FINISH]
    assert noted == [2.0, 2.0], "the next stage's clock goes forwards only"
