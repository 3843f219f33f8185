"""Transient: which errors of a database are worth another attempt."""

from __future__ import annotations

from collections.abc import Callable, Collection

from hormesis.words.sqlstate import inside, is_worth_retrying, state_of

RetryOn = (
    type[BaseException]
    | str
    | Collection[type[BaseException] | str]
    | Callable[[BaseException], bool]
)
"""Exception types, SQLSTATEs or beginnings of them, several of both, or a function that decides."""

_DRIVERS = ("psycopg", "psycopg_pool", "psycopg2", "asyncpg")
_LOST = ("OperationalError", "InterfaceError", "ConnectionDoesNotExistError")
"""Names of the drivers' errors that bear no SQLSTATE when a connection is lost."""


def is_transient(error: BaseException) -> bool:
    """Return whether *error* is a serialization failure, a deadlock or a lost connection."""
    if state := state_of(error):
        return is_worth_retrying(state)
    return any(_is_lost(one) for one in inside(error))


def decides(retry_on: RetryOn | None) -> Callable[[BaseException], bool]:
    """Return the function that says whether to try again; None is :func:`is_transient`.

    Raises:
        TypeError: *retry_on* is nothing that could tell errors apart.
    """
    if retry_on is None:
        return is_transient
    if isinstance(retry_on, str | type):
        retry_on = (retry_on,)
    if isinstance(retry_on, Collection):
        types = tuple(
            one for one in retry_on if isinstance(one, type) and issubclass(one, BaseException)
        )
        states = tuple(one for one in retry_on if isinstance(one, str))
        if len(types) + len(states) < len(retry_on):
            raise TypeError(f"expected exception types or SQLSTATEs, found {retry_on!r}")
        return lambda error: isinstance(error, types) or state_of(error).startswith(states or "?")
    if callable(retry_on):
        return retry_on
    raise TypeError(f"expected exception types, SQLSTATEs or a function, found {retry_on!r}")


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, ConnectionError):
        return True
    return any(
        one.__name__ in _LOST and one.__module__.partition(".")[0] in _DRIVERS
        for one in type(error).__mro__
    )
