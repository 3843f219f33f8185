"""What PostgreSQL's error codes say: whether it happened, and whether to try again.

The classes are those of the manual's appendix *PostgreSQL Error Codes*. An error answer means that
the server rolled the statement back, and that also when the statement is COMMIT (a deferred
constraint, a serialization failure): it did not happen. The exceptions are the codes by which
client or server tell that they could not finish, so that a COMMIT under way may have been done.
"""

from __future__ import annotations

from collections.abc import Iterator

UNSURE = ("08", "40003", "57P01", "57P02", "57P05", "58", "XX")
"""Beginnings of the codes after which nobody knows whether the operation happened.

08 the connection broke; 40003 the server itself does not know how the statement ended; 57P01,
57P02 and 57P05 the session was ended by an administrator, a crash of another, or for idling, maybe
when the commit was already in the log; 58 the system failed under the server; XX a fault of the
server or corrupted data. Not here is 57P03, *cannot connect now*, with the rest of the refusals to
connect (53300 too many connections, 28 wrong password): no statement was ever taken.
"""
NEVER_SENT = ("08001", "08004")
"""Of class 08 those by which a connection was never made, so that nothing was asked."""
CANNOT_CONNECT_NOW = "57P03"
SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
TRANSIENT = (
    SERIALIZATION_FAILURE, DEADLOCK_DETECTED, "08", "57P01", "57P02", CANNOT_CONNECT_NOW, "57P05",
)  # fmt: skip
"""Beginnings of the codes that another attempt may not meet again."""


def happened_unknown(state: str) -> bool:
    """Return whether after the SQLSTATE *state* nobody knows if it happened; else it did not."""
    return state.startswith(UNSURE) and state not in NEVER_SENT


def is_worth_retrying(state: str) -> bool:
    """Return whether *state* tells of a passing trouble; whether it happened is another question.

    After an unknown end another attempt may do the operation a second time.
    """
    return state.startswith(TRANSIENT)


def state_of(error: BaseException) -> str:
    """Return the SQLSTATE of *error*, or of the driver's error inside it; empty without one."""
    return next((state for one in inside(error) if (state := _own_state(one))), "")


def inside(error: BaseException) -> Iterator[BaseException]:
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
