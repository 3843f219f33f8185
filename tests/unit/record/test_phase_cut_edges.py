"""Phases of faults whose end was known before their beginning."""

from __future__ import annotations

from hormesis.record.phase_cut import cut
from hormesis.words.window import Window
from tests.unit.record.histories import fault, op, run


def test_a_fault_undone_before_its_engine_learned_of_it_cuts_without_width() -> None:
    history = run(
        faults=[fault("pause", 30.0, 20.0), fault("late", 60.0, 60.0)],
        ops=[op(n, float(n), took=0.5) for n in range(100)],
    )
    names = [one.name for one in cut(history)]
    assert names == ["before", "between", "after"]
    assert Window(during="pause").stretches(history) == []
    assert Window(after="pause").stretches(history) == [(20.0, float("inf"))]
