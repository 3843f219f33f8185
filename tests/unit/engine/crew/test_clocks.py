from __future__ import annotations

import struct
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hormesis.engine.crew.clock_offset import ClockOffset, Reading
from hormesis.engine.crew.op_shift import shifted

MILLI = 1_000_000


@given(
    ahead=st.integers(-(10**18), 10**18),
    going=st.integers(0, 10**9),
    coming=st.integers(0, 10**9),
)
def test_the_true_offset_is_never_outside_the_uncertainty(
    ahead: int, going: int, coming: int
) -> None:
    asked = 10**15
    found = Reading.of(asked, asked + going + ahead, asked + going + coming)
    assert abs(found.offset_ns - ahead) <= found.uncertainty_ns


def test_the_shortest_round_trip_is_believed() -> None:
    offset = ClockOffset(Reading.of(0, 500 + 40 * MILLI, 50 * MILLI))
    offset.add(Reading.of(0, 500 + MILLI, 2 * MILLI))
    offset.add(Reading.of(0, 500 + 10 * MILLI, 11 * MILLI))
    assert offset.agree() == Reading(uncertainty_ns=MILLI, offset_ns=500)


def read(rng: Random, ahead: int) -> Reading:
    going, coming = rng.randrange(MILLI // 5, 3 * MILLI), rng.randrange(MILLI // 5, 3 * MILLI)
    return Reading.of(0, going + ahead, going + coming)


def test_a_drift_is_seen_once_it_is_larger_than_what_is_unsure() -> None:
    rng = Random(7)
    offset = ClockOffset(read(rng, 0))
    for _ in range(20):
        offset.add(read(rng, 0))
    offset.agree()
    for _ in range(20):
        offset.add(read(rng, 0))
    assert offset.drift_ns == 0
    for _ in range(20):
        offset.add(read(rng, 9 * MILLI))
    assert abs(offset.drift_ns - 9 * MILLI) < 2 * MILLI


def test_operations_are_moved_and_their_durations_kept() -> None:
    layout = struct.Struct("<IIqIII")
    chunk = layout.pack(7, 3, -5, 11, 12, 1) + layout.pack(9, 4, 2**40, 13, 14, 2)
    assert shifted(chunk, 0) is chunk
    assert list(layout.iter_unpack(shifted(chunk, -100))) == [
        (7, 3, -105, 11, 12, 1),
        (9, 4, 2**40 - 100, 13, 14, 2),
    ]
    assert shifted(b"", 5) == b""
