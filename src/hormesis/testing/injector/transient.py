"""Transient: which errors of a database are worth another attempt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

RetryOn = (
    type[BaseException]
    | str
    | Collection[type[BaseException] | str]
    | Callable[[BaseException], bool]
)
"""Exception types, SQLSTATEs or beginnings of them, several of both, or a function that decides."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
TRANSIENT = (SERIALIZATION_FAILURE, DEADLOCK_DETECTED, "08", "57P01", "57P02", "57P03", "57P05")
"""Serialization failure, deadlock, and the ways in which a connection or its server goes away."""
_DRIVERS = ("psycopg", "psycopg_pool", "psycopg2", "asyncpg")
_LOST = ("OperationalError", "InterfaceError", "ConnectionDoesNotExistError")
"""Names of the drivers' errors that bear no SQLSTATE when a connection is lost."""


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE of *error*, or of the driver's error inside it; empty without one."""
    return next((state for one in _inside(error) if (state := _own_state(one))), "")


def is_transient(error: BaseException) -> bool:
    """Return whether *error* is a serialization failure, a deadlock or a lost connection."""
    if state := state_of(error):
        return state.startswith(TRANSIENT)
    return any(_is_lost(one) for one in _inside(error))


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


def _inside(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what it wraps: SQLAlchemy keeps the driver's as ``orig``, others chain."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        orig = getattr(one, "orig", None)
        one = orig if isinstance(orig, BaseException) else one.__cause__


def _own_state(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state if isinstance(state, str) else ""


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, ConnectionError):
        return True
    return any(
        one.__name__ in _LOST and one.__module__.partition(".")[0] in _DRIVERS
        for one in type(error).__mro__
    )
