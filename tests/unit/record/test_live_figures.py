"""Live figures say of a run that goes on what its history will say."""

from __future__ import annotations

import pytest

from hormesis.record.live_figures import KEPT_S, LiveFigures
from hormesis.record.op_record import DROPPED, LabelRow, op_record
from hormesis.words.op import Ended
from tests.unit.record.histories import op

LABELS: list[LabelRow] = [
    ("main", "claim", 0, "", {}),
    ("main", "claim", 1, "refused", {}),
    ("side", "submit", 2, "timeout", {}),
    ("main", "", DROPPED, "", {}),
]


def record(number: int, due_s: float, took_s: float, label: int) -> bytes:
    return op_record(number, 1, round(due_s * 1e6), 0, round(took_s * 1e6), label)


def test_the_whole_and_the_last_seconds_are_told_apart() -> None:
    live = LiveFigures()
    live.add(1, LABELS[:2], record(1, 1.0, 0.1, 0) + record(2, 9.0, 0.3, 1))
    live.add(2, LABELS, record(3, 9.5, 0.2, 0) + record(4, 9.0, 0.5, 2) + record(5, 9.0, 0.0, 3))
    live.add_op(op(6, due=9.1, took=0.2, load="prepare", outcome=Ended.OK))
    assert live.loads == ("main", "side", "prepare")
    whole = live.whole(10.0)
    assert (whole.count, whole.failed, whole.dropped, whole.rate) == (5, 2, 1, 0.5)
    main = live.whole(10.0, "main")
    assert (main.count, main.failed) == (3, 1)
    assert main.errors == pytest.approx(1 / 3)
    assert main.p99 == pytest.approx(0.3, rel=0.01)
    recent = live.window(10.0, 5.0, "main")
    assert (recent.count, recent.failed, recent.dropped, recent.rate) == (2, 1, 1, 0.4)
    assert recent.p50 == pytest.approx(0.2, rel=0.01)
    assert live.window(10.0, 5.0, "unknown").p95 is None


def test_a_window_at_the_start_is_no_longer_than_the_run() -> None:
    live = LiveFigures()
    live.add(0, LABELS, record(1, 0.1, 0.1, 0))
    assert live.window(0.5, 5.0).rate == 2.0
    assert live.window(0.0, 5.0).rate == 0.0


def test_what_has_no_label_is_not_counted() -> None:
    live = LiveFigures()
    live.add(0, LABELS[:1], record(1, 1.0, 0.1, 7) + record(2, 1.0, 0.1, 0))
    assert live.whole(2.0).count == 1
    with pytest.raises(ValueError, match="whole records"):
        live.add(0, (), b"x")


def test_memory_is_bounded_however_long_it_runs() -> None:
    live = LiveFigures()
    live.add(0, LABELS, b"")
    for second in range(2000):
        live.add(0, (), record(second + 1, float(second), 0.1, 0))
    assert live.whole(2000.0).count == 2000
    assert len(live._slots[0]) <= KEPT_S * 2 + 1
    assert live.window(2000.0, 1000.0).count == 60
