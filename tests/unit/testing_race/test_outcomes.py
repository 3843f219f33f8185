"""Outcomes: what a driver's error says about whether it happened."""

from __future__ import annotations

import psycopg
import psycopg_pool
import pytest

from hormesis.clients.protocols.postgres_session import record_error
from hormesis.testing.racing.outcomes import outcome_of
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended

errors = psycopg.errors


class Wrapped(Exception):
    """As an ORM does it."""

    def __init__(self, orig: BaseException) -> None:
        super().__init__("wrapped")
        self.orig = orig


class Recorded:
    """What a recording is told."""

    def __init__(self) -> None:
        self.ends: list[tuple[Ended, str]] = []

    def note(self, **value: Scalar) -> None:
        """Nobody asks for it here."""

    def fail(self, error: str) -> None:
        self.ends.append((Ended.FAIL, error))

    def info(self, error: str) -> None:
        self.ends.append((Ended.INFO, error))


ERRORS = pytest.mark.parametrize(
    ("error", "ended", "word"),
    [
        (errors.SerializationFailure("x"), Ended.FAIL, "40001"),
        (errors.DeadlockDetected("x"), Ended.FAIL, "40P01"),
        (errors.UniqueViolation("x"), Ended.FAIL, "23505"),
        (errors.CheckViolation("x"), Ended.FAIL, "23514"),
        (errors.LockNotAvailable("x"), Ended.FAIL, "55P03"),
        (errors.QueryCanceled("x"), Ended.FAIL, "57014"),
        (errors.CannotConnectNow("x"), Ended.FAIL, "57P03"),
        (errors.TooManyConnections("x"), Ended.FAIL, "53300"),
        (errors.AdminShutdown("x"), Ended.INFO, "57P01"),
        (errors.CrashShutdown("x"), Ended.INFO, "57P02"),
        (errors.InternalError_("x"), Ended.INFO, "XX000"),
        (errors.IoError("x"), Ended.INFO, "58030"),
        (errors.ConnectionFailure("x"), Ended.INFO, "08006"),
        (errors.StatementCompletionUnknown("x"), Ended.INFO, "40003"),
        (Wrapped(errors.SerializationFailure("x")), Ended.FAIL, "40001"),
        (psycopg.OperationalError("the connection is lost"), Ended.INFO, "disconnected"),
        (psycopg.InterfaceError("closed"), Ended.INFO, "disconnected"),
        (psycopg_pool.PoolTimeout("x"), Ended.FAIL, "pool-exhausted"),
        (psycopg_pool.TooManyRequests("x"), Ended.FAIL, "pool-exhausted"),
        (psycopg_pool.PoolClosed("x"), Ended.FAIL, "no-connection"),
        (TimeoutError(), Ended.INFO, "timeout"),
        (ConnectionRefusedError(), Ended.FAIL, "refused"),
    ],
)


@ERRORS
def test_the_load_judges_errors_as_the_race_does(
    error: Exception, ended: Ended, word: str
) -> None:
    if not isinstance(error, psycopg.Error) or "pool" in type(error).__module__:
        return
    recording = Recorded()
    record_error(recording, error, connected=True)
    assert recording.ends == [(ended, word)]


@ERRORS
def test_what_the_server_refused_did_not_happen_and_what_was_lost_nobody_knows(
    error: Exception, ended: Ended, word: str
) -> None:
    assert outcome_of(error) == (ended, word)
