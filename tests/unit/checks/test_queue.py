"""Queue: what comes out went in, comes out once, and nothing stays behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.queue import Queue
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run

EMPTY = ""


def queue(**given: Any) -> Queue:
    return Queue.model_validate({"of": "take", "added_by": "put", "key": "job", **given})


def put(number: int, job: str, at: float = 1.0, outcome: Ended = Ended.OK) -> Op:
    return op(number, at, name="put", value={"job": job}, outcome=outcome)


def take(
    number: int, job: str, at: float = 5.0, outcome: Ended = Ended.OK, took: float = 0.01
) -> Op:
    value = {"job": job} if job else {}
    return op(number, at, name="take", value=value, outcome=outcome, took=took)


def sorts(ops: list[Op], **given: Any) -> dict[str, str]:
    verdict = queue(**given).judge(run(ops=ops))
    return {one.data["key"]: one.data["sort"] for one in verdict.findings}


def outcome_of(ops: list[Op], **given: Any) -> Outcome:
    return queue(**given).judge(run(ops=ops)).outcome


def test_what_goes_in_and_comes_out_once_is_right() -> None:
    ops = [put(1, "a"), put(2, "b"), take(3, "b"), take(4, "a"), take(5, EMPTY, 6.0)]
    verdict = queue().judge(run(ops=ops))
    assert verdict.outcome is Outcome.PASS
    assert verdict.summary == "2 came out, each once, of 2 put in"


def test_an_item_that_comes_out_twice_is_repeated() -> None:
    verdict = queue().judge(run(ops=[put(1, "a"), take(2, "a"), take(3, "a")]))
    [finding] = verdict.findings
    assert finding.sentence == "Job a came out 2 times (op 2, op 3)"
    assert finding.cites == ("op 1", "op 2", "op 3")


def test_an_item_that_was_put_in_twice_may_come_out_twice() -> None:
    for second in (Ended.OK, Ended.INFO):
        ops = [put(1, "a"), put(2, "a", outcome=second), take(3, "a"), take(4, "a")]
        assert outcome_of(ops) is Outcome.PASS
    refused = [put(1, "a"), put(2, "a", outcome=Ended.FAIL), take(3, "a"), take(4, "a")]
    assert sorts(refused) == {"a": "repeated"}


def test_an_item_from_nowhere_is_unexpected() -> None:
    ops = [put(1, "a"), take(2, "a"), take(3, "x"), put(4, "y", outcome=Ended.FAIL), take(5, "y")]
    assert sorts(ops) == {"x": "unexpected", "y": "unexpected"}
    early = [put(1, "a"), take(2, "a"), take(3, "b"), put(4, "b", 7.0)]
    assert sorts(early) == {"b": "unexpected"}


def test_a_missing_item_is_lost_only_when_the_queue_was_drained() -> None:
    ops = [put(1, "a"), put(2, "b"), take(3, "b")]
    assert outcome_of(ops) is Outcome.UNKNOWN
    verdict = queue().judge(run(ops=[*ops, take(4, EMPTY, 6.0)]))
    [finding] = verdict.findings
    assert finding.sentence == "Job a was put in by 1.010 s (op 1) and never came out"
    assert finding.cites == ("op 1", "op 4")
    early = [*ops, take(4, EMPTY, 0.5)]
    assert outcome_of(early) is Outcome.UNKNOWN


def test_a_dequeue_that_fails_later_may_have_hidden_it() -> None:
    held = take(4, EMPTY, 5.5, Ended.FAIL, took=1.0)
    ops = [put(1, "a"), put(2, "b"), take(3, "b"), held, take(5, EMPTY, 6.0)]
    assert outcome_of(ops) is Outcome.UNKNOWN
    assert sorts([*ops, take(6, EMPTY, 7.0)]) == {"a": "lost"}


def test_an_undecided_dequeue_may_have_taken_one_item() -> None:
    ops = [put(1, "a"), put(2, "b"), put(3, "c"), take(4, "c"), take(9, EMPTY, 6.0)]
    one = take(5, EMPTY, 5.0, Ended.INFO)
    assert sorts([*ops, one]) == {"a": "lost", "b": "lost"}
    assert outcome_of([*ops, one, take(6, EMPTY, 5.0, Ended.INFO)]) is Outcome.UNKNOWN
    named = take(5, "a", 5.0, Ended.INFO)
    assert sorts([*ops, named]) == {"b": "lost"}


def test_what_is_left_is_not_lost() -> None:
    ops = [put(1, "a"), put(2, "b"), take(3, "b"), put(4, "c")]
    left = look(95.0, probe="left", rows=[{"id": "a"}], fields={"count": 1})
    verdict = queue(left_in="left", column="id").judge(run(ops=ops, probes=[left]))
    assert [one.data["key"] for one in verdict.findings] == ["c"]
    assert verdict.findings[0].cites == ("op 4", "left at 95.000 s")
    early = look(0.5, probe="left", rows=[{"id": "a"}], fields={"count": 1})
    verdict = queue(left_in="left", column="id").judge(run(ops=ops, probes=[early]))
    assert verdict.outcome is Outcome.UNKNOWN
    assert queue(left_in="left").judge(run(ops=ops)).outcome is Outcome.UNKNOWN


def left_over(*left: str, at: float = 95.0) -> dict[str, str]:
    ops = [put(1, "a"), put(2, "b"), take(3, "a"), put(4, "n", outcome=Ended.FAIL)]
    rows = [{"job": one} for one in left]
    seen = look(at, probe="left", rows=rows, fields={"count": len(rows)})
    verdict = queue(left_in="left").judge(run(ops=ops, probes=[seen]))
    assert (verdict.outcome is Outcome.FAIL) is bool(verdict.findings)
    return {one.data["key"]: one.data["sort"] for one in verdict.findings}


def test_what_is_left_came_in_and_did_not_come_out() -> None:
    assert left_over("b") == {}
    assert left_over("a", "b") == {"a": "repeated"}
    assert left_over("b", "b") == {"b": "repeated"}
    assert left_over("b", "x") == {"x": "unexpected"}
    assert left_over("b", "n") == {"n": "unexpected"}


def test_an_item_that_was_taken_after_the_look_may_have_been_left_then() -> None:
    assert left_over("a", "b", at=4.0) == {}
    assert left_over("b", "b", at=4.0) == {"b": "repeated"}


def test_what_operations_show_to_be_left_is_judged_look_by_look() -> None:
    def peek(number: int, at: float, *jobs: str) -> Op:
        return op(number, at, name="peek", value={"job": json.dumps(jobs)})

    ops = [put(1, "a"), put(2, "b"), take(3, "b", 5.0)]
    fine = [*ops, peek(4, 4.0, "a", "b"), peek(5, 6.0, "a")]
    assert outcome_of(fine, left_in="peek") is Outcome.PASS
    assert sorts([*ops, peek(4, 6.0, "a", "b")], left_in="peek") == {"b": "repeated"}


def test_an_empty_text_is_an_item_if_it_was_put_in() -> None:
    blank = op(3, 5.0, name="take", value={"job": ""})
    assert outcome_of([put(1, "a"), take(2, "a"), blank]) is Outcome.PASS
    again = op(4, 6.0, name="take", value={"job": ""})
    assert sorts([put(1, ""), blank, again]) == {"": "repeated"}


def test_one_operation_may_drain_many() -> None:
    drained = op(9, 7.0, name="drain", value={"job": json.dumps(["a", "b"])})
    ops = [put(1, "a"), put(2, "b"), put(3, "c"), take(4, "c"), drained]
    assert outcome_of(ops, of=["take", "drain"]) is Outcome.PASS


def test_order_is_judged_only_when_it_is_sure() -> None:
    ops = [put(1, "a", 1.0), put(2, "b", 2.0), take(3, "b", 5.0), take(4, "a", 6.0)]
    assert outcome_of(ops) is Outcome.PASS
    verdict = queue(order="fifo").judge(run(ops=ops))
    [finding] = verdict.findings
    assert finding.cites == ("op 2", "op 3", "op 1", "op 4")
    at_once = [put(1, "a", 1.0), put(2, "b", 1.0), *ops[2:]]
    assert outcome_of(at_once, order="fifo") is Outcome.PASS
    overlapping = [*ops[:2], take(3, "b", 5.0, took=2.0), take(4, "a", 6.0)]
    assert outcome_of(overlapping, order="fifo") is Outcome.PASS


@pytest.mark.parametrize(
    "ops",
    [[put(1, "a")], [take(1, "a")], [put(1, "a", outcome=Ended.INFO), take(2, EMPTY)]],
    ids=["nothing out", "nothing in", "nothing surely in"],
)
def test_no_evidence_is_unknown(ops: list[Op]) -> None:
    assert outcome_of(ops) is Outcome.UNKNOWN


def test_what_a_broken_off_history_does_not_tell_may_have_been_put_in() -> None:
    ops = [put(1, "a"), take(2, "a"), take(3, "x")]
    assert queue().judge(run(ops=ops, end=None)).outcome is Outcome.UNKNOWN


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=2, max_size=6),
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2)), min_size=6, max_size=6),
)
def test_overtaking_is_what_brute_force_finds(
    puts: list[tuple[int, int]], takes: list[tuple[int, int]]
) -> None:
    jobs = [
        (f"j{n}", at, at + took, 20 + out, 20 + out + lasted)
        for n, ((at, took), (out, lasted)) in enumerate(zip(puts, takes, strict=False))
    ]
    ops = []
    for n, (job, put_at, put_by, out_at, out_by) in enumerate(jobs):
        value = {"job": job}
        ops.append(op(n, float(put_at), name="put", value=value, took=float(put_by - put_at)))
        ops.append(op(50 + n, float(out_at), name="take", value=value, took=float(out_by - out_at)))
    overtakers = {
        b[0] for a in jobs for b in jobs if a[2] < b[1] and b[4] < a[3]
    }  # fmt: skip
    assert set(sorts(ops, order="fifo")) == overtakers
