"""Monotonic: of two that follow one another in real time, the later is never less."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.monotonic import Monotonic
from hormesis.record.keys import NumberText, Text
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run


def monotonic(**given: Any) -> Monotonic:
    return Monotonic.model_validate({"of": "read", **given})


def read(number: int, at: float, value: Any, took: float = 0.5, **given: Any) -> Op:
    more = given.pop("more", {})
    return op(number, at, name="read", took=took, value={"value": value, **more}, **given)


def test_a_read_that_goes_back_is_told_with_the_one_before() -> None:
    verdict = monotonic().judge(run(ops=[read(1, 1.0, 3), read(2, 2.0, 7), read(3, 3.0, 5)]))
    [finding] = verdict.findings
    assert finding.sentence == "value 5 at 3.000 s (op 3) after 7 at 2.000 s (op 2)"
    assert finding.cites == ("op 3", "op 2")


def test_reads_that_overlap_have_no_order() -> None:
    ops = [read(1, 1.0, 3), read(2, 2.0, 7, took=5.0), read(3, 3.0, 5)]
    assert monotonic().judge(run(ops=ops)).outcome is Outcome.PASS
    assert monotonic().judge(run(ops=ops[1:])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("outcome", [Ended.INFO, Ended.FAIL])
def test_what_did_not_end_ok_says_nothing(outcome: Ended) -> None:
    ops = [read(1, 1.0, 3), read(2, 2.0, 9, outcome=outcome), read(3, 3.0, 5)]
    verdict = monotonic().judge(run(ops=ops))
    assert verdict.outcome is Outcome.PASS
    assert verdict.figures["undecided"] == (outcome is Ended.INFO)


def test_strict_wants_more() -> None:
    ops = [read(1, 1.0, 3), read(2, 2.0, 3)]
    assert monotonic().judge(run(ops=ops)).outcome is Outcome.PASS
    assert monotonic(strict=True).judge(run(ops=ops)).outcome is Outcome.FAIL


def test_an_instant_does_not_follow_itself() -> None:
    ops = [read(1, 1.0, 3, took=0.0), read(2, 2.0, 4, took=0.0)]
    assert monotonic(strict=True).judge(run(ops=ops)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        (["1.9.0", "1.10.0"], Outcome.PASS),
        (["1.10.0", "1.9.0"], Outcome.FAIL),
        (["v1.10.0", "v1.9.0"], Outcome.FAIL),
        (["9", 10], Outcome.PASS),
        (["0.30", 0.3], Outcome.PASS),
        (["2026-01-02", "2026-01-10"], Outcome.PASS),
        (["b", "a"], Outcome.FAIL),
        (["b", 3], Outcome.UNKNOWN),
        (["b", "3"], Outcome.UNKNOWN),
        (["v9", "v10"], Outcome.PASS),
        (["v10", "v9"], Outcome.FAIL),
        ([Text("1.9"), Text("1.10")], Outcome.PASS),
        ([Text("1.10"), Text("1.9")], Outcome.FAIL),
        (["1.9", "1.10"], Outcome.UNKNOWN),
        (["1.10", "1.9"], Outcome.UNKNOWN),
        (["1.8", "1.9"], Outcome.PASS),
        (["1.9", "1.10", "1.10.1"], Outcome.PASS),
        (["1.9", 1.1], Outcome.FAIL),
        ([NumberText("1.9"), NumberText("1.10")], Outcome.FAIL),
        (["-1", "1.5"], Outcome.PASS),
        (["-1", "1.5.1"], Outcome.UNKNOWN),
    ],
)
def test_versions_numbers_and_texts_have_their_own_order(
    values: list[Any], outcome: Outcome
) -> None:
    ops = [read(n, float(n), value) for n, value in enumerate(values, 1)]
    verdict = monotonic().judge(run(ops=ops))
    assert verdict.outcome is outcome, verdict


@pytest.mark.parametrize(
    ("sort", "values", "outcome"),
    [
        ("number", ["1.9", "1.10"], Outcome.FAIL),
        ("version", ["1.9", "1.10"], Outcome.PASS),
        ("text", ["9", "10"], Outcome.FAIL),
        ("text", ["b", 3], Outcome.FAIL),
        ("number", ["1.2.3", "1.2.4"], Outcome.UNKNOWN),
        ("version", ["1.2", "x"], Outcome.UNKNOWN),
    ],
)
def test_what_values_are_may_be_said(sort: str, values: list[Any], outcome: Outcome) -> None:
    ops = [read(n, float(n), value) for n, value in enumerate(values, 1)]
    verdict = monotonic(**{"as": sort}).judge(run(ops=ops))
    assert verdict.outcome is outcome, verdict


def test_what_may_be_numbers_or_versions_says_what_to_do() -> None:
    verdict = monotonic().judge(run(ops=[read(1, 1.0, "1.9"), read(2, 2.0, "1.10")]))
    assert "say `as: number` or `as: version`" in verdict.summary


def test_each_key_or_user_is_judged_for_itself() -> None:
    ops = [
        read(1, 1.0, 9, user=1, more={"branch": "main"}),
        read(2, 2.0, 1, user=2, more={"branch": "dev"}),
        read(3, 3.0, 2, user=2, more={"branch": "dev"}),
        read(4, 4.0, 8, user=3, more={"branch": "main"}),
    ]
    verdict = monotonic(per="branch").judge(run(ops=ops))
    assert [one.cites for one in verdict.findings] == [("op 4", "op 1")]
    assert "of branch main" in verdict.findings[0].sentence
    assert monotonic(per="user").judge(run(ops=ops)).outcome is Outcome.PASS


def test_observations_and_several_operations_are_one_order() -> None:
    written = op(1, 1.0, name="write", value={"value": 5})
    verdict = monotonic(of=["write", "seen"]).judge(
        run(ops=[written], probes=[look(3.0, probe="seen", fields={"value": 4})])
    )
    assert verdict.findings[0].cites == ("seen at 3.000 s", "op 1")


ROWS = st.lists(
    st.tuples(st.integers(1, 20), st.integers(0, 5), st.integers(1, 6), st.sampled_from(Ended)),
    max_size=12,
)


@given(ROWS, st.booleans())
def test_those_that_went_back_are_those_that_brute_force_finds(
    rows: list[tuple[int, int, int, Ended]], strict: bool
) -> None:
    ops = [
        read(n, float(at), value, float(took), outcome=outcome)
        for n, (at, took, value, outcome) in enumerate(rows, 1)
    ]
    known = [one for one in ops if one.outcome is Ended.OK]
    back = {
        f"op {b.number}"
        for a in known
        for b in known
        if a.ended < b.sent
        and (
            int(str(b.value["value"])) < int(str(a.value["value"]))
            or (strict and b.value["value"] == a.value["value"])
        )
    }
    verdict = monotonic(strict=strict).judge(run(ops=ops))
    assert {one.cites[0] for one in verdict.findings} == back
    follow = any(a.ended < b.sent for a in known for b in known)
    wanted = Outcome.FAIL if back else Outcome.PASS if follow else Outcome.UNKNOWN
    assert verdict.outcome is wanted
