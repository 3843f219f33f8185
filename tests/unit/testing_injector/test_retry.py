from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.testing import ChaosInjector
from hormesis.testing.injector.connection_failure import SimulatedConnectionFailure
from hormesis.testing.injector.retry import Attempts, attempted
from hormesis.testing.injector.transient import is_transient
from hormesis.words.sqlstate import state_of

SERIALIZATION = psycopg.errors.SerializationFailure
UNIQUE = psycopg.errors.UniqueViolation


def failing(*errors: BaseException) -> Callable[[], str]:
    left = list(errors)

    def operation() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return operation


def retried(operation: Callable[[], Any], pauses: list[float], **more: Any) -> Any:
    return attempted(operation, Attempts(Random(7), **more), pauses.append)


def test_it_is_tried_again_until_it_succeeds() -> None:
    pauses: list[float] = []
    assert retried(failing(SERIALIZATION("no"), SERIALIZATION("no")), pauses) == "done"
    assert len(pauses) == 2


def test_the_last_error_has_all_attempts_as_notes() -> None:
    with pytest.raises(SERIALIZATION) as caught:
        retried(failing(*[SERIALIZATION("could not")] * 4), [], max_attempts=3)
    notes = caught.value.__notes__
    assert [note.split(":")[0] for note in notes] == ["attempt 1", "attempt 2", "attempt 3"]
    assert "40001" in notes[0] and "again after" in notes[0]
    assert notes[2].endswith("the last")


def test_what_will_never_succeed_is_not_tried_again() -> None:
    pauses: list[float] = []
    with pytest.raises(UNIQUE) as caught:
        retried(failing(UNIQUE("twice")), pauses)
    assert pauses == []
    assert "not one to try again" in caught.value.__notes__[0]


@given(st.integers(1, 12), st.floats(0.001, 2), st.floats(0, 3), st.integers())
def test_pauses_are_full_jitter(
    number: int, backoff: float, backoff_max: float, seed: int
) -> None:
    attempts = Attempts(Random(seed), number + 1, backoff, backoff_max)
    for earlier in range(number):
        pause_s = attempts.pause_after(SERIALIZATION("no"))
        assert pause_s is not None
        assert 0 <= pause_s <= min(backoff_max, backoff * 2**earlier)


@pytest.mark.parametrize(
    "retry_on",
    [UNIQUE, "23505", "23", ["23505", KeyError], (UNIQUE,), lambda error: "23" in state_of(error)],
)
def test_what_to_try_again_after_can_be_said(retry_on: Any) -> None:
    assert retried(failing(UNIQUE("twice")), [], retry_on=retry_on) == "done"
    with pytest.raises(SERIALIZATION):
        retried(failing(SERIALIZATION("no")), [], retry_on=retry_on)


def test_nonsense_is_refused() -> None:
    with pytest.raises(TypeError, match="SQLSTATEs"):
        retried(failing(), [], retry_on=[7])
    with pytest.raises(ValueError, match="at least 1"):
        retried(failing(), [], max_attempts=0)


class Wrapped(Exception):
    """As SQLAlchemy wraps a driver's error."""

    def __init__(self, orig: BaseException) -> None:
        self.orig = orig


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (SERIALIZATION("no"), True),
        (psycopg.errors.DeadlockDetected("no"), True),
        (psycopg.errors.AdminShutdown("no"), True),
        (psycopg.errors.CrashShutdown("no"), True),
        (psycopg.errors.CannotConnectNow("no"), True),
        (psycopg.errors.ConnectionFailure("no"), True),
        (psycopg.OperationalError("the connection is lost"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (ConnectionResetError("reset"), True),
        (Wrapped(SERIALIZATION("no")), True),
        (Wrapped(UNIQUE("no")), False),
        (SimulatedConnectionFailure("no"), True),
        (psycopg.errors.QueryCanceled("no"), False),
        (psycopg.errors.DiskFull("no"), False),
        (UNIQUE("no"), False),
        (ValueError("no"), False),
        (psycopg.ProgrammingError("no"), False),
    ],
)
def test_what_is_transient(error: BaseException, *, transient: bool) -> None:
    assert is_transient(error) is transient


def test_coroutines_are_awaited() -> None:
    left = [SERIALIZATION("no")]

    async def operation() -> str:
        if left:
            raise left.pop()
        return "done"

    async def test() -> Any:
        return await ChaosInjector.with_retry(operation, max_attempts=3, backoff=0)

    assert asyncio.run(test()) == "done"


def test_every_further_attempt_is_recorded() -> None:
    noted: list[str] = []
    injector = ChaosInjector(seed=1, note=lambda mode, proof: noted.append(mode))
    assert injector.with_retry(failing(SERIALIZATION("no")), backoff=0) == "done"
    assert noted == ["retry"]
    assert "attempt 1" in injector.bites[0].proof
