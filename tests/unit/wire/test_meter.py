"""Both meters write the same 28 bytes, and share one way of labelling."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.record.op_record import OTHER, RECORD
from hormesis.wire import labels
from hormesis.wire.labels import DROPPED, NAMES_MAX
from hormesis.words.op import Ended
from tests.unit.wire.makes import BUILT, PYTHON, Make

NS = st.integers(-(2**62), 2**62)


def test_an_operation_is_28_bytes(make: Make) -> None:
    meter = make.Meter(zero_ns=0, first=3, step=4)
    assert meter.record(2, 9, 1_000_999, 3_000_000, 10_000_000) == 3
    assert meter.record(2, 9, 0, 0, 0) == 7
    ops = meter.take_ops()
    assert len(ops) == 2 * 28
    assert struct.unpack("<IIqIII", ops[:28]) == (3, 9, 1000, 2000, 7000, 2)
    assert (meter.take_ops(), meter.counted) == (b"", 2)


def test_due_lag_and_took_add_up_to_the_end(make: Make) -> None:
    meter = make.Meter()
    meter.record(0, 0, 1_999, 3_998, 5_997)
    _, _, due, lag, took, _ = RECORD.unpack(meter.take_ops())
    assert due + lag + took == 5


@given(st.integers(0, 2**40), st.integers(0, 2**40), NS, NS, NS)
def test_values_clip_at_the_range_and_both_agree(
    label: int, user: int, due: int, sent: int, ended: int
) -> None:
    written = []
    for make in BUILT:
        meter = make.Meter(first=2**32 - 2, step=2)
        meter.record(label, user, due, sent, ended)
        meter.record(label, user, due, sent, ended)
        written.append(meter.take_ops())
    assert len(set(written)) == 1
    assert RECORD.unpack(written[0][28:])[0] == 2**32 - 1


def test_a_label_is_told_once_and_has_one_code(make: Make) -> None:
    meter = make.Meter()
    ok = meter.label("web", "/", Ended.OK)
    bad = meter.label("web", "/", Ended.FAIL, "http-503", {"status": "503"})
    assert [meter.label("web", "/", Ended.OK), ok, bad] == [0, 0, 1]
    assert meter.take_labels() == [
        ("web", "/", 0, "", {}),
        ("web", "/", 1, "http-503", {"status": "503"}),
    ]
    meter.label("web", "", DROPPED)
    assert meter.take_labels() == [("web", "", 3, "", {})]


def test_names_do_not_grow_without_end(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "NAMES_MAX", 3)
    meter = make.Meter()
    codes = [meter.label("web", f"/{i}", Ended.OK) for i in range(50)]
    assert codes[:3] == [0, 1, 2]
    assert set(codes[3:]) == {3}
    assert meter.label("other load", "/9", Ended.OK) == 4
    assert [row[1] for row in meter.take_labels()] == ["/0", "/1", "/2", OTHER, "/9"]
    assert NAMES_MAX == 10_000


def test_the_clock_can_be_another(make: Make) -> None:
    assert make.Meter(now_ns=lambda: 17).now_ns() == 17


def test_the_clock_counts_from_zero(make: Make) -> None:
    here = PYTHON.Meter().now_ns()
    assert 0 <= make.Meter(zero_ns=here).now_ns() < 60_000_000_000


def test_wrong_arguments_are_refused(make: Make) -> None:
    meter = make.Meter()
    with pytest.raises(TypeError):
        meter.record(1, 2, 3)
    with pytest.raises(TypeError):
        meter.record("a", 2, 3, 4, None)
    assert meter.take_ops() == b""
