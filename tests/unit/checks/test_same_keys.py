"""Keys: when two are the same, for every check alike, and that none is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hormesis.checks.counter import Counter
from hormesis.checks.exactly_once import ExactlyOnce
from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.set import Set
from hormesis.record.keys import NumberText, Text, parts_of, text_of_key
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run

NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, "1", True),
        (1, 1.0, True),
        (1, NumberText("1.00"), True),
        (0.5, NumberText("0.50"), True),
        (100, NumberText("1E+2"), True),
        (NAN, NAN, True),
        (NAN, NumberText("NaN"), True),
        (True, 1, False),
        (True, "1", False),
        ("1.0", 1, False),
        ("a", "a ", False),
        ("", " ", False),
        (Text("[]"), "", False),
    ],
)
def test_keys_that_are_written_the_same_are_the_same_for_every_check(
    one: Any, other: Any, same: bool
) -> None:
    assert (text_of_key(one) == text_of_key(other)) is same
    twice = [op(1, value={"id": one}), op(2, value={"id": other})]
    unique = NeverDuplicate(of="claim", key=("id",)).judge(run(ops=twice))
    assert unique.outcome is (Outcome.FAIL if same else Outcome.PASS)
    seen = look(95.0, probe="there", rows=[{"id": other}], fields={"count": 1})
    history = run(ops=twice[:1], probes=[seen])
    for check in (
        NeverLost(of="claim", key="id", found_in="there"),
        ExactlyOnce(of="claim", key="id", found_in="there"),
        Set(of="there", added_by=("claim",), key="id"),
    ):
        assert check.judge(history).outcome is (Outcome.PASS if same else Outcome.FAIL), check


@pytest.mark.parametrize("key", ["", Text("[]"), Text('["a"]')])
def test_an_empty_text_and_one_that_looks_like_a_list_are_keys(key: str) -> None:
    ops = [op(1, value={"id": key}), op(2, value={"id": "b"})]
    checks = (
        NeverLost(of="claim", key="id", found_in="there"),
        ExactlyOnce(of="claim", key="id", found_in="there"),
        Set(of="there", added_by=("claim",), key="id"),
    )
    for found, outcome in [([key, "b"], Outcome.PASS), (["b"], Outcome.FAIL)]:
        rows = [{"id": one} for one in found]
        seen = look(95.0, probe="there", rows=rows, fields={"count": len(rows)})
        for check in checks:
            assert check.judge(run(ops=ops, probes=[seen])).outcome is outcome, check
    twice = run(ops=[ops[0], op(2, value={"id": key})])
    assert NeverDuplicate(of="claim", key=("id",)).judge(twice).outcome is Outcome.FAIL


def test_lists_of_a_run_directory_are_still_lists() -> None:
    assert parts_of(json.dumps(["a", "", 1, 1.0, None]), "") == ["a", "", "1", "1"]
    assert parts_of("[]", "") == []
    assert parts_of("a, b,,", ",") == ["a", "b"]
    assert parts_of("", ",") == []
    assert parts_of(None, "") == []


def test_a_probe_that_read_nothing_from_one_place_read_no_key() -> None:
    added = [op(1, 50.0, value={"id": "a"})]
    looks = [look(5.0, probe="there", fields={"id": ""}), look(95.0, probe="there",
                                                               fields={"id": "a"})]  # fmt: skip
    check = Set(of="there", added_by=("claim",), key="id")
    assert check.judge(run(ops=added, probes=looks)).outcome is Outcome.PASS


def test_what_is_judged_per_key_has_the_same_keys() -> None:
    added = [op(1, name="add", value={"page": 1}), op(2, name="add", value={"page": "2"})]
    rows = [{"page": "1", "value": 1}, {"page": 2, "value": 1}]
    seen = look(9.0, probe="read", rows=rows, fields={"count": 2})
    check = Counter(of="read", added_by=("add",), per=("page",))
    assert check.judge(run(ops=added, probes=[seen])).outcome is Outcome.PASS
