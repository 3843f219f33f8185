"""Figures from planted rows."""

from __future__ import annotations

import pytest

from hormesis.testing.effectiveness.figures import (
    coverage,
    detection,
    figures,
    pace,
    shrinking,
    stability,
)
from hormesis.testing.effectiveness.modes import MODES
from hormesis.testing.effectiveness.rows import Execution, Outcome, Record
from tests.unit.effectiveness.planted import (
    EMPTY,
    ERROR,
    FAILED,
    FLAKY,
    PASSED,
    bit,
    ran,
    run,
    seen,
)


def test_no_data_is_no_evidence() -> None:
    found = figures(EMPTY, 10)
    assert found.detection.per_100 is None
    assert found.coverage.share() is None
    assert found.stability.share is None
    assert found.pace.run_s is None
    assert found.shrinking.tried_mean is None
    assert found.trend == ()


def test_tests_that_never_came_to_an_end_are_no_evidence() -> None:
    record = Record([run(1)], [ran(1, "a", ERROR), ran(1, "b", Outcome.SKIPPED)])
    found = figures(record, 10)
    assert found.detection.per_100 is None
    assert found.coverage.share() is None
    assert found.stability.share is None


def test_bugs_are_counted_once_and_tests_without_their_parameters() -> None:
    executions = [ran(1, f"a[{number}]", FAILED) for number in range(3)]
    executions += [ran(1, name) for name in "bcde"]
    record = Record([run(1)], executions, [seen(1, "a"), seen(1, "a"), seen(1, "a", "other")])
    found = detection(record)
    assert found.tests == 5
    assert len(found.bugs) == 2
    assert found.per_100 == 40
    assert {bug.times for bug in found.bugs} == {1, 2}


def test_a_bug_is_new_only_in_the_run_that_saw_it_first() -> None:
    runs, executions = [run(1), run(2)], [ran(1, "a", FAILED), ran(2, "a", FAILED)]
    old, new = seen(1, "a"), seen(2, "a", "a.py:g: assert y")
    record = Record(runs, executions, [old, seen(2, "a"), new], first_seen={old.signature: 1})
    found = detection(record)
    assert [bug.is_new for bug in found.bugs] == [True, False]
    assert found.new == 1


def test_a_bug_seen_before_the_kept_runs_is_not_new() -> None:
    known = seen(9, "a")
    record = Record([run(9)], [ran(9, "a", FAILED)], [known], first_seen={known.signature: 2})
    assert detection(record).new == 0


def test_a_clean_run_found_nothing_which_is_a_figure() -> None:
    found = detection(Record([run(1)], [ran(1, "a")]))
    assert found.per_100 == 0


def test_evidence_covers_its_mode_and_nothing_else() -> None:
    record = Record([run(1)], [ran(1, "a")], evidence=[bit(1, "a", "disk-full")])
    found = coverage(record)
    assert [mode.name for mode in found.covered()] == ["disk full"]
    assert found.share() == pytest.approx(1 / len(MODES))
    assert found.share("resource") == pytest.approx(1 / 6)
    assert found.share("load") == 0


def test_a_marker_without_evidence_covers_nothing() -> None:
    marked = Execution(1, "t.py::a", PASSED, 1.0, ("chaos", "resource", "migration"))
    assert coverage(Record([run(1)], [marked])).share() == 0


def test_some_modes_need_evidence_and_the_marker() -> None:
    executions = [ran(1, "a")]
    bare = coverage(Record([run(1)], executions, evidence=[bit(1, "a", "race")]))
    marked = coverage(Record([run(1)], executions, evidence=[bit(1, "a", "race", "migration")]))
    assert [mode.name for mode in bare.covered()] == ["at the same instant"]
    assert [mode.name for mode in marked.covered()] == ["at the same instant", "two at once"]


def test_evidence_that_happened_no_time_covers_nothing() -> None:
    record = Record([run(1)], [ran(1, "a")], evidence=[bit(1, "a", "race", count=0)])
    assert coverage(record).share() == 0


def test_words_that_no_mode_knows_are_named() -> None:
    noted = [bit(1, "a", "gremlins"), bit(1, "a", "retry")]
    found = coverage(Record([run(1)], [ran(1, "a")], evidence=noted))
    assert found.unlisted == ("gremlins",)
    assert found.share() == 0


