"""What a race may not do: lose an operation, whatever it returns, raises, or is stopped by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from hormesis.testing import (
    ClaimsBroken,
    RaceResult,
    Worker,
    bank_total,
    exactly_once,
    monotonic,
    race,
    race_async,
    unique,
)
from hormesis.testing.racing import AsyncWorker
from hormesis.testing.racing.recording import Recorder, Running
from hormesis.testing.racing.values import scalar_of
from hormesis.words.client import Refused
from hormesis.words.op import Ended

ODD = UUID(int=7)
CLUB: list[Any] = [1]
CLUB.append(CLUB)


class Silent:
    def __str__(self) -> str:
        raise OSError("no")


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        ({ODD: 1}, f'{{"{ODD}": 1}}'),
        ({(1, 2): {3: ODD}}, f'{{"(1, 2)": {{"3": "{ODD}"}}}}'),
        ([Decimal("7.00"), Decimal("0.10")], '["7", "0.1"]'),
        (Silent(), "Silent without a text (OSError)"),
        ([Silent()], '["Silent without a text (OSError)"]'),
        (memoryview(b"x"), "b'x'"),
        ("[]", "[]"),
        (Decimal("1.10"), "1.10"),
    ],
)
def test_whatever_is_returned_is_recorded(value: Any, recorded: str) -> None:
    assert scalar_of(value) == recorded


def test_a_list_that_holds_itself_is_recorded() -> None:
    assert str(scalar_of(CLUB)).startswith("[1, [1, [1")


def test_workers_that_return_what_json_cannot_say_are_judged_like_the_others() -> None:
    def commit(worker: Worker) -> dict[str, Any]:
        worker.meet()
        if worker.number < 4:
            return {"version": 7, "acl": {uuid4(): 1}}
        return {"version": worker.number + 10}

    result = race(commit, workers=9)
    assert len(result.history.ops) == 9
    with pytest.raises(ClaimsBroken, match="Version 7 was given 4 times"):
        result.must(unique("version", of="commit"))


class Faulty(Mapping[str, Any]):
    """A mapping that cannot be gone through."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise LookupError("not now")

    def __len__(self) -> int:
        return 1


def test_a_value_that_cannot_be_read_is_raised() -> None:
    with pytest.raises(LookupError, match="not now"):
        race(lambda worker: Faulty(), workers=3)

    async def act(worker: AsyncWorker) -> Any:
        return Faulty()

    with pytest.raises(LookupError, match="not now"):
        asyncio.run(_raced(act))


async def _raced(act: Any) -> RaceResult:
    return await race_async(act, workers=3)


def test_a_recorder_that_fails_ends_no_worker_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    end = Recorder.end

    def fail_for_one(recorder: Recorder, one: Running, *given: Any) -> None:
        if one.worker == 1:
            raise OSError("no memory")
        end(recorder, one, *given)

    monkeypatch.setattr(Recorder, "end", fail_for_one)
    with pytest.raises(OSError, match="no memory") as caught:
        race(lambda worker: worker.number, workers=3)
    assert "worker 1 in round 0" in caught.value.__notes__[0]

    async def act(worker: AsyncWorker) -> int:
        return worker.number

    with pytest.raises(OSError, match="no memory"):
        asyncio.run(_raced(act))


def test_an_operation_that_was_begun_by_hand_and_never_ended_is_told() -> None:
    def act(worker: Worker) -> None:
        worker.op("commit").__enter__()

    with pytest.raises(RuntimeError, match="nothing is recorded of worker 0 in round 0, worker 1"):
        race(act, workers=2)


def test_an_operation_that_was_only_named_by_hand_is_recorded_as_a_whole() -> None:
    def act(worker: Worker) -> dict[str, int]:
        worker.op("commit", id=worker.number)
        return {"id": 7}

    with pytest.raises(ClaimsBroken):
        race(act, workers=2).must(unique("id", of="act"))


