"""Race: all workers at once, everything recorded, nothing limited or swallowed silently."""

from __future__ import annotations

import asyncio
from threading import Event, Lock

import pytest

from hormesis.testing import Race, RaceResult, RaceTimeout, Worker, race, race_async
from hormesis.testing.racing import AsyncWorker
from hormesis.words.client import Refused
from hormesis.words.op import Ended


def test_a_hundred_workers_are_really_in_flight_at_once() -> None:
    def wait(worker: Worker) -> int:
        worker.meet()
        return worker.number

    result = race(wait, workers=100, jitter_ms=1)
    assert result.values == list(range(100))
    assert result.overlap.most == 100
    assert result.overlap.pairs == 100 * 99 / 2
    assert not result.errors


def test_operations_are_dealt_out_and_every_round_one_further() -> None:
    met: set[tuple[str, int, int]] = set()

    def read(worker: Worker) -> None:
        met.add(("read", worker.round, worker.number))

    def write(worker: Worker) -> None:
        met.add(("write", worker.round, worker.number))

    race([read, write], workers=2, rounds=2, jitter_ms=0)
    assert met == {("read", 0, 0), ("write", 0, 1), ("write", 1, 0), ("read", 1, 1)}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"workers": 0}, "workers"),
        ({"rounds": 0}, "rounds"),
        ({"jitter_ms": -1}, "jitter_ms"),
        ({"timeout_s": 0}, "timeout_s"),
    ],
)
def test_figures_out_of_range_are_told(given: dict[str, int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        race(str, **given)  # type: ignore[arg-type]


def test_an_operation_that_would_never_run_is_told() -> None:
    with pytest.raises(ValueError, match="never perform some of 3"):
        race([str, repr, ascii], workers=2)
    with pytest.raises(TypeError, match="expected a function"):
        race({"x": 7}, workers=2)  # type: ignore[dict-item]


def drawn(seed: int) -> tuple[list[float], list[float]]:
    result = race(lambda worker: worker.rng.random(), workers=4, seed=seed)
    ops = sorted(result.history.ops, key=lambda op: op.user)
    first = min(op.due for op in ops)
    return result.values, [round(op.due - first, 6) for op in ops]


def test_a_seed_draws_the_same_again() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7)[0] != drawn(8)[0]
    assert race(str, workers=1, jitter_ms=0).seed != race(str, workers=1, jitter_ms=0).seed


def test_what_is_returned_is_the_value_and_what_is_raised_the_outcome() -> None:
    def act(worker: Worker) -> object:
        if worker.number == 1:
            raise Refused("sold-out")
        if worker.number == 2:
            raise ConnectionResetError("gone")
        if worker.number == 3:
            raise OSError("the disk is full")
        return {"ids": [1, 2], "tags": {"b", "a"}}

    result = race(act, workers=4)
    ops = {op.user: op for op in result.history.ops}
    assert ops[0].value == {"ids": "[1, 2]", "tags": '["a", "b"]'}
    assert [(ops[n].outcome, ops[n].error) for n in range(4)] == [
        (Ended.OK, ""),
        (Ended.FAIL, "sold-out"),
        (Ended.INFO, "disconnected"),
        (Ended.INFO, "OSError: the disk is full"),
    ]
    assert sorted(type(one).__name__ for one in result.errors) == [
        "ConnectionResetError", "OSError", "Refused",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [AssertionError("half"), NameError("nmae"), KeyError("x")])
def test_a_mistake_in_an_operation_is_raised_with_who_made_it(error: Exception) -> None:
    def act(worker: Worker) -> None:
        if worker.number == 2:
            raise error

    with pytest.raises(type(error)) as caught:
        race(act, workers=3)
    assert caught.value.__notes__ == ["raised by operation 'act' of worker 2 in round 0"]


def test_operations_may_be_recorded_by_hand() -> None:
    def act(worker: Worker) -> None:
        with worker.op("look", branch="main") as op:
            op.note(version=worker.number)
        if worker.number:
            with worker.op("commit") as op:
                op.fail("conflict")

    ops = race(act, workers=2).history.ops
    assert sorted((op.name, op.user, op.error) for op in ops) == [
        ("commit", 1, "conflict"), ("look", 0, ""), ("look", 1, ""),
    ]  # fmt: skip
    assert {op.value.get("branch") for op in ops} == {"main", None}


def test_an_exception_is_recorded_once_where_it_was_raised() -> None:
    def act(worker: Worker) -> None:
        with worker.op("inner"):
            raise Refused("no")

    result = race(act, workers=2)
    assert [(op.name, op.outcome) for op in result.history.ops] == [("inner", Ended.FAIL)] * 2
    assert len(result.errors) == 2

    def after(worker: Worker) -> None:
        with worker.op("inner"):
            pass
        raise Refused("no")

    assert sorted(op.name for op in race(after, workers=1).history.ops) == ["after", "inner"]


def test_who_hangs_is_named_with_the_line_and_the_rest_is_recorded() -> None:
    free = Event()

    def act(worker: Worker) -> int:
        if worker.number in (1, 3):
            free.wait(30)
        return worker.number

    try:
        with pytest.raises(RaceTimeout) as caught:
            race(act, workers=4, rounds=2, timeout_s=0.3)
    finally:
        free.set()
    assert caught.value.workers == (1, 3)
    told = str(caught.value)
    assert "2 of 4 workers had not ended after 0.3 s: worker 1 in round 0 at test_race.py:" in told
    assert "info timeout" in told
    assert len(told.splitlines()) < 25


def test_who_waits_for_one_that_never_comes_is_told() -> None:
    def act(worker: Worker) -> None:
        if worker.number == 0:
            worker.meet(timeout_s=0.05)

    def hold(worker: Worker) -> None:
        worker.meeting = type(worker.meeting)(9)
        worker.meet(timeout_s=0.05)

    assert not race(act, workers=3).errors
    [error] = race(hold, workers=1).errors
    assert str(error) == "1 of 9 workers met in 0.05 s"


def test_without_a_database_there_is_no_connection_and_it_says_what_to_do() -> None:
    with pytest.raises(Exception, match=r"worker\.conn needs a database"):
        race(lambda worker: worker.conn.execute("SELECT 1"), workers=1)


def test_a_fixture_is_asked_for_its_address_once_and_not_in_a_thread() -> None:
    asked: list[str] = []

    def address() -> str:
        asked.append("x")
        return "postgresql://127.0.0.1:1/none?connect_timeout=1"

    def act(worker: Worker) -> None:
        worker.conn.execute("SELECT 1")

    result = race(act, workers=3, dsn=address)
    assert asked == ["x"]
    assert {(op.outcome, op.error) for op in result.history.ops} == {(Ended.FAIL, "refused")}


def test_tasks_race_as_threads_do() -> None:
    async def act(worker: AsyncWorker) -> int:
        await worker.meet()
        if worker.number == 3:
            raise Refused("no")
        return worker.number

    async def main() -> RaceResult:
        return await race_async(act, workers=5, rounds=2)

    result = asyncio.run(main())
    assert result.values == [0, 1, 2, 4] * 2
    assert result.overlap.most == 5
    assert len(result.errors) == 2


def test_a_task_that_hangs_is_named() -> None:
    async def act(worker: AsyncWorker) -> None:
        if worker.number == 1:
            await asyncio.Event().wait()

    async def main() -> None:
        await race_async(act, workers=2, timeout_s=0.2)

    named = r"1 of 2 workers .* worker 1 at test_race\.py:\d+"
    with pytest.raises(RaceTimeout, match=named) as got:
        asyncio.run(main())
    assert got.value.workers == (1,)


def test_what_happened_is_noted_with_proof() -> None:
    noted: dict[str, str] = {}
    bound = Race(seed=7, workers=6, note=noted.__setitem__)

    def act(worker: Worker) -> None:
        worker.meet()
        if worker.number < 2:
            raise ConnectionResetError

    result = bound(act)
    assert (result.seed, result.workers) == (7, 6)
    assert noted["race"] == "6 workers, 15 overlapping pairs, up to 6 at once"
    assert noted["connection-lost"] == "2 operations of a race"


def test_what_did_not_overlap_is_no_race() -> None:
    noted: dict[str, str] = {}
    one_by_one = Lock()

    def act(worker: Worker) -> None:
        with one_by_one, worker.op("step"):
            pass

    result = Race(seed=7, note=noted.__setitem__)(act, workers=4)
    assert (result.overlap.pairs, noted) == (0, {})
