"""Exactly once: each acknowledged request has one effect."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.exactly_once import ExactlyOnce
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run


def once(**given: Any) -> ExactlyOnce:
    return ExactlyOnce.model_validate(
        {"of": "pay", "key": "request", "found_in": "payments", **given}
    )


def pay(number: int, request: str, outcome: Ended = Ended.OK, at: float = 5.0) -> Op:
    return op(number, at, name="pay", value={"request": request}, outcome=outcome)


def payments(*requests: str, count: int | None = None, at: float = 95.0) -> Any:
    rows = [{"request": one} for one in requests]
    return look(at, probe="payments", rows=rows, fields={"count": count or len(rows)})


def outcome_of(ops: list[Op], seen: Any, **given: Any) -> Outcome:
    return once(**given).judge(run(ops=ops, probes=[seen])).outcome


def test_one_effect_each_is_right_whatever_else_is_there() -> None:
    assert outcome_of([pay(1, "a"), pay(2, "b")], payments("a", "b", "old")) is Outcome.PASS


def test_two_effects_and_none_are_told_with_what_shows_them() -> None:
    verdict = once().judge(run(ops=[pay(1, "a"), pay(2, "b")], probes=[payments("a", "a")]))
    twice, lost = verdict.findings
    assert twice.sentence == (
        "Request a was acknowledged at 5.010 s (op 1) and is there 2 times in payments"
    )
    assert lost.sentence.endswith("(op 2) and is not there in payments")
    assert twice.cites == ("op 1", "payments at 95.000 s")
    assert (verdict.figures["repeated"], verdict.figures["lost"]) == (1, 1)


def test_a_request_that_is_tried_again_is_one() -> None:
    ops = [pay(1, "a", Ended.INFO), pay(2, "a", Ended.FAIL), pay(3, "a"), pay(4, "a")]
    assert outcome_of(ops, payments("a")) is Outcome.PASS
    assert outcome_of(ops, payments("a", "a")) is Outcome.FAIL


def test_an_undecided_request_may_have_an_effect_but_not_two() -> None:
    ops = [pay(1, "a"), pay(2, "b", Ended.INFO)]
    for seen, outcome in [(["a"], "pass"), (["a", "b"], "pass"), (["a", "b", "b"], "fail")]:
        assert outcome_of(ops, payments(*seen)).value == outcome


def test_an_effect_of_a_refused_request_is_wrong_if_asked_for() -> None:
    ops = [pay(1, "a"), pay(2, "b", Ended.FAIL)]
    assert outcome_of(ops, payments("a", "b")) is Outcome.PASS
    assert outcome_of(ops, payments("a", "b"), refused=True) is Outcome.FAIL
    again = [*ops, pay(3, "b", Ended.INFO)]
    assert outcome_of(again, payments("a", "b"), refused=True) is Outcome.PASS


@pytest.mark.parametrize(
    "seen",
    [
        payments("b", count=9),
        payments("a", count=9),
        payments("b", at=4.0),
        look(95.0, probe="payments", reason="refused"),
        look(95.0, probe="payments", rows=[{"other": 1}], fields={"count": 1}),
    ],
    ids=["missing from a part", "twice in the rest, perhaps", "too early", "blind", "no column"],
)
def test_what_cannot_be_known_is_unknown(seen: Any) -> None:
    assert outcome_of([pay(1, "a")], seen) is Outcome.UNKNOWN


def test_effects_may_be_operations_and_one_that_is_undecided_makes_it_unknown() -> None:
    def apply(number: int, outcome: Ended = Ended.OK) -> Op:
        return op(number, 6.0, name="payments", value={"request": "a"}, outcome=outcome)

    for effects, outcome in [
        ([apply(2)], "pass"),
        ([apply(2), apply(3, Ended.FAIL)], "pass"),
        ([apply(2), apply(3, Ended.INFO)], "unknown"),
        ([apply(3, Ended.INFO)], "unknown"),
        ([apply(2), apply(3)], "fail"),
        ([apply(2, Ended.FAIL)], "fail"),
    ]:
        verdict = once().judge(run(ops=[pay(1, "a"), *effects]))
        assert verdict.outcome.value == outcome, verdict


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(Ended)), max_size=8),
    st.lists(st.sampled_from("abcd"), max_size=8),
)
def test_it_agrees_with_counting(asked: list[tuple[str, Ended]], seen: list[str]) -> None:
    ops = [pay(n, request, outcome) for n, (request, outcome) in enumerate(asked, 1)]
    rows = [{"request": one} for one in seen]
    last = look(95.0, probe="payments", rows=rows, fields={"count": len(seen)})
    history = run(ops=ops, probes=[last])
    ok = {request for request, outcome in asked if outcome is Ended.OK}
    maybe = {request for request, outcome in asked if outcome is Ended.INFO}
    bad = {one for one in ok if seen.count(one) != 1}
    bad |= {one for one in maybe if seen.count(one) > 1}
    verdict = once().judge(history)
    if not ok:
        assert verdict.outcome is Outcome.UNKNOWN
    else:
        assert {one.data["key"] for one in verdict.findings} == bad
