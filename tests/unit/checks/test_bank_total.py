"""Bank total: every read adds up to one constant."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.bank_total import BankTotal
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run


def bank(**given: Any) -> BankTotal:
    return BankTotal.model_validate({"of": "read", **given})


def read(number: int, balances: Any, **given: Any) -> Op:
    told = balances if isinstance(balances, int | str | float) else json.dumps(balances)
    return op(number, float(number), name="read", value={"balances": told}, **given)


def test_a_wrong_total_says_how_much_is_missing_and_when() -> None:
    verdict = bank(total=100).judge(run(ops=[read(1, [60, 40]), read(2, {"a": 55, "b": 40})]))
    [finding] = verdict.findings
    assert finding.sentence == "the total is 95, 5 too little, at 2.000 s (op 2)"
    assert finding.cites == ("op 2",)
    assert verdict.summary == "1 of 2 reads do not add up to 100: from 95 to 100"


@pytest.mark.parametrize("balances", [100, "100.00", [50, 50], {"a": "99.9", "b": 0.1}])
def test_balances_may_be_written_in_many_ways(balances: Any) -> None:
    assert bank(total=100).judge(run(ops=[read(1, balances)])).outcome is Outcome.PASS


def test_the_first_read_says_what_the_total_is_when_nothing_does() -> None:
    assert bank().judge(run(ops=[read(1, 100)])).outcome is Outcome.UNKNOWN
    assert bank().judge(run(ops=[read(1, 100), read(2, 100)])).outcome is Outcome.PASS
    verdict = bank().judge(run(ops=[read(2, 90), read(1, 100)]))
    assert [one.cites for one in verdict.findings] == [("op 2",)]


def test_an_account_below_zero_is_wrong_unless_it_is_allowed() -> None:
    history = run(ops=[read(1, {"a": 130, "b": -30})])
    verdict = bank(total=100).judge(history)
    assert verdict.findings[0].sentence == "below zero: b (-30), at 1.000 s (op 1)"
    assert bank(total=100, negative=True).judge(history).outcome is Outcome.PASS


def test_an_account_without_a_balance_is_wrong() -> None:
    verdict = bank(total=100).judge(run(ops=[read(1, {"a": 100, "b": None})]))
    assert verdict.findings[0].sentence == "no balance: b, at 1.000 s (op 1)"


def test_rows_are_added_up_and_lists_that_were_cut_short_are_not() -> None:
    rows = [{"id": 1, "balances": 60}, {"id": 2, "balances": -20}]
    seen = look(5.0, probe="read", rows=rows, fields={"count": 2})
    verdict = bank(total=40).judge(run(probes=[seen]))
    assert verdict.findings[0].sentence == "below zero: id 2 (-20), at 5.000 s"
    cut = look(5.0, probe="read", rows=rows, fields={"count": 9})
    assert bank(total=100).judge(run(probes=[cut])).outcome is Outcome.UNKNOWN
    empty = look(5.0, probe="read", fields={"value": None, "count": 0})
    assert bank(total=100).judge(run(probes=[empty])).outcome is Outcome.FAIL


@pytest.mark.parametrize("outcome", [Ended.INFO, Ended.FAIL])
def test_a_read_that_did_not_end_ok_is_none(outcome: Ended) -> None:
    ops = [read(1, 70, outcome=outcome)]
    assert bank(total=100).judge(run(ops=ops)).outcome is Outcome.UNKNOWN
    assert bank(total=100).judge(run(ops=[*ops, read(2, 100)])).outcome is Outcome.PASS


@given(st.lists(st.lists(st.integers(-5, 30), min_size=1, max_size=4), min_size=1, max_size=8))
def test_wrong_reads_are_those_that_add_up_to_something_else(reads: list[list[int]]) -> None:
    verdict = bank(total=30, negative=True).judge(
        run(ops=[read(n, balances) for n, balances in enumerate(reads, 1)])
    )
    wrong = {f"op {n}" for n, balances in enumerate(reads, 1) if sum(balances) != 30}
    assert {one.cites[0] for one in verdict.findings} == wrong
    assert verdict.outcome is (Outcome.FAIL if wrong else Outcome.PASS)


def test_reads_that_found_no_account_are_no_evidence() -> None:
    for total in (None, 0):
        verdict = bank(total=total).judge(run(ops=[read(1, []), read(2, {})]))
        assert (verdict.outcome, verdict.summary) == (
            Outcome.UNKNOWN, "none of 2 reads found an account",
        )  # fmt: skip
    assert bank().judge(run(ops=[read(1, [0]), read(2, [0])])).outcome is Outcome.PASS
    assert bank().judge(run(ops=[read(1, [5]), read(2, [])])).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("total", "held", "lost"),
    [
        (10**17 + 1, [10**17, 1], [10**17, 0]),
        (Decimal(f"1{'0' * 30}.01"), ["1" + "0" * 30, "0.01"], ["1" + "0" * 30, "0.02"]),
        ("1000000000000000000000000000000.01", ["1e30", "0.01"], ["1e30", "0.00"]),
    ],
)
def test_sums_are_exact_however_many_digits_they_have(
    total: Any, held: list[Any], lost: list[Any]
) -> None:
    assert bank(total=total).judge(run(ops=[read(1, held)])).outcome is Outcome.PASS
    verdict = bank(total=total).judge(run(ops=[read(1, lost)]))
    assert verdict.outcome is Outcome.FAIL
    assert "1 too " in verdict.findings[0].sentence
    assert bank().judge(run(ops=[read(1, held), read(2, lost)])).outcome is Outcome.FAIL


def test_a_total_is_a_number() -> None:
    with pytest.raises(ValueError, match="expected a number"):
        bank(total="much")
    assert bank(total=100.10).describe() == "a total of 100.1 in every read"


@pytest.mark.parametrize("total", [10**17 + 1, 100.1, "1000000000000000000000000000000.01"])
def test_a_total_is_written_into_files_and_read_again_with_all_its_digits(total: Any) -> None:
    written = bank(total=total).model_dump(mode="json", exclude_unset=True)
    again = BankTotal.model_validate(json.loads(json.dumps(written)))
    assert again.total == Decimal(str(total))
