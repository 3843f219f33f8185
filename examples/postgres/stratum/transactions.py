"""Transactions that are done again when the server says that they may be."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Event
from typing import Any, TypeVar

from psycopg import Connection, errors
from psycopg.pq import TransactionStatus

from stratum.canaries import planted

T = TypeVar("T")
PAUSE_S = 0.005


def retrying(
    conn: Connection[Any],
    work: Callable[[Connection[Any]], T],
    *,
    attempts: int = 8,
    rng: Random | None = None,
) -> T:
    """Do *work* in a transaction of its own, again if it lost against another one.

    Only what the server itself undid is repeated (serialization failure, deadlock), after a pause
    that doubles and is drawn, so that two losers do not meet again. A lost connection is not:
    nobody knows whether it had committed. Raises what the last attempt raised, and ``ValueError``
    inside a transaction, of which it could repeat only a part.
    """
    if conn.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("retrying needs a connection that is in no transaction")
    lost: tuple[type[errors.Error], ...] = (errors.SerializationFailure, errors.DeadlockDetected)
    if planted("serialization-not-retried"):
        lost = (errors.DeadlockDetected,)
    rng = rng or Random()
    for attempt in range(1, attempts):
        try:
            with conn.transaction():
                return work(conn)
        except lost:
            Event().wait(rng.uniform(0, PAUSE_S * 2**attempt))
    with conn.transaction():
        return work(conn)