def test_an_exception_that_several_raise_is_recorded_for_each() -> None:
    shared = Refused("no")

    def act(worker: Worker) -> None:
        raise shared

    assert [op.outcome for op in race(act, workers=4).history.ops] == [Ended.FAIL] * 4


@pytest.mark.parametrize("own", [True, False])
def test_an_operation_that_is_cancelled_is_recorded_as_undecided(own: bool) -> None:
    async def act(worker: AsyncWorker) -> int:
        if worker.number == 1:
            never = asyncio.get_running_loop().create_future()
            task = asyncio.current_task()
            assert task is not None
            (task if own else never).cancel()
            await never
        return worker.number

    result = asyncio.run(_raced(act))
    ops = {op.user: (op.outcome, op.error) for op in result.history.ops}
    assert ops == {0: (Ended.OK, ""), 1: (Ended.INFO, "cancelled"), 2: (Ended.OK, "")}
    assert [type(one) for one in result.errors] == [asyncio.CancelledError]


ERRORS = psycopg.errors


@pytest.mark.parametrize(
    "error", [ERRORS.UndefinedTable("x"), ERRORS.SyntaxError("x"), ERRORS.UndefinedColumn("x")]
)
def test_a_statement_that_is_wrong_is_a_mistake(error: Exception) -> None:
    def act(worker: Worker) -> dict[str, int]:
        if worker.number:
            raise error
        return {"id": 1}

    with pytest.raises(type(error)):
        race(act, workers=6)


@pytest.mark.parametrize(
    "error",
    [ERRORS.InsufficientPrivilege("x"), ERRORS.DuplicateTable("x"), ERRORS.UniqueViolation("x")],
)
def test_what_the_loser_of_a_race_is_told_is_no_mistake(error: Exception) -> None:
    def act(worker: Worker) -> None:
        if worker.number:
            raise error

    ops = race(act, workers=3).history.ops
    assert sorted(op.outcome.value for op in ops) == ["fail", "fail", "ok"]


def test_what_was_refused_overlaps_nothing() -> None:
    def act(worker: Worker) -> dict[str, int]:
        worker.meet()
        if worker.number:
            raise Refused("busy")
        return {"id": 1}

    result = race(act, workers=6)
    assert result.overlap.pairs == 15
    with pytest.raises(ClaimsBroken, match="no two operations overlapped that tell about it"):
        result.must(unique("id", of="act"))


def alone(worker: Worker) -> None:
    """Let worker 0 commit alone, while the others look at each other's doings."""
    if worker.number == 0:
        with worker.op("commit", id=1):
            pass
        worker.meet()
        return
    worker.meet()
    with worker.op("look", balances=[1], value=worker.number):
        worker.meet()


def test_what_overlapped_beside_what_is_claimed_is_no_evidence() -> None:
    result = race(alone, workers=3)
    with pytest.raises(ClaimsBroken, match="no two operations overlapped that tell about it"):
        result.must(unique("id", of="commit"))
    result.must(bank_total(1, of="look"))


def test_keys_of_every_type_are_found_again() -> None:
    keys: list[Any] = [1, Decimal("2.00"), "", "[]", ODD]

    def pay(worker: Worker) -> dict[str, Any]:
        worker.meet()
        return {"request": keys[worker.number]}

    result = race(pay, workers=5)
    result.must(exactly_once("request", of="pay", found=[1.0, 2, "", "[]", str(ODD)]))
    for lost in range(5):
        found = [key for key in keys if key is not keys[lost]]
        with pytest.raises(ClaimsBroken, match="1 of 5 not at all"):
            result.must(exactly_once("request", of="pay", found=found))


def test_versions_that_are_texts_rise_as_versions() -> None:
    versions = iter(["1.8", "1.9", "1.10", "1.11"])

    def act(worker: Worker) -> None:
        if worker.number:
            with worker.op("tag") as op:
                worker.meet()
                worker.meet()
                op.note(value=None)
            return
        worker.meet()
        for version in versions:
            with worker.op("tag", value=version):
                pass
        worker.meet()

    race(act, workers=2).must(monotonic(of="tag"))
