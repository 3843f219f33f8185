"""Bandwidth spaces pieces so that the rate holds, and saves nothing up."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hormesis.toxics.bandwidth import Bandwidth
from hormesis.words.shaper import Send, Stream


def sends(rate: str, chunks: list[tuple[float, bytes]]) -> list[Send]:
    shaper = Bandwidth.model_validate({"rate": rate}).shaper(Stream.DOWNSTREAM, Random(1))
    shaped = [one for now, data in chunks for one in shaper.received(data, now)]
    return [one for one in shaped if isinstance(one, Send)]


def test_a_chunk_takes_its_size_over_the_rate() -> None:
    out = sends("10KB", [(5.0, b"x" * 20_000)])
    assert out[-1].at == pytest.approx(7.0)
    assert len(out) == 100


def test_an_idle_line_saves_nothing_up() -> None:
    out = sends("1000B", [(0.0, b"x" * 10), (100.0, b"y" * 1000)])
    assert out[-1].at == pytest.approx(101.0)


@given(
    st.integers(1, 10**7), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1)), min_size=1)
)
def test_no_stretch_is_faster_than_the_rate(rate: int, steps: list[tuple[float, bytes]]) -> None:
    chunks, now = [], 0.0
    for wait, data in steps:
        now += wait
        chunks.append((now, data))
    out = sends(f"{rate}B", chunks)
    assert b"".join(one.data for one in out) == b"".join(data for _, data in chunks)
    for earlier, later in pairwise(out):
        assert later.at - earlier.at >= len(later.data) / rate - 1e-9


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        Bandwidth.model_validate({"rate": "0B"})
