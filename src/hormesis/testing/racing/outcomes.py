"""Outcomes: what an exception says about whether an operation happened.

``fail`` is certain: the server answered with an error and rolled back, or nothing was ever sent.
``info`` is everything after which nobody knows: a lost connection, a time-out.
"""

from __future__ import annotations

from hormesis.host.raised import word_of
from hormesis.words.client import Refused
from hormesis.words.op import Ended
from hormesis.words.sqlstate import happened_unknown, state_of

_EXHAUSTED = ("PoolTimeout", "TooManyRequests")
"""Names of the pool's errors for who never got a connection, because others had them all."""


def outcome_of(error: BaseException) -> tuple[Ended, str]:
    """Return how an operation ended that raised *error*, and a short stable word for it.

    The word of a server's error is its SQLSTATE.
    """
    if isinstance(error, Refused):
        return Ended.FAIL, str(error) or "refused"
    if state := state_of(error):
        return (Ended.INFO if happened_unknown(state) else Ended.FAIL), state
    if _of_driver(error):
        return _without_state(error)
    if isinstance(error, ConnectionRefusedError):
        return Ended.FAIL, "refused"
    if isinstance(error, TimeoutError):
        return Ended.INFO, "timeout"
    if isinstance(error, ConnectionError):
        return Ended.INFO, "disconnected"
    return Ended.INFO, word_of(error)


def _of_driver(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool", "psycopg2")


def _without_state(error: BaseException) -> tuple[Ended, str]:
    """Return the same for what the driver raised by itself."""
    names = {one.__name__ for one in type(error).__mro__}
    if not names.isdisjoint(_EXHAUSTED):
        return Ended.FAIL, "pool-exhausted"
    if "PoolClosed" in names:
        return Ended.FAIL, "no-connection"
    # The driver keeps the connection only in errors of an attempt to connect.
    if getattr(error, "pgconn", None) is not None:
        return Ended.FAIL, "refused"
    if names.isdisjoint(("OperationalError", "InterfaceError")):
        return Ended.FAIL, word_of(error)
    return Ended.INFO, "disconnected"
