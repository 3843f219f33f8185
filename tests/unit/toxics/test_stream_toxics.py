"""Toxics that know no protocol: slow ends, small pieces, limits, flips, and who is hit at all."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.proxy.chain import Chain, Ending, Stage
from hormesis.proxy.tally import Tally
from hormesis.toxics.corrupt import Corrupt
from hormesis.toxics.limit_data import LimitData
from hormesis.toxics.reset import Reset
from hormesis.toxics.slicer import Slicer
from hormesis.toxics.slow_close import SlowClose
from hormesis.words.shaper import Hits, Send, Stream, Toxic
from tests.unit.toxics.pairs import CUTS, Pair, data_of, ends, pieces


def test_a_slow_close_delays_the_end_and_not_the_data() -> None:
    pair = Pair(SlowClose.model_validate({"delay": "400ms"}))
    pair.answer(b"x", 1.0)
    pair.finish(2.0)
    assert [one.at for one in pair.down] == [1.0, 2.4]
    assert [one.at for one in pair.up] == [2.0]


def test_a_delayed_end_is_a_hit_with_its_delay() -> None:
    toxic = SlowClose.model_validate({"delay": "400ms"})
    tally, chain = Tally(), Chain()
    _, down = toxic.pair(*_rngs(), tally.hits)
    assert down is not None
    chain.add(Stage("t", down, tally), 0.0)
    assert chain.received(b"x", 1.0) == [b"x"]
    assert chain.finished(1.0) == []
    assert chain.advance(1.4) == [Ending.FINISH]
    reading = tally.reading(2.0)
    assert reading["hits"] == 1
    assert reading["delay_ms_mean"] == pytest.approx(400.0)


def _rngs() -> tuple[Random, Random]:
    return Random(1), Random(2)


@given(
    st.integers(1, 100), st.integers(0, 100),
    st.lists(st.binary(min_size=1, max_size=500), min_size=1, max_size=5),
)  # fmt: skip
def test_pieces_are_of_the_asked_size_and_apart(
    size: int, variation: int, chunks: list[bytes]
) -> None:
    variation = min(variation, size)
    given = {"average_size": f"{size}B", "size_variation": f"{variation}B", "delay": "10ms"}
    pair = Pair(Slicer.model_validate(given))
    for chunk in chunks:
        pair.answer(chunk, 1.0)
    sends = [one for one in pair.down if isinstance(one, Send)]
    assert data_of(sends) == b"".join(chunks)
    assert all(1 <= len(one.data) <= size + variation for one in sends)
    assert [one.at for one in sends] == pytest.approx([1 + n / 100 for n in range(len(sends))])


def test_a_chunk_that_is_small_enough_is_not_cut() -> None:
    pair = Pair(Slicer.model_validate({"average_size": "10B"}))
    assert pair.answer(b"x" * 10) == b"x" * 10
    assert pair.hits.count == 0
    pair.answer(b"x" * 25)
    assert pair.hits.count == 3


@given(st.binary(max_size=300), st.integers(0, 300), CUTS)
def test_exactly_the_limit_passes(data: bytes, limit: int, cuts: Sequence[int]) -> None:
    pair = Pair(LimitData.model_validate({"bytes": f"{limit}B"}))
    for piece in pieces(data, cuts):
        if piece:
            pair.answer(piece)
    assert data_of(pair.down) == data[:limit]
    over = len(data) >= limit and bool(data)
    assert ends(pair.down) == ["Finish"] * over
    assert pair.hits.count == over


@given(st.sampled_from(["0%", "0.1%", "10%", "100%"]), st.integers(0, 100), CUTS, CUTS)
def test_where_bytes_change_depends_on_the_seed_alone(
    rate: str, spare: int, cuts: Sequence[int], others: Sequence[int]
) -> None:
    data = bytes(2000)
    results = []
    for where in (cuts, others):
        pair = Pair(Corrupt.model_validate({"probability": rate, "spare": f"{spare}B"}))
        for piece in pieces(data, where):
            pair.answer(piece)
        results.append((data_of(pair.down), pair.hits.count))
    assert results[0] == results[1]
    changed, count = results[0]
    assert sum(map(bool, changed)) == count
    assert not any(changed[:spare])
    assert {"0%": 0, "100%": 2000 - spare}.get(rate, count) == count


def test_the_rate_of_changed_bytes_is_the_asked_one_and_each_is_one_bit_off() -> None:
    pair = Pair(Corrupt.model_validate({"probability": "2%"}))
    changed = pair.answer(bytes(100_000))
    assert sum(map(bool, changed)) == pytest.approx(2000, rel=0.1)
    assert {byte.bit_count() for byte in changed} == {0, 1}


def test_one_byte_in_a_share_of_the_chunks() -> None:
    pair = Pair(Corrupt.model_validate({"probability": "50%", "per": "chunk"}))
    flips = [sum(map(bool, pair.answer(bytes(50)))) for _ in range(400)]
    assert set(flips) == {0, 1}
    assert sum(flips) == pytest.approx(200, abs=50)


def test_a_reset_on_data_spares_the_idle_and_swallows_the_first() -> None:
    pair = Pair(Reset.model_validate({"after": "1s", "on_data": True}))
    assert pair.down == []
    assert pair.answer(b"x", 3.0) == b""
    assert (ends(pair.down), pair.down[0].at) == (["Reset"], 4.0)


def test_a_toxic_acts_on_the_asked_directions_only() -> None:
    toxics = [Slicer.model_validate({"stream": stream}) for stream in Stream]
    pairs = [toxic.pair(*_rngs(), Hits()) for toxic in toxics]
    assert [(up is not None, down is not None) for up, down in pairs] == [
        (True, False), (False, True), (True, True),
    ]  # fmt: skip


def test_occasions_are_skipped_then_taken_then_spent() -> None:
    hits = Hits(skip=2, first=2)
    assert [hits.take() for _ in range(6)] == [False, False, True, True, False, False]
    hits = Hits(first=1)
    assert [hits.take(chosen) for chosen in (False, True, True)] == [False, True, False]
    assert (hits.met, hits.taken) == (3, 1)


def test_a_toxic_without_a_shaper_says_so() -> None:
    with pytest.raises(NotImplementedError, match="neither"):
        Toxic().pair(*_rngs(), Hits())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most average_size"):
        Slicer.model_validate({"average_size": "1B", "size_variation": "2B"})
    with pytest.raises(ValidationError, match="greater than 0"):
        Slicer.model_validate({"average_size": "0B"})
