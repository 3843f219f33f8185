"""A toxic that changes keeps its place; what it held goes to its successor, or goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import pytest

from hormesis.proxy.chain import Chain, Ending, Passed, Stage
from hormesis.proxy.passing import Passing
from hormesis.proxy.tally import Tally
from hormesis.proxy.toxiproxy.paced import Paced
from hormesis.proxy.toxiproxy.reset_peer import ResetPeer
from hormesis.proxy.toxiproxy.swallow import Swallow
from hormesis.words.shaper import Finish, Send, Shaped, Shaper, Stream, Toxic


class Marking(Passing):
    """Adds its mark to what passes, after *delay*."""

    def __init__(self, mark: str, delay: float = 0.0) -> None:
        self.mark = mark.encode()
        self.delay = delay

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        return (Send(now + self.delay, data + self.mark),)

    def finished(self, now: float) -> Iterable[Shaped]:
        return (Finish(now + self.delay),)


class Heir(Marking):
    """Takes what its predecessor held and marks it again."""

    def succeeds(self, former: Shaper, held: Sequence[bytes], now: float) -> Iterable[Shaped]:
        return [one for data in held for one in self.received(data, now)]


def stage(name: str, shaper: Shaper) -> Stage:
    return Stage(name, shaper, Tally())


def shaper_of(toxic: Toxic) -> Shaper:
    return toxic.shaper(Stream.DOWNSTREAM, Random(1))


def chain_of(**shapers: Shaper) -> Chain:
    chain = Chain()
    for name, shaper in shapers.items():
        assert chain.add(stage(name, shaper), 0) == []
    return chain


def bytes_of(passed: list[Passed]) -> bytes:
    return b"".join(one for one in passed if isinstance(one, bytes))


def test_a_stage_is_replaced_in_its_place() -> None:
    chain = chain_of(a=Marking("a"), b=Marking("b"), c=Marking("c"))
    chain.exchange("b", stage("b", Marking("B")), {"a"}, 1)
    assert bytes_of(chain.received(b"-", 1)) == b"-aBc"


def test_a_stage_that_was_not_there_goes_behind_the_earlier_ones() -> None:
    chain = chain_of(a=Marking("a"), c=Marking("c"))
    chain.exchange("b", stage("b", Marking("b")), {"a", "0"}, 1)
    assert bytes_of(chain.received(b"-", 1)) == b"-abc"


def test_a_stage_may_only_leave_and_lets_go_what_it_held() -> None:
    chain = chain_of(a=Marking("a", 10), b=Marking("b"))
    assert chain.received(b"-", 0) == []
    assert bytes_of(chain.exchange("a", None, set(), 1)) == b"-ab"
    assert chain.held == 0
    assert bytes_of(chain.received(b"-", 1)) == b"-b"


def test_what_was_held_passes_the_stages_behind_it() -> None:
    chain = chain_of(a=Marking("a", 10), b=Marking("b"))
    chain.received(b"-", 0)
    assert bytes_of(chain.exchange("a", stage("a", Marking("A", 10)), set(), 1)) == b"-ab"
    assert chain.next_at() is None


def test_a_successor_gets_what_was_held() -> None:
    chain = chain_of(a=Marking("a", 10), b=Marking("b"))
    chain.received(b"-", 0)
    assert chain.exchange("a", stage("a", Heir("H", 5)), set(), 1) == []
    assert chain.next_at() == 6
    assert bytes_of(chain.advance(6)) == b"-aHb"


@pytest.mark.parametrize("heir", [Marking("n", 3), Heir("n", 3)])
def test_an_end_that_was_held_is_held_anew(heir: Shaper) -> None:
    chain = chain_of(a=Marking("a", 10))
    chain.received(b"-", 0)
    chain.finished(0)
    chain.exchange("a", stage("a", heir), set(), 1)
    assert Ending.FINISH not in chain.advance(3.9)
    assert chain.advance(4)[-1] is Ending.FINISH
    assert chain.next_at() is None


def test_an_end_that_has_passed_does_not_pass_again() -> None:
    chain = chain_of(a=Marking("a"))
    assert chain.finished(0) == [Ending.FINISH]
    assert chain.exchange("a", stage("a", Marking("b")), set(), 1) == []
    assert chain.exchange("a", None, set(), 2) == []


def test_an_announced_end_of_the_connection_is_called_off() -> None:
    chain = chain_of(a=shaper_of(Swallow(timeout=5)))
    assert chain.exchange("a", stage("a", shaper_of(Swallow(timeout=5))), set(), 4) == []
    assert chain.advance(8) == []
    assert chain.advance(9) == [Ending.CLOSE]


def test_a_paced_stream_goes_on_at_the_new_rate() -> None:
    chain = chain_of(a=shaper_of(Paced(rate=10)))
    chain.received(b"x" * 10, 0)
    assert len(bytes_of(chain.advance(0.55))) == 5
    chain.exchange("a", stage("a", shaper_of(Paced(rate=100))), set(), 0.55)
    assert bytes_of(chain.advance(0.601)) == b"x" * 5


def test_a_rate_of_nothing_lets_nothing_pass_not_even_the_end() -> None:
    chain = chain_of(a=shaper_of(Paced(rate=0)))
    assert chain.received(b"x", 0) == []
    assert chain.finished(1) == []
    assert chain.advance(1e9) == []
    assert chain.remove("a", 2e9) == [b"x", Ending.FINISH]


def test_a_reset_that_has_begun_goes_on_with_the_new_time() -> None:
    chain = chain_of(a=shaper_of(ResetPeer(after=5)))
    assert chain.advance(100) == []
    chain.received(b"x", 100)
    chain.exchange("a", stage("a", shaper_of(ResetPeer(after=2, resets=False))), set(), 101)
    assert chain.advance(102.9) == []
    assert chain.advance(103) == [Ending.RESET]
