"""Set: what was added is in every later read, once, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.checks.set import Set
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from tests.unit.record.histories import look, op, run


def a_set(**given: Any) -> Set:
    return Set.model_validate({"of": "read", "added_by": "add", "key": "item", **given})


def add(
    number: int, item: str, at: float = 1.0, outcome: Ended = Ended.OK, took: float = 0.5
) -> Op:
    return op(number, at, name="add", value={"item": item}, outcome=outcome, took=took)


def read(number: int, items: str, at: float, took: float = 0.5) -> Op:
    return op(number, at, name="read", value={"item": json.dumps(list(items))}, took=took)


def sorts(ops: list[Op], **given: Any) -> dict[str, str]:
    verdict = a_set(**given).judge(run(ops=ops))
    return {one.data["key"]: one.data["sort"] for one in verdict.findings}


def test_an_element_that_is_missing_from_the_last_read_is_lost() -> None:
    ops = [add(1, "a"), add(2, "b"), read(3, "ab", 5.0), read(4, "b", 6.0)]
    verdict = a_set().judge(run(ops=ops))
    [finding] = verdict.findings
    assert finding.sentence == (
        "Item a was added by 1.500 s (op 1) and is missing from then on, last at 6.000 s (op 4)"
    )
    assert finding.cites == ("op 1", "op 4")


def test_an_element_that_comes_back_is_stale() -> None:
    ops = [add(1, "a"), read(2, "", 5.0), read(3, "a", 6.0)]
    verdict = a_set().judge(run(ops=ops))
    assert (verdict.outcome, verdict.figures["stale"]) == (Outcome.PASS, 1)
    assert verdict.summary == "all 1 were read; 1 stale"
    assert sorts(ops, stale="never") == {"a": "stale"}


def test_a_read_that_overlaps_the_addition_may_lack_it() -> None:
    ops = [add(1, "a", took=5.0), read(2, "", 5.0), read(3, "a", 7.0)]
    assert sorts(ops, stale="never") == {}
    assert a_set().judge(run(ops=ops[:2])).outcome is Outcome.UNKNOWN


def test_a_read_that_overlaps_the_one_that_lacks_it_is_no_proof_of_a_loss() -> None:
    ops = [add(1, "a"), read(2, "a", 5.0, took=9.0), read(3, "", 6.0)]
    assert sorts(ops) == {}
    assert sorts(ops, stale="never") == {"a": "stale"}


def test_what_nobody_added_is_unexpected_unless_there_may_be_others() -> None:
    ops = [add(1, "a"), add(2, "c", outcome=Ended.FAIL), read(3, "abc", 5.0)]
    verdict = a_set().judge(run(ops=ops))
    told = [one.sentence for one in verdict.findings]
    assert told == [
        "Item c was read at 5.000 s (op 3), and every attempt to add it was refused (op 2)",
        "Item b was read at 5.000 s (op 3), and nobody had tried to add it",
    ]
    assert sorts(ops, others="allowed") == {}


def test_what_is_read_before_anybody_adds_it_is_unexpected() -> None:
    ops = [add(1, "a"), read(2, "ab", 5.0), add(3, "b", 6.0), read(4, "ab", 7.0)]
    assert sorts(ops) == {"b": "unexpected"}


def test_an_undecided_addition_counts_from_when_it_was_seen() -> None:
    tried = add(1, "a", outcome=Ended.INFO)
    other = add(2, "b")
    assert sorts([tried, other, read(3, "b", 5.0)]) == {}
    assert sorts([tried, other, read(3, "ab", 5.0)]) == {}
    assert sorts([tried, other, read(3, "ab", 5.0), read(4, "b", 6.0)]) == {"a": "lost"}


def test_an_element_that_is_there_twice_is_repeated() -> None:
    assert sorts([add(1, "a"), read(2, "aa", 5.0)]) == {"a": "repeated"}


def test_rows_of_a_probe_are_a_read_and_a_list_that_was_cut_short_loses_nothing() -> None:
    rows = [{"item": "a"}]
    seen = look(9.0, probe="read", rows=rows, fields={"count": 1})
    assert a_set().judge(run(ops=[add(1, "a"), add(2, "b")], probes=[seen])).figures["lost"] == 1
    cut = look(9.0, probe="read", rows=rows, fields={"count": 7})
    verdict = a_set().judge(run(ops=[add(1, "a"), add(2, "b")], probes=[cut]))
    assert (verdict.outcome, verdict.figures["unread"]) == (Outcome.UNKNOWN, 1)
    empty = look(9.0, probe="read", fields={"value": None, "count": 0})
    assert a_set().judge(run(ops=[add(1, "a")], probes=[empty])).figures["lost"] == 1


@pytest.mark.parametrize("outcome", [Ended.INFO, Ended.FAIL])
def test_no_evidence_is_unknown(outcome: Ended) -> None:
    ops = [add(1, "a", outcome=outcome), read(2, "", 5.0)]
    assert a_set().judge(run(ops=ops)).outcome is Outcome.UNKNOWN
    assert a_set().judge(run(ops=[add(1, "a")])).outcome is Outcome.UNKNOWN


def test_what_a_broken_off_history_does_not_tell_may_have_been_added() -> None:
    ops = [add(1, "a"), read(2, "ab", 5.0)]
    assert a_set().judge(run(ops=ops, end=None)).outcome is Outcome.UNKNOWN


MOMENTS = st.integers(1, 9)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), MOMENTS, st.integers(0, 3), st.sampled_from(Ended)),
        max_size=4,
    ),
    st.lists(st.tuples(st.sets(st.sampled_from("abcd")), MOMENTS, st.integers(0, 3)), max_size=5),
)
def test_it_agrees_with_the_definition(
    adds: list[tuple[str, int, int, Ended]], reads: list[tuple[set[str], int, int]]
) -> None:
    ops = [
        add(n, item, float(at), outcome, float(took))
        for n, (item, at, took, outcome) in enumerate(adds, 1)
    ]
    ops += [
        read(n, "".join(sorted(items)), float(at), float(took))
        for n, (items, at, took) in enumerate(reads, 50)
    ]
    if reads and any(outcome is Ended.OK for *_, outcome in adds):
        found = {name: sort for name in "abcd" if (sort := _defined(name, adds, reads))}
        assert sorts(ops, stale="never") == found


def _defined(
    name: str,
    adds: list[tuple[str, int, int, Ended]],
    reads: list[tuple[set[str], int, int]],
) -> str:
    mine = [one for one in adds if one[0] == name]
    ends = [at + took for items, at, took in reads if name in items]
    tried = [at for _, at, _, outcome in mine if outcome is not Ended.FAIL]
    if ends and min(ends) < min(tried, default=99):
        return "unexpected"
    known = min(
        [*ends, *(at + took for _, at, took, outcome in mine if outcome is Ended.OK)], default=99
    )
    lacks = [at for items, at, _ in reads if at > known and name not in items]
    if not lacks:
        return ""
    return "stale" if any(end >= max(lacks) for end in ends) else "lost"