def test_both_answers_on_the_same_code_are_unstable() -> None:
    runs = [run(1), run(2), run(3)]
    executions = [ran(1, "a"), ran(2, "a", FAILED), ran(3, "a")]
    executions += [ran(number, "b") for number in (1, 2, 3)]
    found = stability(Record(runs, executions))
    assert [(one.test, one.passed, one.failed) for one in found.unstable] == [("t.py::a", 2, 1)]
    assert found.measured == 2
    assert found.share == 0.5


def test_a_failure_after_a_change_of_the_code_is_no_instability() -> None:
    runs = [run(1), run(2), run(3, "b"), run(4, "b")]
    executions = [ran(1, "a"), ran(2, "a"), ran(3, "a", FAILED), ran(4, "a", FAILED)]
    found = stability(Record(runs, executions))
    assert found.unstable == ()
    assert found.share == 1


def test_one_answer_for_each_code_says_nothing_of_stability() -> None:
    record = Record([run(1), run(2, "b")], [ran(1, "a"), ran(2, "a", FAILED)])
    found = stability(record)
    assert found.share is None
    assert found.once == 1


def test_parameters_are_tests_of_their_own_for_stability() -> None:
    record = Record([run(1), run(2)], [ran(1, "a[1]"), ran(2, "a[2]", FAILED)])
    assert stability(record).unstable == ()


def test_a_repetition_within_a_run_counts() -> None:
    found = stability(Record([run(1)], [ran(1, "a", FAILED), ran(1, "a")]))
    assert found.share == 0


def test_what_hypothesis_calls_flaky_is_unstable_at_once() -> None:
    found = stability(Record([run(1)], [ran(1, "a", FLAKY)]))
    assert [one.test for one in found.unstable] == ["t.py::a"]
    assert found.share == 0


def test_an_error_in_the_set_up_is_no_answer() -> None:
    found = stability(Record([run(1), run(2)], [ran(1, "a"), ran(2, "a", ERROR)]))
    assert found.share is None


def test_times_are_of_the_last_run_with_the_median_of_all() -> None:
    runs = [run(1, duration_s=30), run(2, duration_s=10), run(3, duration_s=20)]
    found = pace(Record(runs, [ran(2, "a"), ran(3, "a"), ran(3, "b", duration_s=5)]), slowest=1)
    assert (found.run_s, found.median_run_s, found.tests_s) == (20, 20, 6)
    assert [one.test for one in found.slowest] == ["t.py::b"]


def test_shrinking_is_the_mean_of_what_shrank() -> None:
    executions = [
        Execution(1, "t.py::a", FAILED, 1.0, (), 50, 40, 10),
        Execution(1, "t.py::b", FAILED, 1.0, (), 30, 20, 4),
        Execution(1, "t.py::c", PASSED, 1.0, (), 100, 0, 0),
        ran(1, "d"),
    ]
    found = shrinking(executions)
    assert (found.properties, found.examples, found.shrunk) == (3, 180, 2)
    assert (found.tried_mean, found.good_mean) == (30, 7)


def test_only_the_last_runs_are_looked_at() -> None:
    runs = [run(number) for number in range(1, 6)]
    executions = [ran(number, "a", FAILED if number == 1 else PASSED) for number in range(1, 6)]
    record = Record(runs, executions, [seen(1, "a")], [bit(1, "a", "race")])
    found = figures(record, 3)
    assert (found.runs, found.executions) == (3, 3)
    assert found.detection.bugs == ()
    assert found.coverage.share() == 0
    assert found.stability.share == 1
    assert figures(record, 5).stability.share == 0


def test_the_trend_has_a_point_for_each_run() -> None:
    first, second = seen(1, "a"), seen(2, "b")
    record = Record(
        [run(1), run(2), run(3)],
        [ran(1, "a", FAILED), ran(2, "a", FAILED), ran(2, "b", FAILED), ran(3, "a")],
        [first, seen(2, "a"), second],
        [bit(3, "a", "race")],
        {first.signature: 1, second.signature: 2},
    )
    trend = figures(record, 10).trend
    assert [(one.run, one.tests, one.bugs, one.new) for one in trend] == [
        (1, 1, 1, 1),
        (2, 2, 2, 1),
        (3, 1, 0, 0),
    ]
    assert [one.stable for one in trend] == [None, 1, 0]
    assert [one.covered for one in trend] == pytest.approx([0, 0, 1 / len(MODES)])
