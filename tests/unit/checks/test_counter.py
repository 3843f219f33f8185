"""Counter: reads lie between what was surely added and what may have been."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.counter import Counter
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run


def counter(**given: Any) -> Counter:
    return Counter.model_validate({"of": "read", "added_by": "add", **given})


def add(number: int, at: float, took: float = 0.5, **given: Any) -> Op:
    return op(number, at, name="add", took=took, **given)


def read(number: int, at: float, value: Any, took: float = 0.5) -> Op:
    return op(number, at, name="read", took=took, value={"value": value})


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0, Outcome.FAIL), (1, Outcome.PASS), (2, Outcome.PASS), (3, Outcome.FAIL)],
)
def test_an_addition_that_overlaps_the_read_may_or_may_not_count(
    value: int, outcome: Outcome
) -> None:
    ops = [add(1, 1.0), add(2, 4.9), read(3, 5.0, value), add(4, 6.0)]
    verdict = counter().judge(run(ops=ops))
    assert verdict.outcome is outcome, verdict
    assert [one.cites for one in verdict.findings] == [("op 3",)] * (outcome is Outcome.FAIL)


@pytest.mark.parametrize("value", [1, 2])
def test_what_ended_info_may_have_been_added_at_any_time_after(value: int) -> None:
    ops = [add(1, 1.0), add(2, 2.0, outcome=Ended.INFO), read(3, 50.0, value)]
    verdict = counter().judge(run(ops=ops))
    assert (verdict.outcome, verdict.figures["undecided"]) == (Outcome.PASS, 1)


def test_what_failed_was_not_added() -> None:
    ops = [add(1, 1.0), add(2, 2.0, outcome=Ended.FAIL), read(3, 50.0, 2)]
    [finding] = counter().judge(run(ops=ops)).findings
    assert finding.sentence == ("read 2 at 50.000 s (op 3); at most 1 can have been added by then")


def test_amounts_may_take_away_and_start_somewhere() -> None:
    ops = [add(1, 1.0, value={"by": -5}), add(2, 4.9, value={"by": -2})]
    for value, outcome in [(95, "pass"), (93, "pass"), (96, "fail"), (92, "fail")]:
        check = counter(amount="by", start=100)
        assert check.judge(run(ops=[*ops, read(3, 5.0, value)])).outcome.value == outcome


def test_an_undecided_addition_of_unknown_size_bounds_nothing() -> None:
    ops = [add(1, 1.0, value={"by": 2}), add(2, 2.0, outcome=Ended.INFO), read(3, 5.0, 700)]
    assert counter(amount="by").judge(run(ops=ops)).outcome is Outcome.PASS
    before = [*ops, read(4, 1.6, 700, took=0.1)]
    assert counter(amount="by").judge(run(ops=before)).figures["wrong"] == 1


def test_tenths_add_up() -> None:
    ops = [add(n, float(n), value={"by": 0.1}) for n in range(1, 11)]
    assert counter(amount="by").judge(run(ops=[*ops, read(20, 30.0, 1)])).outcome is Outcome.PASS
    assert counter(amount="by").judge(run(ops=[*ops, read(20, 30.0, 1.1)])).outcome is Outcome.FAIL


def test_several_counters_are_told_apart_and_rows_are_read() -> None:
    ops = [add(n, 1.0, value={"page": page}) for n, page in enumerate("aab", 1)]
    seen = look(9.0, probe="read", rows=[{"page": "a", "value": 2}, {"page": "b", "value": 2}])
    verdict = counter(per="page").judge(run(ops=ops, probes=[seen]))
    [finding] = verdict.findings
    assert (finding.data["key"], finding.cites) == ({"page": "b"}, ("read at 9.000 s",))


def test_no_evidence_is_unknown() -> None:
    early = [read(1, 1.0, 0), add(2, 5.0)]
    nothing = [read(1, 1.0, 0), add(2, 5.0, outcome=Ended.INFO)]
    for ops in (early, nothing, [add(2, 5.0)], [read(1, 1.0, 0)]):
        assert counter().judge(run(ops=ops)).outcome is Outcome.UNKNOWN


def test_what_a_broken_off_history_does_not_tell_may_have_been_added() -> None:
    ops = [add(1, 1.0), read(3, 50.0, 2)]
    assert counter().judge(run(ops=ops, end=None)).outcome is Outcome.UNKNOWN
    lost = [add(1, 1.0), read(3, 50.0, 0)]
    assert counter().judge(run(ops=lost, end=None)).outcome is Outcome.FAIL


MOMENTS = st.integers(1, 12)


@given(
    adds=st.lists(
        st.tuples(MOMENTS, st.integers(0, 4), st.integers(-3, 3), st.sampled_from(Ended)),
        max_size=6,
    ),
    reads=st.lists(st.tuples(MOMENTS, st.integers(0, 4), st.integers(-6, 6)), max_size=4),
)
def test_bounds_are_those_of_every_possible_choice(
    adds: list[tuple[int, int, int, Ended]], reads: list[tuple[int, int, int]]
) -> None:
    ops = [
        add(n, float(at), float(took), value={"by": by}, outcome=outcome)
        for n, (at, took, by, outcome) in enumerate(adds, 1)
    ]
    ops += [read(n, float(at), value, float(took)) for n, (at, took, value) in enumerate(reads, 90)]
    wrong = [
        number
        for number, (at, took, value) in enumerate(reads, 90)
        if value not in _possible(adds, at, at + took)
    ]
    verdict = counter(amount="by").judge(run(ops=ops))
    if any(outcome is Ended.OK for *_, outcome in adds):
        cites = {cite for one in verdict.findings for cite in one.cites}
        # The bounds are those of the possible sums; between them there may be gaps.
        assert cites <= {f"op {number}" for number in wrong}
        assert {
            f"op {number}"
            for number, (at, took, value) in enumerate(reads, 90)
            if not _within(value, _possible(adds, at, at + took))
        } == cites


def _possible(adds: list[tuple[int, int, int, Ended]], start: int, end: int) -> set[int]:
    sums = {0}
    for at, took, by, outcome in adds:
        if outcome is Ended.FAIL or at > end:
            continue
        sure = outcome is Ended.OK and at + took < start
        sums = {one + by for one in sums} | (set() if sure else sums)
    return sums


def _within(value: int, sums: set[int]) -> bool:
    return min(sums) <= value <= max(sums)


def test_many_operations_are_judged_at_once() -> None:
    ops = [add(n, n * 1e-3, took=5e-4) for n in range(1, 20_001)]
    ops += [read(30_000 + n, n * 1e-3 + 6e-4, n, took=1e-4) for n in range(1, 20_001)]
    history: History = run(ops=ops)
    assert counter().judge(history).outcome is Outcome.PASS


def test_a_counter_that_no_read_tells_about_is_unknown() -> None:
    ops = [add(n, 1.0, value={"page": page}) for n, page in enumerate("aab", 1)]
    seen = look(9.0, probe="read", rows=[{"page": "a", "value": 2}], fields={"count": 1})
    verdict = counter(per="page").judge(run(ops=ops, probes=[seen]))
    assert (verdict.outcome, verdict.summary) == (
        Outcome.UNKNOWN, "no read after it had been added to: page b",
    )  # fmt: skip
    early = look(0.5, probe="read", rows=[{"page": "b", "value": 0}], fields={"count": 1})
    assert counter(per="page").judge(run(ops=ops, probes=[early, seen])).outcome is Outcome.UNKNOWN
    maybe = [*ops[:2], add(3, 1.0, value={"page": "b"}, outcome=Ended.INFO)]
    assert counter(per="page").judge(run(ops=maybe, probes=[seen])).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("amounts", "right", "wrong"),
    [
        ([2**60, 1], 2**60 + 1, 2**60),
        ([2**70, 1], 2**70 + 1, 2**70),
        ([-(2**70), -1], -(2**70) - 1, -(2**70)),
        (["1000000000000.01", "0.01"], "1000000000000.02", "1000000000000.01"),
    ],
)
def test_sums_are_exact_however_many_digits_they_have(
    amounts: list[Any], right: Any, wrong: Any
) -> None:
    ops = [add(n, float(n), value={"by": by}) for n, by in enumerate(amounts, 1)]
    verdict = counter(amount="by").judge(run(ops=[*ops, read(9, 9.0, right)]))
    assert verdict.outcome is Outcome.PASS, verdict
    assert counter(amount="by").judge(run(ops=[*ops, read(9, 9.0, wrong)])).outcome is Outcome.FAIL


def test_floating_sums_may_be_off_by_their_own_error_and_no_more() -> None:
    ops = [add(1, 1.0, value={"by": 0.1}), add(2, 2.0, value={"by": 0.2})]
    for value, outcome in [(0.1 + 0.2, "pass"), (0.3, "pass"), (0.3000001, "fail")]:
        verdict = counter(amount="by").judge(run(ops=[*ops, read(9, 9.0, value)]))
        assert verdict.outcome.value == outcome, verdict


def test_a_start_may_have_many_digits() -> None:
    ops = [add(1, 1.0), read(9, 9.0, 2**60 + 1)]
    assert counter(start=2**60).judge(run(ops=ops)).outcome is Outcome.PASS
    assert counter(start=str(2**60 + 1)).judge(run(ops=ops)).outcome is Outcome.FAIL
