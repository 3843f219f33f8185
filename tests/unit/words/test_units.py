"""Quantities: what is read is written back the same way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from hormesis.words.units import (
    Bytes,
    PerSecond,
    Seconds,
    bytes_from,
    per_second_from,
    seconds_from,
    share_from,
    text_of_bytes,
    text_of_seconds,
)


class Sizes(BaseModel):
    size: Bytes
    rate: PerSecond
    span: Seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250us", 0.00025), ("500ms", 0.5), ("30s", 30), ("1m30s", 90), ("1.5h", 5400), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_from(text) == pytest.approx(seconds)


@pytest.mark.parametrize("bad", ["", "5", 5, None, "5 parsecs", "s", "-1s", "1s later", True])
def test_what_is_no_duration(bad: object) -> None:
    with pytest.raises(ValueError, match="expected a duration with a unit"):
        seconds_from(bad)


@pytest.mark.parametrize(
    ("text", "size"), [("10KB", 10_000), ("64MiB", 64 * 2**20), ("1.5GB", 1_500_000_000), ("7B", 7)]
)
def test_sizes(text: str, size: int) -> None:
    assert bytes_from(text) == size


@pytest.mark.parametrize("bad", ["10", 10, "10 potatoes", "KB", "", None])
def test_what_is_no_size(bad: object) -> None:
    with pytest.raises(ValueError, match="expected a size with a unit"):
        bytes_from(bad)


def test_rates_and_shares() -> None:
    assert per_second_from("600/m") == pytest.approx(10)
    assert share_from("25%") == share_from(0.25) == 0.25
    for bad in ("101%", 1.5, "-1%", "half", True):
        with pytest.raises(ValueError, match="expected a share"):
            share_from(bad)


@given(st.integers(0, 2**40))
def test_a_size_survives_being_written(size: int) -> None:
    assert bytes_from(text_of_bytes(size)) == size


@given(st.integers(0, 10**7))
def test_a_duration_survives_being_written(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert seconds_from(text_of_seconds(seconds)) == pytest.approx(seconds, rel=1e-5)


def test_a_model_survives_being_dumped() -> None:
    sizes = Sizes.model_validate({"size": "64KiB", "rate": "50/s", "span": "1m30s"})
    dumped = sizes.model_dump(mode="json")
    assert dumped == {"size": "64KiB", "rate": "50/s", "span": "90s"}
    assert Sizes.model_validate(dumped) == sizes
