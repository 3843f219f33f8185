"""Must: claims on a race, with the operations that broke them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest

from hormesis.testing import (
    ClaimsBroken,
    Race,
    RaceResult,
    Worker,
    bank_total,
    counter,
    exactly_once,
    monotonic,
    never_lost,
    queue,
    race,
    set_of,
    unique,
)
from hormesis.words.outcome import Outcome


def ids(numbers: list[int]) -> RaceResult:
    """Return a race in which worker n gets the id numbers[n]."""

    def create(worker: Worker) -> dict[str, int]:
        worker.meet()
        return {"id": numbers[worker.number]}

    return race(create, workers=len(numbers), seed=7)


def test_a_broken_claim_shows_the_guilty_operations_in_a_short_table() -> None:
    result = ids([*range(30), 4])
    with pytest.raises(ClaimsBroken) as caught:
        result.must(unique("id", of="create"))
    told = str(caught.value)
    assert caught.value.checks == ("no duplicate create of id",)
    assert "Id 4 was given 2 times, by users" in told
    _, _, lines = told.partition("operations, in ms of the race:\n")
    rows = lines.splitlines()
    assert len(rows) <= 20
    assert rows[0].split() == ["#", "worker", "op", "invoked", "ended", "outcome", "value"]
    guilty = [row for row in rows if row.startswith(">")]
    assert len(guilty) == 2
    assert all(row.endswith('"id": 4') for row in guilty)
    assert rows[-1] == "  … and 13 more"
    assert "seed 7" in told


def test_what_holds_is_returned_as_verdicts() -> None:
    [verdict] = ids([1, 2, 3]).must(unique("id", of="create"))
    assert verdict.outcome is Outcome.PASS


def test_unknown_fails_with_the_reason_unless_it_is_allowed() -> None:
    result = ids([1, 2])
    with pytest.raises(ClaimsBroken, match=r"\? .*: no operation 'nosuch' ended ok with id"):
        result.must(unique("id", of="nosuch"))
    [verdict] = result.must(unique("id", of="nosuch"), allow_unknown=True)
    assert verdict.outcome is Outcome.UNKNOWN
    with pytest.raises(ClaimsBroken):
        ids([1, 1]).must(unique("id", of="create"), allow_unknown=True)


def test_a_pass_of_operations_that_never_overlapped_is_unknown() -> None:
    one_by_one = Lock()

    def create(worker: Worker) -> None:
        with one_by_one, worker.op("step") as op:
            op.note(id=worker.number)

    verdict = race(create, workers=3).check(unique("id", of="step"))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no two operations overlapped" in verdict.summary
    assert "jitter_ms than 5" in verdict.summary


def test_no_claim_is_told() -> None:
    with pytest.raises(ValueError, match="at least one claim"):
        ids([1, 2]).must()


@pytest.mark.parametrize(
    ("claim", "holds", "broken"),
    [
        (lambda found: never_lost("id", of="create", found=found), [1, "2", 3], [1]),
        (lambda found: exactly_once("id", of="create", found=found), [{"id": 1}, {"id": 2}],
         [1, 1, 2]),
        (lambda found: exactly_once("id", of="create", found=found, column="no"),
         [{"no": 1}, {"no": 2}], []),
        (lambda found: set_of("id", added_by="create", found=found), [1, 2], [1, 2, 3]),
        (lambda found: counter(added_by="create", found=found), 2, 1),
        (lambda found: counter(added_by="create", amount="id", found=found), 3, 4),
        (lambda found: never_lost("id", of="create", found=found), [(1,), (2,)], [(1,), (3,)]),
        (lambda found: exactly_once("id", of="create", found=found), [1.0, 2.0], [1.5, 2]),
        (lambda found: counter(added_by="create", found=found), (2,), (1,)),
    ],
)  # fmt: skip
def test_claims_take_what_was_found_afterwards(claim: Any, holds: Any, broken: Any) -> None:
    result = ids([1, 2])
    result.must(claim(holds))
    with pytest.raises(ClaimsBroken):
        result.must(claim(broken))


def test_nothing_found_is_an_answer_and_no_answer_is_a_mistake() -> None:
    with pytest.raises(ClaimsBroken, match="2 of 2 lost"):
        ids([1, 2]).must(never_lost("id", of="create", found=set()))
    with pytest.raises(ValueError, match="either what was found"):
        never_lost("id", of="create")
    with pytest.raises(ValueError, match="either what was found"):
        counter(added_by="create", found=1, of="read")


def test_what_is_read_after_the_race_is_in_the_history() -> None:
    result = ids([1, 2])
    assert result.then("read", lambda: {"balances": [60, 40], "id": [1, 2], "value": 2}) is not None
    result.saw("rows", [{"id": 1}, {"id": 2}])
    result.must(
        bank_total(100, of="read"),
        counter(of="read", added_by="create"),
        set_of("id", added_by="create", of="read"),
        never_lost("id", of="create", found_in="rows"),
    )
    with pytest.raises(ClaimsBroken) as caught:
        result.must(bank_total(90, of="read"))
    assert "after" in str(caught.value)


def test_order_and_queues_are_judged_on_rounds() -> None:
    waiting: list[int] = []
    lock = Lock()
    drawn = iter(range(100))

    def put(worker: Worker) -> dict[str, int]:
        worker.meet()
        with lock:
            waiting.append(job := next(drawn))
        return {"job": job}

    def take(worker: Worker) -> dict[str, int]:
        worker.meet()
        with lock:
            return {"job": waiting.pop(0)} if waiting else {}

    result = race({"put": put, "take": take}, workers=4, rounds=4)
    result.must(queue("job", of="take", added_by="put", left=waiting))
    result.must(monotonic("job", of="put"))
    if waiting:
        with pytest.raises(ClaimsBroken):
            result.must(queue("job", of="take", added_by="put", left=[]))


def test_what_was_found_is_what_was_there_when_it_was_handed_in() -> None:
    result = ids([1, 2])
    claim = never_lost("id", of="create", found=[1, 2])
    result.then("create", lambda: {"id": 3})
    verdict = result.check(claim)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "1 of 3 cannot be decided" in verdict.summary
    with pytest.raises(ClaimsBroken, match="1 of 3 lost"):
        result.must(never_lost("id", of="create", found=[1, 2]))


def test_what_was_found_before_the_race_is_told() -> None:
    early = never_lost("id", of="create", found=[1, 2])
    with pytest.raises(ValueError, match="handed in before the race began"):
        ids([1, 2]).check(early)


@pytest.mark.parametrize("found", ["abc", b"abc", {"id": 1}, [(1, 2)]])
def test_what_is_no_list_of_values_is_told(found: Any) -> None:
    claims: list[Callable[[], object]] = [
        lambda: never_lost("id", of="create", found=found),
        lambda: exactly_once("id", of="create", found=found),
        lambda: set_of("id", added_by="create", found=found),
        lambda: queue("id", of="take", added_by="create", left=found),
    ]
    for claim in claims:
        with pytest.raises(TypeError, match="expected"):
            claim()


@pytest.mark.parametrize(
    "given", [{"found": "7"}, {"found": (1, 2)}, {"found": None}, {"found": 7, "per": "page"}]
)
def test_a_count_that_is_no_number_is_told(given: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="expected"):
        counter(added_by="create", **given)


def test_an_unknown_that_is_allowed_is_told_to_who_listens() -> None:
    heard: list[str] = []
    bound = Race(seed=7, workers=2, allow_unknown=True, on_unknown=heard.append)
    result = bound(lambda worker: worker.meet())
    result.must(unique("id", of="nosuch"))
    assert heard == [
        "no duplicate nosuch of id: no operation 'nosuch' ended ok with id; 0 are undecided"
    ]
    with pytest.raises(ClaimsBroken):
        result.must(unique("id", of="nosuch"), allow_unknown=False)
    assert len(heard) == 1


def test_a_total_of_many_digits_is_taken_as_it_is() -> None:
    def read(worker: Worker) -> dict[str, list[int]]:
        worker.meet()
        return {"balances": [10**17, 1]}

    result = race(read, workers=2)
    result.must(bank_total(10**17 + 1, of="read"))
    with pytest.raises(ClaimsBroken):
        result.must(bank_total(10**17, of="read"))
